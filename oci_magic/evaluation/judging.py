"""A solution → verdicts with evidence. The comparison is made here, never where the solution runs.

Covers problems of inputs (EvalPlus' forms): the canonical solution's answers are found in a
process of its own, the solution's in another, compared here by `oracles`; and problems of a test
program: it runs in a third process, where each call of `candidate` goes through here to the
solution's process and only plain values return. Tests that look at what a call did to its
argument are not covered: arguments are copies.

A solution is a function with what it needs; it is judged together with the imports and helpers
that stand in the prompt before the function. Time limits are EvalPlus' (four seconds a call, or
four times what the canonical solution takes; 60 seconds in all).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from ..running.inside.plain import decode
from ..running.process import Ended, Limits, Process
from .oracles import NOT_NONE, right, tolerance
from .problems import Problem, Unfit
from .verdicts import PASSED, Judgement, arguments, ended_as, failure, shown, wrong

Verdicts = tuple[Judgement, Judgement | None]
"""On base tests and on plus tests, None where there are none."""
_SLOWER = 4.0
_PATIENCE = Limits(call=60.0, total=300)
"""For the canonical solutions, which are trusted to end."""


@dataclass(frozen=True)
class Expected:
    """The canonical solution's answer to one input, and the seconds it took."""

    args: Sequence[Any]
    answer: Any
    seconds: float


