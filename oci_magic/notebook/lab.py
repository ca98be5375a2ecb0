"""JupyterLab and Notebook with our extension: generated code in real cells below the prompt.

Covers the operations sent to the extension and one prompt's cells from the first draft to the
accepted ones. The kernel chooses the ids of new cells, so
nothing waits for a reply. Drawing prose is `display`'s work, redirecting outputs `redirect`'s.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from comm import create_comm

from ..events import Finished
from ..running.redirect import numbered_apart, outputs_of
from ..types import Cell, Execution, Output
from .client import NAME, Client, Made, digest
from .frontends import Final, Place
from .queue import Answer, Replaced

if TYPE_CHECKING:
    from .lab_view import LabView

_KEPT_OUTCOMES = ("worked", "inserted")


class LabCells:
    """The cells below one prompt, written through a comm to the extension."""

    def __init__(self, client: Client, send: Callable[..., None], replaced: Replaced) -> None:
        self.client, self.send, self.replaced = client, send, replaced
        self._ids: list[str] = []
        self._shown: list[str] = []
        self._drafted: tuple[Cell, ...] = ()
        self._results: dict[str, tuple[list[Output], int]] = {}
        self._deleted: list[dict[str, str]] = []
        self._about: Mapping[str, object] = {}

    def draft(self, cells: Sequence[Cell]) -> None:
        """Show these code cells, the last of which may still be growing."""
        if cells and not self._ids:
            self._make_room()
        for at, cell in enumerate(cells):
            if at == len(self._ids):
                self._insert(cell.source)
            elif self._shown[at] != cell.source:
                was, self._shown[at] = self._shown[at], cell.source
                mark = self._mark(self._ids[at], cell.source)
                self.send("update", id=self._ids[at], source=cell.source, was=was, metadata=mark)

    def drafted(self, cells: Sequence[Cell]) -> None:
        """A reply is complete: exactly these code cells are its."""
        self.draft(cells)
        self._drafted = tuple(cells)
        over = slice(len(cells), None)
        self._delete(zip(self._ids[over], self._shown[over], strict=True))
        del self._ids[len(cells) :], self._shown[len(cells) :]

    def shown(self) -> list[tuple[str, str]]:
        """Id and source of each cell."""
        return list(zip(self._ids, self._shown, strict=True))

    def withdraw(self, prompt: str, cells: Iterable[tuple[str, str]]) -> None:
        """Take cells of an earlier prompt away; running it again asks anew."""
        self._delete(cells)
        self.send("update", id=prompt, metadata={"hash": ""})

    def id_of(self, cell: Cell) -> str:
        return self._ids[self._drafted.index(cell)]

    def ran(self, cell: Cell, execution: Execution, count: int) -> None:
        """The cell has run; its error, if it has one, stands below what it printed."""
        failure = execution.failure
        error = None
        if failure and not failure.stopped:
            trace = (failure.traceback or f"{failure.name}: {failure.message}").splitlines()
            error = {"output_type": "error", "ename": failure.name, "evalue": failure.message,
                     "traceback": trace}  # fmt: skip
        id_, outputs = self.id_of(cell), [*execution.outputs, *filter(None, [error])]
        self._results[id_] = outputs, count
        self.send("done", id=id_, count=count, error=error)

    def settle(
        self, accepted: Sequence[Cell], record: Mapping[str, object], about: Mapping[str, object]
    ) -> None:
        """Leave the accepted cells, marked as this prompt's, and the record of it in its cell.

        `about` tells in each cell's metadata where its code comes from.
        """
        self._about = about
        self.drafted(accepted)
        for id_, source in self.shown():
            self.send("update", id=id_, metadata=self._mark(id_, source))
        self.send("update", id=self.client.prompt, metadata=dict(record))

    def final(self, record: Mapping[str, object]) -> list[Mapping[str, object]]:
        """The operations that bring a window up to date which saw none of this."""
        after, told = [self.client.prompt], list[Mapping[str, object]]()
        if self._deleted:
            told.append({"operation": "delete", "cells": self._deleted, "number": 0})
        for id_, source in self.shown():
            outputs, count = self._results.get(id_, ([], None))
            told.append({"operation": "insert", "after": after, "cell": self._cell(id_, source)})
            told.append({"operation": "show", "id": id_, "outputs": outputs, "count": count})
            after = [id_, *after]
        told.append({"operation": "update", "id": self.client.prompt, "metadata": dict(record)})
        return told

    def _mark(self, id_: str, source: str) -> dict[str, object]:
        owner = self.client.prompt
        return {"owner": owner, "cell": id_, "code": digest(source), **self._about}

    def _make_room(self) -> None:
        """Take away what an earlier answer made; what the person edited is theirs from now on.

        Until the new answer is complete, nothing of the prompt is to be kept.
        """
        self.send("update", id=self.client.prompt, metadata={**self.client.record, "hash": ""})
        edited = [cell for cell in self.client.made if cell.edited]
        self._delete((cell.id, cell.source) for cell in self.client.made if not cell.edited)
        for cell in edited:
            self.send("update", id=cell.id, metadata=None)
        if edited:
            print(f"kept: {_count(edited)} that you edited, below the new code")

    def _insert(self, source: str) -> None:
        after = [*reversed(self._ids), self.client.prompt]
        self._ids.append(str(uuid.uuid4()))
        self._shown.append(source)
        self.send("insert", after=after, cell=self._cell(self._ids[-1], source))

    def _cell(self, id_: str, source: str) -> dict[str, object]:
        return {
            "id": id_, "cell_type": "code", "source": source, "outputs": [],
            "execution_count": None, "metadata": {NAME: self._mark(id_, source)},
        }  # fmt: skip

    def _delete(self, cells: Iterable[tuple[str, str]]) -> None:
        """Delete cells by id, if their source is still this one."""
        told = [{"id": id_, "source": source} for id_, source in cells]
        if told:
            self._deleted += told
            number = self.replaced.add([cell["id"] for cell in told], self.client.id)
            self.send("delete", cells=told, number=number)


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
        if client.made and recorded and client.recorded == recorded and not client.action:
            self.kept = f"{_count(client.made)} below"

    @contextmanager
    def opened(self) -> Iterator[None]:
        asks = {"client": self.client.id, "prompt": self.client.prompt}
        self._comm = create_comm(target_name=NAME, data=asks)
        with numbered_apart(self.shell) as own:
            self._send("pin", id=self.client.prompt, count=own)
            try:
                yield
            finally:
                if self._view:
                    self._view.over()
                self._comm.close()

    @contextmanager
    def hosted(self, cell: Cell) -> Iterator[None]:
        message = f"oci-{uuid.uuid4().hex}"
        self._send("bind", id=self.cells.id_of(cell), message=message)
        with outputs_of(self.shell.kernel, message):
            yield

    def view(self) -> LabView:
        from .lab_view import LabView

        self._view = LabView(self.cells, self.shell, self.rounds)
        return self._view

    def take(self, finished: Finished) -> None:
        accepted = finished.turn.reply.code
        if not accepted and not self.cells.shown():
            return
        kept = self.recorded if finished.outcome in _KEPT_OUTCOMES else ""
        name = uuid.uuid4().hex[:12]
        record = {**self.client.record, "hash": kept, "answer": name}
        said = [self.words] if self.action and self.words else []
        if self.client.record.get("feedback") or said:
            record["feedback"] = [*self.client.record.get("feedback", ()), *said]
        about = {"round": finished.repairs + 1, "model": finished.model, "hash": self.recorded}
        self.cells.settle(accepted, record, about)
        self.final = Final(self.prompt, name, self.cells.final(record))
        made = tuple(Made(id_, source, digest(source)) for id_, source in self.cells.shown())
        self.replaced.answered(self.prompt, Answer(self.client.id, name, kept, made))

    def made(self) -> Sequence[tuple[str, str]]:
        return self.cells.shown()

    def withdraw(self, prompt: str, cells: Sequence[tuple[str, str]]) -> None:
        self.replaced.forget(prompt)
        with self.opened():
            self.cells.withdraw(prompt, cells)

    def _send(self, operation: str, **values: object) -> None:
        self._comm.send({"operation": operation, **values})


class RepairPlace(Place):
    """A failed cell of the person's: what repairs it is proposed below it and put nowhere."""

    def __init__(self, shell: Any, source: str) -> None:
        super().__init__(shell, "", "in the drafts above")
        self.source = source

    def view(self) -> LabView:
        from .lab_view import RepairView

        return RepairView(self.shell, self.source)

    def take(self, finished: Finished) -> None:
        """The person applies it, or does not."""


def _count(cells: Sequence[object]) -> str:
    return f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
