"""Putting the notebook back after a failed attempt: names, values changed in place, settings.

Covers which name stands for which object; the values of the mutable objects that the code can
reach (`reach`, `values`), which are put back in place so that whoever holds them sees it; and
settings of the process. Not covered, and told in `left`: what is larger than the limit, other
objects that the code reads (`unprotected`), files that it writes, and threads of it that still run.
Databases, packages and what is outside of the process stay as the code left them.
"""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Collection, Iterator, MutableMapping
from contextlib import contextmanager
from typing import NamedTuple

from ..objects import class_name, in_line
from .state.made import Made
from .state.past_copying import past_copying
from .state.process_state import Settings
from .state.reach import Found, functions, reachable
from .state.results import Results
from .state.unprotected import left_line, set_elsewhere, writes_files
from .state.values import Entries, Saved, changed, keeper, restored, size_of

MEGABYTE = 1_000_000
_IPYTHONS_OWN = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_exit_code|__builtins__")
"""Names that IPython and Python set by themselves whenever a cell runs."""
_WARNED = "__warningregistry__"
"""Where Python notes which warnings it has shown."""


class _Part(NamedTuple):
    """A saved value and how the code reaches it."""

    found: Found
    saved: Saved


class Checkpoint:
    """The bindings of `namespace` as they are now, and the values that `code` can touch.

    Names that IPython sets while cells run (`_i`, `_i3`, ...) are left alone, but for results.
    Copies take at most `limit` bytes together; tables with copy on write take none, unless the
    code may write past it.
    """

    def __init__(
        self, namespace: MutableMapping[str, object], code: str = "", limit: float = 500 * MEGABYTE
    ) -> None:
        self._namespace, self._code = namespace, code
        self._bindings = {name: value for name, value in namespace.items() if _counts(name)}
        self._names, self._limit = frozenset(self._bindings), limit
        self._moved: dict[str, object] = {}
        self._taken: set[str] = set()
        self._settings, self._accepted_settings = Settings(), Settings.none()
        self._results = Results(namespace)
        self._threads = set(threading.enumerate())
        self._started: set[threading.Thread] = set()
        self._accepted: list[_Part] = []
        self._made: Made | None = None
        self._not_saved: list[str] = []
        self._not_put_back: dict[str, None] = {}
        with _no_collection():
            self._found = reachable(code, namespace)
            self._past = past_copying(code, functions(self._found, namespace))
            self._parts = list(self._save(self._found, limit))

    @property
    def left(self) -> tuple[str, ...]:
        """What the code reads or writes and may stay as it left it: `model (Model)`, `files`."""
        objects = [*sorted(self._not_saved), *self._not_put_back]
        saved = {id(part.found.value) for part in self._parts or self._accepted}
        parts = set_elsewhere(self._code, self._namespace, saved)
        files = ["files"] if writes_files(self._code, self._namespace) else []
        return tuple(dict.fromkeys([*objects, *parts, *files]))

    def restore(self) -> tuple[str, ...]:
        """Put everything back, identity kept; the names whose bindings had changed, sorted."""
        self._note_running(set(threading.enumerate()) - self._threads)
        self._note_failed(self._settings.restore())
        self._put_back(self._parts)
        self._results.restore()
        added = [name for name in self._namespace if _counts(name) and name not in self._names]
        moved = [name for name, value in self._bindings.items() if not self._is(name, value)]
        for name in added:
            del self._namespace[name]
        for name in moved:
            self._namespace[name] = self._bindings[name]
        return tuple(sorted(added + moved))

    def done(self) -> None:
        """What ran since has been accepted: `undo` takes back what it changed by now.

        What it has not changed is let go.
        """
        names = [name for name in self._namespace if _counts(name) and name != _WARNED]
        moved = (name for name in names if not self._was(name, self._namespace[name]))
        self._moved = {name: self._namespace[name] for name in moved}
        self._taken = {name for name in self._bindings if name not in self._namespace}
        gone = self._moved.keys() | self._taken
        self._bindings = {name: was for name, was in self._bindings.items() if name in gone}
        self._accepted = [part for part in self._parts if changed(part.saved)]
        known = {id(found.value) for found in self._found}
        roots = [value for value in self._moved.values() if id(value) not in known]
        roots += [part.found.value for part in self._accepted]
        with _no_collection():
            self._made = Made(self._namespace, roots, known, self._limit, self._past)
        self._results.done()
        self._started = set(threading.enumerate()) - self._threads
        self._parts, self._found, self._accepted_settings = [], [], Settings()

    def goes_on(self) -> None:
        """What has run by now belongs to the accepted run: it is no later cell's."""
        if self._made:
            self._made.goes_on()

    def undo(self) -> tuple[str, ...]:
        """Take back what the accepted run changed; what has changed since stays, in place too.

        Returns the names that stay, or whose values do, sorted.
        """
        self._note_running(self._started)
        later = self._made.changed() if self._made else set()
        stay = {name for name, value in self._moved.items() if not self._is(name, value)}
        stay |= {name for name, value in self._moved.items() if id(value) in later}
        stay |= {name for name in self._taken if name in self._namespace}
        values = {part.found.name for part in self._accepted if id(part.found.value) in later}
        # All have been looked at before any is put back: some share memory.
        self._put_back([part for part in self._accepted if id(part.found.value) not in later])
        self._note_failed(self._settings.restore(self._accepted_settings))
        self._results.undo()
        for name in self._moved.keys() - stay:
            del self._namespace[name]
        for name in (self._moved.keys() | self._taken) - stay:
            if name in self._bindings:
                self._namespace[name] = self._bindings[name]
        return tuple(sorted(stay | values))

    def _save(self, found: list[Found], limit: float) -> Iterator[_Part]:
        """Save what can be saved, the small ones first."""
        past = self._past
        sized = ((size_of(each.value, past), each) for each in found)
        for size, each in sorted(sized, key=lambda pair: pair[0]):
            results = each.name == "Out" and each.value is self._namespace.get("Out")
            keep = Entries if results else keeper(each.value, past)
            fits = limit >= size
            try:
                saved = keep(each.value) if keep and fits else None
            except Exception:
                saved = None
            if saved:
                limit -= size
                yield _Part(each, saved)
            elif line := left_line(each, size if keep and not fits else 0):
                self._not_saved.append(line)

    def _put_back(self, parts: Collection[_Part]) -> None:
        """Put back what differs; what refuses is tried again, after what it may be a view of."""
        refused = [part for part in parts if not restored(part.saved)]
        again = [part.found for part in refused if not restored(part.saved)]
        self._note_failed([f"{found.name} ({class_name(type(found.value))})" for found in again])

    def _note_failed(self, names: Collection[str]) -> None:
        self._not_put_back.update(dict.fromkeys(names))

    def _note_running(self, threads: Collection[threading.Thread]) -> None:
        """What the code has begun and goes on changes things after they are put back."""
        names = sorted(thread.name for thread in threads if thread.is_alive())
        self._note_failed([in_line(f"thread {name}") for name in names])

    def _was(self, name: str, value: object) -> bool:
        return name in self._bindings and self._bindings[name] is value

    def _is(self, name: str, value: object) -> bool:
        return name in self._namespace and self._namespace[name] is value


@contextmanager
def _no_collection() -> Iterator[None]:
    """Many small copies are no garbage: to look for some among them takes longer than to copy."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _counts(name: str) -> bool:
    return _IPYTHONS_OWN.fullmatch(name) is None
