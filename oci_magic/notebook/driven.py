"""The kernel's side of a headless run: a session's events as displays of a private type.

Covers what the runner's first, silent request sets up in a kernel it has started. The loop and
the magics are the same as everywhere; only the view differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..events import (
    Drafted,
    Event,
    Executed,
    Finished,
    GoesOn,
    HeldBack,
    NotPutBack,
    Prompted,
    Repairing,
    Streamed,
)
from ..types import Cell, Failure
from .display import left_line, repair_line, summary

EVENT = "application/vnd.oci_magic.event+json"
Told = dict[str, Any]
"""An event as JSON: its `kind`, and what a document and a transcript need of it."""


class EventView:
    """Publishes events for the runner; `%%oci` draws nothing else."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def show(self, event: Event) -> None:
        told = tell(event)
        if isinstance(event, Finished):
            told["model"] = self.shell.magics_manager.registry["OCIMagics"].model
        self.shell.display_pub.publish({EVENT: told})

    def say(self, line: str) -> None:
        """Notes on the front end are of no use here."""


def drive(shell: Any, settings: Mapping[str, object]) -> None:
    """From now on `OCIMagics` of this shell publishes events and has these trait values.

    They win over what the notebook sets, because they are set again before every cell.
    """
    shell.config["OCIMagics"].update(settings)

    def before_cell(_: object = None) -> None:
        magics = shell.magics_manager.registry.get("OCIMagics")
        if magics is not None:
            magics.open_view = lambda: EventView(shell)
            for name, value in settings.items():
                setattr(magics, name, value)

    shell.events.register("pre_run_cell", before_cell)


def tell(event: Event) -> Told:
    """The event as JSON; outputs stay out: they arrive as the kernel's own messages."""
    match event:
        case Prompted(dropped=dropped):
            return {"kind": "prompted", "dropped": dropped}
        case Streamed(chunk=chunk):
            return {"kind": "streamed", "text": chunk, "anew": event.anew}
        case Drafted(reply=reply):
            return {"kind": "drafted", "cells": _sources(reply.cells)}
        case HeldBack():
            return {"kind": "held"}
        case Executed(execution=execution):
            failure = execution.failure
            return {"kind": "executed", "error": _error(failure) if failure else None}
        case NotPutBack():
            return {"kind": "told", "line": left_line(event.left)}
        case Repairing():
            return {"kind": "repairing", "line": repair_line(event)}
        case GoesOn(below=below):
            return {"kind": "goes on", "cells": _sources(below)}
        case Finished(outcome=outcome, repairs=repairs):
            return {"kind": "finished", "outcome": outcome, "words": _words(event),
                    "line": summary(event), "repairs": repairs,
                    "cells": _sources(event.below)}  # fmt: skip


def _error(failure: Failure) -> dict[str, object]:
    traceback = failure.traceback or f"{failure.name}: {failure.message}"
    return {
        "ename": failure.name,
        "evalue": failure.message,
        "traceback": traceback.splitlines(),
    }


def _sources(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    return [(cell.kind, cell.source) for cell in cells]


def _words(event: Finished) -> str:
    """What an answer says besides the cells below it."""
    reply = event.turn.reply
    if not reply.code:
        return reply.text.strip()
    words = [c for c in reply.cells if c.kind == "markdown" and c not in event.below]
    return "\n\n".join(cell.source for cell in words)
