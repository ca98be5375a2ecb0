"""The place where a task happens: a working folder and a notebook, with its clean twin.

The twin holds the same tables and files without their dirt: what code without any repair
gives there is what repaired code must give in the world.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ...prompting.context import Context
from ...running.variables import variables
from .run import Outcome, run
from .scene import Scene
from .tables import Column, FileForm, Table, write
from .words import Words


@dataclass
class World:
    """A working folder and a notebook: files on disk, tables with their true and stored frames."""

    rng: Random
    words: Words
    folder: Path
    files: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)
    cells: list[str] = field(default_factory=list)
    last: Scene | None = None
    loaded: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def context(self, *, files: bool = True) -> Context:
        return Context(
            tuple(variables(self.namespace)),
            tuple(self.files) if files else (),
            tuple(self.cells),
        )

    def agrees(self, true_code: str, outcome: Outcome) -> bool:
        """Whether the true code in the clean twin gives the same (or cannot run there)."""
        with tempfile.TemporaryDirectory() as folder:
            for name, (frame, suffix) in self.loaded.items():
                write(frame, Path(folder) / name, FileForm(suffix))
            expected = run(true_code, copied(self.clean), Path(folder))
        return expected.failure is not None or alike(expected, outcome)

    def remove(self, outcome: Outcome) -> None:
        """Take away the files that a run has left."""
        for name, _ in outcome.files:
            (self.folder / name).unlink(missing_ok=True)


def copied(namespace: dict[str, Any]) -> dict[str, Any]:
    """The namespace with tables of its own."""
    return {
        name: value.copy() if type(value).__name__ == "DataFrame" else value
        for name, value in namespace.items()
    }


def alike(expected: Outcome, outcome: Outcome) -> bool:
    """Same shown data; types may differ (a repaired key is text, a number a nullable one)."""
    if expected.drawn or outcome.drawn:
        return expected.drawn == outcome.drawn
    same: bool = _texts(expected.value) == _texts(outcome.value)
    return same


def _texts(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_texts, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def clean_twin(frame: Any, as_stored: Any, columns: Sequence[Column]) -> Any:
    """The clean twin of a stored table: numbers are numbers, unparsed dates stay ISO text."""
    clean = as_stored.copy()
    for column in columns:
        if column.dirt:
            clean[column.name] = frame[column.name]
        elif column.kind == "date" and not column.parsed:
            clean[column.name] = frame[column.name].dt.strftime("%Y-%m-%d")
    return clean
