"""What is right for problems of inputs: the answers of the canonical solution, in its own process.

It is trusted to end, and has a minute for a call. An input is left out where the answer takes more
than 32 MiB as JSON: of HumanEval+ none, of MBPP+ four, all of one problem (Mbpp/255). An answer
with an integer of more than a million bits is a long one: only against such are long ones read
(`running.inside.plain`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..running.inside.plain import decode
from ..running.process import Ended, Limits, Process
from .oracles import NOT_NONE, right, tolerance
from .problems import Problem, Unfit
from .verdicts import arguments, ended_as, failure

PATIENCE = Limits(call=60.0, total=300, answer=32 << 20)
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


def answers(
    problem: Problem, inputs: Sequence[Sequence[Any]], stop: threading.Event | None = None
) -> Iterator[Expected]:
    """What is right for each input, but for those whose answer is too long to cross.

    Once `stop` is set, it ends as by Ctrl-C. Raises Unfit when there is no canonical solution, or
    it fails.
    """
    if not problem.canonical:
        raise Unfit(f"{problem.task_id}: it has inputs, but no canonical solution to answer them")
    try:
        while inputs:
            inputs = yield from _until_too_long(problem, inputs, stop)
    except Ended as ended:
        raise _fails(problem, ended_as(ended, PATIENCE).message) from None


def _until_too_long(
    problem: Problem, inputs: Sequence[Sequence[Any]], stop: threading.Event | None
) -> Generator[Expected, None, Sequence[Sequence[Any]]]:
    """Up to an answer that is too long, which ends the process; the inputs behind it."""
    job = {"role": "solution", "parts": [problem.canonical], "entry": problem.entry_point}
    matches = problem.suite == "mbpp" and problem.entry_point in NOT_NONE
    with Process(job, PATIENCE, stop) as process:
        loaded = process.ask(None, PATIENCE.load)
        if "value" not in loaded:
            raise _fails(problem, failure(loaded).message)
        for number, args in enumerate(inputs, 1):
            started = time.monotonic()
            try:
                reply = process.call(args, {}, PATIENCE.call)
            except Ended as ended:
                if ended.why == "too long":
                    return inputs[number:]
                raise
            seconds = time.monotonic() - started
            if "value" not in reply:
                raise _fails(problem, f"{failure(reply).message} for {arguments(args)}")
            answer, long = _answer(reply)
            if not _is_itself(problem, args, answer, read_answer(reply, long)):
                raise _fails(problem, f"its answer equals nothing for {arguments(args)}")
            answer = answer is not None if matches else answer
            yield Expected(args, answer, seconds, process.size, long)
    return ()


def _is_itself(problem: Problem, args: Sequence[Any], answer: Any, again: Any) -> bool:
    """Whether an answer that is read twice is right; objects and NaN are not."""
    suite, entry = problem.suite, problem.entry_point
    known = answer is not None if suite == "mbpp" and entry in NOT_NONE else answer
    return right(suite, entry, args, again, known, tolerance(problem.atol, known))


def _fails(problem: Problem, why: str) -> Unfit:
    return Unfit(f"{problem.task_id}: its own solution fails ({why})")


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
