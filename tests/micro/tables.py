"""Are two tables the same answer? By values; names, dtypes, index and column order may differ.

Numbers agree within a relative 1e-6; a numeric string is not a number, a date is not its text.
Knows nothing of running code or of figures.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

Column = tuple[str, list[Any]]
MOST_PAIRINGS = 500
INDEX_NAMES = ("index", "level_0", "Unnamed: 0")


def as_frame(value: object) -> pd.DataFrame | None:
    """`value` as a table, None where it is not one; a list, array or dict counts as a column."""
    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, pd.Series):
        return value.to_frame(str(value.name))
    try:
        if isinstance(value, dict):
            return pd.Series(value).to_frame()
        if isinstance(value, pd.Index | np.ndarray | list | tuple | set):
            return pd.DataFrame(list(value))
    except (ValueError, TypeError):
        pass
    return None


def same_table(
    answer: object,
    expected: object,
    *,
    ordered: bool = False,
    extra: bool = False,
    names: bool = False,
) -> bool:
    """True if `answer` holds every column of `expected`, row by row.

    `ordered`: the rows must come in the same order. `extra`: further columns are
    welcome. `names`: the columns must also be called the same.
    """
    left, right = as_frame(answer), as_frame(expected)
    if left is None or right is None or len(left) != len(right):
        return False
    given, wanted = columns(left), [c for c in columns(right) if not is_counter(right, c[0])]
    if not extra and not only_counters(given, len(wanted), left):
        return False
    if names and not {name for name, _ in wanted} <= {name for name, _ in given}:
        return False
    return any(rows_agree(chosen, wanted, ordered) for chosen in pairings(given, wanted, ordered))


def columns(frame: pd.DataFrame) -> list[Column]:
    """The levels of the index, then the columns, each as plain values."""
    levels = [frame.index.get_level_values(i) for i in range(frame.index.nlevels)]
    found = [(level_name(level, i), plain_list(level)) for i, level in enumerate(levels)]
    for position, name in enumerate(frame.columns):
        found.append((str(name), plain_list(frame.iloc[:, position])))
    return found


def level_name(level: pd.Index, position: int) -> str:
    if level.name is not None:
        return str(level.name)
    counts = pd.api.types.is_integer_dtype(level.dtype)
    return f"#{position}" if counts else f"key {position}"


def is_counter(frame: pd.DataFrame, name: str) -> bool:
    return name.startswith("#") and frame.index.nlevels == 1


def only_counters(given: list[Column], wanted: int, frame: pd.DataFrame) -> bool:
    counters = sum(is_counter(frame, n) or n in INDEX_NAMES for n, _ in given)
    return wanted <= len(given) <= wanted + counters


def plain_list(values: Any) -> list[Any]:
    return [plain(value) for value in values]


def plain(value: Any) -> Any:
    """None if missing, float for numbers and (in days) durations, Timestamp for dates, or str."""
    if isinstance(value, list | tuple | dict | set | np.ndarray):
        return str(value)
    if pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_ | int | float | np.integer | np.floating):
        return float(value)
    if isinstance(value, pd.Timedelta):
        return value / pd.Timedelta(days=1)
    if isinstance(value, pd.Timestamp | np.datetime64 | date):
        return pd.Timestamp(value)
    return str(value)


def pairings(given: list[Column], wanted: list[Column], ordered: bool) -> Iterator[list[Column]]:
    """Choices of one given column for each wanted one, namesakes first."""
    options = []
    for name, values in wanted:
        fits = [c for c in given if lists_agree(c[1], values, ordered)]
        options.append(sorted(fits, key=lambda column: column[0] != name))
    for chosen in itertools.islice(itertools.product(*options), MOST_PAIRINGS):
        if len({id(column[1]) for column in chosen}) == len(wanted):
            yield list(chosen)


def lists_agree(left: list[Any], right: list[Any], ordered: bool) -> bool:
    if not ordered:
        left, right = sorted(left, key=sort_key), sorted(right, key=sort_key)
    return all(map(cells_agree, left, right))


def rows_agree(chosen: list[Column], wanted: list[Column], ordered: bool) -> bool:
    left = list(zip(*(values for _, values in chosen), strict=True))
    right = list(zip(*(values for _, values in wanted), strict=True))
    if not ordered:
        left, right = sorted(left, key=row_key), sorted(right, key=row_key)
    return all(all(map(cells_agree, a, b)) for a, b in zip(left, right, strict=True))


def row_key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sort_key(cell) for cell in row)


def sort_key(cell: Any) -> tuple[str, float, str]:
    """Puts cells of any type in one order; numbers that agree get the same place."""
    if isinstance(cell, float):
        return ("number", float(f"{cell:.5g}"), "")
    return (type(cell).__name__, 0.0, str(cell))


def cells_agree(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-6, abs_tol=1e-9)
    return type(left) is type(right) and left == right
