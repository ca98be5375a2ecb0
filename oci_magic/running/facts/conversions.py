"""The few texts of a column that stopped its conversion, to numbers or to dates, with their rows.

Where an error says which text it was, that one is looked for. Where it says none, because the code
calculates with texts, a column has to look like numbers: words that nobody meant to convert, such
as names and addresses, are not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from ..state.tables import own_table
from ..variables import dtype_name
from .scene import Column, Scene, Texts

MOST_ROWS = 1_000_000
MOST_VALUES = 1000
MOST_TEXTS = 3
_CONVERTED = re.compile(
    r"""(?:to\ float:|with\ base\ \d+:|^Unable\ to\ parse\ string|isoformat\ string:|time\ data)
        \ (?P<quote>['"])(?P<quoted>.+?)(?P=quote)
        (?:$|\ at\ |\ (?:doesn't|does\ not)\ match\ format)
    |(?:unable\ to\ parse|[Uu]nknown\ string\ format|received|out\ of\ range\ for\ month
        |must\ be\ in\ 1\.\.12):\ (?P<bare>.+?)(?:,\ at\ position\ \d+)?$""",
    re.DOTALL | re.VERBOSE,
)
_FORMAT = re.compile(r"""match format (['"])(.+?)\1""")
_OF_CONVERSION = re.compile(  # a mean of texts is none, whatever pandas 2 says of it
    r"literal|convert(?!.* to numeric)|\bpars", re.IGNORECASE | re.DOTALL
)
_OF_TEXT = re.compile(
    r"string|str\b|text|numeric|dtype|object|concatenate|not supported|operand", re.IGNORECASE
)
_FIGURES = re.compile(r"\W*\d")
_NUMBER = re.compile(
    r"[^\w@]{0,4}(?:[A-Z]{3}\s)?\d+(?:[.,'\s\u2019]\d{3})*(?:[.,]\d+)?\s*[^\d\s@]{0,6}\d?\W{0,2}"
)
"""A number as people write it: a currency before it, marks within, a unit of few letters behind."""


def told_text(message: str) -> str:
    """The text that could not be converted, "" where the message says none."""
    found = _CONVERTED.search(message)
    return (found["quoted"] or found["bare"]) if found else ""


def texts_of(scene: Scene) -> Texts:
    """Up to three distinct texts that could not be converted, each with its row.

    They are told for each text column that the line names, at most three. Where the error says
    which text it was, the columns are those with such a text and, if there is one, those that begin
    with figures too.
    """
    if not isinstance(scene.error, TypeError | ValueError):
        return {}
    wanted = told_text(scene.message)
    converts = bool(wanted or _OF_CONVERSION.search(scene.message))
    if not converts and not _OF_TEXT.search(scene.message):
        return {}
    found: dict[str, Column] = {}
    stopped, figures = set[str](), set[str]()
    for label, column in _text_columns(scene):
        texts = _first(column)
        kept = _unfit(column, texts, scene.message)
        if label in found or not kept:
            continue
        found[label] = kept[:MOST_TEXTS]
        if _stopped([*texts, *kept], wanted, converts):
            stopped.add(label)
        elif wanted and any(_FIGURES.match(text) for _, text in texts):
            figures.add(label)
    told = [label for label in found if label in stopped | figures][:3] if stopped else []
    return {label: [(row, text[:40]) for row, text in found[label]] for label in told}


def _unfit(column: Any, texts: Column, message: str) -> Column:
    """The texts that could not be converted, the one first that stands behind those looked at."""
    wanted = told_text(message)
    fits = _fitting(message, wanted)
    kept = [(row, text) for row, text in _distinct(texts) if not fits(text)]
    if wanted and not any(_is_part(wanted, text) for _, text in texts):
        kept = [*_later(column, wanted), *kept]
    return kept


def _stopped(texts: Column, wanted: str, converts: bool) -> bool:
    """Whether it is this column that could not be converted, as far as the error says it."""
    if wanted:
        return any(_is_part(wanted, text) for _, text in texts)
    return converts or _are_numbers(texts)


def _fitting(message: str, wanted: str) -> Callable[[str], bool]:
    """Whether a text can be converted, as far as that is known."""
    if expected := _FORMAT.search(message):
        return lambda text: _is_date(text, expected[2]) and text != wanted
    if wanted and re.search(
        r"time|date|month|isoformat|string format", message.replace(wanted, "")
    ):
        return lambda text: text != wanted and bool(re.search(r"\d", text))
    return _is_number


def _text_columns(scene: Scene) -> Iterator[tuple[str, Any]]:
    """The columns of text that the line names, in order."""
    labels = dict.fromkeys(re.findall(r"""["']([^"']+)["']""", scene.own_line))
    for name in dict.fromkeys(re.findall(r"[^\W\d]\w*", scene.source)):
        table = own_table(scene.namespace.get(name))
        for label in labels if table is not None and table.ndim == 2 else ():
            try:
                column = table[label]
                if dtype_name(column.dtype) in ("object", "str", "string"):
                    yield label, column
            except Exception:  # no such column, or two of them
                continue


def _first(column: Any) -> Column:
    """The texts at its head with their rows."""
    return [(row, text) for row, text in column.head(MOST_VALUES).items() if type(text) is str]


def _later(column: Any, wanted: str) -> Column:
    """The text that is wanted, from further down."""
    values = column.iloc[MOST_VALUES:MOST_ROWS].to_numpy(dtype=object)
    found = (
        (column.index[at], text)
        for at, text in enumerate(values, MOST_VALUES)
        if type(text) is str and wanted in text and _is_part(wanted, text)
    )
    return list(islice(found, 1))


def _distinct(texts: Column) -> Column:
    """Each text once, with its first row."""
    rows: dict[str, object] = {}
    for row, text in texts:
        rows.setdefault(text, row)
    return [(row, text) for text, row in rows.items()]


def _is_part(wanted: str, text: str) -> bool:
    """Whether a text is the one that an error tells of, or was before marks were taken out."""
    if wanted in (text, repr(text)[1:-1]):
        return True
    told, whole = (re.sub(r"[\W_]+", "", part) for part in (wanted, text))
    return bool(told) and (told == whole or (len(told) > 2 and told in whole))


def _are_numbers(texts: Column) -> bool:
    """Whether most of these are numbers, however they are written."""
    numbers = sum(_is_number(text) or bool(_NUMBER.fullmatch(text.strip())) for _, text in texts)
    return 2 * numbers >= len(texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True
