"""What a failure is told with of the data at hand: sizes, gaps, rows, and files as they are.

Of values, only those are told that were to be numbers and are none, zeros that divide, and lines
of a file that could not be read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ...objects import is_of_package, package_names
from ...secret_names import is_secret_name
from ..state.tables import own_table
from ..variables import ASKED, describe, dtype_name, quoted_label
from .scene import Note, Scene, named, nodes
from .text_files import encoding_of, files_of, line_of

MOST_CELLS = 2_000_000
"""Objects that are asked whether they are missing."""
_SIZES = re.compile(
    r"shape|broadcast|dimension|length|same size|inconsistent numbers|size mismatch|align",
    re.IGNORECASE,
)
_SIZED = (list, tuple, dict, set, frozenset, str, bytes)
_FIELDS = re.compile(r"Expected \d+ fields in line (\d+)")


def _rows(scene: Scene) -> Iterator[Note]:
    """In which rows those texts stand first."""
    for label, texts in scene.texts.items():
        rows = [str(row) for row, _ in texts if type(row) in (int, str)]
        if (
            len(rows) == len(texts)
            and not is_secret_name(label)
            and all(row.isprintable() for row in rows)
        ):
            yield "rows", (quoted_label(label), ", ".join(row[:40] for row in rows))


def _decoding(scene: Scene) -> Iterator[Note]:
    """An encoding in which a file can be read that is not UTF-8."""
    if isinstance(scene.error, UnicodeDecodeError):
        for name in files_of(scene):
            if encoding := encoding_of(Path(name)):
                yield "encoding", (f'"{name}"', encoding)


def _lines(scene: Scene) -> Iterator[Note]:
    """Lines of a file whose form was not the one expected: the second, and the one told of."""
    if not is_no_table(scene.error):
        return
    told = _FIELDS.search(scene.message)
    for name in files_of(scene)[:1]:
        if any(map(is_secret_name, re.findall(r"\w+", line_of(Path(name), 1)))):
            return
        for number in sorted({2, int(told[1]) if told else 2}):
            if line := line_of(Path(name), number):
                yield "line", (str(number), f'"{name}"', line)


def is_no_table(error: BaseException) -> bool:
    """Whether a file could not be read as a table: pandas' error, or that of `csv`."""
    return bool({"pandas.ParserError", "_csv.Error"} & package_names(type(error)))


def _index(scene: Scene) -> Iterator[Note]:
    """What the rows of a table are called in which one was not found."""
    if not isinstance(scene.error, KeyError) or not re.search(r"\.(?:loc|at|drop)\b", scene.line):
        return
    if _is_of_columns(scene):
        return
    for name, value in named(scene):
        table = own_table(value)
        if table is not None and len(table):
            index, kind = table.index, dtype_name(table.index.dtype)
            sorted_numbers = kind[:3] == "int" and index.is_monotonic_increasing
            ends = f" from {index[0]} to {index[-1]}" if sorted_numbers else ""
            yield "index", (name, kind + ends)


def _is_of_columns(scene: Scene) -> bool:
    """Whether the key that was not found is a column's: what the line asks of columns holds it."""
    for call in nodes(scene.line, ast.Call):
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        if "columns" in given or given.get("axis") in ("1", "'columns'"):
            return True
    asked = (node.slice for node in nodes(scene.line, ast.Subscript))
    pairs = [node.elts for node in asked if isinstance(node, ast.Tuple) and len(node.elts) == 2]
    return any(
        _holds_key(columns, scene) and not _holds_key(rows, scene) for rows, columns in pairs
    )


def _holds_key(node: ast.expr, scene: Scene) -> bool:
    """Whether an expression names the key that was not found, or a variable that stands for it."""
    values: list[object] = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    values += [scene.names.get(name) for name in names]
    plain = [repr(value) for value in values if type(value) in (str, int, float)]
    quoted = [value for value in plain if value[0] in "'\""]
    return scene.message in plain or any(value in scene.message for value in quoted)


def _sizes(scene: Scene) -> Iterator[Note]:
    """The shapes of what the line names, where they are the trouble."""
    error, values = scene.error, named(scene)
    if isinstance(error, AttributeError) and _is_array(error.obj):
        values = [(name, value) for name, value in values if _is_array(value)]
    elif not isinstance(error, IndexError) and not _SIZES.search(scene.message):
        return
    for name, value in values:
        told = describe(name, value)
        if type(value) in _SIZED:
            yield "size", (name, told.type, str(len(value)))  # type: ignore[arg-type]
        elif told.shape is not None:
            yield "shape", (name, told.type, " x ".join(map(str, told.shape)))


def _is_array(value: object) -> bool:
    return "numpy.ndarray" in package_names(type(value))


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
    told = re.search(r"NaN|\bNA or inf\b", scene.message)
    if not told or not isinstance(scene.error, ValueError):
        return
    for name, value in named(scene):
        table = own_table(value)
        columns = _missing(table) if table is not None and table.ndim == 2 else ()
        if gaps := ", ".join(f"{label} {n}" for label, n in islice(columns, 10)):
            yield "missing", (name, gaps)


def _missing(table: Any) -> Iterator[tuple[str, int]]:
    """How many values each column lacks; of objects, in as many as `MOST_CELLS` hold."""
    left = MOST_CELLS
    for at, (label, dtype) in enumerate(table.dtypes.items()):
        cells = len(table) if dtype_name(dtype) in ("object", "str", "string") else len(table) // 50
        if is_of_package(type(dtype), ASKED) and cells <= left:
            left -= cells
            if count := int(table.iloc[:, at].isna().sum()):
                yield quoted_label(label), count


DATA_LOOKS = (_sizes, _zeros, _gaps, _rows, _decoding, _lines, _index)
