"""Arrays, tables, tensors and random generators: saved, put back in place, compared.

Libraries are used only where they are loaded. With pandas' copy on write a saved table costs
nothing until the attempt writes to it.
"""

from __future__ import annotations

import sys
import warnings
from operator import is_
from random import Random
from types import ModuleType
from typing import Any

from ..objects import table_kind


def large_kind(value: object) -> str:
    """`array`, `table`, `tensor` or `generator`; "" for anything else."""
    kind = type(value)
    if table_kind(value):
        return "table"
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return "array"
    if _is_tensor(value):
        return "tensor"
    generator = kind.__module__.startswith("numpy.random") and kind.__name__ == "Generator"
    return "generator" if generator or kind is Random else ""


def bytes_of(value: Any) -> int:
    """The memory that saving an array, a table or a tensor takes."""
    kind = large_kind(value)
    if kind == "table" and not _copies_on_write():
        return sum(block.values.nbytes for block in value._mgr.blocks)
    return int(value.nbytes) if kind in ("array", "tensor") else 0


class Array:
    def __init__(self, value: Any) -> None:
        self.value, self._copy = value, value.copy(order="K")
        self._writable = bool(value.flags.writeable)

    def changed(self) -> bool:
        mine, copy = self.value, self._copy
        if mine.shape != copy.shape or mine.dtype != copy.dtype:
            return True
        if bool(mine.flags.writeable) != self._writable:
            return True
        if mine.dtype.hasobject:
            return not _same_elements(mine.flat, copy.flat)
        numpy = sys.modules["numpy"]
        flat = (numpy.ascontiguousarray(each).reshape(-1).view("u1") for each in (mine, copy))
        return mine.size > 0 and not numpy.array_equal(*flat)

    def restore(self) -> None:
        mine, copy = self.value, self._copy
        if not mine.flags.writeable:
            mine.setflags(write=True)
        if mine.dtype != copy.dtype:
            mine.dtype = copy.dtype
        if mine.size != copy.size:
            mine.resize(copy.shape, refcheck=False)
        if mine.shape != copy.shape:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # there is no other way to keep the object
                mine.shape = copy.shape
        mine[...] = copy
        mine.setflags(write=self._writable)


class Table:
    """With copy on write a copy costs nothing until one of the two is written to."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._copy = _copy(value, deep=not _copies_on_write())
        self._attrs = dict(value.attrs)

    def changed(self) -> bool:
        mine, copy = self.value, self._copy
        if mine._mgr.shape != copy._mgr.shape or mine.attrs != self._attrs:
            return True
        if any(map(_differ, mine._mgr.axes, copy._mgr.axes)):
            return True
        if table_kind(mine) == "Series" and mine.name is not copy.name and mine.name != copy.name:
            return True
        return not _same_blocks(mine._mgr.blocks, copy._mgr.blocks) and not mine.equals(copy)

    def restore(self) -> None:
        self.value._update_inplace(_copy(self._copy, deep=not _copies_on_write()))
        if table_kind(self.value) == "Series":
            self.value.name = self._copy.name
        self.value.attrs = dict(self._attrs)


class Tensor:
    def __init__(self, value: Any) -> None:
        self.value, self._copy = value, value.detach().clone()
        self._grad = value.grad
        self._grad_copy = None if value.grad is None else value.grad.detach().clone()
        self._requires_grad = value.requires_grad

    def changed(self) -> bool:
        mine = self.value
        if mine.grad is not self._grad or mine.requires_grad != self._requires_grad:
            return True
        return not _same_tensor(mine.detach(), self._copy) or (
            self._grad is not None and not _same_tensor(self._grad, self._grad_copy)
        )

    def restore(self) -> None:
        with sys.modules["torch"].no_grad():
            if self.value.shape == self._copy.shape and self.value.dtype == self._copy.dtype:
                self.value.copy_(self._copy)
            else:
                self.value.data = self._copy.clone()
            if self._grad is not None:
                self._grad.copy_(self._grad_copy)
        self.value.requires_grad_(self._requires_grad)
        self.value.grad = self._grad


class Generator:
    """`random.Random()` or `numpy.random.default_rng()`."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._state = self._now()

    def _now(self) -> Any:
        return self.value.getstate() if type(self.value) is Random else self._bits().state

    def _bits(self) -> Any:
        return self.value.bit_generator

    def changed(self) -> bool:
        return repr(self._now()) != repr(self._state)

    def restore(self) -> None:
        if type(self.value) is Random:
            self.value.setstate(self._state)
        else:
            self._bits().state = self._state


def _same_tensor(one: Any, other: Any) -> bool:
    return bool(one.shape == other.shape and one.dtype == other.dtype and one.equal(other))


def _same_blocks(one: Any, other: Any) -> bool:
    """Whether the blocks lie in the same memory: with copy on write nothing was written then."""
    numpy = sys.modules["numpy"]
    return len(one) == len(other) and all(
        type(a.values) is numpy.ndarray
        and type(b.values) is numpy.ndarray
        and a.values.shape == b.values.shape
        and numpy.shares_memory(a.values, b.values, max_work=1)
        for a, b in zip(one, other, strict=True)
    )


def _differ(one: Any, other: Any) -> bool:
    return not (one is other or one.identical(other))


def _copy(table: Any, *, deep: bool) -> Any:
    """A plain copy of the table, whatever a subclass makes of `copy`."""
    pandas = sys.modules["pandas"]
    base = pandas.Series if table_kind(table) == "Series" else pandas.DataFrame
    return base.copy(table, deep=deep)


def _copies_on_write() -> bool:
    pandas: ModuleType | None = sys.modules.get("pandas")
    if pandas is None:
        return False
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return pandas.get_option("mode.copy_on_write") is True


def _is_tensor(value: object) -> bool:
    torch = sys.modules.get("torch")
    kinds = (getattr(torch, "Tensor", None), getattr(getattr(torch, "nn", None), "Parameter", None))
    if torch is None or type(value) not in kinds:
        return False
    return bool(value.device.type == "cpu" and value.layout is torch.strided)  # type: ignore[attr-defined]


def _same_elements(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
