"""Values changed in place by a failed attempt are put back: same objects, same aliases."""

from __future__ import annotations

import copy
import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_magics import Notebook, code, notebook

from oci_magic.running.checkpoint import Checkpoint

__all__ = ["notebook"]  # a fixture


@dataclass
class Plain:
    x: int = 1
    items: list[int] = field(default_factory=lambda: [1])


@dataclass(slots=True)
class Slotted:
    x: int = 1
    items: list[int] = field(default_factory=lambda: [1])


@dataclass(frozen=True)
class Frozen:
    items: list[int] = field(default_factory=lambda: [1])


def frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2, 3], "b": [1.5, None, 2.5], "t": ["x", "y", None]})


MAKERS: dict[str, Callable[[], Any]] = {
    "numbers": lambda: [1, 2, 3],
    "table": lambda: {"a": 1, "b": [1, 2]},
    "ordered": lambda: OrderedDict(a=1, b=2),
    "grouped": lambda: defaultdict(list, a=[1]),
    "counted": lambda: Counter("abca"),
    "unique": lambda: {1, 2, 3},
    "raw": lambda: bytearray(b"abc"),
    "queue": lambda: deque([1, 2], maxlen=5),
    "df": frame,
    "s": lambda: pd.Series([3, 1, 2], index=list("cab"), name="s"),
    "arr": lambda: np.arange(6.0).reshape(2, 3),
    "objects": lambda: np.array([[1], "x", None], dtype=object),
    "plain": Plain,
    "slotted": Slotted,
    "frozen": Frozen,
    "dice": lambda: random.Random(1),
    "rng": lambda: np.random.default_rng(1),
    "pair": lambda: ([1], {"k": [2]}),
}
MUTATIONS = {
    "numbers": ["numbers.append(4)", "numbers.clear()", "numbers[0] = None", "numbers.reverse()"],
    "table": ["table['c'] = 3", "table['b'].append(3)", "table.clear()", "del table['a']"],
    "ordered": ["ordered.move_to_end('a')", "ordered.popitem()", "ordered['z'] = 0"],
    "grouped": ["grouped['new'].append(1)", "grouped['a'].append(2)"],
    "counted": ["counted.update('zz')", "counted.subtract('a')"],
    "unique": ["unique.add(9)", "unique.clear()", "unique -= {1}"],
    "raw": ["raw[0] = 0", "raw.extend(b'zz')"],
    "queue": ["queue.appendleft(0)", "queue.rotate(1)", "queue.clear()"],
    "df": [
        "df['n'] = 1", "df.loc[0, 'a'] = 100", "df.drop(columns='b', inplace=True)",
        "df.sort_values('a', ascending=False, inplace=True)", "df.columns = list('xyz')",
        "df.columns.name = 'c'", "df.index.name = 'i'", "df.iloc[0] = [9, 9.0, 'q']",
        "df.rename(columns={'a': 'A'}, inplace=True)", "df.attrs['k'] = 1", "del df['a']",
        "df.fillna(0, inplace=True) if False else df.dropna(inplace=True)",
        "df.insert(0, 'first', 0)", "df.at[1, 't'] = 'zzz'", "df.set_index('a', inplace=True)",
    ],
    "s": ["s.iloc[0] = 99", "s.sort_values(inplace=True)", "s.name = 'other'", "s['new'] = 1",
          "s.index = [1, 2, 3]"],
    "arr": ["arr[0] = -1", "arr[::-1].sort(axis=0)", "arr += 1", "arr.shape = (3, 2)",
            "arr.fill(0)", "arr.setflags(write=False)"],
    "objects": ["objects[0].append(2)", "objects[1] = 'y'"],
    "plain": ["plain.x = 2", "plain.items.append(2)", "plain.new = 1", "del plain.items"],
    "slotted": ["slotted.x = 2", "slotted.items.append(2)", "del slotted.x"],
    "frozen": ["frozen.items.append(2)", "object.__setattr__(frozen, 'items', [])"],
    "dice": ["dice.random()"],
    "rng": ["rng.random(3)"],
    "pair": ["pair[0].append(2)", "pair[1]['k'].append(3)", "pair = 1"],
}  # fmt: skip
LINES = [line for lines in MUTATIONS.values() for line in lines]


