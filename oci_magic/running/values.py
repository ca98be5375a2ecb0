"""One mutable object: its value saved, put back in place, and whether it has changed.

Covers lists, dicts, sets, bytearrays, deques (those of `collections` included), dataclass
instances, and what is in `arrays`. Elements are compared by identity: no `==` of the person's runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from operator import is_
from typing import Any, Protocol

from .arrays import Array, Generator, Table, Tensor, bytes_of, large_kind
from .reach import DICTS, dict_of, is_dataclass, slots

POINTER = 8


class Saved(Protocol):
    """A saved state of `value`."""

    value: Any

    def changed(self) -> bool: ...
    def restore(self) -> None: ...


def size_of(value: Any) -> int:
    """The bytes that saving takes, told without saving."""
    kind = type(value)
    if kind is bytearray:
        return len(value)
    return POINTER * len(value) if kind in (list, deque, set, *DICTS) else bytes_of(value)


def covers(value: Any) -> bool:
    """Whether its type is one that can be saved."""
    return _keeper(value) is not None


def saved(value: Any) -> Saved | None:
    """The value as it is now; None for a type that is not covered."""
    keeper = _keeper(value)
    return keeper(value) if keeper else None


def _keeper(value: Any) -> Callable[[Any], Saved] | None:
    kind = large_kind(value)
    if kind:
        return _LARGE[kind]
    return _PLAIN.get(type(value)) or (_Fields if is_dataclass(value) else None)


class _Sequence:
    def __init__(self, value: Any) -> None:
        self.value, self._copy = value, value[:]

    def changed(self) -> bool:
        if type(self.value) is bytearray:
            return bool(self.value != self._copy)
        return not _same_elements(self.value, self._copy)

    def restore(self) -> None:
        self.value[:] = self._copy


class _Deque:
    def __init__(self, value: Any) -> None:
        self.value, self._copy = value, list(value)

    def changed(self) -> bool:
        return not _same_elements(self.value, self._copy)

    def restore(self) -> None:
        self.value.clear()
        self.value.extend(self._copy)


class _Dict:
    def __init__(self, value: Any) -> None:
        self.value, self._items = value, list(value.items())

    def changed(self) -> bool:
        if len(self.value) != len(self._items):
            return True
        pairs = zip(self.value.items(), self._items, strict=True)
        return any(k is not key or v is not value for (k, v), (key, value) in pairs)

    def restore(self) -> None:
        self.value.clear()
        for key, value in self._items:
            self.value[key] = value


class _Set:
    def __init__(self, value: Any) -> None:
        self.value, self._copy = value, set(value)

    def changed(self) -> bool:
        return {id(element) for element in self.value} != {id(element) for element in self._copy}

    def restore(self) -> None:
        self.value.clear()
        self.value.update(self._copy)


class _Fields:
    """A dataclass instance, frozen ones included: its attributes are set past its class."""

    def __init__(self, value: Any) -> None:
        self.value, self._dict = value, dict(dict_of(value))
        self._slots = {name: self._slot(slot) for name, slot in slots(value).items()}

    def _slot(self, slot: Any) -> Any:
        try:
            return slot.__get__(self.value)
        except AttributeError:
            return _UNSET

    def changed(self) -> bool:
        now = dict_of(self.value)
        same = now.keys() == self._dict.keys() and all(now[k] is v for k, v in self._dict.items())
        found = slots(self.value)
        return not same or any(self._slot(found[n]) is not v for n, v in self._slots.items())

    def restore(self) -> None:
        now = dict_of(self.value)
        now.clear()
        now.update(self._dict)
        for name, slot in slots(self.value).items():
            if self._slots[name] is not _UNSET:
                slot.__set__(self.value, self._slots[name])
            elif self._slot(slot) is not _UNSET:
                slot.__delete__(self.value)


_UNSET = object()
_LARGE: dict[str, Callable[[Any], Saved]] = {
    "array": Array, "table": Table, "tensor": Tensor, "generator": Generator,
}  # fmt: skip
_PLAIN: dict[type, Callable[[Any], Saved]] = {
    **dict.fromkeys((list, bytearray), _Sequence),
    **dict.fromkeys(DICTS, _Dict),
    deque: _Deque,
    set: _Set,
}


def _same_elements(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
