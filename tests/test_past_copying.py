"""Columns that are written to past pandas' copy on write are put back, however it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from oci_magic.running.checkpoint import Checkpoint
from oci_magic.running.state.tables import copies_on_write

COLUMNS: dict[str, tuple[Callable[[], Any], Any]] = {
    "texts": (lambda: pd.Series(["x", "y"]), "q"),
    "nullable texts": (lambda: pd.Series(["x", None], dtype="string"), "q"),
    "nullable numbers": (lambda: pd.Series([1, 2], dtype="Int64"), 9),
    "categories": (lambda: pd.Series(["x", "y"], dtype="category"), "y"),
    "numbers": (lambda: pd.Series([1.5, 2.5]), 9.0),
    "times": (lambda: pd.Series(pd.date_range("2024", periods=2, tz="UTC")), pd.NaT),
}
WRITES = [
    "df['c'].values[0] = new",
    "df['c'].array[0] = new",
    "df['c'].to_numpy()[0] = new",
    "by_values(df)",
    "by_array(df)",
    "by_flags(df)",
    "Tool().nested(df)",
]
HELPERS = """
def by_values(table): table["c"].values[0] = new
def by_array(table): table["c"].array[0] = new
def by_flags(table):
    found = table["c"].to_numpy()
    found.flags.writeable = True
    found[0] = new
class Tool:
    def nested(self, table): [by_values(each) for each in (table,)]
def harmless(table): return np.array([1]), {}.values(), pd.array([1]), table.sum()
"""


def notebook(kind: str) -> dict[str, Any]:
    make, new = COLUMNS[kind]
    names: dict[str, Any] = {"df": pd.DataFrame({"c": make()}), "new": new, "pd": pd, "np": np}
    names["__name__"] = "__main__"
    exec(HELPERS, names)
    return names


def written(names: dict[str, Any], line: str) -> bool:
    before = names["df"].copy()
    try:
        exec(line, names)
    except (ValueError, TypeError):  # memory that is only read, another type
        return False
    return not names["df"].equals(before)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("line", WRITES)
def test_a_column_that_was_written_past_copy_on_write_is_put_back(kind: str, line: str) -> None:
    names = notebook(kind)
    df, before = names["df"], names["df"].copy()
    checkpoint = Checkpoint(names, line)
    written(names, line)
    checkpoint.restore()
    assert names["df"] is df and df.equals(before) and checkpoint.left == ()
    checkpoint = Checkpoint(names, line)
    written(names, line)
    checkpoint.done()
    checkpoint.undo()
    assert df.equals(before)


def test_the_lines_do_write() -> None:
    for line in WRITES:
        assert any(written(notebook(kind), line) for kind in COLUMNS), line


@pytest.mark.parametrize(
    "code", ["df.sum()", "df.values.sum()", "harmless(df)", "np.array([1]), df"]
)
def test_numbers_are_not_copied_where_pandas_keeps_them_from_writing(code: str) -> None:
    if not copies_on_write():
        pytest.skip("pandas is set to copy nothing on write")
    names = notebook("numbers")
    (saved,) = (
        each.saved for each in Checkpoint(names, code)._parts if each.found[1] is names["df"]
    )
    assert saved._copies == []  # type: ignore[attr-defined]


def test_an_array_of_pandas_own_is_put_back_alone_and_in_a_table() -> None:
    codes = pd.Categorical(["x", "y"])
    names: dict[str, Any] = {"codes": codes, "s": pd.Series(codes, copy=False)}
    checkpoint = Checkpoint(names, "codes[0] = 'y'")
    codes[0] = "y"
    checkpoint.restore()
    assert list(codes) == names["s"].tolist() == ["x", "y"] and checkpoint.left == ()


def test_columns_of_arrow_are_always_saved_and_take_nothing() -> None:
    pytest.importorskip("pyarrow")
    table = pd.DataFrame({"c": pd.Series(["x", "y"], dtype="string[pyarrow]")})
    checkpoint = Checkpoint({"df": table}, "df.sum()", limit=500)
    table["c"].array[0] = "q"
    checkpoint.restore()
    assert table["c"].tolist() == ["x", "y"]
