"""What a failure is told with of the data at hand: sizes, gaps, rows, and files as they are.

Of values, only those are told that were to be numbers and are none, zeros that divide, and lines
of a file that could not be read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ..objects import package_names
from .hidden import is_secret_name
from .scene import Note, Scene, named, nodes
from .tables import own_table
from .text_files import encoding_of, files_of, line_of
from .variables import describe, dtype_name, quoted_label

MOST_ROWS = 1_000_000
MOST_VALUES = 1000
_SIZES = re.compile(
    r"shape|broadcast|dimension|length|same size|inconsistent numbers|size mismatch|align",
    re.IGNORECASE,
)
_SIZED = (list, tuple, dict, set, frozenset, str, bytes)
_CONVERTED = re.compile(
    r"""(?:to float: |with base \d+: |^Unable to parse string )(['"])(.+)\1(?:$| at )""", re.DOTALL
)
_OF_TEXT = re.compile(
    r"string|str\b|text|literal|numeric|convert|pars|dtype|object|time data|concatenate"
    r"|not supported|operand",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\W*\d")
_FIELDS = re.compile(r"Expected \d+ fields in line (\d+)")


def texts_of(scene: Scene) -> dict[str, list[tuple[object, str]]]:
    """Up to three distinct texts that are no numbers, each with its row.

    They are told for each text column that the line names, at most three, where the error is one
    of converting texts. Where it says which text it was, the columns are those with such a text
    and, if there is one, those that begin with figures too.
    """
    if not isinstance(scene.error, TypeError | ValueError) or not _OF_TEXT.search(scene.message):
        return {}
    told = _CONVERTED.search(scene.message)
    wanted = told[2] if told else ""
    texts: dict[str, list[tuple[object, str]]] = {}
    stopped, figures = set[str](), set[str]()
    for label, column in _text_columns(scene):
        if label in texts or not (found := _not_numbers(column)):
            continue
        texts[label] = found
        if not wanted or any(_is_part(wanted, text) for _, text in column):
            stopped.add(label)
        elif any(_FIGURES.match(text) for _, text in column):
            figures.add(label)
    kept = [label for label in texts if label in stopped | figures][:3] if stopped else []
    return {label: [(row, text[:40]) for row, text in texts[label]] for label in kept}


def secret_texts(scene: Scene) -> list[str]:
    """The texts among them that stand in a column of secrets."""
    found = texts_of(scene).items()
    return [text for label, texts in found if is_secret_name(label) for _, text in texts]


def _text_columns(scene: Scene) -> Iterator[tuple[str, list[tuple[object, str]]]]:
    """The columns of text that the line names, in order, each with its rows and texts."""
    labels = dict.fromkeys(re.findall(r"""["']([^"']+)["']""", scene.own_line))
    for name in dict.fromkeys(re.findall(r"[^\W\d]\w*", scene.source)):
        table = own_table(scene.namespace.get(name))
        for label in labels if table is not None and table.ndim == 2 else ():
            try:
                column = table[label]
                if dtype_name(column.dtype) in ("object", "str", "string"):
                    rows = column.head(MOST_VALUES).items()
                    yield label, [(row, text) for row, text in rows if type(text) is str]
            except Exception:  # no such column, or two of them
                continue


def _not_numbers(column: list[tuple[object, str]]) -> list[tuple[object, str]]:
    """The first three distinct texts that are no numbers, each with its first row."""
    rows: dict[str, object] = {}
    for row, text in column:
        if not _is_number(text):
            rows.setdefault(text, row)
    return [(row, text) for text, row in list(rows.items())[:3]]


def _is_part(wanted: str, text: str) -> bool:
    """Whether a text is the one that an error tells of, or was before marks were taken out."""
    if wanted in (text, repr(text)[1:-1]):
        return True
    told, whole = (re.sub(r"[\W_]+", "", part) for part in (wanted, text))
    return bool(told) and (told == whole or (len(told) > 2 and told in whole))


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
        table = own_table(value)
        if table is not None and table.ndim == 2 and len(table) <= MOST_ROWS:
            counts = [(quoted_label(k), int(n)) for k, n in table.isna().sum().items() if n]
            if counts:
                told = ", ".join(f"{label} {n}" for label, n in counts[:10])
                yield "missing", (name, told)


DATA_LOOKS = (_sizes, _zeros, _gaps, _rows, _decoding, _lines, _index)
