"""A solution → verdicts with evidence. The comparison is made here, never where the solution runs.

Covers problems of inputs (EvalPlus' forms): the canonical solution's answers are found in a
process of its own, the solution's in another, compared here by `oracles`; and problems of a test
program: it runs in a third process, where each call of `candidate` goes through here to the
solution's process and only plain values return. Tests that look at what a call did to its
argument are not covered: arguments are copies.

A solution is a function with what it needs; it is judged together with the imports and helpers
that stand in the prompt before the function. Time limits are EvalPlus' (four seconds a call, or
four times what the canonical solution takes; 60 seconds in all, or here twice what that takes).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from ..running.inside.plain import decode_trusted
from ..running.process import Ended, Limits, Process
from .expected import PATIENCE, Expected, answers, read_answer
from .oracles import right, tolerance
from .problems import Inputs, Problem, Unfit
from .verdicts import PASSED, Judgement, arguments, ended_as, failure, printed, wrong

Verdicts = tuple[Judgement, Judgement | None]
"""On base tests and on plus tests, None where there are none."""
_SLOWER, _KEPT = 4.0, 64


@dataclass
class _Calls:
    """The calls of a test program: the last one; the slowest, all of them, and the longest answer.

    In seconds, and in bytes.
    """

    limits: Limits
    input: str = ""
    reply: Mapping[str, Any] = field(default_factory=dict)
    slowest: float = 0.0
    seconds: float = 0.0
    size: int = 0

    def reply_of(self, solution: Process, call: Any, until: float) -> Mapping[str, Any]:
        args, kwargs = decode_trusted(call)
        self.input = arguments(args, kwargs)
        started = time.monotonic()
        reply = solution.call(args, kwargs, min(self.limits.call, until - started))
        took = time.monotonic() - started
        self.reply, self.slowest = _checked(reply), max(self.slowest, took)
        self.seconds, self.size = self.seconds + took, max(self.size, solution.size)
        return self.reply


_OWN: dict[tuple[str, ...], tuple[Judgement, _Calls]] = {}
"""How the own solutions of the last problems did, and what their calls took."""


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

    def judge(self, problem: Problem, code: str) -> Verdicts:
        """The verdicts on base and plus tests, the latter None where the problem has none.

        What goes wrong otherwise than by its answer on base tests is not run again on plus tests.
        Raises Unfit when the problem's own solution cannot answer its inputs or fails its tests.
        """
        with self._slots:
            return self._judge(problem, code)

    def _judge(self, problem: Problem, code: str) -> Verdicts:
        if problem.base is None:
            return self._by_program(problem, code, self._limits(problem))[0], None
        base, plus = self._expected(problem)
        found = self._by_inputs(problem, code, base)
        if problem.plus is None or found.kind not in ("passed", "wrong answer"):
            return found, None if problem.plus is None else found
        return found, self._by_inputs(problem, code, plus)

    def _by_inputs(self, problem: Problem, code: str, expected: Sequence[Expected]) -> Judgement:
        limits = self._wider(0.0, sum(each.seconds for each in expected))
        until = time.monotonic() + limits.total + 1
        atol, args = problem.atol, None
        try:
            with self._solution(problem, code, limits) as solution:
                failed = _loaded(solution, limits)
                if failed:
                    return failed
                for each in expected:
                    args = each.args
                    seconds = max(self.limits.call, _SLOWER * each.seconds)
                    left = until - time.monotonic()
                    reply = solution.call(args, {}, min(seconds, left), 2 * each.size)
                    if "value" not in reply:
                        return replace(failure(reply), input=arguments(args))
                    actual, atol = read_answer(reply, each.long), tolerance(atol, each.answer)
                    if not right(
                        problem.suite, problem.entry_point, args, actual, each.answer, atol
                    ):
                        return wrong(arguments(args), printed(each.answer), printed(actual))
        except Ended as ended:
            given = "" if args is None else arguments(args)
            return replace(ended_as(ended, self.limits), input=given)
        return PASSED

    def _limits(self, problem: Problem) -> Limits:
        """By what its own solution takes. Raises Unfit where that fails its tests.

        What is found is kept: samples of a problem, and rounds, come one after the other.
        """
        if not problem.canonical:
            return self.limits
        key = (problem.source, problem.task_id, problem.test, problem.canonical)
        found = _OWN.get(key)
        if found is None:
            own = Judge(PATIENCE, stop=self._stop)
            found = own._by_program(problem, problem.canonical, PATIENCE)
            if len(_OWN) >= _KEPT:
                _OWN.clear()
            _OWN[key] = found
        judgement, calls = found
        if not judgement.passed:
            why = "; ".join(filter(None, [judgement.message, judgement.expected]))
            raise Unfit(f"{problem.task_id}: its own solution fails its tests ({why})")
        return self._wider(calls.slowest, calls.seconds, calls.size)

    def _wider(self, slowest: float, seconds: float, size: int = 0) -> Limits:
        """The limits, or more where the own solution takes so long in a call, and in all."""
        return replace(
            self.limits,
            call=max(self.limits.call, _SLOWER * slowest),
            total=max(self.limits.total, math.ceil(2 * seconds)),
            answer=max(self.limits.answer, 2 * size),
        )

    def _by_program(self, problem: Problem, code: str, limits: Limits) -> tuple[Judgement, _Calls]:
        """The verdict, and what the calls took."""
        calls = _Calls(limits)
        try:
            with self._solution(problem, code, limits) as solution:
                failed = _loaded(solution, limits)
                return failed or self._program(problem, solution, calls), calls
        except Ended as ended:
            return replace(ended_as(ended, limits), input=calls.input), calls

    def _program(self, problem: Problem, solution: Process, calls: _Calls) -> Judgement:
        """Run the test program, whose calls go to the solution."""
        job = {
            "role": "test", "parts": [problem.setup, "import random; random.seed(0)"],
            "entry": problem.entry_point, "test": problem.test,
        }  # fmt: skip
        until = time.monotonic() + calls.limits.total + 1
        with Process(job, calls.limits, self._stop) as tester:
            message = _asked(tester, None, until)
            while "call" in message:
                message = _asked(tester, calls.reply_of(solution, message["call"], until), until)
        if "unfit" in message:
            raise Unfit(
                f"{problem.task_id}: its tests call the function with an object "
                f"({message['unfit']}), which cannot cross to another process"
            )
        return PASSED if message.get("done") else _told(message, calls)

    def _solution(self, problem: Problem, code: str, limits: Limits) -> Process:
        job = {"parts": [problem.prelude, code], "entry": problem.entry_point, "role": "solution"}
        return Process(job, limits, self._stop)

    def _expected(self, problem: Problem) -> tuple[list[Expected], list[Expected]]:
        if self._known is None or self._known[0] is not problem:
            base, plus = (self._right(problem, each or ()) for each in (problem.base, problem.plus))
            self._known = (problem, base, plus)
        return self._known[1:]

    def _right(self, problem: Problem, inputs: Inputs) -> list[Expected]:
        found = list(answers(problem, inputs, self._stop))
        if inputs and not found:
            raise Unfit(f"{problem.task_id}: its answers are too long to be compared")
        return found


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


def _told(message: Mapping[str, Any], calls: _Calls) -> Judgement:
    """What a failed test program tells, with the last call as evidence."""
    assertion, expected = message["failed"]
    if "raised" in calls.reply:
        return replace(failure(calls.reply), input=calls.input)
    actual = printed(read_answer(calls.reply)) if "value" in calls.reply else ""
    wanted = assertion if expected is None else printed(decode_trusted(expected))
    return wrong(calls.input, wanted, actual)
