"""Two runs side by side: their figures, and the problems that only one of them solved.

Compares the attempts as they were judged; whether both were asked alike is told, not required.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import records, scores
from .attempts import Key

_LISTED = 10


def compare(first: Path, second: Path) -> list[str]:
    """Lines for a person. Raises OciError for a folder without attempts."""
    runs = [scores.write(folder) for folder in (first, second)]
    lines = [_row("", [str(first), str(second)]), *_settings(runs)]
    for suite in sorted({name for run in runs for name in run["suites"]}):
        by_run = [run["suites"].get(suite, {}).get("pass@1 by round", []) for run in runs]
        for number in range(max(map(len, by_run))):
            cells = [scores.figure(rows[number] if number < len(rows) else {}) for rows in by_run]
            lines.append(_row(f"{suite}, round {number + 1}", cells))
        lines += _rates([run["suites"].get(suite, {}).get("cells", {}) for run in runs])
    return [*lines, *_differences(first, second)]


def _settings(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    headers = [run["run"] for run in runs]
    keys = {**headers[0], **headers[1]}
    pairs = [(key, [str(header.get(key, "")) for header in headers]) for key in keys]
    return [_row(key, cells) for key, cells in pairs if cells[0] != cells[1]]


def _rates(runs: Sequence[Mapping[str, Mapping[str, float]]]) -> list[str]:
    """Of cells, in per cent."""
    shown = [{name: f"{each['rate']:.1f}" for name, each in run.items()} for run in runs]
    return [_row(name, [run.get(name, "-") for run in shown]) for name in {**runs[0], **runs[1]}]


def _differences(first: Path, second: Path) -> list[str]:
    solved = [_solved(folder / records.NAME) for folder in (first, second)]
    both = solved[0].keys() & solved[1].keys()
    lines = []
    for folder, one, other in ((first, solved[0], solved[1]), (second, solved[1], solved[0])):
        only = sorted(key[1] for key in both if one[key] and not other[key])
        more = f" and {len(only) - _LISTED} more" if len(only) > _LISTED else ""
        lines.append(f"only {folder} solves {len(only)}: {', '.join(only[:_LISTED])}{more}")
    left = len(solved[0].keys() ^ solved[1].keys())
    return [*lines, *([f"{left} attempts have no counterpart in the other run"] if left else [])]


def _solved(path: Path) -> dict[Key, bool]:
    fit = (each for each in records.attempts(path) if not each.unfit)
    return {each.key: any(r.passed for r in each.rounds) for each in fit}


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:33}" + "".join(f"{cell:>28}" for cell in cells)
