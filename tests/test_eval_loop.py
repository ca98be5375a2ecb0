"""What an evaluation's loop asks for again: blanks, mentors, references, servers that wait."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oci_magic.engines.scripted import ScriptedEngine
from oci_magic.errors import NoAnswer, OciError
from oci_magic.evaluation import mentor
from oci_magic.evaluation.attempts import Options, attempt
from oci_magic.evaluation.cell_attempts import attempt_cell
from oci_magic.evaluation.cell_judging import CellJudge
from oci_magic.evaluation.cells import CellProblem
from oci_magic.evaluation.judging import Judge
from oci_magic.evaluation.mentor import Guidance, guidance
from oci_magic.evaluation.problems import Problem, problem, read
from oci_magic.types import Chunk, Message, Usage

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
    made = attempt(first(), engine, Judge(), human, mentor=lambda *_: Guidance("Divide it."))
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
    broken = CellProblem("c/0", "twice 21", reference="42 / 0")
    left_out = attempt_cell(broken, cut, CellJudge(), Options())
    assert left_out.unfit and left_out.note.startswith("its reference fails")
    sound = replace(broken, reference="42")
    made = attempt_cell(sound, CutOff(["```python\nx = (1,"] * 2), CellJudge(), Options())
    assert [each.base.kind for each in made.rounds] == ["exception"] * 2


ENDLESS = [".", "!?", "lambda ", "`a ", "return ", "e.g. ", "_a"]


@pytest.mark.parametrize("part", ENDLESS)
def test_mentor_that_repeats_itself_without_end_is_read_at_once(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentor, "_LOOKED_AT", 10**6)  # squared, this takes longer than a test may
    said = f"Use {part * (400_000 // len(part))}x"
    assert len(guidance(ScriptedEngine([said]), first(), WRONG, "wrong").text) > 100_000


def test_guidance_is_looked_for_where_a_reply_begins_but_for_its_thoughts() -> None:
    said = f"<think>{'Hm. ' * 9000}</think>\nDivide it by{' it' * 9000}. And so on."
    found = guidance(ScriptedEngine([said]), first(), WRONG, "wrong").text
    assert found.startswith("Divide it by it") and 9_000 < len(found) <= 10_000
    short = ScriptedEngine(["... Divide it. Twice!!! So?! No."])
    assert guidance(short, first(), WRONG, "wrong").text == "... Divide it. Twice!!! So?!"


class Thinker(ScriptedEngine):
    """Thinks until its tokens are used up."""

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        del messages, draft
        yield Chunk("", "length", Usage(70, 1024))
        raise NoAnswer("it only thought")


def test_mentor_that_only_thinks_is_counted_too() -> None:
    human = Options(feedback="human")
    made = attempt(
        first(), Heard([WRONG, RIGHT]), Judge(), human,
        mentor=lambda *told: guidance(Thinker([]), *told),
    )  # fmt: skip
    assert made.rounds[0].mentor.completion_tokens == 1024
    assert made.note == "the mentor: it only thought" and made.rounds[1].passed


def test_oracle_of_a_problem_without_a_solution_is_asked_as_any_mentor() -> None:
    with_one, without = (Heard(["Divide it."] * 2) for _ in range(2))
    assert guidance(with_one, first(), WRONG, "wrong", oracle=True).text == "Divide it."
    assert "canonical solution" in with_one.heard[0][0].content
    unsolved = replace(first(), canonical="")
    guidance(without, unsolved, WRONG, "wrong", oracle=True)
    guidance(without, unsolved, WRONG, "wrong")
    assert without.heard[0] == without.heard[1]


FORM = {"task_id": "MBPP-like/1", "prompt": "def f(x):\n", "entry_point": "f",
        "canonical_solution": "    return x\n",
        "test": "def check(candidate):\n    assert candidate(1) == 1\n"}  # fmt: skip


def test_row_in_the_form_of_humaneval_is_one_whatever_its_name() -> None:
    found = problem(FORM)
    assert (found.suite, found.task_id) == ("humaneval", "MBPP-like/1")
    base, _ = Judge().judge(found, found.canonical)
    assert base.passed


def test_row_of_mbpp_may_have_no_solution() -> None:
    row = {"task_id": 1, "prompt": "Add.", "entry_point": "f", "canonical_solution": None,
           "test_list": ["assert f(1) == 1"]}  # fmt: skip
    assert problem(row).canonical == ""


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"test": ""}, "problem 1: it has no tests"),
        ({"test": " \n"}, "problem 1: it has no tests"),
        ({"test": None}, "problem 1: it has no tests"),
        ({"plus_input": [[1]]}, "problem 1: it has plus_input without base_input"),
    ],
)
def test_row_whose_tests_would_not_run_is_told_in_one_line(
    change: dict[str, Any], part: str, tmp_path: Path
) -> None:
    for name in ("MBPP-like/1", "Own/1"):
        (tmp_path / "p.jsonl").write_text(json.dumps({**FORM, "task_id": name, **change}))
        with pytest.raises(OciError, match=part) as told:
            list(read(tmp_path / "p.jsonl"))
        assert "\n" not in str(told.value)
