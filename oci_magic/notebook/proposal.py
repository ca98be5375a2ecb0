"""JupyterLab and Notebook with our extension: a repair of the person's own cell is proposed.

It is tried, shown as a diff and put nowhere; drawing it is `lab_view`'s work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from comm import create_comm

from ..events import Finished
from .client import NAME, Client
from .frontends import Place

if TYPE_CHECKING:
    from .lab_view import LabView, RepairView


class RepairPlace(Place):
    """A failed cell of the person's: what repairs it is proposed and put nowhere.

    It is proposed below the cell that asks, which may be another one than the failed `cell`.
    """

    proposes = True

    def __init__(self, shell: Any, client: Client, cell: str = "") -> None:
        super().__init__(shell, "", "in the drafts above")
        self.client, self.source, self.cell = client, client.text, cell
        self._view: RepairView | None = None
        self._opened = False

    @contextmanager
    def opened(self) -> Iterator[None]:
        """The window follows: it shows how long it takes, and Stop."""
        if self._opened:
            yield
            return
        self._opened = True
        asks = {"client": self.client.id, "prompt": self.client.asking}
        comm = create_comm(target_name=NAME, data=asks)
        try:
            yield
        finally:
            self.view().over()
            comm.close()

    def loading(self, model: str) -> None:
        self.view().loading(model)

    def view(self) -> LabView:
        from .lab_view import RepairView

        self._view = self._view or RepairView(self.shell, self.source, self.cell)
        return self._view

    def take(self, finished: Finished) -> None:
        """The person applies it, or does not."""

    def tried(self, left: Sequence[str]) -> None:
        if self._view and left:
            self._view.tried(left)
