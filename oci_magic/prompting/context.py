"""What a model is told of the notebook: earlier cells, data files, tables and variables.

Covers choosing and wording within a token budget. Names, shapes, columns and dtypes only:
never a value of the person's data. Looking at live objects is `running.variables`' work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..types import Variable

MAX_COLUMNS = 40


@dataclass(frozen=True)
class Context:
    """The notebook around a request. Each field goes from most to least relevant."""

    variables: tuple[Variable, ...] = ()
    files: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()

    def text(self) -> str:
        """The block that stands above the request in the user's message, "" if empty."""
        return "\n".join(_lines(self))

    def fitted(self, count: Callable[[str], int], budget: int) -> Context:
        """The largest context of at most `budget` tokens: cells go first, tables last."""
        context = self
        while context.text() and count(context.text()) > budget:
            context = _smaller(context)
        return context


def table_line(table: Variable) -> str:
    """`df 120x2: "Region" str, "Umsatz" float64`"""
    shape = "x".join(str(n) for n in table.shape or ())
    columns = [f"{name} {dtype}" for name, dtype in table.columns[:MAX_COLUMNS]]
    if len(table.columns) > MAX_COLUMNS:
        total = max(len(table.columns), *(table.shape or ())[1:], 0)
        columns.append(f"and {total - MAX_COLUMNS} more")
    return f"{table.name} {shape}: {', '.join(columns)}"


def quoted(names: Sequence[str]) -> str:
    """File names as code would write them: `"a.csv", "b.csv"`."""
    return ", ".join(repr(n) if '"' in n or "\\" in n else f'"{n}"' for n in names)


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


def _short(variable: Variable) -> str:
    shape = "x".join(str(n) for n in variable.shape or ())
    return " ".join(part for part in (variable.name, variable.type, shape) if part)


def _smaller(context: Context) -> Context:
    if context.cells:
        return replace(context, cells=context.cells[:-1])
    plain = [variable for variable in context.variables if not variable.columns]
    if plain:
        kept = tuple(v for v in context.variables if v is not plain[-1])
        return replace(context, variables=kept)
    if context.files:
        return replace(context, files=context.files[:-1])
    return replace(context, variables=context.variables[:-1])
