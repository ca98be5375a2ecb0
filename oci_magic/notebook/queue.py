"""Requests that stand in the kernel's queue for cells that are gone by now.

A front end queues every cell of "Run All" at once. If a prompt among them replaces cells that an
earlier answer made, their requests still come and must not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .frontends import request_metadata


class Replaced:
    """Cells that prompts have deleted; `transform` is an input transformer of the shell.

    Deletions are numbered. A request says which were done when it was made: a cell that was
    deleted and is back since (undo) runs again.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._deleted: dict[str, int] = {}
        self._number = 0

    def add(self, cells: Sequence[str]) -> int:
        """Note the deletion of cells by their ids; returns its number."""
        self._number += 1
        self._deleted.update(dict.fromkeys(cells, self._number))
        return self._number

    def transform(self, lines: list[str]) -> list[str]:
        """Nothing in place of the source of a cell that is gone."""
        if not self._deleted:
            return lines
        metadata = request_metadata(getattr(self.shell, "kernel", None))
        number = self._deleted.get(str(metadata.get("cellId")), 0)
        client = metadata.get("oci_magic_client") or {}
        return [] if client.get("deletions", number) < number else lines

    # It is not asked whether what stands at a terminal's prompt is complete.
    transform.has_side_effects = True  # type: ignore[attr-defined]