def picture(value: Any, seen: dict[int, int]) -> Any:
    """All that can be seen of a value, and which of its parts are one object."""
    if id(value) in seen:
        return ("again", seen[id(value)])
    kind = type(value)
    if kind in (int, float, str, bytes, type(None), bool):
        return repr(value)
    seen[id(value)] = len(seen)
    if isinstance(value, dict):
        return kind.__name__, [(repr(k), picture(v, seen)) for k, v in value.items()]
    if isinstance(value, list | tuple | deque):
        return kind.__name__, [picture(part, seen) for part in value]
    if isinstance(value, pd.DataFrame | pd.Series):
        names = (value.index.names, getattr(value, "columns", pd.Index([])).names)
        told = value.to_json(), str(value.attrs), str(names), str(getattr(value, "name", ""))
        return kind.__name__, list(map(str, value.index)), *told, str(getattr(value, "dtypes", ""))
    if isinstance(value, np.ndarray):
        parts = [picture(part, seen) for part in value.flat]
        return value.shape, value.dtype.str, value.flags.writeable, parts
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    if hasattr(value, "__dataclass_fields__"):
        names_ = sorted({*getattr(value, "__dict__", {}), *value.__dataclass_fields__})
        return kind.__name__, [(n, picture(getattr(value, n, "unset"), seen)) for n in names_]
    return kind.__name__, sorted(map(repr, value)) if isinstance(value, set) else repr(value)


def world() -> dict[str, Any]:
    names = {name: make() for name, make in MAKERS.items()}
    names["alias"] = names["numbers"]
    names["table"]["shared"] = names["numbers"]
    names["view"] = names["arr"][0]
    names["holder"] = [names["df"], names["plain"], names["queue"]]
    names["loop"] = [1]
    names["loop"].append(names["loop"])
    return names


def seen(names: dict[str, Any]) -> Any:
    shown: dict[int, int] = {}
    return {name: picture(names[name], shown) for name in sorted(names) if name[0] != "_"}


def attempt(names: dict[str, Any], lines: list[str]) -> None:
    for line in lines:
        try:
            exec(line, names)
        except Exception:
            continue


PROGRAMS = st.lists(st.sampled_from(LINES), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PROGRAMS)
def test_a_failed_program_leaves_everything_as_it_was(lines: list[str]) -> None:
    names = world()
    before, ids = seen(names), {name: id(value) for name, value in names.items()}
    checkpoint = Checkpoint(names, "\n".join(lines))
    attempt(names, lines)
    checkpoint.restore()
    names.pop("__builtins__", None)
    assert seen(names) == before
    assert {name: id(value) for name, value in names.items()} == ids
    assert names["view"].base is names["arr"] or names["view"].base is names["arr"].base


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PROGRAMS)
def test_undo_takes_an_accepted_program_back(lines: list[str]) -> None:
    names = world()
    before = seen(names)
    checkpoint = Checkpoint(names, "\n".join(lines))
    attempt(names, lines)
    checkpoint.done()
    assert checkpoint.undo() == ()
    names.pop("__builtins__", None)
    assert seen(names) == before


@pytest.mark.parametrize("line", LINES)
def test_each_change_is_noticed_and_put_back(line: str) -> None:
    names = world()
    before = seen(names)
    checkpoint = Checkpoint(names, line)
    exec(line, names)
    names.pop("__builtins__")
    assert seen(names) != before, "the line changes nothing"
    checkpoint.restore()
    assert seen(names) == before


