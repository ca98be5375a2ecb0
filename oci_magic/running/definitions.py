"""What the person defines, saved and put back in place: functions and classes of the notebook.

Covers the attributes of both, and the code and defaults of functions. Classes are read and written
past their metaclasses. Classes of packages are their own.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from ..objects import bases, members, module_name

_PYTHONS_OWN = frozenset(
    ("__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "__slotnames__",
     "__annotations__", "__annotations_cache__")
)  # fmt: skip
"""What Python itself keeps in a class, and may change when it is only used."""
_GONE = object()


def definition_keeper(value: Any) -> Callable[[Any], Any] | None:
    """What saves a function or a class of the notebook; None for anything else."""
    kind = type(value)
    if kind is FunctionType:
        return Function
    if any(base is type for base in bases(kind)) and module_name(value) == "__main__":
        return Class
    return None


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


def _differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() != other.keys() or any(one[name] is not other[name] for name in one)
