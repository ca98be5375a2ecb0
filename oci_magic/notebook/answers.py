"""The cells below one prompt cell of a document, as replies come, fail and are replaced.

Covers which cells stand there, what their metadata says and what the prompt cell itself tells.
Outputs of running code arrive elsewhere; `running` says which cell they belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .client import digest, mark
from .display import words
from .document import METADATA, SKIP, Kept, Node, kept, loading_no_model
from .driven import Told

_GOOD = ("worked", "answered", "inserted")


class Answer:
    """What the cell at `index` of `notebook` makes below itself; `take` every event.

    `override` is the model that was chosen over the notebook's own. `ids` are those of all
    cells made here, `told` lines for the person.
    """

    def __init__(self, notebook: Node, index: int, override: str | None = None) -> None:
        self.notebook, self.index, self.override = notebook, index, override
        self.prompt = notebook.cells[index]
        self.source = str(self.prompt.source)
        self.ids: set[str] = set()
        self.told: list[str] = []
        self._settled = 0
        self._done: list[Node] = []  # the cells from whose results the answer goes on
        self._draft: list[Node] = []
        self._round = 0
        self._next: int | None = None

    def take(self, event: Told) -> None:
        match event["kind"]:
            case "prompted":
                self._begin()
            case "drafted":
                cells = event["cells"]
                self._replace(cells if self._done else [c for c in cells if c[0] == "code"])
            case "goes on":
                self._done += self._draft
                self._draft = []
            case "executed":
                self._ran(event["error"])
            case "told" | "repairing":
                self._print(event["line"])
            case "finished":
                self._finish(event)

    @property
    def running(self) -> tuple[Node, int] | None:
        """The generated cell that runs now, and its index."""
        if self._next is None:
            return None
        return self._draft[self._next], self._first + self._next

    @property
    def places(self) -> range:
        """Indices of the cells of the reply under way."""
        return range(self._first, self._first + len(self._draft))

    def close(self) -> None:
        """The prompt cell has ended; code of a request that did not finish is not to run."""
        self._next = None
        self._stamp(Kept("", "", ""))
        _skip([*self._done, *self._draft])

    def last(self) -> None:
        """The prompt cell has ended by itself: run again, it loads no model without need."""
        if all(output.output_type != "error" for output in self.prompt.outputs):
            self.prompt.source = loading_no_model(str(self.prompt.source))

    @property
    def _first(self) -> int:
        return self.index + 1 + self._settled + len(self._done)

    def _begin(self) -> None:
        if not self._round and not self._settled:
            self.prompt.metadata.pop(METADATA, None)
            self._drop_earlier_answer()
        self._round += 1

    def _drop_earlier_answer(self) -> None:
        """Take away what an earlier run made of this prompt, but nothing the person edited."""
        after = self.notebook.cells[self.index + 1 :]
        ours = [cell for cell in after if self._made(cell)]
        edited = [c for c in ours if c.metadata[METADATA].get("code") != digest(c.source)]
        for cell in edited:
            ours.remove(cell)
            del cell.metadata[METADATA]
            self.told.append("a cell of the earlier answer was edited: it is kept")
        drop = {cell.id for cell in ours}
        self.notebook.cells[self.index + 1 :] = [cell for cell in after if cell.id not in drop]

    def _made(self, cell: Node) -> bool:
        """Whether this prompt made the cell; a copy of one has its mark, but another id."""
        told = mark(cell.metadata.get(METADATA))
        return bool(told.get("owner") == self.prompt.id and told.get("cell") == cell.id)

    def _replace(self, told: Sequence[tuple[str, str]]) -> None:
        """Put cells in the place of the last reply's, unless they are the same or none."""
        self._next = None
        if told and [*map(tuple, told)] != [(c.cell_type, c.source) for c in self._draft]:
            self._put(told)
            self._next = self._code_from(0)

    def _put(self, told: Sequence[tuple[str, str]]) -> None:
        from nbformat import v4

        new = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
        cells = [new[kind](source) for kind, source in told]
        self.notebook.cells[self.places.start : self.places.stop] = cells
        self._draft = cells
        self.ids |= {cell.id for cell in cells}

    def _code_from(self, at: int) -> int | None:
        """The place of the first code cell of the draft from `at` on."""
        kinds = enumerate(cell.cell_type for cell in self._draft)
        return next((place for place, kind in kinds if place >= at and kind == "code"), None)

    def _ran(self, error: dict[str, Any] | None) -> None:
        from nbformat.v4 import new_output

        if self._next is None:
            return
        cell = self._draft[self._next]
        cell.execution_count = 1  # any number: writing the document numbers all cells
        if error:
            cell.outputs.append(new_output("error", **error))
        self._next = None if error else self._code_from(self._next + 1)

    def _finish(self, event: Told) -> None:
        self._next, outcome = None, event["outcome"]
        after = kept(self.source, event["model"], self.override)
        if outcome == "answered":
            self._replace([("markdown", event["words"])])
        elif event["words"]:
            self._show(event["words"])
        if self._done:  # what it went on with may be left out
            stays = event["cells"][len(self._done) :]
            if [*map(tuple, stays)] != [(c.cell_type, c.source) for c in self._draft]:
                self._put(stays)
        if outcome != "worked":
            _skip([*self._done, *self._draft])
        self._stamp(after)
        if outcome in _GOOD:
            self._print(event["line"])
            self._keep(after)
        self._settled += len(self._done) + len(self._draft)
        self._done, self._draft, self._round = [], [], 0

    def _keep(self, after: Kept) -> None:
        cells = self.notebook.cells[self.index + 1 : self.places.stop]
        self.prompt.source = after.source
        self.prompt.metadata[METADATA] = {
            "hash": after.hash,
            "model": after.model,
            "cells": [cell.id for cell in cells],
        }

    def _stamp(self, prompt: Kept) -> None:
        for cell in (*self._done, *self._draft):
            cell.metadata[METADATA] = {
                "owner": self.prompt.id,
                "cell": cell.id,
                "round": self._round,
                "model": prompt.model,
                "hash": prompt.hash,
                "code": digest(cell.source),
            }

    def _print(self, line: str) -> None:
        from nbformat.v4 import new_output

        self.prompt.outputs.append(new_output("stream", name="stdout", text=f"{line}\n"))

    def _show(self, said: str) -> None:
        from nbformat.v4 import new_output

        self.prompt.outputs.append(new_output("display_data", data=words(said)))


def _skip(cells: list[Node]) -> None:
    for cell in cells:
        if cell.cell_type == "code":
            cell.metadata["tags"] = [SKIP]
