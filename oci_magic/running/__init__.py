"""Running code: the `Executor` seam and what stands behind it."""

from __future__ import annotations

from typing import Protocol

from ..types import Cell, Execution


class Executor(Protocol):
    """Runs one code cell. A failure of the cell is a value, never an exception.

    `timeout` is in seconds, None: no limit.
    """

    timeout: float | None

    def run(self, cell: Cell) -> Execution: ...
