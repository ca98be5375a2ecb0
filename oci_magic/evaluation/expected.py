"""What is right for problems of inputs: the answers of the canonical solution, in its own process.

It is trusted to end, and has a minute for a call. An answer with an integer of more than a million
bits is a long one: only against such are long ones read (`running.inside.plain`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..running.inside.plain import decode
from ..running.process import Ended, Limits, Process
from .oracles import NOT_NONE
from .problems import Problem, Unfit
from .verdicts import arguments, ended_as, failure

PATIENCE = Limits(call=60.0, total=300, answer=64 << 20)
"""For the canonical solutions, which are trusted to end."""


@dataclass(frozen=True)
class Expected:
    """The canonical solution's answer to one input, the seconds it took, and its bytes.

    `long`: there is an integer in it that only `long` answers may have.
    """

    args: Sequence[Any]
    answer: Any
    seconds: float
    size: int
    long: bool


def answers(problem: Problem, inputs: Sequence[Sequence[Any]]) -> Iterator[Expected]:
    if not problem.canonical:
        raise Unfit(f"{problem.task_id}: it has inputs, but no canonical solution to answer them")
    job = {"role": "solution", "parts": [problem.canonical], "entry": problem.entry_point}
    failed = ""
    try:
        with Process(job, PATIENCE) as process:
            loaded = process.ask(None, PATIENCE.load)
            for args in inputs if "value" in loaded else ():
                started = time.monotonic()
                reply = process.call(args, {}, PATIENCE.call)
                seconds = time.monotonic() - started
                if "value" not in reply:
                    failed = f"{failure(reply).message} for {arguments(args)}"
                    break
                answer, long = _answer(reply)
                matches = problem.suite == "mbpp" and problem.entry_point in NOT_NONE
                answer = answer is not None if matches else answer
                yield Expected(args, answer, seconds, process.size, long)
            failed = failed or ("" if "value" in loaded else failure(loaded).message)
    except Ended as ended:
        failed = ended_as(ended, PATIENCE).message
    if failed:
        raise Unfit(f"{problem.task_id}: its own solution fails ({failed})")


def _answer(reply: Mapping[str, Any]) -> tuple[Any, bool]:
    """The answer, and whether it is a long one. Raises Ended."""
    try:
        return decode(reply["value"]), False
    except ValueError:
        return read_answer(reply, long=True), True


def read_answer(reply: Mapping[str, Any], long: bool = False) -> Any:
    """The value of a reply. Raises Ended for what is no plain value."""
    try:
        return decode(reply["value"], long)
    except ValueError:
        raise Ended("no answer") from None
