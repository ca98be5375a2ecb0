"""Random programs over random worlds: after a failure all is as it was, aliases and memory too.

A world is a few objects of every kind that is saved, some of which hold others. A program changes
any of them in place, whatever holds it. What can be seen of a world is its picture: types, values,
which parts are one object, and which share memory.
"""

from __future__ import annotations

import warnings
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oci_magic.running.checkpoint import Checkpoint
from oci_magic.running.state import arrays, definitions, tables, values


@dataclass
class Open:
    part: Any = None


@dataclass(slots=True)
class Slotted:
    part: Any = None
    other: list[Any] = field(default_factory=list)


def tensor() -> torch.Tensor:
    made = torch.tensor([1.0, float("nan"), 3.0], requires_grad=True)
    (made[0] * 2).backward()
    return made


def closing() -> Callable[..., Any]:
    part: Any = None

    def function(*new: Any) -> Any:
        nonlocal part
        if new:
            (part,) = new
        return part

    return function


MAKERS: dict[str, Callable[[], Any]] = {
    "list": lambda: [1, 2],
    "dict": lambda: {"a": 1, "b": 2},
    "ordered": lambda: OrderedDict(a=1, b=2),
    "default": lambda: defaultdict(list, a=1, b=2),
    "counter": lambda: Counter("aab"),
    "set": lambda: {1, 2},
    "bytes": lambda: bytearray(b"abc"),
    "deque": lambda: deque([1, 2], maxlen=9),
    "open": Open,
    "slotted": Slotted,
    "function": closing,
    "numbers": lambda: np.array([[1.0, np.nan], [3.0, 4.0]]),
    "things": lambda: np.array([1, "x", None], dtype=object),
    "frame": lambda: pd.DataFrame({"a": [1, 2], "b": [1.5, None], "t": ["x", None], "o": [[1], 2]}),
    "series": lambda: pd.Series([1, 2, 3], index=list("abc"), name="s"),
    "tensor": tensor,
    "dice": lambda: Random(1),
    "generator": lambda: np.random.default_rng(1),
}
"""Every object that can be changed."""
_DICTS = ["x['new'] = new", "x.clear()", "x.pop('a')", "x['a'] = x.pop('a')"]
CHANGES: dict[str, list[str]] = {
    "list": ["x.append(new)", "x.clear()", "x.reverse()", "x[0] = new"],
    "dict": _DICTS,
    "ordered": [*_DICTS, "x.move_to_end('a')"],
    "default": [*_DICTS, "x['made']", "x.default_factory = None"],
    "counter": [*_DICTS, "x.update('zz')"],
    "set": ["x.add(7)", "x.clear()", "x.discard(1)"],
    "bytes": ["x.extend(b'x')", "x[0] = 7"],
    "deque": ["x.append(new)", "x.rotate(1)", "x.clear()"],
    "open": ["x.part = 9", "x.more = new", "del x.part"],
    "slotted": ["x.part = 9", "x.other.append(new)", "del x.other"],
    "function": ["x(9)"],
    "numbers": [
        "x.fill(0)", "x[:] = x[::-1].copy()", "x[0, 0] = 9",
        "x.setflags(write=False)", "x.shape = (4,)",
    ],
    "things": ["x[0] = [new]", "x.fill(9)"],
    "frame": [
        "x['n'] = 1", "del x['a']", "x.iloc[0, 0] = 9", "x.attrs['k'] = new",
        "x.drop(columns='b', inplace=True)", "x['o'].iloc[0].append(5)", "x.index.name = 'i'",
        "x.columns.name = 'c'", "x.index = [7, 8]", "x.loc[5, 'a'] = 7",
        "x.sort_values('a', ascending=False, inplace=True)", "x.columns = list('pqrs')",
    ],
    "series": [
        "x.iloc[0] = 9", "x.name = 'other'", "x.pop('a')",
        "x.sort_values(ascending=False, inplace=True)",
    ],
    "tensor": [
        "x.data.zero_()", "x.grad.add_(1)", "x.grad = None", "x.requires_grad_(False)",
        "x.data = torch.ones(2)",
    ],
    "dice": ["x.random()"],
    "generator": ["x.random(3)"],
}  # fmt: skip
HOLDERS = ("list", "dict", "ordered", "default", "deque", "open", "slotted", "function", "things")


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Objects by name; about half of the holders hold others, cycles included."""
    kinds = draw(st.lists(st.sampled_from(sorted(MAKERS)), min_size=2, max_size=7))
    world = {f"{kind}_{at}": MAKERS[kind]() for at, kind in enumerate(kinds)}
    for name in list(world):
        if name.split("_")[0] in HOLDERS and draw(st.booleans()):
            hold(name, world[name], world[draw(st.sampled_from(sorted(world)))])
    if draw(st.booleans()):
        world["alias_x"] = world[draw(st.sampled_from(sorted(world)))]
    for name, value in list(world.items()):
        if type(value) is np.ndarray and value.ndim and draw(st.booleans()):
            world[f"view_{name}"] = value[::-1][:1]
        if type(value) is torch.Tensor:
            world[f"flat_{name}"] = value.data.view(-1)
    return world


def hold(name: str, holder: Any, part: Any) -> None:
    kind = name.split("_")[0]
    if kind in ("list", "deque"):
        holder.append(part)
    elif kind in ("open", "slotted"):
        holder.part = part
    elif kind == "function":
        holder(part)
    elif kind == "things":
        holder[1] = part
    else:
        holder["held"] = part


Step = tuple[int, int, int]
STEPS = st.lists(st.tuples(*[st.integers(0, 99)] * 3), max_size=12)


def run(world: dict[str, Any], steps: list[Step]) -> None:
    """Change objects of the world as they now are; what cannot be changed so is left."""
    originals = {n: v for n, v in world.items() if n.split("_")[0] in CHANGES}
    names = sorted(originals)
    for which, how, other in steps:
        name = names[which % len(names)]
        changes = CHANGES[name.split("_")[0]]
        new = originals[names[other % len(names)]] if other % 2 else other
        try:
            change(originals[name], changes[how % len(changes)], new)
        except Exception:
            continue
        if other % 5 == 0:
            world[name] = None


def change(value: Any, line: str, new: Any = 5) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(line, {"x": value, "new": new, "torch": torch})


def picture(value: Any, seen: dict[int, Any]) -> Any:
    """What can be seen of a value; what was seen before is told by its identity alone."""
    if isinstance(value, int | float | str | bytes | bool | None):
        return repr(value)
    if id(value) in seen:
        return ("again", id(value))
    seen[id(value)] = value
    return id(value), type(value).__name__, list(parts(value, seen))


def parts(value: Any, seen: dict[int, Any]) -> Iterator[Any]:
    if isinstance(value, dict):
        yield getattr(value, "default_factory", None)
        yield [(repr(key), picture(part, seen)) for key, part in value.items()]
    elif isinstance(value, list | deque | tuple):
        yield [picture(part, seen) for part in value]
    elif isinstance(value, set | bytearray):
        yield repr(value)
    elif isinstance(value, np.ndarray):
        yield value.shape, value.dtype, value.flags.writeable, value.ctypes.data
        yield [picture(part, seen) for part in value.ravel().tolist()]
    elif isinstance(value, pd.DataFrame | pd.Series):
        yield from of_table(value, seen)
    elif isinstance(value, torch.Tensor):
        yield value.data_ptr(), repr(value.tolist()), value.requires_grad
        yield picture(value.grad, seen)
    elif isinstance(value, Random):
        yield value.getstate()
    elif isinstance(value, np.random.Generator):
        yield repr(value.bit_generator.state)
    elif isinstance(value, Open | Slotted):
        names = [*getattr(value, "__dict__", ()), *getattr(value, "__slots__", ())]
        yield [(name, picture(getattr(value, name, "unset"), seen)) for name in names]
    else:
        yield picture(value(), seen)


def of_table(table: Any, seen: dict[int, Any]) -> Iterator[Any]:
    for labels in (
        table.index,
        getattr(table, "columns", None),
    ):
        yield id(labels), None if labels is None else (labels.tolist(), list(labels.names))
    yield getattr(table, "name", None), picture(table.attrs, seen)
    columns = (
        [table]
        if isinstance(table, pd.Series)
        else [table.iloc[:, at] for at in range(table.shape[1])]
    )
    for column in columns:
        yield str(column.dtype), [picture(part, seen) for part in column.tolist()]


def all_of(world: dict[str, Any]) -> Any:
    seen: dict[int, Any] = {}
    return {name: picture(world[name], seen) for name in sorted(world)}


def named(world: dict[str, Any]) -> str:
    return " ".join(world)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), steps=STEPS)
def test_after_a_failed_program_the_world_is_as_it_was(
    world: dict[str, Any], steps: list[Step]
) -> None:
    before = all_of(world)
    checkpoint = Checkpoint(world, named(world))
    run(world, steps)
    checkpoint.restore()
    assert all_of(world) == before
    assert checkpoint.left == ()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), steps=STEPS)
def test_after_undo_the_world_is_as_it_was(world: dict[str, Any], steps: list[Step]) -> None:
    before = all_of(world)
    checkpoint = Checkpoint(world, named(world))
    run(world, steps)
    checkpoint.done()
    assert checkpoint.undo() == ()
    assert all_of(world) == before


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), first=STEPS, second=STEPS)
def test_a_second_attempt_is_put_back_as_well_as_the_first(
    world: dict[str, Any], first: list[Step], second: list[Step]
) -> None:
    before = all_of(world)
    for steps in (first, second):
        checkpoint = Checkpoint(world, named(world))
        run(world, steps)
        checkpoint.restore()
    assert all_of(world) == before


@pytest.mark.parametrize("kind", sorted(MAKERS))
@pytest.mark.parametrize("later", [False, True])
def test_undo_leaves_what_a_later_cell_has_changed(kind: str, later: bool) -> None:
    for line in CHANGES[kind]:
        world = {f"{kind}_0": MAKERS[kind](), "other": [1]}
        before = all_of(world)
        checkpoint = Checkpoint(world, named(world))
        change(world[f"{kind}_0"], line)
        assert all_of(world) != before, f"{line} changes nothing"
        world["other"].append(2)
        checkpoint.done()
        if later:
            world["other"].append(3)
        assert checkpoint.undo() == (("other",) if later else ())
        after = all_of(world)
        assert after[f"{kind}_0"] == before[f"{kind}_0"]
        assert world["other"] == ([1, 2, 3] if later else [1])


CLASSES = {
    "list": values._List, "dict": values._Dict, "ordered": values._Ordered, "set": values._Set,
    "default": values._DefaultDict, "counter": values._Dict, "bytes": values._Bytes,
    "deque": values._Deque, "open": definitions.Fields, "slotted": definitions.Fields,
    "function": definitions.Variable, "numbers": arrays.Array, "things": arrays.Array,
    "frame": tables.Table, "series": tables.Table, "tensor": arrays.Tensor,
    "dice": arrays.Dice, "generator": arrays.Generator,
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_these_tests_notice_a_kind_that_is_not_put_back(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLASSES[kind], "restore", lambda _: None)
    world = {f"{kind}_0": MAKERS[kind]()}
    before = all_of(world)
    checkpoint = Checkpoint(world, named(world))
    change(world[f"{kind}_0"], CHANGES[kind][0])
    checkpoint.restore()
    assert all_of(world) != before
