"""Solutions that are given → attempts that are still to be judged.

Reads EvalPlus' form of samples: `task_id` and `solution`, or `completion`, which is put behind the
prompt, in lines, the same in `.gz`, or a JSON list; and the attempts of an earlier run, every round
of them, so that they can be judged again without the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import OciError
from . import json_rows, records
from .attempts import NOT_JUDGED, Attempt, Round
from .cells import CellProblem
from .problems import Problem

_FORM = "task_id and solution (or completion), a text"


class Solutions:
    """What is in a file of solutions; `run` tells the run of a file of attempts, {} of others.

    Raises OciError for what is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.run = path, dict[str, Any]()
        self._by_task: dict[str, list[Attempt]] = defaultdict(list)
        first = next(json_rows.rows(self.path, _FORM), ("", None))[1]
        recorded = isinstance(first, dict) and "run" in first
        if recorded:
            self.run = records.header(self.path)
        for each in records.attempts(self.path) if recorded else _plain(self.path):
            self._by_task[each.task_id].append(each)

    @property
    def tasks(self) -> set[str]:
        return set(self._by_task)

    def of(self, problem: Problem | CellProblem) -> list[Attempt]:
        """Those of a problem, in order; where the file names sources, of its own if there are."""
        there = [each for name in names(problem) for each in self._by_task.get(name, ())]
        there = [_afresh(each) for each in there if each.rounds or not each.unfit]
        own = [each for each in there if each.source == problem.source] or there
        prompt = problem.prompt if isinstance(problem, Problem) else ""
        return [
            replace(
                each, task_id=problem.task_id, source=problem.source, sample=number,
                rounds=tuple(_whole(found, prompt) for found in each.rounds),
            )
            for number, each in enumerate(sorted(own, key=lambda each: each.sample))
        ]  # fmt: skip


def names(problem: Problem | CellProblem) -> tuple[str, ...]:
    """What a file of solutions may call a problem: MBPP's own files have bare numbers."""
    task = problem.task_id
    return (task, task.removeprefix("Mbpp/")) if task.startswith("Mbpp/") else (task,)


def _afresh(attempt: Attempt) -> Attempt:
    """One that its problem did not fit is an attempt again."""
    return replace(attempt, unfit=False, note="") if attempt.unfit else attempt


def _whole(found: Round, prompt: str) -> Round:
    code = found.code.removeprefix("\0")
    return found if code == found.code else replace(found, code=f"{prompt}{code}")


def _plain(path: Path) -> Iterator[Attempt]:
    """A completion is marked by a zero character in front."""
    for place, row in json_rows.rows(path, _FORM):
        match row:
            case {"task_id": str() | int(), "solution": str(code)}:
                pass
            case {"task_id": str() | int(), "completion": str(completion)}:
                code = f"\0{completion}"
            case _:
                raise OciError(f"{path}: {place} is no solution; it should have {_FORM}")
        yield Attempt(str(row["task_id"]), "", 0, (Round("", code, NOT_JUDGED),))
