"""One mutable object: its value saved, put back in place, and whether it has changed.

Covers lists, dicts, sets, bytearrays, deques (those of `collections` included), and what is in
`arrays`, `definitions` and `tables`. Elements are compared by identity, and hashes are kept: no
`==` and no `hash` of the person's runs.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from operator import is_not
from types import CellType
from typing import Any, Protocol

from ...objects import module_name
from .arrays import array_keeper
from .definitions import Fields, Variable, definition_keeper
from .holding import is_dataclass
from .tables import Past, table_keeper

POINTER = 8
ENTRY = 100
"""Bytes that saving the smallest of values takes, about."""
_LIBRARIES = frozenset(("numpy", "pandas", "torch", "random"))


class Saved(Protocol):
    """A saved state of `value`. `bytes_of` tells beforehand what saving takes."""

    value: Any

    def changed(self) -> bool: ...
    def restore(self) -> None: ...


def keeper(value: Any, past: Past = "none") -> Callable[[Any], Saved] | None:
    """What saves a value of this type; None for a type that is not covered.

    Of tables what the code may write to `past` pandas' copy on write is copied.
    """
    kind = type(value)
    plain = _PLAIN.get(id(kind))
    if plain:
        return plain
    if module_name(kind).partition(".")[0] in _LIBRARIES:
        return array_keeper(value) or table_keeper(value, past)
    if is_dataclass(value):
        return Fields
    return definition_keeper(value) or table_keeper(value, past)


def size_of(value: Any, past: Past = "none") -> int:
    """The bytes that saving takes, told without saving."""
    kind = id(type(value))
    if kind in _SIZED:
        return ENTRY + POINTER * len(value)
    size = getattr(keeper(value, past), "bytes_of", None)
    return ENTRY + int(size(value) if size else 0)


def changed(saved: Saved) -> bool:
    """Whether a value has changed, and where that cannot be told."""
    try:
        return saved.changed()
    except Exception:
        return True


def restored(saved: Saved) -> bool:
    """Put a value back if it differs; False where it refuses, such as bytes in somebody's use."""
    try:
        if changed(saved):
            saved.restore()
        return True
    except Exception:
        return False


def saved_or_none(value: Any, past: Past = "none") -> Saved | None:
    """The value saved; None where it cannot be."""
    try:
        keep = keeper(value, past)
        return keep(value) if keep else None
    except Exception:
        return None


class _Kept:
    __slots__ = ("_was", "value")

    def __init__(self, value: Any) -> None:
        self.value, self._was = value, self._now(value)

    _now: Callable[[Any], Any]


class _List(_Kept):
    __slots__ = ()
    _now: Callable[[Any], Any] = staticmethod(list.copy)

    def changed(self) -> bool:
        return _differ(self.value, self._was)

    def restore(self) -> None:
        self.value[:] = self._was


class _Bytes(_Kept):
    __slots__ = ()
    _now: Callable[[Any], Any] = staticmethod(bytes)
    bytes_of = staticmethod(len)

    def changed(self) -> bool:
        return bool(self.value != self._was)

    def restore(self) -> None:
        self.value[:] = self._was


class _Deque(_Kept):
    __slots__ = ()

    @staticmethod
    def _now(value: Any) -> Any:
        return list(value)

    def changed(self) -> bool:
        return _differ(self.value, self._was)

    def restore(self) -> None:
        self.value.clear()
        self.value.extend(self._was)


class _Dict(_Kept):
    __slots__ = ()
    _now: Callable[[Any], Any] = staticmethod(dict.copy)

    def changed(self) -> bool:
        now, was = self.value, self._was
        return _differ(now, was) or any(map(is_not, now.values(), was.values()))

    def restore(self) -> None:
        dict.clear(self.value)
        dict.update(self.value, self._was)


class Entries(_Dict):
    """The entries that a dict has, others being none of ours: results that a shell adds to."""

    __slots__ = ()

    def changed(self) -> bool:
        now = self.value
        return any(now.get(key, _UNSET) is not was for key, was in self._was.items())

    def restore(self) -> None:
        again = {**self._was, **{k: v for k, v in self.value.items() if k not in self._was}}
        self.value.clear()
        self.value.update(again)


class _DefaultDict(_Dict):
    __slots__ = ("_factory",)

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self._factory = value.default_factory

    def changed(self) -> bool:
        return self.value.default_factory is not self._factory or super().changed()

    def restore(self) -> None:
        super().restore()
        self.value.default_factory = self._factory


class _Ordered(_Kept):
    """Its order is told by it alone, and it hashes what is put in."""

    __slots__ = ()

    @staticmethod
    def _now(value: Any) -> Any:
        return list(value.items())

    def changed(self) -> bool:
        now = [part for item in self.value.items() for part in item]
        return _differ(now, [part for item in self._was for part in item])

    def restore(self) -> None:
        again = OrderedDict(self._was)  # raises here if a key has no hash any more
        self.value.clear()
        self.value.update(again)


class _Set(_Kept):
    __slots__ = ()
    _now: Callable[[Any], Any] = staticmethod(set.copy)

    def changed(self) -> bool:
        return set(map(id, self.value)) != set(map(id, self._was))

    def restore(self) -> None:
        self.value.clear()
        self.value.update(self._was)


_UNSET = object()
_PLAIN: dict[int, Callable[[Any], Saved]] = {
    id(list): _List,
    id(dict): _Dict,
    id(Counter): _Dict,
    id(defaultdict): _DefaultDict,
    id(OrderedDict): _Ordered,
    id(set): _Set,
    id(bytearray): _Bytes,
    id(deque): _Deque,
    id(CellType): Variable,
}
_SIZED = _PLAIN.keys() - {id(bytearray), id(CellType)}


def _differ(one: Any, other: Any) -> bool:
    return len(one) != len(other) or any(map(is_not, one, other))
