"""Text files that a failing line reads, as they are on disk: lines, and an encoding that fits."""

from __future__ import annotations

import codecs
import re
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

from ...objects import in_line
from .scene import Scene, named

CHARACTERS = 200
"""Of a line that is told."""
MOST_LINES, MOST_BYTES = 10_000, 1 << 20
_NAMED = re.compile(r"""["']([^"'\n]+\.(?:csv|tsv|txt|json|jsonl|ndjson))["']""")
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def files_of(scene: Scene) -> list[str]:
    """The text files that the failing statement names, in its order, at most two.

    Those too which a name of the line stands for, be it the file's name or the file, opened.
    """
    held = [value.name if type(value) is TextIOWrapper else value for _, value in named(scene)]
    paths = [str(value) for value in held if type(value) in (str, type(Path()))]
    there = [*_NAMED.findall(scene.statement), *(p for p in paths if _NAMED.fullmatch(f"'{p}'"))]
    return list(dict.fromkeys(there))[:2]


def line_of(path: Path, number: int) -> str:
    """A line of a text file, the first is 1; "" where there is none."""
    if number > MOST_LINES:
        return ""
    try:
        with path.open("rb") as file:
            lines = (file.readline(4 * CHARACTERS) for _ in range(number))
            raw = next(islice(lines, number - 1, None), b"")
    except (OSError, ValueError):
        return ""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return in_line(text.strip()[:CHARACTERS])


def encoding_of(path: Path) -> str:
    """An encoding that reads what is not UTF-8: by its mark, else the one that fits.

    "" for no file, and for one that is UTF-8 as far as it is looked at.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES)
    except (OSError, ValueError):
        return ""
    if _reads("utf-8", raw):
        return ""
    marked = [name for mark, name in _MARKS if raw.startswith(mark)]
    windows = ["cp1252"] if re.search(rb"[\x80\x82-\x8c\x91-\x9c]", raw) else []
    return next((name for name in (*marked, *windows) if _reads(name, raw)), "latin-1")


def _reads(encoding: str, raw: bytes) -> bool:
    """Whether an encoding reads this beginning of a file; a letter may be cut off at its end."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(raw, len(raw) < MOST_BYTES)
    except UnicodeError:
        return False
    return True
