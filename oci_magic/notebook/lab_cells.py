"""The cells below one prompt in JupyterLab, from the first draft to the accepted ones.

Covers the operations sent to the extension. The kernel chooses the ids of new cells, so nothing
waits for a reply.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from ..types import Cell, Execution, Output
from .client import NAME, Client, Made, digest
from .queue import Replaced


class LabCells:
    """The cells below one prompt, written through a comm to the extension."""

    def __init__(self, client: Client, send: Callable[..., None], replaced: Replaced) -> None:
        self.client, self.send, self.replaced = client, send, replaced
        self._ids: list[str] = []
        self._cells: list[Cell] = []
        self._drafted: tuple[Cell, ...] = ()
        self._results: dict[str, tuple[list[Output], int]] = {}
        self._deleted: list[Mapping[str, object]] = []
        self._versions: dict[str, list[str]] = {}  # of each cell: what it held before, whole
        self._about: Mapping[str, object] = {}
        self._complete = self._withdrawn = False

    @property
    def earlier_stands(self) -> bool:
        """Whether the cells of an earlier answer are there, no new one being complete yet."""
        return bool(self.client.made) and not self._complete

    def draft(self, cells: Sequence[Cell]) -> None:
        """Show these cells, the last of which may still be growing."""
        if cells and not self._ids and not self._complete:
            # Until the answer is complete, nothing of the prompt is to be kept.
            self._update_prompt({**self.client.record, "hash": ""})
        for at, cell in enumerate(cells):
            if at < len(self._ids) and self._cells[at].kind != cell.kind:
                self._shorten(at)
            if at == len(self._ids):
                self._insert(cell)
            elif self._cells[at] != cell:
                was, self._cells[at] = self._cells[at].source, cell
                if not cell.source.startswith(was):
                    self._versions.setdefault(self._ids[at], []).append(was)
                mark = self._mark(self._ids[at], cell)
                self.send("update", id=self._ids[at], source=cell.source, was=was, metadata=mark)

    def drafted(self, cells: Sequence[Cell]) -> None:
        """A reply is complete: exactly these cells are its; those of before make room."""
        self.draft(cells)
        if not self._complete:
            self._complete = True
            self._make_room()
        self._drafted = tuple(cells)
        self._shorten(len(cells))

    def give_up(self, record: Mapping[str, object]) -> None:
        """Nothing complete came: the drafts go, and the earlier answer is what it was."""
        self._shorten(0)
        self._update_prompt(record)

    def shown(self) -> list[tuple[str, str]]:
        """Id and source of each cell."""
        return [(id_, cell.source) for id_, cell in zip(self._ids, self._cells, strict=True)]

    def code(self) -> list[tuple[str, str]]:
        """Id and source of each code cell."""
        kinds = (cell.kind for cell in self._cells)
        return [shown for shown, kind in zip(self.shown(), kinds, strict=True) if kind == "code"]

    def deleted(self, there: Collection[str]) -> list[int]:
        """Which code cells are not `there` any more, by their number; they are ours no longer."""
        code = [id_ for id_, _ in self.code()]
        gone = [at for at, id_ in enumerate(code) if id_ not in there]
        stay = [at for at, id_ in enumerate(self._ids) if id_ not in {code[at] for at in gone}]
        self._ids, self._cells = [self._ids[n] for n in stay], [self._cells[n] for n in stay]
        return gone

    def made(self) -> Iterator[Made]:
        """The cells as a later request will tell of them."""
        if self.earlier_stands:
            yield from self.client.made
        if self._withdrawn:
            yield from self.client.made
            return
        for id_, cell in zip(self._ids, self._cells, strict=True):
            yield Made(id_, cell.source, digest(cell.source), self._mark(id_, cell))

    def withdraw(self, last: LabCells) -> None:
        """Take away the cells of a prompt; those that had made room for them are back.

        Where there are none, running the prompt again asks anew.
        """
        if last.earlier_stands:
            return
        last._withdrawn = True
        prompt, shown = last.client.prompt, last.shown()
        after = [prompt, *(id_ for id_, _ in reversed(shown))]  # the prompt may be gone
        for made in last.client.made:
            if made.edited:  # it has stayed
                self.send("update", id=made.id, metadata=dict(made.mark))
            else:
                cell = _cell(made.id, made.source, made.mark)
                self.send("insert", after=after, cell=cell)
            after = [made.id, *after]
        self._delete(shown)
        record = {**last.client.record} if last.client.made else {"hash": ""}
        self.send("update", id=prompt, metadata=record)

    def id_of(self, cell: Cell) -> str:
        """The last that has this source: the one before it may have gone on with the same."""
        at = max(at for at, drafted in enumerate(self._drafted) if drafted == cell)
        return self._ids[at]

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
        for id_, cell in zip(self._ids, self._cells, strict=True):
            self.send("update", id=id_, metadata=self._mark(id_, cell))
        self._update_prompt(record)

    def final(self, record: Mapping[str, object]) -> list[Mapping[str, object]]:
        """The operations that bring a window up to date which saw none of this."""
        after, told = [self.client.prompt], list[Mapping[str, object]]()
        if self._deleted:
            told.append({"operation": "delete", "cells": self._deleted, "number": 0})
        for id_, cell in zip(self._ids, self._cells, strict=True):
            new, was = self._new(id_, cell), [*self._versions.get(id_, ()), cell.source]
            told.append({"operation": "insert", "after": after, "cell": new, "was": was})
            if cell.kind == "code":
                outputs, count = self._results.get(id_, ([], None))
                told.append({"operation": "show", "id": id_, "outputs": outputs, "count": count})
            after = [id_, *after]
        told.append({"operation": "update", "id": self.client.prompt, "metadata": dict(record)})
        self._results.clear()  # told once, and pictures are large
        return told

    def _mark(self, id_: str, cell: Cell) -> dict[str, object]:
        kind = {} if cell.kind == "code" else {"kind": cell.kind}
        mark = {"owner": self.client.prompt, "cell": id_, "code": digest(cell.source)}
        return {**mark, **kind, **self._about}

    def _make_room(self) -> None:
        """Take away what an earlier answer made; what the person edited is theirs from now on."""
        edited = [cell for cell in self.client.made if cell.edited]
        replaced = [cell for cell in self.client.made if not cell.edited]
        self._delete(((cell.id, cell.source) for cell in replaced), instead=self._ids)
        for cell in edited:
            self.send("update", id=cell.id, metadata=None)
        if edited:
            print(f"kept: {counted(edited)} that you edited, below the new code")

    def _update_prompt(self, record: Mapping[str, object]) -> None:
        self.send("update", id=self.client.prompt, metadata=dict(record))

    def _shorten(self, length: int) -> None:
        """Delete what there is beyond so many cells: drafts, which undo does not bring back."""
        self._delete(self.shown()[length:], step=False)
        del self._ids[length:], self._cells[length:]

    def _insert(self, cell: Cell) -> None:
        after = [*reversed(self._ids), self.client.prompt, self.client.asking]
        self._ids.append(str(uuid.uuid4()))
        self._cells.append(cell)
        new, step = self._new(self._ids[-1], cell), not self.earlier_stands
        self.send("insert", after=after, cell=new, draft=True, step=step)

    def _new(self, id_: str, cell: Cell) -> dict[str, object]:
        return _cell(id_, cell.source, self._mark(id_, cell))

    def _delete(
        self, cells: Iterable[tuple[str, str]], instead: Sequence[str] = (), *, step: bool = True
    ) -> None:
        """Delete cells by id, if their source is still this one; `instead` stay in their place."""
        told = [{"id": id_, "source": source} for id_, source in cells]
        if told:
            was = self._versions
            self._deleted += [{**c, "was": was.get(c["id"], [])} if not step else c for c in told]
            number = self.replaced.add([cell["id"] for cell in told], self.client.id)
            self.send("delete", cells=told, number=number, drafts=[*instead], step=step)


def counted(cells: Sequence[object]) -> str:
    """`2 cells`"""
    return f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"


def _cell(id_: str, source: str, mark: Mapping[str, object]) -> dict[str, object]:
    """A new cell of the kind that its mark says, in nbformat's form."""
    kind, metadata = mark.get("kind", "code"), {NAME: dict(mark)}
    cell = {"id": id_, "cell_type": kind, "source": source, "metadata": metadata}
    return {**cell, "outputs": [], "execution_count": None} if kind == "code" else cell
