"""Attempts: a model, a problem, and the session in which it answers, is judged and tries again.

Covers one attempt from the request to its last round; the file of attempts is `records`'. The loop
is the session's: judging is its executor. A repair that the session refuses (it only hides the
error) or has seen before is judged all the same, for what a model is measured by is its code.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, repeat
from typing import Literal, Protocol

from ..engines import Engine, Sampling
from ..errors import EngineError, NoAnswer
from ..events import Finished, follow
from ..running.reserve import NOTHING, Reserve
from ..session import Session
from ..types import Cell, Execution, Facts, Failure, Message, Turn, Usage
from .judging import Verdicts
from .mentor import Guidance
from .problems import Problem, Unfit
from .protocol import NEW_TOKENS, Form, Told, instruction
from .solutions import solution
from .verdicts import Judgement
from .wording import in_shell

NOT_JUDGED = Judgement("exception", "not judged")
Key = tuple[str, str, int]
Mentor = Callable[[Problem, str, str], Guidance]
"""From a problem, code that failed and its execution result to what is said to it."""
Feedback = Literal["none", "execution", "human"]


@dataclass(frozen=True)
class Options:
    """How a run asks. `tests` are those whose failures are fed back and end a problem."""

    rounds: int = 2
    feedback: Feedback = "execution"
    oracle: bool = False
    samples: int = 1
    temperature: float = 0.0
    new_tokens: int = NEW_TOKENS
    tests: Literal["base", "plus"] = "plus"
    form: Form = "paper"


@dataclass(frozen=True)
class Round:
    """One reply, the code in it and the verdicts on it; `plus` is None without plus tests.

    `guidance` is what a mentor said of it, `mentor` what that cost.
    """

    text: str
    code: str
    base: Judgement
    plus: Judgement | None = None
    usage: Usage = field(default_factory=Usage)
    guidance: str = ""
    mentor: Usage = field(default_factory=Usage)

    @property
    def passed(self) -> bool:
        return self.base.passed and (self.plus is None or self.plus.passed)


@dataclass(frozen=True)
class Attempt:
    """All rounds of one sample of one problem of the file `source`.

    `note`: why there are none, or why a reply is empty.

    One that is `unfit` does not count: nothing can be judged by its problem. Its replies are kept.
    `marks` say what a cell problem is counted as; `since` is the run's seconds since the attempt
    before it ended, which in all are the time that the run took, whatever went on side by side;
    `of` is how many attempts the run was to have then.
    """

    task_id: str
    source: str
    sample: int = 0
    rounds: tuple[Round, ...] = ()
    seconds: float = 0.0
    note: str = ""
    marks: tuple[str, ...] = ()
    unfit: bool = False
    since: float = field(default=0.0, compare=False)
    of: int = field(default=0, compare=False)

    @property
    def key(self) -> Key:
        return self.source, self.task_id, self.sample


def unjudged(attempt: Attempt, error: Unfit) -> Attempt:
    """An attempt at a problem that turns out to be unfit: its replies, for a mended problem.

    That a cell was refused stays, for it never ran.
    """
    why = str(error).removeprefix(f"{attempt.task_id}: ")
    rounds = tuple(
        each if each.base.message.startswith("Refused: ")
        else replace(each, base=NOT_JUDGED, plus=None)
        for each in attempt.rounds
    )  # fmt: skip
    return replace(attempt, rounds=rounds, note=why, unfit=True)


class Judging(Protocol):
    """Whoever judges a solution: here, or elsewhere."""

    def judge(self, problem: Problem, code: str) -> Verdicts: ...


class Judged:
    """An executor for which to run code is to judge it as a solution of `problem`.

    Where that is `unfit`, nothing is judged: code ends as if it were right, so no more is asked.
    """

    timeout: float | None = None
    strict = False
    reserve: Reserve = NOTHING

    def __init__(self, problem: Problem, judge: Judging) -> None:
        self.problem, self.judge = problem, judge
        self.unfit: Unfit | None = None
        self._known: dict[str, Verdicts] = {}

    def run(self, cell: Cell) -> Execution:
        started = time.perf_counter()
        base, plus = self.verdicts(cell.source)
        failed = [each for each in (base, plus) if each and not each.passed]
        told = failed and not self.unfit
        failure = _failure(list(dict.fromkeys(failed)), cell.source) if told else None
        return Execution((), failure, time.perf_counter() - started)

    def check(self, checks: Sequence[str]) -> Failure | None:
        del checks  # a problem has tests of its own
        return None

    def verdicts(self, code: str) -> Verdicts:
        """On base and plus tests; the same code is judged once."""
        if code not in self._known:
            try:
                self._known[code] = self.judge.judge(self.problem, code)
            except Unfit as error:
                self.unfit, self._known[code] = error, (NOT_JUDGED, None)
        return self._known[code]


def attempt(
    problem: Problem, engine: Engine, judge: Judging, options: Options, *,
    sample: int = 0, mentor: Mentor | None = None, stop: threading.Event | None = None,
) -> Attempt:  # fmt: skip
    """Let `engine` solve `problem`. Raises EngineError when a model cannot answer at all.

    A problem that does not fit into the model's window is an attempt without rounds; an empty
    answer is a round without code.
    """
    started = time.perf_counter()
    seed = sample if options.temperature else None
    sampling = Sampling(options.temperature, seed=seed, max_new_tokens=options.new_tokens)
    told, executor = Told(engine, options.form, sampling, stop), Judged(problem, judge)
    session = Session(
        told, executor, parse=lambda text: tuple(map(Cell, filter(None, [solution(text, problem)])))
    )
    note = ""
    told.count([Message("user", "")])  # whether it is there at all
    try:
        session.prompt(instruction(problem))
    except EngineError as error:
        note = str(error)
    if not note:
        with suppress(NoAnswer):
            _loop(session, told, problem, options, mentor)
    turns = [turn for exchange in session.exchanges for turn in exchange]
    rounds = tuple(map(partial(_round, executor), turns, chain(told.guided, repeat(Guidance("")))))
    seconds = time.perf_counter() - started
    note = in_shell(note or told.note)
    made = Attempt(problem.task_id, problem.source, sample, rounds, seconds, note)
    return unjudged(made, executor.unfit) if executor.unfit else made


def _loop(
    session: Session, told: Told, problem: Problem, options: Options, mentor: Mentor | None
) -> None:
    """Ask, and as often as there are rounds again: by execution results, or what a mentor says."""
    rounds = 1 if options.feedback == "none" else options.rounds
    repairs = rounds - 1 if options.feedback == "execution" else 0
    finished = asked(session, told, instruction(problem), "", repairs)
    if options.feedback != "human" or mentor is None:
        return
    for _ in range(rounds - 1):
        turn = finished.turn
        if not turn.feedback:
            return
        code = "\n".join(cell.source for cell in turn.reply.code)
        guided = mentor(problem, code, turn.feedback)
        if not guided.text:
            told.note = f"the mentor: {guided.note or 'nothing that is not code'}"
        told.guided.append(guided)
        finished = asked(session, told, guided.text, "", 0)


def asked(session: Session, told: Told, request: str, context: str, repairs: int) -> Finished:
    """Ask to the end. Raises EngineError where the model broke, KeyboardInterrupt for a stop."""
    finished = follow(session.ask(request, context, rounds=repairs), lambda _: None)
    if told.broke:
        raise told.broke
    if finished.outcome == "stopped":
        raise KeyboardInterrupt
    return finished


def _round(executor: Judged, turn: Turn, guided: Guidance) -> Round:
    code = "\n".join(cell.source for cell in turn.reply.code)
    base, plus = executor.verdicts(code)
    usage = turn.reply.usage
    return Round(turn.reply.text, code, base, plus, usage, guided.text, guided.usage)


def _failure(failed: Sequence[Judgement], code: str) -> Failure:
    """A verdict as the failure of a cell, in the words of the paper's feedback.

    A wrong answer to plus tests is told behind one to base tests.
    """
    judgement = failed[0]
    name, _, message = judgement.message.partition(": ")
    if not name.isidentifier():  # a sentence, not an error of Python's
        name, message = "", judgement.message
    lines = code.split("\n")
    line = lines[judgement.lineno - 1] if 0 < judgement.lineno <= len(lines) else ""
    notes = [*_evidence(judgement)]
    for each in failed[1:] if judgement.kind == "wrong answer" else ():
        notes += [("said", (each.message,)), *_evidence(each)]
    facts = Facts(line=line, lineno=judgement.lineno if line else 0, notes=tuple(notes))
    return Failure(name, message, facts=facts)


def _evidence(judgement: Judgement) -> Iterator[tuple[str, tuple[str, ...]]]:
    told = {
        "Input": judgement.input,
        "Expected Output": judgement.expected,
        "Actual Output": judgement.actual,
    }
    yield from (("told", pair) for pair in told.items() if pair[1])
