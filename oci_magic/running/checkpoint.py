"""Putting the notebook's names back after a failed attempt.

Covers bindings: which name stands for which object. Not covered: values changed in place
(`df["x"] = 1`, `items.append(1)`, `df.drop(..., inplace=True)`), modules and their settings,
files, the working folder, and everything else outside the namespace.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping

_IPYTHONS_OWN = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_exit_code|__builtins__")
"""Names that IPython and Python set by themselves whenever a cell runs."""


class Checkpoint:
    """The bindings of `namespace` as they are now.

    Names that IPython sets while cells run (`_`, `__`, `_3`, `_i`, `_i3`, ...) are left alone.
    The values are held by reference: a checkpoint keeps them alive until it is dropped.
    """

    def __init__(self, namespace: MutableMapping[str, object]) -> None:
        self._namespace = namespace
        self._bindings = {name: value for name, value in namespace.items() if _counts(name)}
        self._left: dict[str, object] = {}
        self._taken: set[str] = set()

    def restore(self) -> tuple[str, ...]:
        """Put every binding back, identity kept; the names that had changed, sorted."""
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

    def undo(self) -> tuple[str, ...]:
        """Take back what the accepted run changed; names that have changed since stay.

        Returns the names that stay, sorted.
        """
        stay = [name for name, value in self._left.items() if not self._is(name, value)]
        stay += [name for name in self._taken if name in self._namespace]
        for name in self._left.keys() - set(stay):
            del self._namespace[name]
        for name in (self._left.keys() | self._taken) - set(stay):
            if name in self._bindings:
                self._namespace[name] = self._bindings[name]
        return tuple(sorted(stay))

    def _was(self, name: str, value: object) -> bool:
        return name in self._bindings and self._bindings[name] is value

    def _is(self, name: str, value: object) -> bool:
        return name in self._namespace and self._namespace[name] is value


def _counts(name: str) -> bool:
    return _IPYTHONS_OWN.fullmatch(name) is None
