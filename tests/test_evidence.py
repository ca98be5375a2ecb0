"""Evidence: what a failure of each kind is told with."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic.prompting.feedback import failure_text
from oci_magic.running.evidence import failure_of

mpl.use("Agg")
FILE = "<cell>"


def told(source: str, **names: Any) -> str:
    """What is said of the error that `source` raises where it runs as a cell."""
    import linecache

    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    try:
        exec(compile(source, FILE, "exec"), names)
    except BaseException as error:
        return failure_text(failure_of(error, source, names, FILE))
    raise AssertionError(f"nothing was raised: {source}")


KINDS = {
    "a key in another case": ("d['Price']", 'Near "Price": "price"'),
    "a variable of a like name": ("totl + 1", "Near totl: total"),
    "a function of a module": ("pd.read_cvs('x')", "Near read_cvs: read_csv"),
    "a method of a list": ("rows.appendd(1)", "Near appendd: append"),
    "a keyword that is not there": (
        "area(hight=2, width=1)",
        "It is called as area(width, height=1, *, unit='cm') (near: height)",
    ),
    "too few arguments": ("area()", "It is called as area(width, height=1, *, unit='cm')"),
    "a keyword of a method": ("df.sort_values('a', acsending=False)", "(near: ascending)"),
    "a property of a line": ("plt.plot([1], colour='red')", "Near colour: "),
    "an index past the end": ("rows[7]", "rows is a list of length 2"),
    "an index past the end of an array": ("grid[9]", "grid is a ndarray of shape 2 x 3"),
    "shapes that do not fit": ("grid + line", "line is a ndarray of shape 4"),
    "columns of another length": ("df['c'] = rows", "rows is a list of length 2"),
    "lengths in a plot": ("plt.plot(rows, line)", "line is a ndarray of shape 4"),
    "a package that is not there": ("import sklearnx", "sklearnx is not installed: use what is"),
    "a package of another name": ("import fitz", "(it comes with PyMuPDF)"),
    "a module of a like name": ("import pandsa", "Installed under names like it: pandas"),
    "a line that cannot be read": ("x = (1,\ny = 2", "x = (1,\n    ^"),
    "a division by zero": ("total / none", "none is 0"),
    "a mean of nothing": ("sum(empty) / len(empty)", "empty is a list of length 0"),
    "a name of a module": ("from collections import OrderdDict", "Near OrderdDict: OrderedDict"),
    "an array for one of its elements": ("grid.plot()", "grid is a ndarray of shape 2 x 3"),
    "a gap among whole numbers": ("gap['a'].astype(int)", 'Missing values in gap: "a" 1'),
    "a line that begins with a tab": ("if 1:\n\tx = (1 +* 2)", "\tx = (1 +* 2)\n\t        ^"),
    "a table of a function": ("def f():\n    t = df[['a']]\n    t['A']\nf()", 't 3x1: "a" int64'),
    "an error in a function of the person's": ("mean([])", "in mean, line 2: return sum"),
}


@pytest.mark.parametrize(("source", "words"), KINDS.values(), ids=KINDS)
def test_each_kind_of_failure_is_told_with_what_repairs_it(source: str, words: str) -> None:
    def area(width: int, height: int = 1, *, unit: str = "cm") -> int:
        return len(unit) * width * height

    names: dict[str, Any] = {
        "pd": pd, "plt": pytest.importorskip("matplotlib.pyplot"), "area": area,
        "df": pd.DataFrame({"a": [1, 2, 3]}), "d": {"price": 1}, "rows": [1, 2], "total": 1,
        "gap": pd.DataFrame({"a": [1.0, None]}), "grid": np.ones((2, 3)),
        "line": np.ones(4), "none": 0, "empty": [],
    }  # fmt: skip
    if source == "mean([])":
        source = "def mean(values):\n    return sum(values) / len(values)\nmean([])"
    assert words in told(source, **names)


def test_texts_that_are_no_numbers_are_told_with_their_rows() -> None:
    df = pd.DataFrame({"x": ["1", "n/a", "2", "n/a", "4 m"]})
    said = told("df['x'].astype(float)", df=df)
    assert '"x" holds "n/a", "4 m"\n"x" holds them in rows 1, 4' in said
    df.index = pd.Index(["a", "same\nrow", "b", "c", "d"])
    assert "in rows" not in told("df['x'].astype(float)", df=df)  # no name of a row ends a line
    df.index = pd.Index([7] * 5)
    assert '"x" holds them in rows 7, 7' in told("df['x'].astype(float)", df=df)


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [("Städte".encode("latin-1"), "latin-1"), ("5 €, ä".encode("cp1252"), "cp1252"),
     ("Städte".encode("utf-16"), "utf-16")],
)  # fmt: skip
def test_an_encoding_is_told_that_reads_the_file(
    raw: bytes, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_bytes(raw + b"\n" * (len(raw) % 2))
    said = told("open('a.csv', encoding='utf-8').read()")
    assert f'"a.csv" can be read with encoding="{encoding}"' in said
    Path("a.csv").read_text(encoding=encoding)


def test_an_encoding_is_told_of_the_file_alone_that_needs_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.csv").write_text("name\nJosé\n", encoding="utf-8")
    Path("bad.csv").write_bytes("name\nJosé\n".encode("latin-1"))
    Path("odd.csv").write_bytes(b"name\n\x93x\x94 \x81\n")
    said = told("for n in 'good.csv', 'bad.csv': pd.read_csv(n)", pd=pd)
    assert '"bad.csv" can be read' in said and '"good.csv"' not in said
    assert "can be read" not in told("open('good.csv', encoding='ascii').read()")
    assert 'encoding="latin-1"' in told("open('odd.csv', encoding='utf-8').read()")
    Path("cut.csv").write_bytes(b"a" * ((1 << 20) - 1) + "é".encode() + b"a")
    assert "can be read" not in told("open('cut.csv', encoding='ascii').read()")


def test_lines_are_told_of_a_file_that_is_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("a,b\n1,2\n3,4\n5,6,7,8\n")
    said = told("pd.read_csv('a.csv')", pd=pd)
    for line in ('First line of "a.csv": a,b', 'Line 2 of "a.csv": 1,2'):
        assert line in said
    assert 'Line 4 of "a.csv": 5,6,7,8' in said and "3,4" not in said


@pytest.mark.parametrize("asked", ["usecols=['c']", "parse_dates=['c']"])
def test_the_header_is_told_of_a_file_without_a_column(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("a,b\n1,2\n")
    assert 'First line of "a.csv": a,b' in told(f"pd.read_csv('a.csv', {asked})", pd=pd)


def test_a_call_is_cut_between_parameters() -> None:
    said = told("df.to_csv('n.csv', idx=False)", df=pd.DataFrame({"a": [1]}))
    (call,) = (line for line in said.splitlines() if line.startswith("It is called"))
    assert ", ...) (near: index)" in call
    for parameter in call.partition("(")[2].rpartition(") (near")[0].split(", ")[:-1]:
        assert re.fullmatch(r"\*|\w+(='?[^'.]*'?)?", parameter), parameter


def test_what_is_there_is_not_near() -> None:
    assert "Near" not in told("df['a'].dt.year", df=pd.DataFrame({"a": ["x"]}))
    assert "Near" not in told("df['a'].str.upper()", df=pd.DataFrame({"a": [1]}))


def test_the_rows_of_a_table_are_told_where_one_is_not_there() -> None:
    df = pd.DataFrame({"x": [1, 2, 3]})
    assert "df.index is int64 from 0 to 2" in told("df.loc[9]", df=df)
    unsorted = df.set_axis([5, 90, 3])
    assert told("df.loc[7]", df=unsorted).endswith("df.index is int64")
    for source in ("df.loc[1, 'b']", "df.drop(columns='b')", "df.drop('b', axis=1)"):
        assert "df.index" not in told(source, df=df)
    assert "df.index is int64 from 0 to 2" in told("df.loc[9, 'x']", df=df)
    assert "df.index is object" in told("df.loc['z']", df=df.set_axis(["a", 1, "b"]))


def test_a_column_is_near_an_attribute() -> None:
    assert 'Near pric: "price"' in told("df.pric", df=pd.DataFrame({"price": [1]}))


def test_missing_values_are_counted_by_column() -> None:
    def fit(table: pd.DataFrame) -> None:
        if table.isna().any().any():
            raise ValueError("Input X contains NaN.")

    table = pd.DataFrame({"age": [1.0, None, None], "pay": [1, 2, 3]})
    assert 'Missing values in table: "age" 2' in told("fit(table)", fit=fit, table=table)


@pytest.mark.parametrize(
    ("source", "untold"),
    [
        ("e['email'].map(str).pipe(lambda s: int('q'))", "holds"),
        ("e.groupby('email')['v'].apply(lambda s: s.astype(float))", '"email" holds'),
        ("e['email'] = [1, 2, 3]", "holds"),
        ("d = pd.read_csv('a.csv')\nimport json\njson.loads('{')", "First line"),
        ("d = pd.read_csv('a.csv')\nraise ParserError('Unknown string format')", "First line"),
        ("d = pd.read_csv('a.csv')\nb'\\xff'.decode()", 'a.csv"'),
    ],
)
def test_data_is_told_where_it_is_the_trouble_alone(
    source: str, untold: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("name,pay\nBob,9\n")
    e = pd.DataFrame({"email": ["bob@x.org", "ann@y.org"], "v": ["1", "z"]})
    names = {"pd": pd, "e": e, "ParserError": type("ParserError", (ValueError,), {})}
    assert untold not in told(source, **names)


@pytest.mark.parametrize(
    "source",
    [
        "with open('a.json') as f:\n    json.load(f)",
        "path = 'a.json'\nx = 1\njson.load(open(path))",
        "file = open('a.json')\njson.load(file)",
    ],
)
def test_a_file_is_told_however_the_statement_names_it(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text("[1,")
    assert 'First line of "a.json": [1,' in told(source, json=json)


def test_a_text_that_lost_its_marks_is_found_in_its_column() -> None:
    df = pd.DataFrame({"x": ["1", "$12 k"]})
    assert '"x" holds "$12 k"' in told("df['x'].str.strip('$').astype(float)", df=df)
    assert '"x" holds "$12 k"' in told("df['x'].astype(int)", df=df)
    assert "holds" not in told("df['x'], pd.to_numeric(pd.Series(['n/a']))", df=df, pd=pd)
    late = pd.DataFrame({"x": ["1"] * 1500 + ["$12 k"]})
    said = told("df['x'].str.strip('$').astype(float)", df=late)
    assert '"x" holds "$12 k"\n"x" holds them in rows 1500' in said
    df["y"] = ["3,5", "4"]
    assert '"y" holds "3,5"' in told("df['x'].corr(df['y'])", df=df)  # it is to be mended as well


DATES = [f"2024-01-{day:02}" for day in range(1, 29)] * 2


@pytest.mark.parametrize(
    ("source", "bad"),
    [
        ("pd.to_datetime(e['when'])", "2024-31-01"),
        ("pd.to_datetime(e['when'], format='mixed')", "soon"),
        ("e['when'].map(lambda s: dt.datetime.strptime(s, '%Y-%m-%d'))", "2024-31-01"),
        ("e['when'].map(dt.date.fromisoformat)", "2024-31"),
    ],
)
def test_of_dates_those_are_told_that_stopped_the_conversion(source: str, bad: str) -> None:
    import datetime as dt

    said = told(source, e=pd.DataFrame({"when": [*DATES, bad]}), pd=pd, dt=dt)
    assert f'"when" holds "{bad}"\n' in said and '"when" holds them in rows 56' in said


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("e['v'] + 1", '"12,5", "n/a"'),
        ("e['v'] > 3", '"12,5", "n/a"'),
        ("e.groupby('email')['v'].mean()", '"12,5", "n/a"'),
        ("e['price'] * 1.5 + 1", '"3.82 €", "$1,200", "4 km2"'),
    ],
)
def test_of_calculations_with_texts_those_are_told_that_look_like_numbers(
    source: str, texts: str
) -> None:
    v, price = ["1", "12,5", "n/a", "3"], ["3.82 €", "$1,200", "4 km2", "7"]
    email = ["u1@x.org", "u2@x.org", "u1@x.org", "u3@x.org"]
    e = pd.DataFrame({"v": v, "price": price, "email": email, "when": DATES[:4]})
    said = told(source, e=e)
    if "*" not in source:
        assert f" holds {texts}\n" in said
    assert '"email" holds' not in said
    for column in ("email", "when"):
        for wrong in (f"e['{column}'] + 1", f"e['{column}'] > 3", f"e.groupby('{column}').mean()"):
            assert f'"{column}" holds' not in told(wrong, e=e)


MESSAGES = (
    "shape", "f() got an unexpected keyword argument 'x'", "Input contains NaN",
    "f.set() got an unexpected keyword argument 'x'",
)  # fmt: skip
ERRORS = (ValueError, TypeError, IndexError, ZeroDivisionError, KeyError)


@given(st.text(max_size=80), st.sampled_from(MESSAGES), st.sampled_from(ERRORS))
def test_any_source_and_message_give_a_failure(
    source: str, message: str, kind: type[Exception]
) -> None:
    try:
        raise kind(message)
    except Exception as error:
        failure = failure_of(error, source, {"f": told, "x": []}, FILE)
    assert failure.name == kind.__name__
    assert failure_text(failure)
    assert traceback.format_exc() == "NoneType: None\n"
