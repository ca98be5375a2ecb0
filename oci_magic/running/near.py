"""Names that a wrong name may have meant: in another case or spelling, or nearly so."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

CUTOFF, LONGEST = 0.6, 200


def near(name: str, names: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """Up to `count` of `names` that resemble `name`, the nearest first.

    Case, blanks and marks do not count, and names longer than `LONGEST` are passed over; of equals
    the first one wins. A name that stands whole in another one resembles it, whatever else the
    longer one says.
    """
    short = [candidate for candidate in names if len(candidate) <= LONGEST]
    folded = {_folded(candidate): candidate for candidate in reversed(short)}
    wanted = _folded(name[:LONGEST])
    close = difflib.get_close_matches(wanted, folded, n=count, cutoff=CUTOFF)
    holding = [text for text in folded if len(wanted) > 2 and wanted in text and text not in close]
    return tuple(folded[text] for text in [*close, *reversed(holding)][:count])


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())
