"""What the person defines, saved and put back in place: functions, classes, dataclass instances.

Covers the attributes of all, the code and defaults of functions, the variables that they share,
what `lru_cache` keeps for them, and the names in modules of the person's. Instances are read and
written past their classes, these past their metaclasses. Classes and modules of packages are their
own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from ...objects import bases, members
from .holding import dict_of, slots
from .own import is_own_class, is_own_module, module_of

_PYTHONS_OWN = frozenset(
    ("__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "__slotnames__",
     "__annotations__", "__annotations_cache__")
)  # fmt: skip
"""What Python itself keeps in a class, and may change when it is only used."""
_GONE = object()
REMEMBERING = type(functools.lru_cache(len))


def definition_keeper(value: Any) -> Callable[[Any], Any] | None:
    """What saves a function, a class or a module of the person's; None for anything else."""
    kind = type(value)
    if kind is FunctionType:
        return Function
    if kind is REMEMBERING:
        return Remembered if _is_own(value.__wrapped__) else None
    if any(base is type for base in bases(kind)) and is_own_class(value):
        return Class
    return Module if is_own_module(value) else None


class Function:
    """Its code, defaults and attributes; what it closes over is saved by itself."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._was, self._attributes = self._now(), dict(value.__dict__)
        self._keywords = dict(value.__kwdefaults__ or {})

    def _now(self) -> tuple[Any, ...]:
        return self.value.__code__, self.value.__defaults__, self.value.__kwdefaults__

    def changed(self) -> bool:
        if any(one is not other for one, other in zip(self._now(), self._was, strict=True)):
            return True
        keywords = self.value.__kwdefaults__ or {}
        return _differ(keywords, self._keywords) or _differ(self.value.__dict__, self._attributes)

    def restore(self) -> None:
        function, (code, defaults, keywords) = self.value, self._was
        function.__code__, function.__defaults__ = code, defaults
        if keywords is not None:
            keywords.clear()
            keywords.update(self._keywords)
        function.__kwdefaults__ = keywords
        function.__dict__.clear()
        function.__dict__.update(self._attributes)


class Remembered:
    """The results that `functools.lru_cache` keeps: all go if there are new ones."""

    def __init__(self, value: Any) -> None:
        self.value, self._was = value, self._now(value)

    @staticmethod
    def _now(value: Any) -> tuple[int, int]:
        info = value.cache_info()
        return info.misses, info.currsize

    def changed(self) -> bool:
        return self._now(self.value) != self._was

    def restore(self) -> None:
        self.value.cache_clear()


class Class:
    """What stands in its body."""

    def __init__(self, value: Any) -> None:
        self.value, self._was = value, self._now(value)

    @staticmethod
    def _now(value: Any) -> dict[str, Any]:
        return {k: v for k, v in members(value).items() if k not in _PYTHONS_OWN}

    def changed(self) -> bool:
        return _differ(self._now(self.value), self._was)

    def restore(self) -> None:
        now = self._now(self.value)
        for name in now.keys() - self._was.keys():
            type.__delattr__(self.value, name)
        for name, was in self._was.items():
            if now.get(name, _GONE) is not was:
                type.__setattr__(self.value, name, was)


class Module:
    """What its names stand for; modules that it has got to know since, it goes on knowing."""

    def __init__(self, value: Any) -> None:
        self.value, self._was = value, self._now(value)

    @staticmethod
    def _now(value: Any) -> dict[str, Any]:
        return {k: v for k, v in value.__dict__.items() if k[:2] != "__"}

    def changed(self) -> bool:
        return _differ(self._now(self.value), self._was)

    def restore(self) -> None:
        names = self.value.__dict__
        for name in self._now(self.value).keys() - self._was.keys():
            if type(names[name]) is not ModuleType:
                del names[name]
        names.update(self._was)


class Variable:
    """A variable that functions share."""

    __slots__ = ("_was", "value")

    def __init__(self, value: Any) -> None:
        self.value, self._was = value, self._now(value)

    @staticmethod
    def _now(value: Any) -> Any:
        try:
            return value.cell_contents
        except ValueError:  # still empty
            return _GONE

    def changed(self) -> bool:
        return self._now(self.value) is not self._was

    def restore(self) -> None:
        if self._was is _GONE:
            del self.value.cell_contents
        else:
            self.value.cell_contents = self._was


class Fields:
    """A dataclass instance, frozen ones included: its attributes are set past its class."""

    __slots__ = ("_attributes", "_slots", "value")

    def __init__(self, value: Any) -> None:
        self.value, self._attributes = value, dict(dict_of(value))
        self._slots = [(slot, self._slot(slot)) for slot in slots(value).values()]

    def _slot(self, slot: Any) -> Any:
        try:
            return slot.__get__(self.value)
        except AttributeError:
            return _GONE

    def changed(self) -> bool:
        if _differ(dict_of(self.value), self._attributes):
            return True
        return any(self._slot(slot) is not was for slot, was in self._slots)

    def restore(self) -> None:
        attributes = dict_of(self.value)
        attributes.clear()
        attributes.update(self._attributes)
        for slot, was in self._slots:
            if was is not _GONE:
                slot.__set__(self.value, was)
            elif self._slot(slot) is not _GONE:
                slot.__delete__(self.value)


def _differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() != other.keys() or any(one[name] is not other[name] for name in one)


def _is_own(function: object) -> bool:
    if type(function) is not FunctionType:
        return False
    return function.__module__ == "__main__" or module_of(function) is not None