def test_what_a_later_cell_has_changed_stays() -> None:
    names: dict[str, Any] = {"a": [1], "b": [1]}
    checkpoint = Checkpoint(names, "a.append(2); b.append(2)")
    names["a"].append(2)
    names["b"].append(2)
    checkpoint.done()
    names["b"].append(3)
    assert checkpoint.undo() == ("b",)
    assert names == {"a": [1], "b": [1, 2, 3]}


def test_what_functions_and_objects_of_the_notebook_reach_is_saved() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(
        "log = []\nclass Box:\n    shared = []\n    def put(self):\n        log.append(1)\n"
        "        self.shared.append(1)\nbox = Box()\n"
        "def outer():\n    inner()\ndef inner(found=[]):\n    found.append(1); log.append(1)\n"
        "def counter():\n    seen = []\n    def add():\n        seen.append(1)\n"
        "        return seen\n    return add\nadd = counter()",
        names,
    )
    checkpoint = Checkpoint(names, "outer(); box.put(); add()")
    exec("outer(); box.put()", names)
    assert len(names["add"]()) == 1
    checkpoint.restore()
    assert names["log"] == names["Box"].shared == names["inner"].__defaults__[0] == []
    assert len(names["add"]()) == 1


@pytest.mark.parametrize("code", ["exec('numbers.clear()')", "f('numbers')", "%run it.py"])
def test_code_that_cannot_be_read_may_touch_anything(code: str) -> None:
    names = world()
    checkpoint = Checkpoint(names, code)
    names["numbers"].clear()
    checkpoint.restore()
    assert names["numbers"] == [1, 2, 3]


def test_what_is_too_large_or_of_another_kind_is_told() -> None:
    names: dict[str, Any] = {
        "big": np.zeros(1000), "small": [1], "model": object.__new__(Unknown), "n": 1,
        "when": pd.Timestamp(0), "text": "a", "np": np, "f": len, "unnamed": Unknown(),
    }  # fmt: skip
    checkpoint = Checkpoint(names, "big small model n when text np f", limit=1000)
    assert checkpoint.left == ("big (ndarray, 0 MB)", "model (Unknown)")
    names["small"].append(2)
    checkpoint.restore()
    assert names["small"] == [1]


