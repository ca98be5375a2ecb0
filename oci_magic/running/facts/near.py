"""Names that a wrong name may have meant: in another case or spelling, or nearly so."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from itertools import accumulate

SURE, CUTOFF, LONGEST = 0.8, 0.6, 200
"""How alike (0 to 1) names are that come before one that holds the whole, and after it."""
MOST = 2_000_000
"""Pairs of characters that are compared for likeness."""


def near(name: str, names: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """Up to `count` of `names` that resemble `name`, the nearest first.

    Case, blanks and marks do not count, and names longer than `LONGEST` are passed over; of equals
    the first one wins. Of very many long names the first ones are compared. A name that stands
    whole in another one resembles it, whatever else the longer one says: "phase" is "phase (kg)"
    rather than "phle".
    """
    short = [candidate for candidate in names if len(candidate) <= LONGEST]
    folded = {_folded(candidate): candidate for candidate in reversed(short)}
    wanted = _folded(name[:LONGEST])
    close = difflib.get_close_matches(wanted, _first(wanted, list(folded)), n=count, cutoff=CUTOFF)
    sure = [t for t in close if difflib.SequenceMatcher(None, t, wanted).ratio() >= SURE]
    holding = [text for text in reversed(folded) if len(wanted) > 2 and wanted in text]
    ordered = dict.fromkeys([*sure, *sorted(holding, key=len), *close])
    return tuple(folded[text] for text in ordered)[:count]


def _first(wanted: str, names: list[str]) -> list[str]:
    """Of `names`, the first of which stand last, those that can be compared in short time."""
    ends = accumulate(len(wanted) * len(name) for name in reversed(names))
    kept = sum(end <= MOST for end in ends)
    first = names[len(names) - kept :]
    return first if wanted in first or wanted not in names else [wanted, *first]


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())
