"""What code can touch is saved however it gets there, and what is not put back is told."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from oci_magic.running.checkpoint import Checkpoint

NOTEBOOK = """
import abc, functools
items = []
_private = []
class Base:
    shared = []
    def method(self): items.append(1)
    @staticmethod
    def static(): items.append(1)
    @classmethod
    def of_class(cls): items.append(1)
    @property
    def asked(self): items.append(1)
    @functools.cached_property
    def once(self): items.append(1)
class Child(Base): pass
class Abstract(abc.ABC):
    def method(self): items.append(1)
child, abstract = Child(), Abstract()
class Meta(type): pass
class Made(metaclass=Meta):
    shared = []
@functools.lru_cache
def remembered(): items.append(1)
@functools.wraps(len)
def wrapped(): items.append(1)
def annotated(*, into=items): into.append(1)
annotated.seen = []
def counting():
    n = 0
    def count():
        nonlocal n
        n += 1
        return n
    return count
count = counting()
add, partial = items.append, functools.partial(items.append, 1)
put = items.__iadd__
method = child.method
Out = {3: items}
_3 = items
frame = None
"""
WAYS = [
    "child.method()", "Child.static()", "Child.of_class()", "child.asked", "child.once",
    "abstract.method()", "remembered()", "wrapped()", "annotated()", "annotated.seen.append(1)",
    "add(1)", "partial()", "put([1])", "method()", "Out[3].append(1)", "_3.append(1)",
    "_private.append(1)", "Child.shared.append(1)", "Made.shared.append(1)",
    "[each.append(1) for each in (items,)]", "exec('items.append(1)')",
    "globals()['items'].append(1)", "(lambda: items.append(1))()",
]  # fmt: skip


def notebook() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(NOTEBOOK, names)
    return names


def lists(names: dict[str, Any]) -> list[list[int]]:
    shared = (names["Base"].shared, names["Made"].shared, names["annotated"].seen)
    return [names["items"], names["_private"], *shared]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_a_list_is_found(way: str) -> None:
    names = notebook()
    checkpoint = Checkpoint(names, way)
    exec(way, names)
    assert any(lists(names)), "the code changes nothing"
    checkpoint.restore()
    assert not any(lists(names))


def test_a_variable_that_functions_share_is_put_back() -> None:
    names = notebook()
    checkpoint = Checkpoint(names, "count()")
    assert names["count"]() == 1
    checkpoint.restore()
    assert names["count"]() == 1


def test_lists_in_columns_are_put_back() -> None:
    names: dict[str, Any] = {"df": pd.DataFrame({"o": [[1], [2]]}), "s": pd.Series([[1]])}
    checkpoint = Checkpoint(names, "df['o'][0].append(2); s[0].append(2)")
    names["df"].loc[0, "o"].append(2)
    names["s"][0].append(2)
    checkpoint.restore()
    assert names["df"]["o"].tolist() == [[1], [2]] and names["s"].tolist() == [[1]]


def test_many_names_of_one_large_list_take_no_longer_than_one() -> None:
    big = [[n] for n in range(2000)]
    names: dict[str, Any] = {f"v{n}": big for n in range(300)}
    checkpoint = Checkpoint(names, " ".join(names))
    assert len(checkpoint._parts) == 2001


# Modules of the person's


MODULE = """
import json
import pandas as pd
from collections import OrderedDict
CACHE, ITEMS, COUNT = {}, [], 0
class Conf:
    limit = 3
    opts = {}
class Meta(type): pass
class Kept(metaclass=Meta):
    limit = 3
conf = Conf()
table = pd.DataFrame({"a": [1]})
def register(x):
    global COUNT
    ITEMS.append(x)
    COUNT += 1
