"""The place where a task happens: a working folder and a notebook, with its clean twin.

The twin holds the same tables and files without their dirt: what code without any repair
gives there is what repaired code must give in the world.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from ...prompting.context import Context
from ...running.outcome import Outcome, run
from ...running.variables import variables
from ...types import Failure
from .scene import Scene
from .tables import (
    Column,
    FileForm,
    Table,
    dirty,
    make_columns,
    make_frame,
    stored,
    usual_kinds,
    write,
)
from .words import TABLES, Words


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

    def furnish(self) -> None:
        """Some tables in the notebook (or none), some other variables, names of other files."""
        rng = self.rng
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 4))):
            name = self.words.file(rng.choice((".csv", ".csv", ".xlsx", ".json", ".txt")))
            if "/" not in name and name not in self.files:
                self.files.append(name)
                (self.folder / name).touch()
        if rng.random() < 0.65:
            for _ in range(rng.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2))):
                self.add_table()
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            value = rng.choice((3, 0.5, "text", [1, 2], {"a": 1}, True))
            self.namespace[self.words.invented()] = value
        if rng.random() < 0.3 and self.tables:
            self.cells = self.recent_cells()
            self.namespace["pd"] = __import__("pandas")

    def recent_cells(self) -> list[str]:
        """Cells that the person may have run before, newest first."""
        rng, var = self.rng, self.tables[0].var
        file = self.words.file(".csv")
        extra = rng.choice(("", "", ', sep=";"', ', encoding="latin-1"', ', sep=";", decimal=","'))
        looks = (f"{var}.head()", f"{var}.info()", f"len({var})", f"{var}.columns", f"print({var})")
        load = f'{var} = pd.read_csv("{file}"{extra})'
        start = rng.choice((f"import pandas as pd\n{load}", load, "import pandas as pd"))
        return rng.choice(([rng.choice(looks), start], [start], [rng.choice(looks)]))

    def add_table(self) -> None:
        """A table that lies in the notebook; the second one shares a key with the first."""
        rng, words = self.rng, self.words
        used = {table.var for table in self.tables}
        names = [name for name in TABLES if name not in used]
        var = rng.choice(names) if rng.random() < 0.7 else words.variable()
        columns = make_columns(rng, words, usual_kinds(rng))
        if self.tables and rng.random() < 0.8:
            keys = self.tables[0].of("key", "cat")
            taken = {column.name.lower() for t in self.tables for column in t.columns}
            columns = [c for c in columns if c.name.lower() not in taken]
            columns = [*keys[:1], *columns]
        if not columns:
            return
        columns = [replace(c, parsed=c.kind == "date" and rng.random() < 0.5) for c in columns]
        columns = [dirty(rng, c) if rng.random() < 0.2 and not c.parsed else c for c in columns]
        frame = make_frame(rng, words, columns)
        self._share_keys(frame, columns)
        table = Table(var, columns, frame)
        as_stored = stored(rng, frame, columns)
        if self.tables and columns[0].kind == "key" and rng.random() < 0.3:
            as_stored[columns[0].name] = as_stored[columns[0].name].astype(str)
        self.tables.append(table)
        self.namespace[var] = as_stored
        self.clean[var] = clean_twin(frame, as_stored, columns)

    def _share_keys(self, frame: Any, columns: Sequence[Column]) -> None:
        if not self.tables or columns[0].name not in self.tables[0].frame:
            return
        values = list(self.tables[0].frame[columns[0].name])
        frame[columns[0].name] = [self.rng.choice(values) for _ in range(len(frame))]

    def context(self, *, files: bool = True) -> Context:
        return Context(
            tuple(variables(self.namespace)),
            tuple(self.files) if files else (),
            tuple(self.cells),
        )

    def names(self) -> list[str]:
        """The columns of the tables and the files, as they could be mixed up."""
        return [column.name for table in self.tables for column in table.columns] + self.files

    def failure(self, code: str) -> Failure | None:
        """How `code` fails here, if it does, tried on copies of all."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
            return run(code, copied(self.namespace), Path(folder)).failure

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
