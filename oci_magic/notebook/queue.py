"""Requests that stand in the kernel's queue for cells that are gone by now.

A front end queues every cell of "Run All" at once. If a prompt among them replaces cells that an
earlier answer made, their requests still come and must not run. A prompt that is queued twice
must not be answered twice either: its second request tells what was there before the answer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .client import Client, Made
from .frontends import request_metadata

if TYPE_CHECKING:
    from .lab_view import LabView


@dataclass(frozen=True)
class Answer:
    """What a window was told of a prompt's last answer; `view` has drawn it."""

    client: str
    name: str
    hash: str
    cells: tuple[Made, ...]
    view: LabView | None = None


class Replaced:
    """Cells that prompts have deleted; `transform` is an input transformer of the shell.

    Deletions are numbered. A request says which its window had done when it was made: a cell that
    was deleted there and is back since (undo) runs again, and so does one in another window.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._deleted: dict[str, tuple[str, int]] = {}
        self._number = time.time_ns() // 1_000_000  # above those of an extension loaded before
        self._answers: dict[str, Answer] = {}
        self._withdrawn: dict[str, tuple[str, Mapping[str, Any], tuple[Made, ...]]] = {}

    def add(self, cells: Sequence[str], client: str) -> int:
        """Note that cells are deleted in the window of `client`; returns the deletion's number."""
        self._number += 1
        self._deleted.update(dict.fromkeys(cells, (client, self._number)))
        return self._number

    def answered(self, prompt: str, answer: Answer) -> None:
        self._answers[prompt] = answer

    def view(self, prompt: str) -> LabView | None:
        """What has drawn the prompt's last answer, if that was in this kernel."""
        return self._answers[prompt].view if prompt in self._answers else None

    def withdrawn(
        self, prompt: str, name: str, record: Mapping[str, Any], made: tuple[Made, ...]
    ) -> None:
        """The answer `name` was taken back: `record` and `made` are those of the one before."""
        self._answers.pop(prompt, None)
        self._withdrawn[prompt] = (name, record, made)

    def current(self, client: Client) -> Client:
        """`client` as it is by now: its request may have been queued before the last answer.

        Or before that was taken back.
        """
        name, record, made = self._withdrawn.get(client.prompt, ("", {}, ()))
        if name and client.record.get("answer") == name:
            return replace(client, record=record, made=made)
        last = self._answers.get(client.prompt)
        if not last or last.client != client.id:
            return client
        # A window that knows of the answer and shows another one has gone back: loaded from disk.
        if last.name in (client.record.get("answer"), client.seen):
            return client
        known = {**client.record, "hash": last.hash, "answer": last.name}
        return replace(client, record=known, made=last.cells)

    def transform(self, lines: list[str]) -> list[str]:
        """Nothing in place of the source of a cell that is gone."""
        if not self._deleted:
            return lines
        metadata = request_metadata(getattr(self.shell, "kernel", None))
        client, number = self._deleted.get(str(metadata.get("cellId")), ("", 0))
        told = metadata.get("oci_magic_client") or {}
        gone = told.get("client") == client and told.get("deletions", number) < number
        return [] if gone else lines

    # It is not asked whether what stands at a terminal's prompt is complete.
    transform.has_side_effects = True  # type: ignore[attr-defined]
