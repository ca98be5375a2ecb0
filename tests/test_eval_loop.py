"""What an evaluation's loop asks for again: blanks, mentors, references, servers that wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from oci_magic.engines.scripted import ScriptedEngine
from oci_magic.evaluation import mentor
from oci_magic.evaluation.attempts import Options, attempt
from oci_magic.evaluation.cell_attempts import attempt_cell
from oci_magic.evaluation.cell_judging import CellJudge
from oci_magic.evaluation.cells import CellProblem
from oci_magic.evaluation.judging import Judge
from oci_magic.evaluation.mentor import guidance
from oci_magic.evaluation.problems import Problem, Unfit, read
from oci_magic.types import Chunk, Message

pytestmark = pytest.mark.timeout(240)
OWN = Path(__file__).with_name("problems.jsonl")
WRONG = "def quarter(x):\n    return x"
RIGHT = "def quarter(x):\n    return x / 4"


class Heard(ScriptedEngine):
    """Keeps what it was asked."""

    def __init__(self, replies: Sequence[str]) -> None:
        super().__init__(replies)
        self.heard: list[list[Message]] = []

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        self.heard.append(list(messages))
        yield from super().stream(messages, draft=draft)


def first() -> Problem:
    found = next(read(OWN))
    assert isinstance(found, Problem)
    return found


def test_prompt_after_a_reply_of_blanks_holds_the_problem_and_what_the_mentor_said() -> None:
    engine = Heard(["   \n", WRONG, RIGHT])
    human = Options(rounds=3, feedback="human")
    made = attempt(first(), engine, Judge(), human, mentor=lambda *_: "Divide it.")
    assert [each.passed for each in made.rounds] == [False, False, True]
    for (asked,), reply in zip(engine.heard[1:], ("   \n", WRONG), strict=True):
        assert "@@ Instruction\nComplete this Python function" in asked.content
        assert asked.content.endswith(f"\n{reply}\n\n@@ Instruction\nDivide it.\n")


class CutOff(ScriptedEngine):
    """Every answer ends at its limit."""

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        for chunk in super().stream(messages, draft=draft):
            yield replace(chunk, finish_reason=chunk.finish_reason and "length")


def test_broken_reference_leaves_the_problem_out_where_no_cell_ran() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    cut = CutOff(["```python\nx = (1,"] * 2)
    problem = CellProblem("c/0", "twice 21", reference="42 / 0")
    with pytest.raises(Unfit, match="its reference fails"):
        attempt_cell(problem, cut, CellJudge(), Options())
    sound = replace(problem, reference="42")
    made = attempt_cell(sound, CutOff(["```python\nx = (1,"] * 2), CellJudge(), Options())
    assert [each.base.kind for each in made.rounds] == ["exception"] * 2


ENDLESS = [".", "!?", "lambda ", "`a ", "return ", "e.g. ", "_a"]


@pytest.mark.parametrize("part", ENDLESS)
def test_mentor_that_repeats_itself_without_end_is_read_at_once(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentor, "_LOOKED_AT", 10**6)  # squared, this takes longer than a test may
    said = f"Use {part * (400_000 // len(part))}x"
    assert len(guidance(ScriptedEngine([said]), first(), WRONG, "wrong")) > 100_000


def test_guidance_is_looked_for_where_a_reply_begins_but_for_its_thoughts() -> None:
    said = f"<think>{'Hm. ' * 9000}</think>\nDivide it by{' it' * 9000}. And so on."
    found = guidance(ScriptedEngine([said]), first(), WRONG, "wrong")
    assert found.startswith("Divide it by it") and 9_000 < len(found) <= 10_000
    assert guidance(
        ScriptedEngine(["... Divide it. Twice!!! So?! No."]), first(), WRONG, "wrong"
    ) == ("... Divide it. Twice!!! So?!")


def test_oracle_of_a_problem_without_a_solution_is_asked_as_any_mentor() -> None:
    with_one, without = (Heard(["Divide it."] * 2) for _ in range(2))
    assert guidance(with_one, first(), WRONG, "wrong", oracle=True) == "Divide it."
    assert "canonical solution" in with_one.heard[0][0].content
    problem = replace(first(), canonical="")
    guidance(without, problem, WRONG, "wrong", oracle=True)
    guidance(without, problem, WRONG, "wrong")
    assert without.heard[0] == without.heard[1]
