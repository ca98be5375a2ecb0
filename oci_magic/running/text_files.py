"""Text files that code reads, as they are on disk: lines, and an encoding that fits."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from pathlib import Path

CHARACTERS = 200
"""Of a line that is told."""
MOST_LINES, MOST_BYTES = 10_000, 1 << 20
_NAMED = re.compile(r"""["']([^"'\n]+\.(?:csv|tsv|txt|json|jsonl|ndjson))["']""")
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def files_in(source: str) -> list[str]:
    """The names of text files that code names, in its order, at most two."""
    return list(dict.fromkeys(_NAMED.findall(source)))[:2]


def line_of(path: Path, number: int) -> str:
    """A line of a text file, the first is 1; "" where there is none."""
    if number > MOST_LINES:
        return ""
    try:
        with path.open("rb") as file:
            lines = (file.readline(4 * CHARACTERS) for _ in range(number))
            raw = next(islice(lines, number - 1, None), b"")
    except OSError:
        return ""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.strip()[:CHARACTERS]


def encoding_of(path: Path) -> str:
    """An encoding that reads what is not UTF-8: by its mark, else latin-1; "" for no file."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES)
    except OSError:
        return ""
    marked = (name for mark, name in _MARKS if raw.startswith(mark))
    return next(marked, "cp1252" if re.search(rb"[\x80\x82-\x8c\x91-\x9c]", raw) else "latin-1")
