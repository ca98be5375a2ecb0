"""Two runs side by side: their figures, and the problems that only one of them solved.

Compares the attempts as they were judged, and writes nothing; whether both were asked alike is
told, not required.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import records, scores

_LISTED, _WIDE = 10, 26


def compare(first: Path, second: Path) -> list[str]:
    """Lines for a person. Raises OciError for a folder without attempts."""
    runs = [scores.of(folder) for folder in (first, second)]
    lines = [*_row("", [str(first), str(second)]), *_settings(runs)]
    if any(run["attempts"] < run["of"] for run in runs):
        lines += _row("attempts", [f"{run['attempts']} of {run['of']}" for run in runs])
    for name in sorted({name for run in runs for name in run["suites"]}):
        suites = [run["suites"].get(name) for run in runs]
        lines += _rows(f"{name}, ", [_counts(each) if each else {} for each in suites], same=False)
        lines += _rows(f"{name}, ", [_figures(each) if each else {} for each in suites])
        lines += _rows("", [_rates(each) if each else {} for each in suites])
    return [*lines, *_differences(first, second, runs)]


def _settings(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    shown = [{key: _setting(value) for key, value in run["run"].items()} for run in runs]
    return _rows("", shown, same=False)


def _setting(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _counts(suite: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(suite[name]) for name in ("problems", "samples")}


def _figures(suite: Mapping[str, Any]) -> dict[str, str]:
    by_round = {f"round {n}": row for n, row in enumerate(suite["pass@1 by round"], 1)}
    by_k = {f"pass@{k}": row for k, row in scores.by_k(suite).items()}
    return {name: scores.figure(row) for name, row in (by_round | by_k).items()}


def _rates(suite: Mapping[str, Any]) -> dict[str, str]:
    """Of cells, in per cent."""
    return {name: f"{each['rate']:.1f}" for name, each in suite["cells"].items()}


def _differences(first: Path, second: Path, runs: Sequence[Mapping[str, Any]]) -> list[str]:
    one, other = _solved(first), _solved(second)
    lines = [_only(first, one, other), _only(second, other, one)]
    if any(suite["samples"] > 1 for run in runs for suite in run["suites"].values()):
        lines.append("solved here: by one sample or more")
    left = len(one.keys() ^ other.keys())
    return [*lines, *([f"{left} problems have no counterpart in the other run"] if left else [])]


def _only(folder: Path, its: Mapping[Any, bool], others: Mapping[Any, bool]) -> str:
    only = sorted(key[1] for key in its if its[key] and not others.get(key, True))
    more = f" and {len(only) - _LISTED} more" if len(only) > _LISTED else ""
    named = f": {', '.join(only[:_LISTED])}{more}" if only else ""
    return f"only {folder} solves {len(only)}{named}"


def _solved(folder: Path) -> dict[tuple[str, str], bool]:
    """By source and task, whether a sample is right; without what nothing can be judged by."""
    solved: dict[tuple[str, str], bool] = {}
    unfit = set()
    for each in records.attempts(folder / records.NAME):
        key = (each.source, each.task_id)
        solved[key] = solved.get(key, False) or any(found.passed for found in each.rounds)
        unfit |= {key} if each.unfit else set()
    return {key: right for key, right in solved.items() if key not in unfit}


def _rows(before: str, tables: Sequence[Mapping[str, str]], *, same: bool = True) -> list[str]:
    """A row for each name in one of the tables, or where the two differ."""
    cells = [
        (name, [table.get(name, "-") for table in tables]) for name in {**tables[0], **tables[1]}
    ]
    shown = [(name, pair) for name, pair in cells if same or pair[0] != pair[1]]
    return [line for name, pair in shown for line in _row(f"{before}{name}", pair)]


def _row(name: str, cells: Sequence[str]) -> list[str]:
    """In columns, or below one another where they are too long for that."""
    if max(map(len, cells)) > _WIDE:
        return [*([name] if name else []), *(f"  {cell}" for cell in cells)]
    return [f"{name:33}" + "".join(f"  {cell:>{_WIDE}}" for cell in cells)]