def later(): register(3)
"""
MODULE_WAYS = [
    "oci_own.CACHE['a'] = 1", "oci_own.ITEMS.append(1)", "oci_own.register(1)", "use()",
    "oci_own.COUNT = 7", "ITEMS.append(1)", "later()", "Conf.limit = 9", "Conf.opts['x'] = 1",
    "conf.opts['x'] = 1", "import oci_own as o; o.later()", "from oci_own import ITEMS as it; "
    "it.append(1)", "del oci_own.COUNT",
    "oci_own.table.columns = ['b']", "oci_own.new = 1",
]  # fmt: skip


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    (tmp_path / "oci_own.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("import oci_own\ndef use(): oci_own.register(2)", names)
    yield names
    del sys.modules["oci_own"]


def state(module: Any) -> str:
    kept = {k: v for k, v in vars(module).items() if k[:2] != "__"}
    return str((sorted(kept.items()), module.table, module.Conf.limit, module.Conf.opts))


@pytest.mark.parametrize("way", MODULE_WAYS)
def test_each_way_into_a_module_of_the_persons_is_found(own: dict[str, Any], way: str) -> None:
    module = own["oci_own"]
    exec("from oci_own import ITEMS, Conf, conf, later", own)
    before = state(module)
    checkpoint = Checkpoint(own, way)
    exec(way, own)
    assert state(module) != before
    checkpoint.restore()
    assert state(module) == before
    assert not [line for line in checkpoint.left if "Conf)" not in line]
    checkpoint = Checkpoint(own, way)
    exec(way, own)
    checkpoint.done()
    checkpoint.undo()
    assert state(module) == before


def test_what_stays_of_modules_is_named(own: dict[str, Any]) -> None:
    way = "oci_own.conf.limit = oci_own.Kept.limit = pd.new = 1"
    own["pd"] = pd
    assert Checkpoint(own, "oci_own.table.index.name = 'a'; oci_own.Conf.limit = 1").left == ()
    assert Checkpoint(own, way).left == ("oci_own.conf.limit", "oci_own.Kept.limit", "pd.new")


def test_modules_that_a_module_of_the_persons_comes_to_know_stay(own: dict[str, Any]) -> None:
    checkpoint = Checkpoint(own, "oci_own.later()")
    own["oci_own"].sub = sys
    own["oci_own"].value = 1
    checkpoint.restore()
    assert own["oci_own"].sub is sys and not hasattr(own["oci_own"], "value")


def test_what_a_library_keeps_is_its_own() -> None:
    found = Checkpoint({"json": json, "np": np, "pd": pd}, "json.loads('1'); np.ones(1); pd.array")
    assert found._parts == []


# What is told


class Model:
    pass


def told(names: dict[str, Any], code: str, limit: float = 1e6) -> tuple[str, ...]:
    return Checkpoint(names, code, limit).left


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("model.fit()", ("model (Model)",)),
        ("held['m'].fit()", ("held (Model)",)),
        ("held['m'].fit(model)", ("held (Model)", "model (Model)")),
        ("con.execute('drop table t')", ("con (Connection)", "files")),
        ("con.execute('select * from t')", ("con (Connection)",)),
        ("next(lines)", ("lines (generator)",)),
        ("model = Model()\nmodel.fit()", ()),
        ("print('the model')  # model", ()),
        ("n + when.year", ()),
        ("uses()", ("model (Model)",)),
        ("carries()", ()),
        ("big['a'][0] = 1", ("big (ndarray, 8 MB)",)),
        ("open('new.txt', 'w').write('')", ("files",)),
        ("pd.DataFrame().to_csv('new.csv')", ("files",)),
        ("import os\nos.remove('x')\nmodel", ("model (Model)", "files")),
        ("open('some.txt').read()", ()),
        ("df.head(); df.groupby('a')", ()),
        ("%time model.fit()", ("model (Model)",)),
    ],
)
def test_what_stays_as_the_code_left_it_is_told(code: str, left: tuple[str, ...]) -> None:
    names: dict[str, Any] = {
        "model": Model(), "held": {"m": Model()}, "con": sqlite3.connect(":memory:"), "n": 1,
        "lines": (line for line in "ab"), "when": pd.Timestamp(0), "Model": Model, "pd": pd,
        "big": {"a": np.zeros(1_000_000)}, "df": pd.DataFrame({"a": [1]}),
    }  # fmt: skip
    exec("def uses(): model.fit()\ndef carries(own=Model()): pass", names)
    assert told(names, code) == left


def test_a_value_that_cannot_be_put_back_is_told() -> None:
    raw = bytearray(b"abc")
    checkpoint = Checkpoint({"raw": raw}, "raw.append(1)")
    raw.append(1)
    with memoryview(raw):
        checkpoint.restore()
    assert checkpoint.left == ("raw (bytearray)",)


def test_threads_that_still_run_are_told() -> None:
    go_on = threading.Event()
    before = threading.Thread(target=go_on.wait, name="before")
    before.start()
    checkpoints = [Checkpoint({}), Checkpoint({})]
    threads = [threading.Thread(target=go_on.wait, name=name) for name in ("a\nb", "c")]
    for thread in threads:
        thread.start()
    try:
        checkpoints[0].restore()
        checkpoints[1].done()
        later = threading.Thread(target=go_on.wait, name="later")
        later.start()
        checkpoints[1].undo()
    finally:
        go_on.set()
    assert all(each.left == ("thread a\\nb", "thread c") for each in checkpoints)


def test_a_thread_that_has_ended_is_not_told() -> None:
    checkpoint = Checkpoint({})
    thread = threading.Thread(target=len, args=("",))
    thread.start()
    thread.join()
    checkpoint.restore()
    assert checkpoint.left == ()


# Hostile objects


class Key:
    """A key whose hash and comparison are gone once it is `bad`; all have one hash."""

    __module__ = "package"  # a class of one's own is put back too
    bad = False

    def __hash__(self) -> int:
        if Key.bad:
            raise ValueError
        return 1

    def __eq__(self, other: object) -> bool:
        if Key.bad:
            raise ValueError
        return self is other


@pytest.mark.parametrize("make", [dict, set])
def test_keys_that_turn_bad_lose_no_entry(make: Callable[[Any], Any]) -> None:
    kept = [Key(), Key()]
    value = make(dict.fromkeys(kept))
    checkpoint = Checkpoint({"value": value}, "value")
    value.clear()
    Key.bad = True
    try:
        checkpoint.restore()
    finally:
        Key.bad = False
    assert len(value) == 2 and all(a is b for a, b in zip(value, kept, strict=True))
    assert checkpoint.left == ("value (Key)",)  # the keys themselves


def test_an_ordered_dict_whose_keys_turn_bad_is_left_whole_and_told() -> None:
    value = OrderedDict({Key(): 1, "a": 2})
    checkpoint = Checkpoint({"value": value}, "value")
    value["b"] = 3
    Key.bad = True
    try:
        checkpoint.restore()
    finally:
        Key.bad = False
    assert len(value) == 3 and checkpoint.left == ("value (Key)", "value (OrderedDict)")


def raising(*_: object) -> Any:
    raise RuntimeError("never")


class Meta(type):
    __eq__ = __hash__ = __instancecheck__ = raising  # type: ignore[assignment]
    __getattribute__ = raising  # type: ignore[assignment]


def test_classes_that_answer_nothing_do_no_harm() -> None:
    hostile = Meta("Hostile", (), {"__deepcopy__": raising, "__reduce__": raising})
    nameless = type("Nameless", (), {"__module__": None})
    table = pd.DataFrame({"a": [1]})
    table.attrs["h"] = object.__new__(hostile)
    names: dict[str, Any] = {
        "h": object.__new__(hostile), "H": hostile, "n": nameless(), "table": table, "x": [1],
    }  # fmt: skip
    checkpoint = Checkpoint(names, "h; H; n; table; x")
    names["x"].append(2)
    table["b"] = 1
    checkpoint.restore()
    assert names["x"] == [1] and list(table.columns) == ["a"]
    names["x"].append(2)
    checkpoint = Checkpoint(names, "h; H; n; table; x")
    checkpoint.done()
    assert checkpoint.undo() == ()


@dataclass
class Listed(list[int]):
    """No plain dataclass: what it holds as a list is not in its fields."""

    x: int = 1


def test_a_dataclass_that_is_a_list_too_is_told() -> None:
    assert told({"listed": Listed()}, "listed.append(1)") == ("listed (Listed)",)


# Tables, arrays, tensors


def test_a_table_that_was_only_read_keeps_its_very_columns() -> None:
    table = pd.DataFrame({"a": [1, 2], "t": ["x", None]})
    manager = table._mgr
    checkpoint = Checkpoint({"table": table}, "table.describe()")
    table.describe()
    table["a"].sum()
    checkpoint.restore()
    assert table._mgr is manager


def test_the_frequency_of_times_is_put_back() -> None:
    table = pd.DataFrame({"a": [1, 2, 3]}, index=pd.to_datetime(["2024-01", "2024-02", "2024-03"]))
    checkpoint = Checkpoint({"table": table}, "table.index.freq = 'MS'")
    table.index.freq = "MS"
    checkpoint.restore()
    assert table.index.freq is None and checkpoint.left == ()
    table.index.freq = "MS"
    checkpoint = Checkpoint({"table": table}, "table.index.freq = None")
    table.index.freq = None
    checkpoint.done()
    checkpoint.undo()
    assert table.index.freqstr == "MS"


def test_attributes_that_cannot_be_compared_or_copied_do_no_harm() -> None:
    table = pd.DataFrame({"a": [1, 2]})
    table.attrs["m"] = np.arange(3)
    attrs = table.attrs
    checkpoint = Checkpoint({"table": table}, "table")
    table["b"] = 1
    checkpoint.done()
    checkpoint.undo()
    assert list(table.columns) == ["a"] and table.attrs is attrs


def test_a_subclass_of_a_table_is_put_back() -> None:
    class Geo(pd.DataFrame):
        @property
        def _constructor(self) -> Any:
            raise RuntimeError("never")

    table = Geo({"a": [1]})
    checkpoint = Checkpoint({"table": table}, "table")
    table["b"] = 1
    checkpoint.restore()
    assert list(table.columns) == ["a"] and checkpoint.left == ()


def test_an_array_that_was_made_longer_is_put_back() -> None:
    array = np.arange(6.0)
    checkpoint = Checkpoint({"array": array}, "array")
    array.resize(20, refcheck=False)
    checkpoint.restore()
    assert array.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_tensor_given_anothers_memory_gets_its_own_back() -> None:
    tensor, other = torch.zeros(3), torch.ones(3)
    view = tensor.view(-1)
    checkpoint = Checkpoint({"tensor": tensor, "other": other}, "tensor.data = other")
    tensor.data = other
    tensor[0] = 5
    checkpoint.restore()
    assert (tensor.tolist(), other.tolist()) == ([0.0] * 3, [1.0] * 3)
    assert view.data_ptr() == tensor.data_ptr()


def test_a_tensor_that_was_not_changed_keeps_its_graph() -> None:
    weights = torch.tensor([float("nan"), 1.0], requires_grad=True)
    loss = (weights * weights).sum()
    Checkpoint({"weights": weights}, "weights").restore()
    loss.backward()


@pytest.mark.filterwarnings("error")
def test_a_tensor_within_a_graph_is_saved_without_a_warning() -> None:
    weights = torch.ones(2, requires_grad=True)
    made = weights * 2
    checkpoint = Checkpoint({"made": made}, "made")
    made.data.zero_()
    checkpoint.restore()
    assert made.tolist() == [2, 2]


def test_views_of_what_was_made_read_only_are_put_back() -> None:
    base = np.arange(4.0)
    base.setflags(write=False)
    names: dict[str, Any] = {"view": base[:2], "base": base}
    checkpoint = Checkpoint(names, "view base")
    base.setflags(write=True)
    base[0] = 9
    base.setflags(write=False)
    checkpoint.restore()
    assert base.tolist() == [0, 1, 2, 3] and not base.flags.writeable
    assert checkpoint.left == ()
