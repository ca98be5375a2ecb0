"""A live exception → a `Failure` with its facts, gathered while the objects are alive.

Covers the failing line of the cell, the tables that the failing code names, near names of a
missing file, key, variable or attribute, the first line of the text files that code reads when
their form is the trouble, and a few texts of a column that was to be numbers. No other value of
a table is looked at. What else failures of one kind are told with is in `notes`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from glob import escape
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

from ..objects import SHELL_NAMES, bases, members
from ..types import Facts, Failure, Variable
from .data_notes import texts_of
from .near import near
from .notes import notes_of
from .scene import Scene, frames_of
from .text_files import files_in, line_of
from .variables import data_files, describe, is_table

_UNSPLIT = re.compile(r"[;|]|\\t")  # a whole header that was taken for one name
_NAME = re.compile(r"[^\W\d]\w*")
_FORM_ERRORS = frozenset(("ParserError", "UnicodeDecodeError", "JSONDecodeError", "EmptyDataError"))


def failure_of(
    error: BaseException,
    source: str,
    namespace: Mapping[str, object],
    filename: str | None = None,
) -> Failure:
    """What happened in the cell `source` that raised `error`.

    `filename` is the cell's compiled file name; without it that of the outermost frame whose file
    is no file on disk. `namespace` is the cell's, before anything is put back.
    """
    lineno = _cell_line(error, filename)
    lines = source.splitlines()
    line = lines[lineno - 1] if 0 < lineno <= len(lines) else ""
    name, message = type(error).__name__, _message(error)
    tables = _tables(source, namespace, elsewhere=isinstance(error, NameError))
    scene = Scene(error, message, source, lineno, namespace, frames_of(error, _is_notebooks))
    return Failure(
        name,
        message,
        f"line {lineno}: {line.strip()}\n{name}: {message}" if line else f"{name}: {message}",
        Facts(
            line,
            lineno,
            tables,
            _near_files(error),
            _headers(error, source),
            _texts(scene),
            _near_names(error, message, tables, scene),
            notes=notes_of(scene),
        ),
    )


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error.msg)
    try:
        return str(error)
    except Exception:
        return ""


def _cell_line(error: BaseException, filename: str | None) -> int:
    files = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    if filename is None:
        filename = next((file for file, _ in files if _is_notebooks(file)), None)
    if isinstance(error, SyntaxError) and error.lineno:
        unrun = filename is None and (error.filename is None or _is_notebooks(error.filename))
        if unrun or error.filename == filename:
            return error.lineno
    return next((line for file, line in reversed(files) if file == filename), 0)


def _is_notebooks(file: str) -> bool:
    return "ipykernel_" in file or file.startswith("<")


def _tables(
    source: str, namespace: Mapping[str, object], *, elsewhere: bool
) -> tuple[Variable, ...]:
    """The tables that the code names, in the order in which it names them, at most four.

    Where it names none and `elsewhere` is wanted, those that it could have meant.
    """
    names = dict.fromkeys(_NAME.findall(source))
    tables = [name for name in names if name in namespace and is_table(namespace[name])]
    if elsewhere and not tables:
        tables = [n for n in reversed(list(namespace)) if n[:1] != "_" and is_table(namespace[n])]
    return tuple(describe(name, namespace[name]) for name in tables[:4])


def _near_names(
    error: BaseException, message: str, tables: Sequence[Variable], scene: Scene
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names like those that were not found: columns or keys, variables, attributes."""
    if isinstance(error, KeyError):
        columns = dict.fromkeys(
            label for table in tables for label, _ in table.columns if not _UNSPLIT.search(label)
        )
        told = [*columns, *(f'"{key}"' for key in scene.known_keys())]
        missing = _keys(message)
        pairs = [(f'"{key}"', near(key, told)) for key in missing if f'"{key}"' not in told]
    elif isinstance(error, NameError) and isinstance(error.name, str):
        names = [n for n in scene.names if n[:1] != "_" and n not in SHELL_NAMES]
        pairs = [(error.name, near(error.name, names))]
    elif isinstance(error, AttributeError) and error.name:
        columns_of = (label for label, _ in describe("", error.obj).columns)
        pairs = [(error.name, near(error.name, [*columns_of, *_attributes(error.obj)]))]
    else:
        return ()
    return tuple((name, found) for name, found in pairs if found)[:3]


def _attributes(value: object) -> list[str]:
    """The public names of a module, or of an object's class."""
    if isinstance(value, ModuleType):
        names = list(vars(value))
    else:
        names = [name for base in bases(type(value)) for name in members(base)]
    return [name for name in names if name[:1] != "_"]


def _keys(message: str) -> list[str]:
    """The keys that a KeyError names, pandas' sentences included."""
    told = re.fullmatch(r"""["']?Column(?:\(s\))? not found: (.*?)["']?""", message)
    return [told[1]] if told else re.findall(r"(?<!dtype=)'([^']*)'", message)


def _near_files(error: BaseException) -> tuple[str, ...]:
    """A file of that name in a folder below, else names like it, else what lies there."""
    if not isinstance(error, FileNotFoundError) or not isinstance(error.filename, str):
        return ()
    missing = Path(error.filename)
    below = sorted(map(str, missing.parent.glob(f"*/{escape(missing.name)}")))
    if below:
        return tuple(below[:3])
    there = data_files(missing.parent)
    lowered = {name.lower(): name for name in there}
    near = difflib.get_close_matches(missing.name.lower(), lowered, n=3, cutoff=0.5)
    return tuple(str(missing.with_name(lowered[name])) for name in near) or tuple(there[:5])


def _headers(error: BaseException, source: str) -> tuple[tuple[str, str], ...]:
    named = isinstance(error, ValueError) and "JSON" in str(error).upper()
    trailing = isinstance(error, ValueError) and "Trailing data" in str(error)
    if type(error).__name__ not in _FORM_ERRORS and not named and not trailing:
        return ()
    pairs = ((name, line_of(Path(name), 1)) for name in files_in(source))
    return tuple((name, line) for name, line in pairs if line)


def _texts(scene: Scene) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = texts_of(scene).items()
    return tuple((f'"{label}"', tuple(text for _, text in texts)) for label, texts in found)
