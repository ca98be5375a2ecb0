"""A notebook cell → a verdict, and the failure that a model is told, with the product's evidence.

The cell and the reference run in two processes; what both came to is compared here, as plain
values. A reference runs first and once, whatever a cell does. Code is plain Python: a magic is a
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
_KEPT = 16
_REFERENCES: dict[tuple[CellProblem, Limits], Outcome | str] = {}
"""What the references of the last problems came to, or why nothing can be judged by them."""


@dataclass(frozen=True)
class CellVerdict:
    """A judgement on a cell, and why it failed where it did not run to its end."""

    judgement: Judgement
    failure: Failure | None = None


class CellJudge:
    """Judges cells. See `judging.Judge`."""

    def __init__(
        self, limits: Limits = LIMITS, slots: AbstractContextManager[object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:  # fmt: skip
        self.limits, self._slots, self._stop = limits, slots or nullcontext(), stop

    def judge(self, problem: CellProblem, code: str) -> CellVerdict:
        """The verdict on `code`, "" for a reply without code.

        Raises Unfit when the problem's own setup or reference fails, whatever `code` is, and
        OciError when nothing can be judged.
        """
        if problem.outside:
            refused = Judgement("wrong answer", "a request to be refused")
            return CellVerdict(refused if code.strip() else PASSED)
        with self._slots:
            expected = self._expected(problem)
            if not code.strip():
                return CellVerdict(Judgement("wrong answer", "an answer without code"))
            return self._judge(problem, code, expected)

    def _judge(self, problem: CellProblem, code: str, expected: Outcome) -> CellVerdict:
        try:
            outcome = self._outcome(problem, code)
        except Ended as ended:
            judgement = ended_as(ended, self.limits)
            return CellVerdict(judgement, _failure_of(judgement, self.limits))
        if outcome.failure:
            failure = _fit(outcome.failure)
            return CellVerdict(_judgement(failure), failure)
        if outcome.matches(expected):
            return CellVerdict(PASSED)
        return CellVerdict(wrong("", _shown(expected), _shown(outcome)))

    def _expected(self, problem: CellProblem) -> Outcome:
        """What the reference comes to. It is kept: samples and rounds come one after the other."""
        found = _REFERENCES.get((problem, self.limits))
        if found is None:
            try:
                found = self._reference(problem)
            except Unfit as error:
                found = str(error)
            if len(_REFERENCES) >= _KEPT:
                _REFERENCES.clear()
            _REFERENCES[problem, self.limits] = found
        if isinstance(found, str):
            raise Unfit(found)
        return found

    def _reference(self, problem: CellProblem) -> Outcome:
        try:
            found = self._outcome(problem, problem.reference)
        except Ended as ended:
            raise _unfit(problem, ended_as(ended, self.limits).message) from None
        if found.failure:
            raise _unfit(problem, f"{found.failure.name}: {found.failure.message}")
        if missing := [name for name in problem.names if name not in found.named]:
            raise _unfit(problem, f"it does not make {', '.join(missing)}")
        if not found.matches(found):
            raise _unfit(problem, "it shows, draws and writes nothing")
        return found

    def _outcome(self, problem: CellProblem, code: str) -> Outcome:
        with self._started(job(dict(problem.files), problem.setup, code, problem.names)) as process:
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
    found = {
        "value": outcome.value,
        "drawn": outcome.drawn,
        "files": outcome.files,
        "named": outcome.named,
    }
    return ", ".join(f"{name}: {shown(each)}" for name, each in found.items() if each) or "nothing"
