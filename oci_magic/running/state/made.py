"""What an accepted run has made: has a later cell changed it?

Of objects that can be saved it is seen. Of others, and of what is larger than the limit, it is seen
only whether a cell of the notebook that ran since can reach them: then it may have changed them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from types import FunctionType

from .definitions import REMEMBERING
from .holding import ATOMS, held
from .reach import reachable
from .tables import Past
from .unprotected import is_unchanging
from .values import Saved, changed, saved_or_none, size_of

_MAGIC = re.compile(r"get_ipython\(\)\.(?:run_(?:line|cell)_magic|magic)\(")
_OURS = re.compile(_MAGIC.pattern + r"['\"]oci\b")


class Made:
    """The objects in `roots` and all that they hold, as they are now, but for those `known`."""

    def __init__(
        self,
        namespace: Mapping[str, object],
        roots: Iterable[object],
        known: Collection[int],
        limit: float,
        past: Past = "none",
    ) -> None:
        self._namespace, self._past = namespace, past
        self._objects: dict[int, object] = {}
        self._holders: dict[int, list[int]] = {}
        self._saved: dict[int, Saved] = {}
        self._unseen: set[int] = set()
        self._gather(list(roots), known)
        self._save(limit)
        self.goes_on()

    def goes_on(self) -> None:
        """What has run by now is no later cell."""
        self._cells = len(_inputs(self._namespace) or ())

    def changed(self) -> set[int]:
        """The ids of what has changed since or may have, and of all that holds some of it."""
        waiting = [known for known, saved in self._saved.items() if changed(saved)]
        waiting += self._touched()
        found = set(waiting)
        while waiting:
            for holder in self._holders.get(waiting.pop(), ()):
                if holder not in found:
                    found.add(holder)
                    waiting.append(holder)
        return found

    def _gather(self, waiting: list[object], known: Collection[int]) -> None:
        """Note the roots, whether known or not, and what they hold as far as it is new."""
        while waiting:
            value = waiting.pop()
            if id(value) in self._objects or id(type(value)) in ATOMS or self._is_anothers(value):
                continue
            self._objects[id(value)] = value
            for part in held(value):
                if id(type(part)) not in ATOMS and id(part) not in known:
                    self._holders.setdefault(id(part), []).append(id(value))
                    waiting.append(part)

    def _is_anothers(self, value: object) -> bool:
        """Whether it is a function of a package, which may keep what it likes."""
        if type(value) is not FunctionType or value.__globals__ is self._namespace:
            return False
        return value.__module__ != "__main__"

    def _save(self, limit: float) -> None:
        """Save what can be saved, the small ones first, but not what functions remember."""
        values = (value for value in self._objects.values() if type(value) is not REMEMBERING)
        sizes = ((size_of(value, self._past), value) for value in values)
        for size, value in sorted(sizes, key=lambda pair: pair[0]):
            saved = saved_or_none(value, self._past) if size <= limit else None
            if saved:
                limit -= size
                self._saved[id(value)] = saved
            elif not is_unchanging(type(value)):
                self._unseen.add(id(value))

    def _touched(self) -> set[int]:
        """What cannot be compared and a later cell can reach; all where no cells are known."""
        cells = _inputs(self._namespace)
        if not self._unseen or cells is None or len(cells) < self._cells:
            return self._unseen
        later = [cell for cell in cells[self._cells :] if not _OURS.match(cell)]
        code = _MAGIC.sub("(", "\n".join(later))
        return self._unseen & {id(found.value) for found in reachable(code, self._namespace)}


def _inputs(namespace: Mapping[str, object]) -> list[str] | None:
    """The cells that IPython has run; None where there is no such list."""
    cells = namespace.get("In")
    if type(cells) is not list or not all(type(cell) is str for cell in cells):
        return None
    return list(cells)
