"""The state in which the steps of one request are written: tables, wording, code so far."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from .composing import GRAMMARS
from .tables import Column, Table
from .wordings import HELD_OUT, WORDINGS, opening
from .words import Words

Style = Literal["exact", "quoted", "backticks", "loose"]
STYLES: tuple[Style, ...] = (
    *("exact", "exact", "exact", "exact", "exact"),
    *("quoted", "backticks", "loose", "loose", "loose"),
)


COMPOSED = 0.6
"""The share of clauses from a grammar, of those that might come from one."""


def quote(text: str) -> str:
    """`text` as a Python string in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass
class Scene:
    """One request in the making. Steps read `table` and add phrases and lines of code.

    `visible` tells that the model sees the columns (they stand in the context); otherwise the
    table is loaded by this very request. `show` is the expression that ends the code.
    """

    rng: Random
    words: Words
    table: Table
    others: list[Table] = field(default_factory=list)
    visible: bool = True
    held_out: bool = False
    style: Style = "exact"
    alone: bool = False  # the request has one step: whole questions fit
    opening: Literal["verb", "noun", "whole"] = "verb"  # how the first phrase begins
    as_is: bool = False  # the first phrase begins with what a person wants spelt so
    phrases: list[str] = field(default_factory=list)
    families: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    show: str = ""
    notes: list[str] = field(default_factory=list)  # short sentence of the answer, per step
    names: tuple[str, ...] = ()  # what the person wants tables called
    origin: Table | None = None  # the table before the code went on in `result`
    mentioned: set[str] = field(default_factory=set)  # names of columns in the phrases
    ended: bool = False  # nothing may follow (a plot, a single number, a saved file)

    # words ------------------------------------------------------------------------------
    def say(self, key: str, note: str, **slots: str) -> None:
        """Add a phrase from the wordings of `key` and the answer's sentence about it."""
        texts = HELD_OUT if self.held_out else WORDINGS
        question = bool(self.alone and texts.get(f"{key}?") and self.rng.random() < 0.35)
        template = self._template(texts[f"{key}?" if question else key], key, question)
        if not self.phrases:
            self.as_is = template.startswith("{")
            self.opening = "whole" if question else opening(template)
        for slot, value in slots.items():
            template = template.replace("{" + slot + "}", value)
        self.phrases.append(template)
        self.families.append(key)
        self.notes.append(note)

    def _template(self, texts: Sequence[str], key: str, question: bool) -> str:
        """One of `texts`, or in training more often a clause of the grammar of `key`."""
        grammar = None if self.held_out or question else GRAMMARS.get(key)
        if grammar is not None and self.rng.random() < COMPOSED:
            return grammar.draw(key, self.rng)
        return self.rng.choice(texts)

    def mention(self, column: Column) -> str:
        """The column as the person types it."""
        name = column.name
        self.mentioned.add(name)
        match self.style:
            case "quoted":
                return f'"{name}"' if self.rng.random() < 0.5 else f"'{name}'"
            case "backticks":
                return f"`{name}`"
            case "loose" if _usual_case(name):
                return self.rng.choice((name.lower(), name)).replace("_", " ")
        return name

    # columns ----------------------------------------------------------------------------
    def pick(self, *kinds: str, without: Sequence[Column] = ()) -> Column | None:
        left_out = {column.name for column in without}
        found = [c for c in self.table.of(*kinds) if c.name not in left_out]
        return self.rng.choice(found) if found else None

    def pick_years(self) -> Column | None:
        """A column of years, which people group by and draw along as they do with others."""
        years = [c for c in self.table.columns if c.years and not c.dirt]
        wanted = years and self.visible and self.rng.random() < 0.5
        return self.rng.choice(years) if wanted else None

    def col(self, column: Column) -> str:
        return f"{self.table.var}[{quote(column.name)}]"

    def update(self, old: Column, new: Column) -> None:
        self.table.columns = [new if c.name == old.name else c for c in self.table.columns]

    def add_column(self, column: Column) -> None:
        kept = [c for c in self.table.columns if c.name != column.name]
        self.table.columns = [*kept, column]

    def numeric(self, column: Column) -> Column:
        """Make sure that `column` is numbers: a strict conversion where text is visible."""
        if not column.dirt or not self.visible:
            return column
        self.lines.append(f"{self.col(column)} = pd.to_numeric({self.col(column)})")
        clean = replace(column, dirt="")
        self.update(column, clean)
        return clean

    def dated(self, column: Column) -> Column:
        """Make sure that `column` is dates; years stay the numbers that they are."""
        if column.parsed or column.years:
            return column
        self.lines.append(f"{self.col(column)} = pd.to_datetime({self.col(column)})")
        clean = replace(column, parsed=True)
        self.update(column, clean)
        return clean

    # code -------------------------------------------------------------------------------
    def into_result(self, expression: str, columns: Sequence[Column] | None = None) -> None:
        """`result = expression`; the next steps work on `result`."""
        self.lines.append(f"result = {expression}")
        kept = self.table.columns if columns is None else columns
        if self.table.var != "result":
            self.origin = self.table
        self.table = Table("result", list(kept), self.table.frame)
        self.show = "result"

    def in_place(self, line: str) -> None:
        """A line that changes the table itself."""
        self.lines.append(line)
        self.show = self.table.var if self.table.var == "result" else f"{self.table.var}.head()"

    def end(self, expression: str) -> None:
        """The last line: an expression to be shown, a plot or a save."""
        self.show = expression
        self.ended = True

    def code(self) -> str:
        body = "\n".join([*self.lines, self.show] if self.show else self.lines)
        imports = [line for name, line in IMPORTS.items() if f"{name}." in body]
        return "\n".join([*imports, body])


def _usual_case(name: str) -> bool:
    """Whether a person who types it in small letters could mean no other case."""
    return all(word in (word.lower(), word.upper(), word.capitalize()) for word in _PARTS(name))


_PARTS = re.compile(r"[^\W\d_]+").findall
IMPORTS = {"pd": "import pandas as pd", "np": "import numpy as np"}
