"""Solutions that are given, judged side by side: no model, one round each.

Reads EvalPlus' form of samples: lines with `task_id` and `solution`, or `completion`, which is
put behind the prompt. A solution is judged as it stands. All samples of a problem are judged in
one process, which finds the expected answers once. `executor` is any `concurrent.futures.Executor`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from ..errors import OciError
from .attempts import Attempt, Key, Round
from .cell_judging import CellJudge
from .cells import CellProblem
from .judging import Judge
from .problems import Problem

Sample = tuple[int, str]


def judged(
    path: Path, problems: Callable[[], Iterator[Problem | CellProblem]], done: Collection[Key],
    executor: Executor | None = None,
) -> Iterator[Attempt]:  # fmt: skip
    """The attempts that the solutions in `path` are, those in `done` left out, in order."""
    samples = _samples(path)
    pool = executor or ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _worker)
    waiting: deque[Future[list[Attempt]]] = deque()
    try:
        for problem in problems():
            key = problem.source, problem.task_id
            there = samples.get(problem.task_id, ())
            left = [each for each in there if (*key, each[0]) not in done]
            if left:
                waiting.append(pool.submit(judge_samples, problem, left))
            if len(waiting) > 4 * (os.cpu_count() or 1):
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        if executor is None:
            pool.shutdown(cancel_futures=True)


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


def judge_samples(problem: Problem | CellProblem, samples: list[Sample]) -> list[Attempt]:
    """Judge solutions of one problem, one after the other."""
    judge = _cell() if isinstance(problem, CellProblem) else _function()
    marks = problem.marks if isinstance(problem, CellProblem) else ()
    made = []
    for number, code in samples:
        started = time.perf_counter()
        rounds = (judge(problem, code),)
        seconds = time.perf_counter() - started
        made.append(Attempt(problem.task_id, problem.source, number, rounds, seconds, "", marks))
    return made


def _function() -> Callable[[Any, str], Round]:
    judge = Judge()

    def judged(problem: Problem, code: str) -> Round:
        whole = code.removeprefix("\0")
        if whole != code:
            whole = f"{problem.prompt}{whole}"
        return Round("", whole, *judge.judge(problem, whole))

    return judged


def _cell() -> Callable[[Any, str], Round]:
    judge = CellJudge()

    def judged(problem: CellProblem, code: str) -> Round:
        whole = code.removeprefix("\0")
        return Round("", whole, judge.judge(problem, whole).judgement)

    return judged


def _samples(path: Path) -> dict[str, list[Sample]]:
    """By problem; a completion is marked by a zero character in front."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row: dict[str, Any] = json.loads(line)
            code = str(row["solution"]) if "solution" in row else f"\0{row['completion']}"
            found[str(row["task_id"])].append((len(found[str(row["task_id"])]), code))
        except (KeyError, TypeError, ValueError):
            raise OciError(
                f"{path}: line {number} is no solution: it has task_id and solution (or completion)"
            ) from None
    return found
