"""A conversation as a notebook or script of its own, which runs without oci_magic, or as JSONL.

Covers what was asked, as Markdown or comments, and the code that was accepted, in order. Code
that failed or was not run is left out; how a notebook file that was run is kept is `document`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from IPython.core.error import UsageError

from ..objects import encodable
from ..prompting.prompts import FIX
from ..types import Cell, Turn
from .record import line

FOR_IPYTHON = "# To be run cell by cell in IPython: it has magics, or awaits outside of a function."
"""The first line of a script that Python alone cannot run."""


def export(exchanges: Sequence[Sequence[Turn]], path: str) -> int | None:
    """Write a conversation to `path`, by its ending; returns the number of code cells.

    JSONL is the form of Code-Feedback, with every draft and its failure; it has no cells. Raises
    `UsageError`, one line; a file that exists is not overwritten.
    """
    writers = {".ipynb": _notebook, ".py": _script}
    ending = Path(path).suffix
    if ending not in (*writers, ".jsonl"):
        raise UsageError("end the name in .ipynb, .py or .jsonl: %oci export analysis.ipynb")
    cells = list(_cells([rounds[-1] for rounds in exchanges]))
    text = line(exchanges) if ending == ".jsonl" else writers[ending](cells)
    raw = encodable(text).encode()
    try:
        with Path(path).open("xb") as file:
            _written(raw, file)
    except FileExistsError:
        raise UsageError(f"{path} exists already: choose another name or remove it") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; choose another place") from None
    return None if ending == ".jsonl" else sum(cell.kind == "code" for cell in cells)


def needs_ipython(path: str) -> bool:
    """Whether Python alone cannot run what has been exported to `path`."""
    begins = FOR_IPYTHON.encode()
    if not path.endswith(".py"):
        return False
    with Path(path).open("rb") as file:
        return file.read(len(begins)) == begins


def _written(raw: bytes, file: BinaryIO) -> None:
    """Write the whole of it to a new file, or leave none, for a half one would be in the way."""
    try:
        file.write(raw)
        file.flush()
    except OSError:
        Path(file.name).unlink(missing_ok=True)
        raise


def _cells(turns: Sequence[Turn]) -> Iterator[Cell]:
    """What was asked, once where it was asked again to be repaired, and the code that worked.

    Where an answer went on from its results, what the model said of them stands between.
    """
    before = FIX
    for turn in turns:
        if turn.goes_on:
            yield from turn.reply.cells
            continue
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
    """Cells in the percent form that editors know; IPython syntax as Python.

    A script that Python alone cannot run says so in its first line.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    parts = []
    for cell in cells:
        if cell.kind == "code":
            parts.append("# %%\n" + TransformerManager().transform_cell(cell.source).rstrip())
        else:
            lines = "\n".join(f"# {line}".rstrip() for line in cell.source.splitlines())
            parts.append(f"# %% [markdown]\n{lines}")
    text = "\n\n".join(parts) + "\n"
    return text if _is_python(text) else f"{FOR_IPYTHON}\n\n{text}"


def _is_python(text: str) -> bool:
    """Whether it runs without IPython: no magics, and no `await` at top level."""
    try:
        compile(text, "<script>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return "get_ipython(" not in text
