"""A live exception → a `Failure` with its facts, gathered while the objects are alive.

Covers the failing line of the cell, the tables that the failing code names, near names of a
missing file, key, variable or attribute, the first line of the text files that code reads when
their form is the trouble, and a few texts of a column that was to be numbers. No other value of
a table is looked at. What else failures of one kind are told with is in `notes`. What is told of
data stays in its line, and the notebook's secrets are taken out. Nothing escapes from here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from glob import escape
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any, TypeVar

from ..objects import SHELL_NAMES, bases, class_name, in_line, members
from ..types import Facts, Failure, Variable
from .data_notes import is_no_table, secret_texts, texts_of
from .hidden import is_secret_name, secrets_in, without
from .near import near
from .notes import notes_of
from .scene import Scene, frames_of
from .text_files import encoding_of, files_of, line_of
from .variables import data_files, describe, is_table, quoted_label

_UNSPLIT = re.compile(r"[;|]|\\t")  # a whole header that was taken for one name
_NAME = re.compile(r"[^\W\d]\w*")
_FORM_ERRORS = frozenset(("UnicodeDecodeError", "JSONDecodeError", "EmptyDataError"))
_Found = TypeVar("_Found")
LONGEST = 10_000
"""Characters of a message that are looked at."""


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
    lineno = _tried(_cell_line, error, filename) or 0
    lines = source.splitlines()
    line = lines[lineno - 1] if 0 < lineno <= len(lines) else ""
    message = _message(error)
    frames = _tried(frames_of, error, _is_notebooks) or ()
    scene = Scene(error, message, source, lineno, namespace, frames)
    facts = _facts(scene, line)
    name, told = in_line(class_name(type(error))), _told(error, message)
    where = f"line {lineno}: {line.strip()}\n" if line else ""
    failure = Failure(name, told, f"{where}{name}: {told}", facts)
    return without(_secrets(scene, facts.tables), failure)


def _facts(scene: Scene, line: str) -> Facts:
    error, missing = scene.error, isinstance(scene.error, NameError)
    tables = _tried(_tables, scene.source, scene.namespace, missing) or ()
    return Facts(
        line,
        scene.lineno,
        tables,
        _tried(_near_files, error) or (),
        _tried(_headers, scene) or (),
        _tried(_texts, scene) or (),
        _tried(_near_names, error, scene.message, tables, scene) or (),
        notes=notes_of(scene),
        bases=tuple(map(class_name, bases(type(error))[1:-1])),
    )


def _secrets(scene: Scene, tables: Sequence[Variable]) -> list[str]:
    """What must not be told, but for names of columns, which are told anyhow."""
    labels = {label for table in tables for label, _ in table.columns}
    held = [scene.namespace, *(frame.names for frame in scene.frames)]
    found = [secret for names in held for secret in secrets_in(names)]
    found += _tried(secret_texts, scene) or ()
    return [secret for secret in found if quoted_label(secret) not in labels]


def _tried(look: Callable[..., _Found], *args: Any) -> _Found | None:
    """What `look` finds; None where an object or a file is not what it seems."""
    try:
        return look(*args)
    except Exception:
        return None


def _message(error: BaseException) -> str:
    """What the error says, its middle left out where that is very long."""
    try:
        said = str(error.msg if isinstance(error, SyntaxError) else error)
    except BaseException:  # the error's own code may raise anything, SystemExit too
        return ""
    half = LONGEST // 2
    return said if len(said) <= LONGEST else f"{said[:half]}...{said[-half:]}"


def _told(error: BaseException, message: str) -> str:
    """The message with its lines, or in one line where data may have broken it.

    That is where the person's own code has put it together, and within quotes.
    """
    *_, last = [None, *(frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__))]
    if last is not None and _is_notebooks(last):
        return in_line(message)
    parts = re.split(r'(")', message)
    inside = [n % 4 == 2 and n + 1 < len(parts) for n in range(len(parts))]
    return "".join(in_line(p) if quoted else p for p, quoted in zip(parts, inside, strict=True))


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


def _tables(source: str, namespace: Mapping[str, object], elsewhere: bool) -> tuple[Variable, ...]:
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
        told = [*columns, *map(quoted_label, scene.known_keys())]
        missing = [(key, quoted_label(key)) for key in _keys(message)]
        pairs = [(label, near(key, told)) for key, label in missing if label not in told]
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
    if missing.name in ("", ".."):
        return ()
    below = sorted(map(str, missing.parent.glob(f"*/{escape(missing.name)}")))
    if below:
        return tuple(below[:3])
    there = data_files(missing.parent)
    lowered = {name.lower(): name for name in there}
    near = difflib.get_close_matches(missing.name.lower(), lowered, n=3, cutoff=0.5)
    return tuple(str(missing.with_name(lowered[name])) for name in near) or tuple(there[:5])


def _headers(scene: Scene) -> tuple[tuple[str, str], ...]:
    """The first lines of the files that the failing statement reads, if their form is the trouble.

    Of files that are no UTF-8, where there are such, when a text could not be decoded.
    """
    error = scene.error
    named = isinstance(error, ValueError) and "JSON" in scene.message.upper()
    trailing = isinstance(error, ValueError) and "Trailing data" in scene.message
    of_form = class_name(type(error)) in _FORM_ERRORS or is_no_table(error)
    if not (of_form or named or trailing):
        return ()
    files = files_of(scene)
    if isinstance(error, UnicodeDecodeError):
        files = [name for name in files if encoding_of(Path(name))] or files
    pairs = ((name, line_of(Path(name), 1)) for name in files)
    return tuple((name, line) for name, line in pairs if line)


def _texts(scene: Scene) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = texts_of(scene).items()
    named = ((quoted_label(label), texts) for label, texts in found if not is_secret_name(label))
    return tuple((label, tuple(text for _, text in texts)) for label, texts in named)
