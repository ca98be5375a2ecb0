"""Putting the notebook back after a failed attempt: names, values changed in place, settings.

Covers which name stands for which object; the values of the mutable objects that the code can
reach (`reach`, `values`), which are put back in place so that whoever holds them sees it; and
settings of the process. Not covered, and told in `left`: what is larger than the limit, and other
objects that the code names. Files, databases, modules and what is outside of the process stay as
the code left them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from operator import itemgetter
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from .process_state import Setting, settings
from .reach import named, reachable
from .values import Saved, covers, saved, size_of

MEGABYTE = 1_000_000
_IPYTHONS_OWN = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_exit_code|__builtins__")
"""Names that IPython and Python set by themselves whenever a cell runs."""
_UNCHANGING = (
    *(type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, int, float, complex, str),
    *(bytes, tuple, frozenset, range, slice, type(None), type(...), type(NotImplemented)),
)
_VALUE_MODULES = frozenset(
    ("datetime", "decimal", "fractions", "pathlib", "re", "uuid", "ipaddress", "zoneinfo", "enum")
)


class Checkpoint:
    """The bindings of `namespace` as they are now, and the values that `code` can touch.

    Names that IPython sets while cells run (`_`, `__`, `_3`, `_i`, `_i3`, ...) are left alone.
    Copies take at most `limit` bytes together; tables with copy on write take none. `left` tells
    what could not be saved, such as `model (LinearRegression)`.
    """

    def __init__(
        self, namespace: MutableMapping[str, object], code: str = "", limit: float = 500 * MEGABYTE
    ) -> None:
        self._namespace = namespace
        self._bindings = {name: value for name, value in namespace.items() if _counts(name)}
        self._left: dict[str, object] = {}
        self._taken: set[str] = set()
        names = named(code, namespace)
        self._parts: list[Saved | Setting] = list(settings())
        self._accepted: list[tuple[Saved | Setting, Saved | Setting | None]] = []
        large = {id(value): value for value in self._save(reachable(names.values()), limit)}
        self.left = tuple(_left(names, large))

    def restore(self) -> tuple[str, ...]:
        """Put everything back, identity kept; the names whose bindings had changed, sorted."""
        for part in self._parts:
            with suppress(Exception):  # an array that something holds on to keeps its size
                if part.changed():
                    part.restore()
        added = [name for name in self._namespace if _counts(name) and name not in self._bindings]
        moved = [name for name, value in self._bindings.items() if not self._is(name, value)]
        for name in added:
            del self._namespace[name]
        for name in moved:
            self._namespace[name] = self._bindings[name]
        return tuple(sorted(added + moved))

    def done(self) -> None:
        """What ran since has been accepted: `undo` takes back what it changed by now."""
        names = [name for name in self._namespace if _counts(name)]
        moved = (name for name in names if not self._was(name, self._namespace[name]))
        self._left = {name: self._namespace[name] for name in moved}
        self._taken = {name for name in self._bindings if name not in self._namespace}
        self._accepted = [(part, _now(part)) for part in self._parts if part.changed()]
        self._parts = []

    def undo(self) -> tuple[str, ...]:
        """Take back what the accepted run changed; what has changed since stays.

        Returns the names that stay, sorted.
        """
        stay = [name for name, value in self._left.items() if not self._is(name, value)]
        stay += [name for name in self._taken if name in self._namespace]
        kept = {id(part.value) for part, now in self._accepted if not _undone(part, now)}
        for name in self._left.keys() - set(stay):
            del self._namespace[name]
        for name in (self._left.keys() | self._taken) - set(stay):
            if name in self._bindings:
                self._namespace[name] = self._bindings[name]
        stay += [name for name, value in self._bindings.items()
                 if id(value) in kept and self._is(name, value)]  # fmt: skip
        return tuple(sorted(set(stay)))

    def _save(self, values: list[Any], limit: float) -> Iterator[object]:
        """Save what can be saved, the small ones first; the values that are too large."""
        for size, value in sorted(((size_of(v), v) for v in values), key=itemgetter(0)):
            limit -= size
            if limit < 0:
                yield value
            elif part := saved(value):
                self._parts.append(part)

    def _was(self, name: str, value: object) -> bool:
        return name in self._bindings and self._bindings[name] is value

    def _is(self, name: str, value: object) -> bool:
        return name in self._namespace and self._namespace[name] is value


def _now(part: Saved | Setting) -> Saved | Setting | None:
    return part.again() if isinstance(part, Setting) else saved(part.value)


def _undone(part: Saved | Setting, now: Saved | Setting | None) -> bool:
    """Put a value back, unless it has changed since `now`."""
    if now is None or now.changed():
        return False
    with suppress(Exception):
        part.restore()
    return True


def _left(names: Mapping[str, object], large: Mapping[int, object]) -> Iterator[str]:
    """The names whose values are not saved though they can change, with their types."""
    for name, value in sorted(names.items()):
        kind = type(value).__name__
        if id(value) in large:
            yield f"{name} ({kind}, {size_of(value) / MEGABYTE:,.0f} MB)"
        elif not _is_unchanging(value) and not covers(value):
            yield f"{name} ({kind})"


def _is_unchanging(value: object) -> bool:
    module = type(value).__module__
    if issubclass(type(value), _UNCHANGING) or module in _VALUE_MODULES:
        return True
    bases = {f"{base.__module__.split('.')[0]}.{base.__name__}" for base in type(value).__mro__}
    return bool(bases & {"numpy.generic", "pandas.Index", "pandas.Timestamp", "pandas.Timedelta",
                         "pandas.ExtensionDtype", "enum.Enum"})  # fmt: skip


def _counts(name: str) -> bool:
    return _IPYTHONS_OWN.fullmatch(name) is None
