"""A conversation as a notebook or script of its own, which runs without oci_magic.

Covers what was asked, as Markdown or comments, and the code that was accepted, in order. Code
that failed or was not run is left out; how a notebook file that was run is kept is `document`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from IPython.core.error import UsageError

from ..prompting.prompts import FIX
from ..types import Cell, Turn


def export(turns: Sequence[Turn], path: str) -> int:
    """Write the turns to `path`, by its ending; returns the number of code cells.

    Raises `UsageError`, one line; a file that exists is not overwritten.
    """
    writers = {".ipynb": _notebook, ".py": _script}
    writer = writers.get(Path(path).suffix)
    if writer is None:
        raise UsageError("name a file that ends in .ipynb or .py: %oci export analysis.ipynb")
    cells = list(_cells(turns))
    text = writer(cells)
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already: choose another name or remove it") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; choose another place") from None
    return sum(cell.kind == "code" for cell in cells)


def _cells(turns: Sequence[Turn]) -> Iterator[Cell]:
    """What was asked, once where it was asked again to be repaired, and the code that worked."""
    before = FIX
    for turn in turns:
        if turn.request not in (FIX, before):
            yield Cell(turn.request, "markdown")
        before = turn.request
        if turn.execution is not None and turn.execution.failure is None:
            yield from turn.reply.code


def _notebook(cells: Sequence[Cell]) -> str:
    import nbformat

    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3",
                                    "display_name": "Python 3", "language": "python"}})  # fmt: skip
    new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    made.cells = [new[cell.kind](cell.source) for cell in cells]
    return str(nbformat.writes(made)) + "\n"


def _script(cells: Sequence[Cell]) -> str:
    """Cells in the percent form that editors know; IPython syntax as Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    parts = []
    for cell in cells:
        if cell.kind == "code":
            parts.append("# %%\n" + TransformerManager().transform_cell(cell.source).rstrip())
        else:
            lines = "\n".join(f"# {line}".rstrip() for line in cell.source.splitlines())
            parts.append(f"# %% [markdown]\n{lines}")
    return "\n\n".join(parts) + "\n"
