"""What an evaluation's loop asks for again: blanks, mentors, references, servers that wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from oci_magic.engines.scripted import ScriptedEngine
from oci_magic.evaluation.attempts import Options, attempt
from oci_magic.evaluation.judging import Judge
from oci_magic.evaluation.problems import Problem, read
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
