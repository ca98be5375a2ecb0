"""Solutions that are given → attempts that are still to be judged.

Reads EvalPlus' form of samples: lines with `task_id` and `solution`, or `completion`, which is
put behind the prompt; and the attempts of an earlier run, every round of them, so that they can
be judged again without the model.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import OciError
from . import records
from .attempts import Attempt, Round
from .cells import CellProblem
from .problems import Problem
from .verdicts import Judgement

_NOT_YET = Judgement("exception", "not judged yet")


class Solutions:
    """What is in a file of solutions; `run` tells the run of a file of attempts, {} of others.

    Raises OciError for what is no such file.
    """

    def __init__(self, path: Path) -> None:
        first = next(_rows(path), (0, None))[1]
        recorded = isinstance(first, dict) and "run" in first
        self.path, self.run = path, records.header(path) if recorded else {}
        self._by_task: dict[str, list[Attempt]] = defaultdict(list)
        for each in records.attempts(path) if recorded else _plain(path):
            self._by_task[each.task_id].append(each)

    @property
    def tasks(self) -> set[str]:
        return set(self._by_task)

    def of(self, problem: Problem | CellProblem) -> list[Attempt]:
        """Those of a problem, in order; where the file names sources, of its own if there are."""
        there = self._by_task.get(problem.task_id, [])
        own = [each for each in there if each.source == problem.source] or there
        prompt = problem.prompt if isinstance(problem, Problem) else ""
        return [
            replace(
                each, source=problem.source, sample=number,
                rounds=tuple(_whole(found, prompt) for found in each.rounds),
            )
            for number, each in enumerate(sorted(own, key=lambda each: each.sample))
        ]  # fmt: skip


def _whole(found: Round, prompt: str) -> Round:
    code = found.code.removeprefix("\0")
    return found if code == found.code else replace(found, code=f"{prompt}{code}")


def _plain(path: Path) -> Iterator[Attempt]:
    """A completion is marked by a zero character in front."""
    for number, row in _rows(path):
        try:
            code = str(row["solution"]) if "solution" in row else f"\0{row['completion']}"
            yield Attempt(str(row["task_id"]), "", 0, (Round("", code, _NOT_YET),))
        except (KeyError, TypeError):
            raise _no_solution(path, number) from None


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield number, json.loads(line)
            except (RecursionError, ValueError):
                raise _no_solution(path, number) from None


def _no_solution(path: Path, number: int) -> OciError:
    return OciError(
        f"{path}: line {number} is no solution: it has task_id and solution (or completion)"
    )