class Judge:
    """Judges solutions; keeps the expected answers of the last problem.

    `slots` bounds how many judge at a time, so that limits in seconds stay fair; once `stop` is
    set, judging ends as by Ctrl-C.
    """

    def __init__(
        self, limits: Limits | None = None, slots: AbstractContextManager[object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:  # fmt: skip
        self.limits, self._slots = limits or Limits(), slots or nullcontext()
        self._stop = stop
        self._known: tuple[Problem, list[Expected], list[Expected]] | None = None
        self._sound: Problem | None = None

    def judge(self, problem: Problem, code: str) -> Verdicts:
        """The verdicts on base and plus tests, the latter None where the problem has none.

        What goes wrong otherwise than by its answer on base tests is not run again on plus tests.
        Raises Unfit when the problem's own solution cannot answer its inputs, or where a solution
        fails a test program, it fails that too.
        """
        with self._slots:
            return self._judge(problem, code)

    def _judge(self, problem: Problem, code: str) -> Verdicts:
        if problem.base is None:
            found = self._by_program(problem, code)
            if not found.passed:
                self._hold_sound(problem)
            return found, None
        base, plus = self._expected(problem)
        found = self._by_inputs(problem, code, base)
        if problem.plus is None or found.kind not in ("passed", "wrong answer"):
            return found, None if problem.plus is None else found
        return found, self._by_inputs(problem, code, plus)

    def _by_inputs(self, problem: Problem, code: str, expected: Sequence[Expected]) -> Judgement:
        until = time.monotonic() + self.limits.total + 1
        atol, args = problem.atol, None
        try:
            with self._solution(problem, code) as solution:
                failed = _loaded(solution, self.limits)
                if failed:
                    return failed
                for each in expected:
                    args = each.args
                    seconds = max(self.limits.call, _SLOWER * each.seconds)
                    left = until - time.monotonic()
                    reply = solution.call(args, {}, min(seconds, left))
                    if "value" not in reply:
                        return replace(failure(reply), input=arguments(args))
                    actual, atol = _read(reply), tolerance(atol, each.answer)
                    if not right(
                        problem.suite, problem.entry_point, args, actual, each.answer, atol
                    ):
                        return wrong(arguments(args), shown(each.answer), shown(actual))
        except Ended as ended:
            given = "" if args is None else arguments(args)
            return replace(ended_as(ended, self.limits), input=given)
        return PASSED

    def _by_program(self, problem: Problem, code: str) -> Judgement:
        last: dict[str, Any] = {}
        try:
            with self._solution(problem, code) as solution:
                failed = _loaded(solution, self.limits)
                return failed or self._program(problem, solution, last)
        except Ended as ended:
            return replace(ended_as(ended, self.limits), input=last.get("input", ""))

    def _hold_sound(self, problem: Problem) -> None:
        """Raise Unfit where the problem's own solution, if it has one, fails its test program."""
        if problem.canonical and self._sound is not problem:
            own = Judge(_PATIENCE, stop=self._stop)._by_program(problem, problem.canonical)
            if not own.passed:
                why = "; ".join(filter(None, [own.message, own.expected]))
                raise Unfit(f"{problem.task_id}: its own solution fails its tests ({why})")
        self._sound = problem

    def _program(self, problem: Problem, solution: Process, last: dict[str, Any]) -> Judgement:
        """Run the test program; `last` is kept up to date with the last call and its reply."""
        job = {
            "role": "test", "parts": [problem.setup, "import random; random.seed(0)"],
            "entry": problem.entry_point, "test": problem.test,
        }  # fmt: skip
        until = time.monotonic() + self.limits.total + 1
        with Process(job, self.limits, self._stop) as tester:
            message = _asked(tester, None, until)
            while "call" in message:
                args, kwargs = decode(message["call"])
                last["input"] = arguments(args, kwargs)
                left = min(self.limits.call, until - time.monotonic())
                last["reply"] = _checked(solution.call(args, kwargs, left))
                message = _asked(tester, last["reply"], until)
        if "unfit" in message:
            raise Unfit(
                f"{problem.task_id}: its tests call the function with an object "
                f"({message['unfit']}), which cannot cross to another process"
            )
        return PASSED if message.get("done") else _told(message, last)

    def _solution(self, problem: Problem, code: str) -> Process:
        job = {"parts": [problem.prelude, code], "entry": problem.entry_point, "role": "solution"}
        return Process(job, self.limits, self._stop)

    def _expected(self, problem: Problem) -> tuple[list[Expected], list[Expected]]:
        if self._known is None or self._known[0] is not problem:
            base, plus = (
                list(_answers(problem, each or ())) for each in (problem.base, problem.plus)
            )
            self._known = (problem, base, plus)
        return self._known[1:]


def _answers(problem: Problem, inputs: Sequence[Sequence[Any]]) -> Iterator[Expected]:
    job = {"role": "solution", "parts": [problem.canonical], "entry": problem.entry_point}
    failed = ""
    try:
        with Process(job, _PATIENCE) as process:
            loaded = process.ask(None, _PATIENCE.load)
            for args in inputs if "value" in loaded else ():
                started = time.monotonic()
                reply = process.call(args, {}, _PATIENCE.call)
                seconds = time.monotonic() - started
                if "value" not in reply:
                    failed = f"{failure(reply).message} for {arguments(args)}"
                    break
                answer = _read(reply)
                matches = problem.suite == "mbpp" and problem.entry_point in NOT_NONE
                yield Expected(args, answer is not None if matches else answer, seconds)
            failed = failed or ("" if "value" in loaded else failure(loaded).message)
    except Ended as ended:
        failed = ended_as(ended, _PATIENCE).message
    if failed:
        raise Unfit(f"{problem.task_id}: its own solution fails ({failed})")


def _loaded(solution: Process, limits: Limits) -> Judgement | None:
    """Why the solution cannot be called, None if it can."""
    reply = solution.ask(None, limits.load)
    return None if "value" in reply else failure(reply)


def _asked(tester: Process, reply: Mapping[str, Any] | None, until: float) -> dict[str, Any]:
    try:
        return tester.ask(reply, max(0.0, until - time.monotonic()))
    except Ended as ended:
        return {"failed": [f"the test program gave no verdict: {ended.why}", None]}


def _checked(reply: dict[str, Any]) -> dict[str, Any]:
    """A reply in one of its two forms; it goes on to the test program. Raises Ended."""
    if "value" in reply:
        return {"value": reply["value"]}
    match reply.get("raised"):
        case [str(), str(), int()]:
            return {"raised": reply["raised"]}
    raise Ended("no answer")


def _told(message: Mapping[str, Any], last: Mapping[str, Any]) -> Judgement:
    """What a failed test program tells, with the last call as evidence."""
    assertion, expected = message["failed"]
    reply, given = last.get("reply", {}), last.get("input", "")
    if "raised" in reply:
        return replace(failure(reply), input=given)
    actual = shown(_read(reply)) if "value" in reply else ""
    return wrong(given, assertion if expected is None else shown(decode(expected)), actual)


def _read(reply: Mapping[str, Any]) -> Any:
    try:
        return decode(reply["value"])
    except ValueError:
        raise Ended("no answer") from None