class Unknown:
    """Everything about it raises."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("never")

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("never")

    __hash__ = None  # type: ignore[assignment]
    __len__ = __repr__ = __deepcopy__ = __reduce__ = __eq__  # type: ignore[assignment]


def test_objects_that_answer_nothing_do_no_harm() -> None:
    names: dict[str, Any] = {"bad": Unknown(), "held": [Unknown()], "by": {1: Unknown()}}
    checkpoint = Checkpoint(names, "bad held by")
    names["held"].append(1)
    names["by"].clear()
    checkpoint.restore()
    assert len(names["held"]) == 1 and len(names["by"]) == 1


def test_tensors_are_put_back_with_their_gradients() -> None:
    torch = pytest.importorskip("torch")
    weights = torch.ones(3, requires_grad=True)
    (weights * 2).sum().backward()
    grad = weights.grad
    checkpoint = Checkpoint({"weights": weights}, "weights")
    with torch.no_grad():
        weights += 1
    weights.grad.zero_()
    checkpoint.restore()
    assert weights.tolist() == [1, 1, 1] and weights.grad is grad and grad.tolist() == [2, 2, 2]


def test_a_copy_of_the_world_is_what_it_seems() -> None:
    names = world()
    assert seen(copy.deepcopy(names)) == seen(names)


# In a notebook


ATTEMPT = """df["x"] = 1
df.drop(columns="a", inplace=True)
items.append(2)
arr[0] = 5
random.seed(5)
plt.rcParams["lines.linewidth"] = 7
os.chdir("..")
total = 1
1 / 0"""


def test_a_failed_cell_leaves_tables_lists_arrays_and_settings(notebook: Notebook) -> None:
    notebook.type(
        "import os, random\nimport numpy as np, pandas as pd\nimport matplotlib.pyplot as plt\n"
        "df = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})\nitems = [1]\narr = np.zeros(3)\n"
        "same, state, folder = df, random.getstate(), os.getcwd()"
    )
    replies = notebook.replies(code(ATTEMPT), code("list(df.columns), items, arr.tolist()"))
    assert notebook.type(f"%%oci {replies}\ngo").success
    assert "(['a', 'b'], [1], [0.0, 0.0, 0.0])" in notebook.out
    assert notebook["same"] is notebook["df"]
    assert random.getstate() == notebook["state"]
    assert str(Path.cwd()) == notebook["folder"]
    assert "total" not in notebook.shell.user_ns
    assert "not put back" not in notebook.out


def test_a_stop_in_the_middle_puts_back_what_the_code_has_changed(notebook: Notebook) -> None:
    notebook.type("items = [1]")
    replies = notebook.replies(code("items.append(2)\nraise KeyboardInterrupt"))
    notebook.type(f"%%oci {replies}\ngo")
    assert notebook["items"] == [1]


def test_undo_puts_values_back(notebook: Notebook) -> None:
    notebook.type("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\nitems = [1]")
    replies = notebook.replies(code("df['b'] = 2\nitems.append(2)"))
    notebook.type(f"%%oci {replies}\ngo")
    assert list(notebook["df"].columns) == ["a", "b"]
    notebook.type("items.append(3)")
    notebook.type("%oci undo")
    assert list(notebook["df"].columns) == ["a"]
    assert notebook["items"] == [1, 2, 3]
    assert "items" in notebook.out


def test_what_is_not_put_back_is_named_once_the_code_has_failed(notebook: Notebook) -> None:
    notebook.type("class Model:\n    pass\nmodel = Model()\nrows = [0] * 1000")
    notebook.type("%config OCIMagics.checkpoint_mb = 0.001")
    replies = notebook.replies(code("model.x = rows[0] / 0"), code("model.x = 1"))
    notebook.type(f"%%oci {replies}\ngo")
    assert "not put back: model (Model), rows (list, 0 MB)" in notebook.out


def test_a_draft_that_ends_with_another_stdout_mutes_nothing(notebook: Notebook) -> None:
    draft = "import io, sys\nsys.stdout = sys.stderr = io.StringIO()\nprint(1 / n)"
    notebook.type("n = 0")
    replies = notebook.replies(code(draft), code("n = 4\nprint(1 / n)"))
    notebook.type(f"%%oci {replies}\ngo")
    assert "repairing (1/3)" in notebook.out and "\n0.25\n" in notebook.out
    assert "not put back" not in notebook.out


def test_files_are_told_of_once_the_code_that_writes_them_has_failed(notebook: Notebook) -> None:
    write = "open('new.txt', 'w').close()"
    replies = notebook.replies(code(f"{write}\n1 / 0"), code(f"{write}\nn = 1"))
    notebook.type(f"%%oci {replies}\ngo")
    assert notebook.out.count("not put back: files") == 1
    notebook.type("%oci undo")
    assert notebook.out.strip() == "undone: go; not put back: files"


def test_undo_that_takes_all_back_says_no_more(notebook: Notebook) -> None:
    notebook.type("items = [1]")
    notebook.type(f"%%oci {notebook.replies(code('items.append(2)'))}\ngo")
    notebook.type("%oci undo")
    assert notebook.out.strip() == "undone: go" and notebook["items"] == [1]


def test_what_the_person_ran_and_failed_is_put_back_and_told(notebook: Notebook) -> None:
    notebook.type("class Model:\n    pass\nmodel, items = Model(), [1]")
    replies = notebook.replies(code("items.append(2)\nmodel.x = 1 / 0"))
    notebook.type(f"%%oci --confirm {replies}\ngo")
    notebook.type(str(notebook.next_input))
    assert notebook["items"] == [1] and "not put back: model (Model)" in notebook.out
