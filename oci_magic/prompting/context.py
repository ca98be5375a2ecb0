"""What a model is told of the notebook: earlier cells, data files, tables and variables.

Covers choosing and wording within a token budget. Names, shapes, columns and dtypes only:
never a value of the person's data. Looking at live objects is `running.variables`' work.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ..types import Variable
from .linking import Link, links

MAX_COLUMNS = 40
_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class Context:
    """The notebook around a request. Each field goes from most to least relevant."""

    variables: tuple[Variable, ...] = ()
    files: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    named: tuple[Link, ...] = ()

    def about(self, request: str) -> Context:
        """This context with the columns that `request` names told once more beside it."""
        tables = [variable for variable in self.variables if variable.columns]
        return replace(self, named=tuple(links(request, tables)))

    def text(self) -> str:
        """The block that stands above the request in the user's message, "" if empty."""
        return "\n".join(_lines(self))

    def fitted(self, count: Callable[[str], int], budget: int) -> Context:
        """The largest context of at most `budget` tokens; this one if nothing is left out.

        Cells go first, then plain variables, files, columns, names of tables, and the columns
        that the request names last; of each the least relevant first. `count` is called about
        log2 as often as there are entries.
        """

        def fits(given_up: int) -> bool:
            text = _without(self, given_up).text()
            return not text or count(text) <= budget

        if fits(0):
            return self
        # What bisecting ends at has been counted, or is empty: it fits whatever `count` does.
        return _without(self, bisect_left(range(_entries(self)), True, lo=1, key=fits))


def table_line(table: Variable) -> str:
    """`df 120x2: "Region" str, "Umsatz" float64`"""
    shape = "x".join(str(n) for n in table.shape or ())
    columns = [f"{name} {dtype}" for name, dtype in table.columns[:MAX_COLUMNS]]
    total = max(len(table.columns), *(table.shape or ())[1:], 0)
    if total > len(columns):
        columns.append(f"and {total - len(columns)} more")
    return f"{table.name} {shape}: {', '.join(columns)}"


def quoted(names: Sequence[str]) -> str:
    """Names as code would write them, each in its line: `"a.csv", "b.csv"`."""
    plain = (name.isprintable() and not set(name) & {'"', "\\"} for name in names)
    return ", ".join(
        f'"{n}"' if is_plain else repr(n) for n, is_plain in zip(names, plain, strict=True)
    )


def _lines(context: Context) -> Iterator[str]:
    if context.cells:
        yield "Cells:\n" + "\n".join(reversed(context.cells))
    if context.files:
        yield f"Files: {quoted(context.files)}"
    tables = [variable for variable in context.variables if variable.columns]
    if tables:
        yield "Tables:"
        yield from map(table_line, reversed(tables))
    others = [_short(variable) for variable in context.variables if not variable.columns]
    if others:
        yield f"Variables: {', '.join(others)}"
    if context.named:
        yield f"Named: {', '.join(_link(link, several=len(tables) > 1) for link in context.named)}"


def _link(link: Link, *, several: bool) -> str:
    where = f" in {' and '.join(link.tables)}" if several else ""
    return f"{link.label} {link.dtype}{where}"


def _short(variable: Variable) -> str:
    shape = "x".join(str(n) for n in variable.shape or ())
    return " ".join(part for part in (variable.name, variable.type, shape) if part)


def _entries(context: Context) -> int:
    """How many things there are to give up, one after the other, until nothing is left."""
    whole = len(context.cells) + len(context.files) + len(context.variables)
    whole += len(context.named)
    return whole + sum(map(_spare, context.variables))


def _without(context: Context, number: int) -> Context:
    """What is left after giving up `number` things in the order of `Context.fitted`."""
    if not number:
        return context
    plain = tuple(variable for variable in context.variables if not variable.columns)
    tables = tuple(variable for variable in context.variables if variable.columns)
    cells, number = _cut(context.cells, number)
    plain, number = _cut(plain, number)
    files, number = _cut(context.files, number)
    tables, number = _narrowed(tables, number)
    tables, number = _cut(tables, number)
    named, number = _cut(context.named, number)
    return Context((*tables, *plain), files, cells, named)


def _cut(entries: tuple[_Entry, ...], number: int) -> tuple[tuple[_Entry, ...], int]:
    """`entries` without their last `number`, and how many are still to be given up."""
    kept = entries[: max(0, len(entries) - number)]
    return kept, number - (len(entries) - len(kept))


def _narrowed(tables: Sequence[Variable], number: int) -> tuple[tuple[Variable, ...], int]:
    """The last tables with their first columns alone, and how much is still to be given up."""
    narrow = []
    for table in reversed(tables):
        given_up = min(number, _spare(table))
        number -= given_up
        kept = _spare(table) + 1 - given_up
        narrow.append(replace(table, columns=table.columns[:kept]) if given_up else table)
    return tuple(reversed(narrow)), number


def _spare(table: Variable) -> int:
    """How often a table can be narrowed: `and 1 more` would be no shorter than the column."""
    return max(0, min(len(table.columns), MAX_COLUMNS) - 2)
