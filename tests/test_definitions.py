"""What the person defines and what that holds, and tables written past pandas: put back."""

from __future__ import annotations

from typing import Any

import pytest

from oci_magic.running.checkpoint import Checkpoint

SETUP = """
import enum
from collections import deque, namedtuple
from typing import NamedTuple
import numpy as np
import pandas as pd

class Config:
    limit = 5
    tags = []
    @classmethod
    def up(cls): cls.limit += 1
class Child(Config): pass
class Meta(type): pass
class Made(metaclass=Meta):
    n = 1
child = Child()

def f(a=[1], *, k=2): return a
f.calls = 0

P = namedtuple("P", "xs")
class Split(NamedTuple):
    train: object
    n: int = 1
class Deep(dict): pass
class Rows(list): pass
p, split = P([1]), Split(pd.DataFrame({"a": [1]}))
points, deep, rows = [P([1])], Deep(a=[1]), Rows([[1]])
df = pd.DataFrame({
    "n": [1, 2], "i": pd.array([1, 2], dtype="Int64"), "c": pd.Categorical(["x", "y"]),
    "t": pd.to_datetime(["2020-01-01", "2021-01-01"]).tz_localize("UTC"),
}, index=[10, 20])
s = pd.Series([1, 2], dtype="Int64")
Out = {1: 42}
"""
CHANGES = {
    "Config.limit = 99": "Config.limit",
    "Config.up()": "Config.limit",
    "child.up()": "'limit' in vars(Child)",
    "child.tags.append(1)": "Config.tags",
    "del Config.limit": "hasattr(Config, 'limit')",
    "Config.new = 1": "hasattr(Config, 'new')",
    "Config.up = None": "callable(Config.up)",
    "Made.n = 2": "Made.n",
    "f.calls += 1": "f.calls",
    "del f.calls": "hasattr(f, 'calls')",
    "f.__defaults__ = (5,)": "f.__defaults__",
    "f.__kwdefaults__['k'] = 3": "f.__kwdefaults__",
    "f.__kwdefaults__ = None": "f.__kwdefaults__",
    "f.__code__ = (lambda: 2).__code__": "f.__code__.co_varnames",
    "f()[0] = 2": "f.__defaults__",
    "p.xs.append(2)": "p.xs",
    "split.train['b'] = 2": "list(split.train.columns)",
    "points[0].xs.append(2)": "points[0].xs",
    "deep['a'].append(2)": "deep['a']",
    "rows[0].append(2)": "rows[0]",
    "v = df['n'].to_numpy()\nv.flags.writeable = True\nv[0] = 9": "df['n'].tolist()",
    "v = df['n'].to_numpy()\nv.setflags(write=True)\nv[0] = 9": "df['n'].tolist()",
    "df['n'].values.base[0] = 9": "df['n'].tolist()",
    "df['i'].array[0] = 9": "df['i'].tolist()",
    "df['c'].array[0] = 'y'": "df['c'].tolist()",
    "df['t'].array[0] = df['t'].array[1]": "df['t'].tolist()",
    "s.array._data[0] = 9": "s.tolist()",
    "v = df.index.values\nv.flags.writeable = True\nv[0] = 9": "df.index.tolist(), df.loc[10, 'n']",
    "df.flags.allows_duplicate_labels = False": "df.flags.allows_duplicate_labels",
    "Out.clear()": "Out",
    "del Out[1]": "Out",
}


@pytest.fixture(scope="module")
def setup() -> Any:
    return compile(SETUP, "<setup>", "exec")


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_each_change_is_put_back(change: str, setup: Any) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(setup, namespace)
    before, look = repr(eval(CHANGES[change], namespace)), CHANGES[change]
    checkpoint = Checkpoint(namespace, change)
    try:
        exec(change, namespace)
    except ValueError as error:  # where pandas does not lend its memory
        pytest.skip(str(error))
    checkpoint.restore()
    assert repr(eval(look, namespace)) == before


@pytest.mark.parametrize("change", ["Config.limit = 6", "f.calls += 1", "p.xs.append(2)"])
def test_a_later_change_of_what_an_answer_defines_stays(change: str, setup: Any) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__", "In": []}
    checkpoint = Checkpoint(namespace, SETUP)
    exec(setup, namespace)
    checkpoint.done()
    name = change.partition(".")[0]
    exec(change, namespace)
    assert name in checkpoint.undo()
    assert name in namespace and "deep" not in namespace


def test_results_that_the_shell_adds_are_no_change() -> None:
    namespace: dict[str, Any] = {"Out": {1: "a"}, "x": 1}
    checkpoint = Checkpoint(namespace, "x = Out[1]")
    namespace["x"], namespace["Out"][2] = "a", "b"
    checkpoint.done()
    namespace["Out"][3] = "c"
    assert checkpoint.undo() == () and len(namespace["Out"]) == 3


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("import math\nmath.pi = 3", ("math.pi",)),
        ("pd.DataFrame.head = None", ("pd.DataFrame.head",)),
        ("import os.path\ndel os.path.sep", ("os.path.sep",)),
        ("import numpy.random as r\nr.seed = 1", ("r.seed",)),
        ("pd.options.display.max_rows = 5", ()),
        ("import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 5", ()),
        ("Config.limit = 6\nf.calls = 2\ndf.columns = list('abcd')", ()),
        ("x = absent.part.whole = 1", ()),
    ],
)
def test_what_is_set_in_packages_is_told(code: str, left: tuple[str, ...], setup: Any) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(setup, namespace)
    assert Checkpoint(namespace, code).left == left


REMEMBERING = """
import functools
rows = [1, 2]
@functools.lru_cache
def total(): return sum(rows)
@functools.cache
def same(x): return x
"""


def test_results_that_a_function_remembers_go_with_what_they_were_made_of() -> None:
    names: dict[str, Any] = {"__name__": "__main__", "In": []}
    exec(REMEMBERING, names)
    names["same"](1)
    code = "rows.append(3); total(); same(1)"
    checkpoint = Checkpoint(names, code)
    exec(code, names)
    assert names["total"]() == 6
    checkpoint.restore()
    assert names["total"]() == 3 and names["same"].cache_info().currsize == 1
    names["total"].cache_clear()
    checkpoint = Checkpoint(names, code)
    exec(code, names)
    checkpoint.done()
    names["total"].cache_clear()
    assert names["total"]() == 6
    assert checkpoint.undo() == () and names["total"]() == 3


def test_undo_takes_back_a_function_that_has_remembered_something() -> None:
    names: dict[str, Any] = {"__name__": "__main__", "In": []}
    checkpoint = Checkpoint(names, REMEMBERING)
    exec(REMEMBERING, names)
    checkpoint.done()
    names["total"]()
    assert checkpoint.undo() == () and "total" not in names
