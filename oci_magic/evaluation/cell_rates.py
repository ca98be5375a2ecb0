"""The rates of cell problems: what `micro`'s model card tells, for any model.

A rate is over the attempts that it is about, in per cent; one that is about none is left out.
"Failed" is an answer whose code did not run to its end, whatever it would have come to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from .attempts import Attempt, Round

FAILED = ("exception", "timed out", "out of memory", "syntax error")


class Rates:
    """What adds up while attempts at cells go by."""

    def __init__(self) -> None:
        self._marks: dict[str, list[bool]] = defaultdict(list)

    def add(self, attempt: Attempt) -> None:
        """Count an attempt, if it is one at a cell."""
        marks = attempt.marks
        if "cell" not in marks:
            return
        first = attempt.rounds[0] if attempt.rounds else None
        at_once = first is not None and first.passed
        right = any(each.passed for each in attempt.rounds)
        if "outside" in marks:
            self._marks["outside refused"].append(right)
            return
        if "dirty" not in marks:
            self._marks["first answer"].append(at_once)
            if "composed" in marks:
                self._marks["first answer, compositions"].append(at_once)
        self._marks["after repairs"].append(right)
        if "dirty" in marks:
            self._marks["data-dependent failures repaired"].append(right)
        if first and _failed(first):
            self._marks["failed first answers repaired"].append(right)
        self._marks["inside wrongly refused"].append(first is not None and not first.code)

    def told(self) -> dict[str, dict[str, float]]:
        """Each rate, and of how many attempts it is."""
        return {
            name: {"rate": 100 * sum(self._marks[name]) / len(self._marks[name]),
                   "of": len(self._marks[name])}
            for name in _ORDER if self._marks[name]
        }  # fmt: skip


_ORDER = (
    "first answer", "first answer, compositions", "after repairs",
    "data-dependent failures repaired", "failed first answers repaired", "outside refused",
    "inside wrongly refused",
)  # fmt: skip


def _failed(answer: Round) -> bool:
    return bool(answer.code) and answer.base.kind in FAILED


def lines(rates: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Rates in lines for a person."""
    return [f"  {name}: {each['rate']:.1f}% of {each['of']}" for name, each in rates.items()]
