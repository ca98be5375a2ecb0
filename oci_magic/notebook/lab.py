"""JupyterLab and Notebook with our extension: generated code in real cells below the prompt.

Covers one prompt's connection to its window, from opening to how it ended. Its cells are
`lab_cells`' work, drawing panel and prose `lab_view`'s, redirecting outputs `redirect`'s.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from comm import create_comm

from ..events import Finished
from ..running.interrupts import put_off
from ..running.redirect import numbered_apart, outputs_of
from ..types import Cell, Failure, Turn
from .client import NAME, Client, mark
from .display import words
from .frontends import Final, Place, request_date
from .lab_cells import LabCells, counted
from .panel import MIME, Action, Panel, Shown
from .proposal import RepairPlace
from .queue import Answer, Replaced

if TYPE_CHECKING:
    from .lab_view import LabView

_KEPT_OUTCOMES = ("worked", "inserted")


class LabPlace(Place):
    """Cells of their own below the prompt; those of an earlier answer make room for new ones."""

    numbered = True

    def __init__(self, shell: Any, client: Client, replaced: Replaced, recorded: str) -> None:
        note = "oci: code runs in cells of its own below the prompt"
        super().__init__(shell, note, "in the cell below")
        self.client, self.recorded, self.rounds = client, recorded, client.rounds
        self.replaced = replaced
        self.cells = LabCells(client, self._send, replaced)
        self._view: LabView | None = None
        self.prompt, self.action, self.words = client.prompt, client.action, client.text
        self._record: dict[str, object] = {}
        self._count = 0
        self.ended = datetime.now(UTC)
        self.changed = bool(client.asked and client.asked != recorded)
        # After Ctrl-Z on cells, those of an earlier answer may stand there again.
        answers = client.made and all(c.mark.get("hash") == recorded for c in client.made)
        if answers and recorded and client.recorded == recorded and not client.action:
            self.kept = f"{counted(client.made)} below"

    def going_on(self, last: Place | None) -> Place:
        if not isinstance(last, LabPlace) or last.prompt == self.prompt:
            return self
        earlier, made = last.client, tuple(last.cells.made())
        client = replace(
            earlier, id=self.client.id, path=self.client.path, asking=self.client.asking,
            record=last._record or earlier.record, made=made, action=self.action, text=self.words,
        )  # fmt: skip
        return LabPlace(self.shell, client, self.replaced, last.recorded)

    def proposing(self, cell: str, source: str) -> Place:
        return RepairPlace(self.shell, replace(self.client, text=source), cell) if cell else self

    @contextmanager
    def opened(self) -> Iterator[None]:
        if self._count:  # already, to load the model
            yield
            return
        with self._connected(), numbered_apart(self.shell) as self._count:
            self._send("pin", id=self.client.asking, count=self._count)
            try:
                yield
            except BaseException:
                if self.cells.earlier_stands:
                    self.cells.give_up(self._record or self.client.record)
                raise
            finally:
                if self._view:
                    self._view.over()

    def loading(self, model: str) -> None:
        with put_off():
            self.view().loading(model)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        asks = {"client": self.client.id, "prompt": self.client.asking}
        self._comm: Any = None
        try:
            with put_off():
                self._comm = create_comm(target_name=NAME, data=asks)
            yield
        finally:
            with put_off():
                if self._comm:
                    self._comm.close()

    @contextmanager
    def hosted(self, cell: Cell) -> Iterator[None]:
        message = f"oci-{uuid.uuid4().hex}"
        self._send("bind", id=self.cells.id_of(cell), message=message)
        with outputs_of(self.shell.kernel, message):
            yield

    def view(self) -> LabView:
        from .lab_view import LabView

        if not self._view:
            self._view = LabView(self.cells, self.shell, self.rounds, self.row_of)
            self._view.words = self.words
            self._view.before = self.replaced.view(self.prompt) if self.client.made else None
        return self._view

    @property
    def row_of(self) -> str:
        """The cell whose answer the row is about, "" if the row stands below that cell."""
        return self.client.prompt if self.client.asking != self.client.prompt else ""

    def take(self, finished: Finished) -> None:
        self.ended = datetime.now(UTC)
        accepted, answer = finished.below, uuid.uuid4().hex[:12]
        if not accepted and not self.cells.shown():
            return
        if self.cells.earlier_stands:
            self._record = {**self.client.record, "answer": answer}
            self.cells.give_up(self._record)
            self._recorded(self.replaced.view(self.prompt))
            return
        kept = self.recorded if finished.outcome in _KEPT_OUTCOMES or finished.gone_on else ""
        record = {**self.client.record, "hash": kept, "asked": self.recorded, "answer": answer}
        record.pop("folded", None)  # it was the earlier answer's row that is not to be seen
        said = [self.words] if self.action and self.words else []
        record["feedback"] = [*self.client.feedback, *said]
        if not record["feedback"]:
            del record["feedback"]
        about = {"round": finished.repairs + 1, "model": finished.model, "hash": self.recorded}
        self.cells.settle(accepted, record, about)
        self._record = record
        self._recorded(self._view)

    def made(self) -> Sequence[tuple[str, str]]:
        return self.cells.code()

    @property
    def stands(self) -> bool:  # type: ignore[override]
        return not self.cells.earlier_stands

    def deleted_from(self, last: Place) -> Sequence[int]:
        there = self.client.stands
        if not isinstance(last, LabPlace) or there is None or last.client.path != self.client.path:
            return ()
        if request_date(self.shell.kernel) < last.ended:
            return ()  # it has stood in the queue, since before those cells were there
        return last.cells.deleted(there)

    def let_go(self, cell: str) -> None:
        self.cells.deleted({id_ for id_, _ in self.cells.shown()} - {cell})

    def lacks(self, last: Place) -> bool:
        there = self.client.stands
        if not isinstance(last, LabPlace) or there is None or last.client.id == self.client.id:
            return False
        made = [made.id for made in last.cells.made()]
        return bool(made) and not any(id_ in there for id_ in made)

    def standing(self, turn: Turn) -> str:
        if self.cells.earlier_stands:
            return "the earlier answer is below, as it was"
        return super().standing(turn)

    def sources(self, turn: Turn) -> Sequence[str]:
        return [cell.source for cell in turn.reply.code]

    def withdraw(self, last: Place, line: str, *, again: bool = False) -> None:
        """What stood there before returns; the row of what is taken back says so."""
        if not isinstance(last, LabPlace):
            print(line)
            return
        actions: tuple[Action, ...] = (
            ("undo", "retry", "feedback") if again else ("retry", "feedback")
        )
        row = Panel("kept", line, actions=actions, prompt=last.row_of)
        with self._connected():
            self.cells.withdraw(last.cells)
            earlier = last.client.record if last.client.made else {}
            name, made = str(last._record.get("answer", "")), tuple(last.cells.made())
            self.replaced.withdrawn(last.prompt, name, earlier, made)
            shown = {"output_type": "display_data", "data": row.bundle(), "metadata": {}}
            place = last.client.asking
            self._send("show", id=place, outputs=[shown], count=last._count or None)
        if place != self.client.asking:
            print(line)

    def ran(
        self, failure: Failure | None, left: Sequence[str] = (), *, unseen: bool = False
    ) -> None:
        del unseen  # the row tells of any
        if self._view:
            self._view.ran(failure, left)
        if failure is None:
            self._settled()

    def corrected(self) -> None:
        if self._view and self._record and not self._record.get("hash"):
            self._view.corrected()
            self._settled()

    def _settled(self) -> None:
        """The prompt is answered after all, and kept from now on."""
        self._record = {**self._record, "hash": self.recorded}
        with self._connected():
            self._send("update", id=self.prompt, metadata=self._record)
            self._send("settled", id=self.client.asking)
        self._recorded(self._view)

    def tell(self, line: str) -> None:
        from IPython.display import display

        if view := self.replaced.view(self.prompt):
            view.shown_again(line)
            return
        row, prose = Panel("kept", line, actions=("keep", "retry", "feedback")), ""
        for data in self.client.shown:  # by a kernel that is gone
            row = replace(row, told=row.told or Shown.read(mark(data.get(MIME)).get("drafts")))
            said = data.get("text/plain")
            prose = said if "text/markdown" in data and isinstance(said, str) else prose
        display(row.bundle(), raw=True)
        if prose:
            display(words(prose), raw=True)

    def final(self, error: Exception | None) -> Final | None:
        if not self._record or not self._view:
            return None
        row = {"operation": "show", "id": self.client.asking, "count": self._count,
               "outputs": self._view.outputs(error)}  # fmt: skip
        cells = self.cells.final(self._record)
        return Final(self.client.path, self.prompt, str(self._record["answer"]), [*cells, row])

    def _recorded(self, view: LabView | None) -> None:
        """Remember what the prompt cell's metadata now say of its answer; `view` has drawn it."""
        name, kept = str(self._record["answer"]), str(self._record.get("hash", ""))
        made = tuple(self.cells.made())
        self.replaced.answered(self.prompt, Answer(self.client.id, name, kept, made, view))

    def _send(self, operation: str, **values: object) -> None:
        with put_off():  # half a message spoils the one after it
            self._comm.send({"operation": operation, **values})
