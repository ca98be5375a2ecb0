"""Random small tables and the files they lie in, clean or with the dirt of real life.

A `Column` knows what it means (`kind`) and how it is stored (`dirt`). Frames hold 6 to 14 rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from .words import CATEGORIES, DATES, INTEGERS, KEYS, NUMBERS, TEXTS, Words

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["num", "int", "cat", "text", "date", "key"]
Dirt = Literal["", "words", "comma", "thousands", "unit", "mixed"]
POOLS = {
    "num": NUMBERS, "int": INTEGERS, "cat": CATEGORIES, "text": TEXTS, "date": DATES, "key": KEYS,
}  # fmt: skip
NOT_A_NUMBER = (
    "k.A.", "unknown", "-", "?", "missing", "keine", "none yet", "n.v.", "tbd", "not given",
    "see note", "x", "pending", "ca. 10", "<5", "..", "error", "na.", "unbekannt", "*",
)  # fmt: skip
YEARS = (1990, 2024)
UNITS = (" km", " kg", " EUR", " €", "%", " m", " USD", "kg", " cm", "$")
DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y")


@dataclass(frozen=True)
class Column:
    """A column: what it means and how it is stored in the table at hand."""

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    missing: bool = False
    dirt: Dirt = ""
    parsed: bool = False  # a date that is stored as datetime64
    date_format: str = "%Y-%m-%d"

    @property
    def numeric(self) -> bool:
        return self.kind in ("num", "int")

    @property
    def years(self) -> bool:
        """Whether its whole numbers are years."""
        return self.kind == "int" and (self.low, self.high) == YEARS


@dataclass
class Table:
    """A table of the notebook: variable name, columns, and the frame with its true values."""

    var: str
    columns: list[Column]
    frame: pd.DataFrame = field(repr=False)

    def of(self, *kinds: str) -> list[Column]:
        return [column for column in self.columns if column.kind in kinds]


def usual_kinds(rng: Random) -> list[Kind]:
    """Kinds of columns that make most steps possible."""
    kinds: list[Kind] = ["cat", "num"]
    for kind, share in (("date", 0.5), ("num", 0.4), ("key", 0.3)):
        kinds += [kind] if rng.random() < share else []  # type: ignore[list-item]  # literals
    return kinds


def make_columns(rng: Random, words: Words, needed: Sequence[Kind] = ()) -> list[Column]:
    """Three to seven columns with distinct names: `needed` kinds and random others."""
    kinds: list[Kind] = [*needed]
    if not kinds:
        kinds = ["cat", "num"]
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 2, 3, 4))):
        kinds.append(rng.choice(("num", "num", "int", "cat", "text", "date", "key")))
    rng.shuffle(kinds)
    columns: list[Column] = []
    for kind in kinds[:7]:
        name = words.column(POOLS[kind])
        if name.lower() not in {column.name.lower() for column in columns}:
            columns.append(_column(rng, words, name, kind))
    return columns


def _column(rng: Random, words: Words, name: str, kind: Kind) -> Column:
    missing = kind in ("num", "int", "text", "cat") and rng.random() < 0.25
    if kind == "cat":
        values = tuple(dict.fromkeys(words.value() for _ in range(rng.randint(2, 5))))
        return Column(name, kind, values, missing=missing and rng.random() < 0.5)
    if kind == "int" and rng.random() < 0.3:
        return Column(name, kind, low=YEARS[0], high=YEARS[1])
    low = rng.choice((0, 0, 1, 10, 100, 1000))
    high = low + rng.choice((5, 20, 100, 900, 50_000))
    return Column(name, kind, low=low, high=high, missing=missing)


def make_frame(rng: Random, words: Words, columns: Sequence[Column]) -> pd.DataFrame:
    """The table with true values: numbers as numbers, dates as datetimes, NaN where missing."""
    import pandas as pd

    rows = rng.randint(6, 14)
    frame = pd.DataFrame({c.name: _values(rng, words, c, rows) for c in columns})
    if rng.random() < 0.12:
        frame = pd.concat([frame, frame.head(2)], ignore_index=True)
    return frame


def _values(rng: Random, words: Words, column: Column, rows: int) -> Any:
    import pandas as pd

    values: list[Any]
    match column.kind:
        case "num":
            values = [round(rng.uniform(column.low, column.high), 2) for _ in range(rows)]
        case "int" | "key":
            values = [rng.randint(int(column.low), int(column.high)) for _ in range(rows)]
            if column.kind == "key":
                values = [100 + 7 * i for i in range(rows)]
        case "cat":
            values = [rng.choice(column.values) for _ in range(rows)]
        case "text":
            values = [f"{words.invented()} {words.invented()}".title() for _ in range(rows)]
        case "date":
            start = pd.Timestamp(rng.randint(2015, 2024), rng.randint(1, 12), rng.randint(1, 28))
            days = [rng.randint(0, 400) for _ in range(rows)]
            values = [start + pd.Timedelta(days=day) for day in days]
    if column.missing:
        seen = rng.randrange(min(rows, 5))  # one that the first rows show
        for row in (seen, *rng.sample(range(rows), rows // 5)):
            values[row] = None
    return values


def dirty(rng: Random, column: Column) -> Column:
    """`column` with its numbers or dates stored as text, in one of the ways of real files."""
    if column.numeric:
        kinds: tuple[Dirt, ...] = ("words", "words", "words", "comma", "thousands", "unit")
        choice = rng.choice(kinds)
        if choice == "comma" and column.kind == "int":
            choice = "words"
        if choice == "thousands":
            column = replace(column, high=max(column.high, 50_000))
        return replace(column, dirt=choice, missing=column.missing or choice == "words")
    if column.kind == "date":
        return replace(column, date_format=rng.choice((*DATE_FORMATS, "mixed", "word")))
    return column


def stored(rng: Random, frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The frame as it lies in a file: dirty numbers as text, dates as text, no index."""
    out = frame.copy()
    for column in columns:
        if column.dirt:
            out[column.name] = _stored_numbers(rng, list(frame[column.name]), column.dirt)
        elif column.kind == "date" and not column.parsed:
            out[column.name] = _stored_dates(rng, frame[column.name], column.date_format)
    return out


