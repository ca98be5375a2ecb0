"""Solutions that are given, judged side by side: no model.

A solution is judged as it stands; of an earlier run's attempts every round is. All samples of a
problem are judged in one process, which finds the expected answers once. `executor` is any
`concurrent.futures.Executor`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from dataclasses import replace
from multiprocessing import get_context, parent_process
from typing import Any

from ..errors import OciError
from ..running.cores import cores
from .attempts import Attempt, Key, Round, unjudged
from .cell_judging import CellJudge
from .cells import CellProblem
from .cluster import Cluster
from .judging import Judge
from .problems import Problem, Unfit
from .samples import Solutions


def judged(
    solutions: Solutions, problems: Iterator[Problem | CellProblem], done: Collection[Key],
    cluster: Cluster | None = None,
) -> Iterator[Attempt]:  # fmt: skip
    """The solutions as attempts, those in `done` left out, in the order of the problems.

    Without a cluster they are judged by processes on this machine's cores.
    """
    judges = cores()
    pool: Executor = (
        cluster.executor if cluster else ProcessPoolExecutor(judges, get_context("spawn"), _worker)
    )
    waiting: deque[Future[list[Attempt]]] = deque()
    try:
        for problem in problems:
            left = [each for each in solutions.of(problem) if each.key not in done]
            if left:
                waiting.append(pool.submit(judge_samples, problem, left))
            if len(waiting) > 4 * (cluster.cores if cluster else judges):
                yield from _answer(waiting.popleft(), cluster)
        while waiting:
            yield from _answer(waiting.popleft(), cluster)
    finally:
        if cluster is None:
            pool.shutdown(cancel_futures=True)


def _answer(judging: Future[list[Attempt]], cluster: Cluster | None) -> list[Attempt]:
    if cluster:
        return cluster.answer(judging)
    try:
        return judging.result()
    except (BrokenExecutor, CancelledError):
        raise OciError(
            "a process that judges was ended from outside: give the same command to go on"
        ) from None


def _worker() -> None:
    """Ctrl-C ends a worker without a traceback, after it has ended what it judges.

    When the run is killed, its workers end too, and with them what they judge.
    """
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent
    parent.join()
    os._exit(1)


def judge_samples(problem: Problem | CellProblem, samples: list[Attempt]) -> list[Attempt]:
    """Judge solutions of one problem, one after the other."""
    judge = _cell() if isinstance(problem, CellProblem) else _function()
    marks = problem.marks if isinstance(problem, CellProblem) else ()
    made = []
    try:
        for each in samples:
            started = time.perf_counter()
            rounds = tuple(judge(problem, found) for found in each.rounds)
            seconds = time.perf_counter() - started
            made.append(replace(each, rounds=rounds, seconds=seconds, marks=marks))
    except Unfit as error:
        return [unjudged(each, error) for each in samples]
    return made


def _function() -> Callable[[Any, Round], Round]:
    judge = Judge()

    def judged(problem: Problem, found: Round) -> Round:
        base, plus = judge.judge(problem, found.code)
        return replace(found, base=base, plus=plus)

    return judged


def _cell() -> Callable[[Any, Round], Round]:
    """Code that was refused in its run, for it only hid an error, stays so: it never ran."""
    judge = CellJudge()

    def judged(problem: CellProblem, found: Round) -> Round:
        if found.base.message.startswith("Refused: "):
            return found
        return replace(found, base=judge.judge(problem, found.code).judgement)

    return judged
