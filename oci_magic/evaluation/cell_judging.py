"""A notebook cell → a verdict, and the failure that a model is told, with the product's evidence.

The cell and the reference run in two processes; what both came to is compared here, as plain
values. A reference runs when there is something to compare. Code is plain Python: a magic is a
syntax error. What a cell prints, and tables that it shows nothing of, are not looked at.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from ..errors import OciError
from ..prompting.feedback import execution_result
from ..running.cells import job, outcome_in
from ..running.outcome import Outcome
from ..running.process import Ended, Limits, Process
from ..types import Execution, Failure
from .cells import CellProblem
from .problems import Unfit
from .verdicts import LONGEST, PASSED, Judgement, ended_as, shown, wrong

LIMITS = Limits(load=120.0, call=30.0, file=16 << 20)
_KINDS = {"MemoryError": "out of memory", "SyntaxError": "syntax error",
          "IndentationError": "syntax error", "TabError": "syntax error"}  # fmt: skip
_NAME, _MESSAGE, _FACTS = 200, 20_000, 200_000
"""Characters that are read of what a cell says of its failure."""


@dataclass(frozen=True)
class CellVerdict:
    """A judgement on a cell, and why it failed where it did not run to its end."""

    judgement: Judgement
    failure: Failure | None = None


class CellJudge:
    """Judges cells; keeps the outcome of the last problem's reference. See `judging.Judge`."""

    def __init__(
        self, limits: Limits = LIMITS, slots: AbstractContextManager[object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:  # fmt: skip
        self.limits, self._slots, self._stop = limits, slots or nullcontext(), stop
        self._known: tuple[CellProblem, Outcome] | None = None

    def judge(self, problem: CellProblem, code: str) -> CellVerdict:
        """The verdict on `code`, "" for a reply without code.

        Raises Unfit when the problem's own setup or reference fails, OciError when nothing can be
        judged.
        """
        if problem.outside or not code.strip():
            right = problem.outside and not code.strip()
            told = "a request to be refused" if problem.outside else "an answer without code"
            return CellVerdict(PASSED if right else Judgement("wrong answer", told))
        with self._slots:
            return self._judge(problem, code)

    def _judge(self, problem: CellProblem, code: str) -> CellVerdict:
        try:
            outcome = self._outcome(problem, code)
        except Ended as ended:
            judgement = ended_as(ended, self.limits)
            return CellVerdict(judgement, _failure_of(judgement, self.limits))
        if outcome.failure:
            failure = _fit(outcome.failure)
            return CellVerdict(_judgement(failure), failure)
        expected = self._expected(problem)
        if outcome.matches(expected):
            return CellVerdict(PASSED)
        return CellVerdict(wrong("", _shown(expected), _shown(outcome)))

    def _expected(self, problem: CellProblem) -> Outcome:
        if self._known is None or self._known[0] is not problem:
            try:
                found = self._outcome(problem, problem.reference)
            except Ended as ended:
                raise _unfit(problem, ended_as(ended, self.limits).message) from None
            if found.failure:
                raise _unfit(problem, f"{found.failure.name}: {found.failure.message}")
            if not found.matches(found):
                raise _unfit(problem, "it shows, draws and writes nothing")
            self._known = (problem, found)
        return self._known[1]

    def _outcome(self, problem: CellProblem, code: str) -> Outcome:
        with self._started(job(dict(problem.files), problem.setup, code)) as process:
            ready = process.ask(None, self.limits.load)
            if "failed" in ready:
                raise Unfit(f"{problem.task_id}: its setup fails ({ready['failed']!s:.200})")
            reply = process.ask(None, self.limits.call)
        try:
            return outcome_in(reply)
        except ValueError:
            raise Ended("no answer") from None

    def _started(self, told: Mapping[str, Any]) -> Process:
        try:
            return Process(told, self.limits, self._stop)
        except Ended as ended:
            raise OciError(
                f"no process to judge a cell in has started ({ended.why}): it needs pandas and "
                'matplotlib, pip install "oci_magic[lab]"'
            ) from None


def _unfit(problem: CellProblem, why: str) -> Unfit:
    return Unfit(f"{problem.task_id}: its reference fails ({why})")


def _failure_of(judgement: Judgement, limits: Limits) -> Failure:
    """The end of a process as a failure, told as a notebook tells it where it does."""
    if judgement.kind == "timed out":
        return Failure("TimeoutError", f"the cell ran longer than {limits.call:g} s")
    return Failure("RuntimeError", judgement.message)


def _judgement(failure: Failure) -> Judgement:
    told = f"{failure.name}: {failure.message}" if failure.message else failure.name
    kind: Any = _KINDS.get(failure.name, "exception")
    return Judgement(kind, told[:LONGEST], failure.facts.lineno)


def _fit(failure: Failure) -> Failure:
    """A failure that can be told, and is no stop of the person: a cell may say what it likes."""
    if failure.stopped:
        failure = replace(failure, name="RuntimeError", message="KeyboardInterrupt")
    failure = replace(failure, name=failure.name[:_NAME], message=failure.message[:_MESSAGE])
    try:
        if len(json.dumps([failure.traceback, repr(failure.facts)])) <= _FACTS:
            execution_result(Execution((), failure))
            return failure
    except Exception:  # notes of no known kind
        pass
    return Failure(failure.name, failure.message)


def _shown(outcome: Outcome) -> str:
    found = {"value": outcome.value, "drawn": outcome.drawn, "files": outcome.files}
    return ", ".join(f"{name}: {shown(each)}" for name, each in found.items() if each) or "nothing"
