"""What IPython keeps of results that were shown: `Out`, `_3`, `_`, `__` and `___`."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from types import MethodType
from typing import Any

_LATEST = ("_", "__", "___")
Names = MutableMapping[str, Any]


class Results:
    """The results in `namespace` as they are now; nothing where that is no shell's."""

    def __init__(self, namespace: MutableMapping[str, Any]) -> None:
        self._spaces = _spaces(namespace)
        self._numbers, self._latest = self._now()
        self._numbers_then, self._latest_then = self._numbers, self._latest

    def restore(self) -> None:
        """Those that have come since go, and the latest are those of before."""
        self._take_back(*self._now())

    def done(self) -> None:
        """Those that have come by now are what `undo` takes back."""
        self._numbers_then, self._latest_then = self._now()

    def undo(self) -> None:
        """Take back what had come by `done`; the latest stay if there are others by now."""
        self._take_back(self._numbers_then, self._latest_then)

    def _now(self) -> tuple[frozenset[int], list[dict[str, Any]]]:
        latest = [
            {name: space[name] for name in _LATEST if name in space} for space in self._spaces
        ]
        return frozenset(self._kept()), latest

    def _kept(self) -> dict[int, Any]:
        kept = self._spaces[0].get("_oh") if self._spaces else None
        return kept if type(kept) is dict else {}

    def _take_back(self, numbers: Collection[int], latest: list[dict[str, Any]]) -> None:
        """Take results back that are numbered so, and the latest if they are still those."""
        for number in set(numbers) - self._numbers:
            self._kept().pop(number, None)
            for space in self._spaces:
                space.pop(f"_{number}", None)
        _, now = self._now()
        if all(map(_same, now, latest)):
            for space, was in zip(self._spaces, self._latest, strict=True):
                for name in _LATEST:
                    space.pop(name, None)
                space.update(was)


def _spaces(namespace: Names) -> list[Names]:
    """Where a shell has the latest: it takes them to be the person's names where these differ."""
    ask = namespace.get("get_ipython")
    shell: Any = ask.__self__ if type(ask) is MethodType else None
    if getattr(shell, "user_ns", None) is not namespace:
        return []
    return [namespace, shell.user_ns_hidden, vars(shell.displayhook)]


def _same(one: Names, other: Names) -> bool:
    return one.keys() == other.keys() and all(one[name] is other[name] for name in one)
