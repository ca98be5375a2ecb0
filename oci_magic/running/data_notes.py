"""What a failure is told with of the data at hand: sizes, gaps, rows, and files as they are.

Of values, only those are told that were to be numbers and are none, zeros that divide, and lines
of a file that could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..objects import table_kind
from .scene import Note, Scene, named
from .text_files import encoding_of, files_in, line_of
from .variables import describe

MOST_ROWS = 1_000_000
MOST_VALUES = 1000
_SIZES = re.compile(
    r"shape|broadcast|dimension|length|same size|inconsistent numbers|size mismatch|align",
    re.IGNORECASE,
)
_SIZED = (list, tuple, dict, set, frozenset, str, bytes)
_FIELDS = re.compile(r"Expected \d+ fields in line (\d+)")


def texts_of(scene: Scene) -> dict[str, list[tuple[object, str]]]:
    """Up to three distinct texts that are no numbers, each with its row.

    They are told for each text column that the line names, at most three.
    """
    if not isinstance(scene.error, TypeError | ValueError):
        return {}
    found: dict[str, list[tuple[object, str]]] = {}
    for name in dict.fromkeys(re.findall(r"[^\W\d]\w*", scene.source)):
        table = scene.namespace.get(name)
        if table_kind(table) != "DataFrame":
            continue
        for label in dict.fromkeys(re.findall(r"""["']([^"']+)["']""", scene.own_line)):
            if label not in found and (texts := _not_numbers(table, label)):
                found[label] = texts
    return dict(list(found.items())[:3])


def _not_numbers(table: Any, label: str) -> list[tuple[object, str]]:
    rows: dict[str, object] = {}
    try:
        column = table[label]
        if str(column.dtype) not in ("object", "str", "string"):
            return []
        for row, value in column.head(MOST_VALUES).items():
            if isinstance(value, str) and not _is_number(value):
                rows.setdefault(value, row)
    except Exception:
        return []
    return [(row, text[:40]) for text, row in list(rows.items())[:3]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(scene: Scene) -> Iterator[Note]:
    """In which rows those texts stand first."""
    for label, texts in texts_of(scene).items():
        rows = [str(row) for row, _ in texts if type(row) in (int, str)]
        if len(rows) == len(texts) and all(row.isprintable() for row in rows):
            yield "rows", (f'"{label}"', ", ".join(row[:40] for row in rows))


def _decoding(scene: Scene) -> Iterator[Note]:
    """An encoding in which a file can be read that is not UTF-8."""
    if isinstance(scene.error, UnicodeDecodeError):
        for name in files_in(scene.source):
            if encoding := encoding_of(Path(name)):
                yield "encoding", (f'"{name}"', encoding)


def _lines(scene: Scene) -> Iterator[Note]:
    """Lines of a file whose form was not the one expected: the second, and the one told of."""
    if type(scene.error).__name__ != "ParserError":
        return
    told = _FIELDS.search(scene.message)
    for name in files_in(scene.source)[:1]:
        for number in sorted({2, int(told[1]) if told else 2}):
            if line := line_of(Path(name), number):
                yield "line", (str(number), f'"{name}"', line)


def _index(scene: Scene) -> Iterator[Note]:
    """What the rows of a table are called in which one was not found."""
    if not isinstance(scene.error, KeyError) or not re.search(r"\.(?:loc|at|drop)\b", scene.line):
        return
    for name, value in named(scene):
        table: Any = value
        if table_kind(value) and len(table):
            kind = str(table.index.dtype)
            ends = f" from {table.index[0]} to {table.index[-1]}" if kind[:3] == "int" else ""
            yield "index", (name, kind + ends)


def _sizes(scene: Scene) -> Iterator[Note]:
    """The shapes of what the line names, where they are the trouble."""
    if not isinstance(scene.error, IndexError) and not _SIZES.search(scene.message):
        return
    for name, value in named(scene):
        told = describe(name, value)
        if type(value) in _SIZED:
            yield "size", (name, told.type, str(len(value)))  # type: ignore[arg-type]
        elif told.shape is not None:
            yield "shape", (name, told.type, " x ".join(map(str, told.shape)))


def _zeros(scene: Scene) -> Iterator[Note]:
    """What is 0 or empty in a line that divides by it."""
    if not isinstance(scene.error, ZeroDivisionError):
        return
    for name, value in named(scene):
        if type(value) in (int, float) and value == 0:
            yield "is", (name, str(value))
        elif type(value) in _SIZED and not value:
            yield "size", (name, type(value).__name__, "0")


def _gaps(scene: Scene) -> Iterator[Note]:
    """The columns with missing values of a table that must have none."""
    if "NaN" not in scene.message or not isinstance(scene.error, ValueError):
        return
    for name, value in named(scene):
        table: Any = value
        if table_kind(value) == "DataFrame" and len(table) <= MOST_ROWS:
            counts = {str(label): int(n) for label, n in table.isna().sum().items() if n}
            if counts:
                told = ", ".join(f'"{label}" {n}' for label, n in list(counts.items())[:10])
                yield "missing", (name, told)


DATA_LOOKS = (_sizes, _zeros, _gaps, _rows, _decoding, _lines, _index)