def _stored_dates(rng: Random, values: Any, form: str) -> Any:
    if form == "word":
        texts = list(values.dt.strftime("%Y-%m-%d"))
        texts[rng.randrange(1, len(texts))] = rng.choice(NOT_A_NUMBER)
        return texts
    if form != "mixed":
        return values.dt.strftime(form)
    forms = rng.sample(("%Y-%m-%d", "%d %B %Y", "%Y/%m/%d", "%B %d, %Y", "%d.%m.%Y"), 2)
    return [value.strftime(rng.choice(forms)) for value in values]


def _stored_numbers(rng: Random, values: list[Any], dirt: Dirt) -> list[Any]:
    word, unit = rng.choice(NOT_A_NUMBER), rng.choice(UNITS)
    texts: list[Any] = []
    for value in values:
        missing = value is None or value != value
        number = "" if missing else f"{value:g}" if value == int(value) else f"{value:.2f}"
        match dirt:
            case "words" | "mixed":
                texts.append(word if missing else number)
            case "comma":
                texts.append(None if missing else f"{value:.2f}".replace(".", ","))
            case "thousands":
                texts.append(None if missing else f"{value:,.0f}")
            case _:
                mark = f"{unit}{number}" if unit == "$" else f"{number}{unit}"
                texts.append(None if missing else mark)
    return texts


@dataclass(frozen=True)
class FileForm:
    """How a text file is written."""

    suffix: str = ".csv"
    separator: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    json_lines: bool = False


def write(frame: pd.DataFrame, path: Path, form: FileForm) -> None:
    """Write `frame` to `path` in `form`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if form.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif form.suffix == ".json":
        records = json.loads(frame.to_json(orient="records", date_format="iso"))
        text = (
            "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
            if form.json_lines
            else json.dumps(records, ensure_ascii=False)
        )
        path.write_text(text, encoding="utf-8")
    else:
        frame.to_csv(
            path, index=False, sep=form.separator, decimal=form.decimal,
            # Latin-1 files of real life hold the euro sign where Windows puts it.
            encoding="cp1252" if form.encoding == "latin-1" else form.encoding,
        )  # fmt: skip
