"""Arrays, tensors and random generators: saved, put back in place, compared.

Libraries are used only where they are loaded. What an array or a tensor shares memory with goes on
sharing it.
"""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Callable
from operator import is_not
from random import Random
from typing import Any

from .holding import is_tensor


def array_keeper(value: object) -> Callable[[Any], Any] | None:
    """What saves an array, a tensor or a generator; None for anything else."""
    kind = type(value)
    numpy = sys.modules.get("numpy")
    if kind is getattr(numpy, "ndarray", None):
        return Array
    if is_tensor(value):
        return Tensor
    if kind is Random:
        return Dice
    random = getattr(numpy, "random", None)
    if kind is getattr(random, "Generator", None) or kind is getattr(random, "RandomState", None):
        return Generator
    return None


class Array:
    """An `ndarray`."""

    def __init__(self, value: Any) -> None:
        self.value, self._copy = value, value.copy(order="K")
        self._writable = bool(value.flags.writeable)

    @staticmethod
    def bytes_of(value: Any) -> int:
        return int(value.nbytes)

    def changed(self) -> bool:
        mine, copy = self.value, self._copy
        if mine.shape != copy.shape or mine.dtype != copy.dtype:
            return True
        return bool(mine.flags.writeable) != self._writable or not same_elements(mine, copy)

    def restore(self) -> None:
        mine, copy = self.value, self._copy
        if not mine.flags.writeable:
            mine.setflags(write=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # there is no other way to keep the object
            if mine.dtype != copy.dtype:
                mine.dtype = copy.dtype
            if mine.size != copy.size:
                mine.resize(copy.shape, refcheck=False)
            if mine.shape != copy.shape:
                mine.shape = copy.shape
        mine[...] = copy
        if bool(mine.flags.writeable) != self._writable:  # a view may ask this of its base in vain
            mine.setflags(write=self._writable)


class Tensor:
    """A tensor on the CPU. `_memory` is its storage as it was, whatever `.data` is set to."""

    def __init__(self, value: Any) -> None:
        self.value, self._memory = value, value.data
        self._copy = self._memory.clone()
        self._leaf, self._wants = bool(value.is_leaf), bool(value.requires_grad)
        self._grad = value.grad if self._leaf else None

    @staticmethod
    def bytes_of(value: Any) -> int:
        return int(value.nbytes)

    def changed(self) -> bool:
        mine = self.value
        if self._leaf and (mine.grad is not self._grad or mine.requires_grad != self._wants):
            return True
        return not (self._in_place(mine) and _same_tensor(self._memory, self._copy))

    def restore(self) -> None:
        mine, memory = self.value, self._memory
        if not _same_tensor(memory, self._copy):
            memory.copy_(self._copy)
        if not self._in_place(mine):
            mine.data = memory
        if self._leaf:
            mine.requires_grad_(self._wants)
            mine.grad = self._grad

    def _in_place(self, mine: Any) -> bool:
        was = self._memory
        laid_out = mine.shape == was.shape and mine.stride() == was.stride()
        return bool(laid_out and mine.dtype == was.dtype and mine.data_ptr() == was.data_ptr())


class Dice:
    """`random.Random()`"""

    def __init__(self, value: Any) -> None:
        self.value, self._state = value, value.getstate()

    def changed(self) -> bool:
        return bool(self.value.getstate() != self._state)

    def restore(self) -> None:
        self.value.setstate(self._state)


class Generator:
    """`numpy.random.default_rng()` or a `RandomState`."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._state = self._now()

    def _now(self) -> bytes:
        legacy = hasattr(self.value, "get_state")
        return pickle.dumps(
            self.value.get_state(legacy=False) if legacy else self.value.bit_generator.state
        )

    def changed(self) -> bool:
        return self._now() != self._state

    def restore(self) -> None:
        state = pickle.loads(self._state)
        if hasattr(self.value, "set_state"):
            self.value.set_state(state)
        else:
            self.value.bit_generator.state = state


def same_elements(one: Any, other: Any) -> bool:
    """Whether two arrays of one shape and type have the same elements, bit by bit."""
    if one.dtype == object:
        pairs = (each.ravel(order="K").tolist() for each in (one, other))
        return (
            not any(map(is_not, *pairs)) if one.strides == other.strides else _all_are(one, other)
        )
    numpy = sys.modules["numpy"]
    try:
        flat = [numpy.ascontiguousarray(each).reshape(-1).view("u1") for each in (one, other)]
    except (TypeError, ValueError):  # texts of any length, structures that hold objects
        return False
    return bool(numpy.array_equal(*flat))


def _all_are(one: Any, other: Any) -> bool:
    return not any(map(is_not, one.flat, other.flat))


def _same_tensor(one: Any, other: Any) -> bool:
    """Bit by bit: what is no number equals itself too."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    numbers = sys.modules["torch"].uint8
    flat = [each.contiguous().reshape(-1).view(numbers) for each in (one, other)]
    return bool(flat[0].equal(flat[1]))
