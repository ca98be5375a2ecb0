"""An attempt at a cell problem: the notebook's own session, wording and repairs.

As in a notebook, code that runs to its end ends the attempt, right or wrong, and a repair that
only hides its error does not run: it is not right either. The code of a reply is one cell.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from ..engines import Engine, Sampling
from ..errors import EngineError, NoAnswer, OciError
from ..prompting.conversation import source
from ..prompting.parse import parse
from ..running.reserve import NOTHING, Reserve
from ..session import Session
from ..types import Cell, Execution, Failure, Message, Turn
from .attempts import NOT_JUDGED, Attempt, Options, Round, asked, unjudged
from .cell_judging import CellVerdict
from .cells import CellProblem
from .problems import Unfit
from .protocol import Told
from .verdicts import Judgement
from .wording import in_shell


class CellJudging(Protocol):
    """Whoever judges a cell: here, or elsewhere."""

    def judge(self, problem: CellProblem, code: str) -> CellVerdict: ...


class JudgedCell:
    """An executor for which to run code is to judge it as the cell that `problem` asks for.

    Where that is `unfit`, nothing is judged; see `attempts.Judged`.
    """

    timeout: float | None = None
    strict = False
    reserve: Reserve = NOTHING

    def __init__(self, problem: CellProblem, judge: CellJudging) -> None:
        self.problem, self.judge = problem, judge
        self.unfit: Unfit | None = None
        self._known: dict[str, CellVerdict] = {}

    def run(self, cell: Cell) -> Execution:
        started = time.perf_counter()
        verdict = self._known[cell.source] = self._judged(cell.source)
        return Execution((), verdict.failure, time.perf_counter() - started)

    def check(self, checks: Sequence[str]) -> Failure | None:
        del checks  # a problem has a reference
        return None

    def verdict(self, turn: Turn) -> Judgement:
        """On a round: that of its run, or why it has not run."""
        code = source(turn)
        if code in self._known:
            return self._known[code].judgement
        failure = turn.execution.failure if turn.execution and code else None
        if failure:
            if not self._known:  # so nobody knows yet whether the problem is fit
                self._judged("")
            return Judgement("exception", f"{failure.name}: {failure.message}")
        return self._judged(code).judgement

    def _judged(self, code: str) -> CellVerdict:
        try:
            return self.judge.judge(self.problem, code)
        except Unfit as error:
            self.unfit = error
            return CellVerdict(NOT_JUDGED)


def attempt_cell(
    problem: CellProblem, engine: Engine, judge: CellJudging, options: Options, *,
    sample: int = 0, stop: threading.Event | None = None,
) -> Attempt:  # fmt: skip
    """Let `engine` answer `problem`; see `attempts.attempt`."""
    if options.feedback == "human":
        raise OciError(f"{problem.task_id} is a cell: mentors guide on functions only")
    started, note = time.perf_counter(), ""
    seed = sample if options.temperature else None
    sampling = Sampling(options.temperature, seed=seed, max_new_tokens=options.new_tokens)
    told, executor = Told(engine, "notebook", sampling, stop), JudgedCell(problem, judge)
    session = Session(told, executor, parse=one_cell)
    told.count([Message("user", "")])  # whether it is there at all
    try:
        session.prompt(problem.request, problem.context)
    except EngineError as error:
        note = str(error)
    if not note:
        with suppress(NoAnswer):
            asked(session, told, problem.request, problem.context, options.rounds - 1)
    rounds = tuple(
        Round(turn.reply.text, source(turn), executor.verdict(turn), None, turn.reply.usage)
        for turns in session.exchanges
        for turn in turns
    )
    seconds, note = time.perf_counter() - started, in_shell(note or told.note)
    made = Attempt(
        problem.task_id, problem.source, sample, rounds, seconds, note, problem.marks
    )  # fmt: skip
    return unjudged(made, executor.unfit) if executor.unfit else made


def one_cell(text: str) -> list[Cell]:
    """A reply's words, and its blocks of code as one cell."""
    cells = parse(text)
    code = "\n\n".join(cell.source for cell in cells if cell.kind == "code")
    return [*(cell for cell in cells if cell.kind != "code"), *([Cell(code)] if code else [])]
