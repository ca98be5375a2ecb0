"""A notebook in a front end with our extension, written in Python.

It keeps cells, marks and outputs as the extension does (`labextension/static/cells.js`) and speaks
to a real kernel; the extension itself is tested in a browser.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from kernels import Kernel

from oci_magic.notebook.panel import MIME

KEY = "oci_magic"
Notes = dict[str, Any]


class Notebook:
    """Cells with ids, sources, metadata, outputs and counts; what a person and a kernel do."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.client, self.path = "me", "book.ipynb"
        self.cells: list[Notes] = []
        self.deletions = 0
        self.deleted: dict[str, Notes] = {}
        """What the kernel has deleted, by id."""
        self.seen: dict[str, str] = {}
        """The last answer to each prompt that the kernel has told of."""
        self.operations: list[str] = []
        self.meddle: Callable[[str], object] = lambda _: None
        """What the person does in mid-run, after an operation of this name."""
        self._bound: dict[str, str] = {}

    # What the person does

    def add(self, source: str, at: int | None = None) -> str:
        cell = {"id": str(uuid.uuid4()), "source": source, "metadata": {}, "outputs": []}
        self.cells.insert(len(self.cells) if at is None else at, cell)
        return str(cell["id"])

    def copy(self, id_: str, at: int) -> str:
        """Paste a copy: everything of the cell but its id."""
        copied = {**deepcopy(self[id_]), "id": str(uuid.uuid4())}
        self.cells.insert(at, copied)
        return str(copied["id"])

    def move(self, id_: str, to: int) -> None:
        cell = self[id_]
        self.cells.remove(cell)
        self.cells.insert(to, cell)

    def delete(self, id_: str) -> None:
        self.cells.remove(self[id_])

    def ask(self, *replies: str, prompt: str = "go", options: str = "") -> str:
        """A new prompt cell at the end with these replies as its model; run it. Gives its id."""
        name = f"replies-{time.time_ns()}.json"
        (self.kernel.folder / name).write_text(json.dumps(replies), encoding="utf-8")
        cell = self.add(f"%%oci -m scripted:{name} {options}\n{prompt}")
        self.run(cell)
        return cell

    def run(self, id_: str, action: str = "", words: str = "", told: Notes | None = None) -> Notes:
        """Run a cell; `action` is what a button of its panel says, `told` that of before."""
        told = told or self.told(id_)
        if action:
            told["action"] = {"kind": action, "text": words}
        return self._execute(id_, self[id_]["source"], told)

    def command(self, id_: str, line: str, button: str = "") -> Notes:
        """Run a line in a cell's name, as a button of its panel may do."""
        action = {"kind": button, "text": self[id_]["source"]} if button else None
        shown = [m for m in self[id_]["outputs"] if MIME not in m.get("data", {})]
        kept = shown if button == "repair" else self[id_]["outputs"]
        return self._execute(id_, line, {**self.told(id_), "action": action}, kept)

    def run_all(self) -> None:
        """Every request is made before the first one is answered."""
        queue = [(cell["id"], cell["source"], self.told(cell["id"])) for cell in self.cells]
        asked = datetime.now(UTC)
        for request in queue:
            self._execute(*request, asked=asked)

    def load_anew(self, cells: list[Notes]) -> None:
        """The window shows these cells, as they were saved, and asks how prompts ended."""
        self.cells, self.client, self.deletions, self.deleted = cells, str(uuid.uuid4()), 0, {}
        prompts = [cell for cell in cells if cell["source"].startswith("%%oci")]
        answers = {cell["id"]: (_mark(cell) or {}).get("answer") for cell in prompts}
        asks = {"client": self.client, "path": self.path, "answers": answers}
        for operation in self.kernel.open_comm(KEY, asks):
            self._apply(operation)

    # What can be seen

    def told(self, id_: str) -> Notes:
        """What a request tells of this front end now."""
        made = [(c, c["metadata"][KEY]) for c in self.below(id_, left=True)]
        cells = [{"id": c["id"], "source": c["source"], "metadata": mark,
                  "kind": c.get("cell_type", "code"), "theirs": mark["cell"] != c["id"]}
                 for c, mark in made]  # fmt: skip
        record = self[id_]["metadata"].get(KEY)
        ours = [m["data"] for m in self[id_]["outputs"] if "data" in m]
        shown = [data for data in ours if MIME in data or "text/markdown" in data]
        below = {"record": record, "cells": cells, "seen": self.seen.get(id_), "shown": shown}
        marks = [_mark(cell) or {} for cell in self.cells]
        stands = [mark["cell"] for mark in marks if mark.get("cell")]
        return {"protocol": 1, "client": self.client, "path": self.path, "made": below,
                "deletions": self.deletions, "stands": stands}  # fmt: skip

    def below(self, prompt: str, left: bool = False) -> list[Notes]:
        """The cells that the prompt owns; `left` with those that others are gone for."""
        marks = [(cell, _mark(cell) or {}) for cell in self.cells]
        made = [c for c, m in marks if m.get("owner") == prompt and m.get("cell")
                and (m["cell"] == c["id"] or (left and m["cell"] not in self.ids()))]  # fmt: skip
        return [cell for cell in made if cell["id"] != prompt]

    def ids(self) -> list[str]:
        return [cell["id"] for cell in self.cells]

    def sources(self) -> list[str]:
        return [cell["source"] for cell in self.cells]

    def __getitem__(self, id_: str) -> Notes:
        return next(cell for cell in self.cells if cell["id"] == id_)

    def __contains__(self, id_: str) -> bool:
        return any(cell["id"] == id_ for cell in self.cells)

    # What the kernel does

    def _execute(
        self, id_: str, source: str, told: Notes, kept: Sequence[Notes] = (),
        asked: datetime | None = None,
    ) -> Notes:  # fmt: skip
        """The cell may be gone by now, as in a queue."""
        self.operations, self._bound = [], {}
        if id_ in self:
            self[id_]["outputs"] = list(kept)
        reply, shown = self.kernel.run(source, cell=id_, asked=asked, oci_magic_client=told)
        for message in shown:
            if message["type"] == "comm_msg":
                self._apply(message["data"])
            elif message["type"] not in ("comm_open", "comm_close", "status", "execute_input"):
                owner = self._bound.get(message["parent"], id_)
                if owner in self:
                    self[owner]["outputs"].append(message)
        return reply

    def _apply(self, said: Notes) -> None:
        """Do an operation; a cell that is gone by now is left alone."""
        values = dict(said)
        name = values.pop("operation")
        self.operations.append(name)
        if "id" not in values or values["id"] in self:
            getattr(self, f"_{name}")(**values)
        self.meddle(name)

    def _insert(
        self, after: list[str], cell: Notes, was: list[str] | None = None, **_: Any
    ) -> None:
        if was and cell["id"] in self and _part(self[cell["id"]]["source"], was):
            self[cell["id"]].update(source=cell["source"], metadata=cell["metadata"])
        there = next((id_ for id_ in after if id_ in self), None)
        if there is None or cell["id"] in self:
            return
        before = self.deleted.get(cell["id"], {})
        outputs = before["outputs"] if before.get("source") == cell["source"] else []
        self.cells.insert(self.ids().index(there) + 1, {**cell, "outputs": outputs})

    def _update(
        self, id: str, source: str | None = None, was: str | None = None, **more: Any
    ) -> None:
        cell = self[id]
        if source is not None and was in (None, cell["source"]):
            cell["source"] = source
        if "metadata" in more:
            cell["metadata"][KEY] = more["metadata"]
            if answer := (_mark(cell) or {}).get("answer"):
                self.seen[id] = answer

    def _delete(self, cells: list[Notes], number: int, **_: Any) -> None:
        self.deletions = max(self.deletions, number)
        said = {c["id"]: c for c in cells}
        gone = [cell for cell in self.cells if cell["id"] in said
                and _is_said(cell["source"], said[cell["id"]])]  # fmt: skip
        self.deleted |= {cell["id"]: cell for cell in gone}
        self.cells = [cell for cell in self.cells if cell not in gone]
        for edited in (cell for cell in self.cells if cell["id"] in said):
            edited["metadata"][KEY] = None  # the person's from now on

    def _bind(self, id: str, message: str) -> None:
        self._bound[message] = id
        self[id]["outputs"] = []

    def _done(self, id: str, count: int, error: Notes | None) -> None:
        self[id]["count"] = count
        if error:
            self[id]["outputs"].append({"type": "error", **error})

    def _show(self, id: str, outputs: list[Notes], count: int | None) -> None:
        self[id].update(outputs=outputs, count=count)

    def _settled(self, id: str) -> None:
        self[id]["outputs"] = [m for m in self[id]["outputs"] if m.get("type") != "error"]

    def _pin(self, id: str, count: int) -> None:
        self[id]["count"] = count


def text(cell: Notes) -> str:
    """What a cell shows as text."""
    parts = (m.get("text") or m.get("data", {}).get("text/plain", "") for m in cell["outputs"])
    return "".join(parts)


def panel(cell: Notes) -> Notes:
    """What the panel of a prompt shows in the end."""
    shown = [m["data"].get(MIME) for m in cell["outputs"] if "data" in m]
    found: Notes = [data for data in shown if data][-1]
    return found


def _part(source: str, was: list[str] | None, *more: str) -> bool:
    """Whether a source is a draft of which nothing but the end is missing."""
    return was is not None and any(draft.startswith(source) for draft in (*was, *more))


def _is_said(source: str, said: Notes) -> bool:
    """Whether a source is the one that is to be deleted, or a draft of it."""
    return source == said["source"] or _part(source, said.get("was"), said["source"])


def _mark(cell: Notes) -> Notes | None:
    """What the extension reads of a cell's own metadata: properties of an object, or nothing."""
    mark = cell["metadata"].get(KEY)
    return mark if isinstance(mark, dict) else None
