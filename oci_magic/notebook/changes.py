"""What an answer has changed that the person should hear of: their names bound anew, new files.

Names that an earlier answer bound first are not the person's; nor are values changed in place,
which keep their names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ..objects import SHELL_NAMES
from .surroundings import NewFiles

MOST = 5
"""Names or files that are told one by one."""


class Changes:
    """Between now and `told()`; `ours` are the names of answers, to which it adds new ones."""

    def __init__(self, namespace: Mapping[str, object], folder: Path, ours: set[str]) -> None:
        self._namespace, self._folder, self._ours = namespace, folder, ours
        self._bound, self._files = self._names(), NewFiles(folder)

    def told(self) -> tuple[str, ...]:
        """Clauses such as `rebinds df` and `new file plot.png`; told once."""
        now, before = self._names(), self._bound
        self._ours.intersection_update(now)
        theirs = [name for name in before if name not in self._ours]
        rebound = [name for name in theirs if name in now and now[name] is not before[name]]
        self._ours.update(now.keys() - before.keys())
        gone = [name for name in theirs if name not in now]
        files = new_files(self._files.found(), self._folder)
        return (*_clauses(rebound, gone), *files)

    def _names(self) -> dict[str, object]:
        names = list(self._namespace.items())
        return {name: v for name, v in names if name[:1] != "_" and name not in SHELL_NAMES}


def new_files(found: Collection[Path], folder: Path) -> Iterator[str]:
    """`new files a.csv, b.csv`, of those that are to be seen; nothing for none."""
    files = sorted(path.relative_to(folder).as_posix() for path in found)
    seen = [name for name in files if not any(p[:1] in "._" for p in name.split("/"))]
    if seen:
        yield f"new file{'s' if len(seen) > 1 else ''} {_listed(seen)}"


def _clauses(rebound: list[str], gone: list[str]) -> Iterator[str]:
    if rebound:
        yield f"rebinds {_listed(rebound)}"
    if gone:
        yield f"deletes {_listed(gone)}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
