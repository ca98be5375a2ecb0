"""Running code: the `Executor` seam and what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..types import Cell, Execution, Failure
from .reserve import Reserve


class Executor(Protocol):
    """Runs one code cell. A failure of the cell is a value, never an exception.

    `timeout` is in seconds, None: no limit. `strict` makes a cell's warnings errors. What `reserve`
    keeps back of the notebook is not told. `check` tries what must hold after a run: the first
    failure, or None.
    """

    timeout: float | None
    strict: bool
    reserve: Reserve

    def run(self, cell: Cell) -> Execution: ...

    def check(self, checks: Sequence[str]) -> Failure | None: ...
