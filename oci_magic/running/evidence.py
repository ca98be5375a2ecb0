"""A live exception → a `Failure` with its facts, gathered while the objects are alive.

Covers the failing line of the cell, the tables that the failing code names, near names of a
missing file, key, variable or attribute, the first line of the text files that code reads when
their form is the trouble, and a few texts of a column that was to be numbers. No other value of
a table is looked at. What else failures of one kind are told with is in `notes`. What is told of
data stays in its line, and the notebook's secrets are taken out. Nothing escapes from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from traceback import walk_tb
from typing import Any, TypeVar

from ..objects import bases, class_name, in_line, table_kind
from ..secret_names import is_secret_name
from ..types import Facts, Failure, Variable
from .facts.conversions import texts_of, told_text
from .facts.data_notes import is_no_table
from .facts.hidden import secrets_in, secrets_of_environment, without
from .facts.misspelt import near_files, near_names
from .facts.notes import notes_of
from .facts.scene import Scene, frames_of
from .facts.text_files import encoding_of, files_of, line_of
from .reserve import NOTHING, Reserve
from .variables import describe, is_table, quoted_label

_NAME = re.compile(r"[^\W\d]\w*")
_FORM_ERRORS = frozenset(("UnicodeDecodeError", "JSONDecodeError", "EmptyDataError"))
_ABSENT = re.compile(r"Usecols do not match|Missing column provided to 'parse_dates'")
_Found = TypeVar("_Found")
LONGEST = 10_000
"""Characters of a message that are looked at."""


def failure_of(
    error: BaseException,
    source: str,
    namespace: Mapping[str, object],
    filename: str | None = None,
    reserve: Reserve = NOTHING,
) -> Failure:
    """What happened in the cell `source` that raised `error`.

    `filename` is the cell's compiled file name; without it that of the outermost frame whose file
    is no file on disk. `namespace` is the cell's, before anything is put back; what `reserve` keeps
    back of it is not told.
    """
    lineno = _tried(_cell_line, error, filename) or 0
    lines = source.splitlines()
    line = lines[lineno - 1] if 0 < lineno <= len(lines) else ""
    message = _message(error)
    whole = _tried(frames_of, error, _is_notebooks) or ()
    frames = tuple(replace(each, names=reserve.of(each.names, namespace)) for each in whole)
    told_of = reserve.notebook(namespace, source)
    scene = Scene(error, message, source, lineno, told_of, frames)
    scene = replace(scene, texts=_tried(texts_of, scene) or {})
    facts = _facts(scene, line)
    name, told = in_line(class_name(type(error))), _told(error, message)
    where = f"line {lineno}: {line.strip()}\n" if line else ""
    failure = Failure(name, told, f"{where}{name}: {told}", facts)
    held = [namespace, *(frame.names for frame in whole)]
    return without(_secrets(held, scene, facts.tables), failure)


def _facts(scene: Scene, line: str) -> Facts:
    tables = _tried(_tables, scene) or ()
    return Facts(
        line,
        scene.lineno,
        tables,
        _tried(near_files, scene.error) or (),
        _tried(_headers, scene) or (),
        tuple(_values(scene)),
        _tried(near_names, scene, tables) or (),
        notes=notes_of(scene),
        bases=tuple(map(class_name, bases(type(scene.error))[1:-1])),
    )


def _values(scene: Scene) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The texts that could not be converted, but for those of a column of secrets."""
    for label, texts in scene.texts.items():
        if not is_secret_name(label):
            yield quoted_label(label), tuple(text for _, text in texts)


def _secrets(
    held: Sequence[Mapping[str, object]], scene: Scene, tables: Sequence[Variable]
) -> list[str]:
    """What must not be told, but for names of columns, which are told anyhow."""
    labels = {label for table in tables for label, _ in table.columns}
    found = [secret for names in held for secret in secrets_in(names)]
    found += secrets_of_environment()
    secret_columns = (texts for label, texts in scene.texts.items() if is_secret_name(label))
    found += [text for texts in secret_columns for _, text in texts]
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

    That is where the person's own code has put it together, within quotes, and in a text that
    could not be converted.
    """
    *_, last = [None, *(frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__))]
    if last is not None and _is_notebooks(last):
        return in_line(message)
    if unread := told_text(message):
        message = message.replace(unread, in_line(unread))
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


def _tables(scene: Scene) -> tuple[Variable, ...]:
    """The tables that the code names, in the order in which it names them, at most four.

    Those of the innermost function's line come last. Where there are none and a name is missing,
    those that the code could have meant.
    """
    namespace = scene.namespace
    names = dict.fromkeys(_NAME.findall(scene.source))
    tables = {n: namespace[n] for n in names if n in namespace and is_table(namespace[n])}
    for name, value in _local_tables(scene):
        if not any(value is table for table in tables.values()):
            tables[name] = value
    if isinstance(scene.error, NameError) and not tables:
        named = reversed(list(namespace.items()))
        tables = {n: value for n, value in named if n[:1] != "_" and is_table(value)}
    return tuple(describe(name, value) for name, value in list(tables.items())[:4])


def _local_tables(scene: Scene) -> Iterator[tuple[str, object]]:
    """The tables of a function's own that the line names in which it failed."""
    for frame in scene.frames[-1:]:
        for name in dict.fromkeys(_NAME.findall(frame.line)):
            if table_kind(frame.names.get(name)) == "DataFrame" and frame.function != "<lambda>":
                yield name, frame.names[name]


def _headers(scene: Scene) -> tuple[tuple[str, str], ...]:
    """The first lines of the files that the failing statement reads, if their form is the trouble.

    Of files that are no UTF-8, where there are such, when a text could not be decoded.
    """
    error = scene.error
    named = isinstance(error, ValueError) and "JSON" in scene.message.upper()
    trailing = isinstance(error, ValueError) and "Trailing data" in scene.message
    absent = isinstance(error, ValueError) and _ABSENT.match(scene.message)
    of_form = class_name(type(error)) in _FORM_ERRORS or is_no_table(error)
    if not (of_form or named or trailing or absent):
        return ()
    files = files_of(scene)
    if isinstance(error, UnicodeDecodeError):
        files = [name for name in files if encoding_of(Path(name))] or files
    pairs = ((name, line_of(Path(name), 1)) for name in files)
    return tuple((name, line) for name, line in pairs if line)
