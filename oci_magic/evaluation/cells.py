"""Cell problems: what a person asks in a notebook, the notebook it is asked in, a right answer.

A row has `task_id`, `request` and `reference` (code whose outcome is right: the value of its last
expression, what it draws, the files it writes), and may have `context` (what the notebook tells of
tables and files, in the product's words), `files` (name to base64), `setup` (Python that makes the
notebook's variables), `names` (variables that the request wants made; right is an answer that
assigns to them, what they hold is not compared), `families` (kinds of work), `outside` (a request
to be refused: right is a reply without code) and `dirty` (the data make plain code fail).
"""

from __future__ import annotations

import ast
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import PurePosixPath
from typing import Any
from unicodedata import normalize


@dataclass(frozen=True)
class CellProblem:
    """One request; `source` names the file it is of."""

    task_id: str
    request: str
    context: str = ""
    files: tuple[tuple[str, str], ...] = ()
    setup: str = ""
    reference: str = ""
    names: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    outside: bool = False
    dirty: bool = False
    source: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        """What its rates are counted by."""
        given = {"outside": self.outside, "dirty": self.dirty, "composed": len(self.families) > 1}
        return ("cell", *(mark for mark, is_so in given.items() if is_so))


def cell_problem(row: Mapping[str, Any]) -> CellProblem:
    """A row as a problem. Raises KeyError, SyntaxError, TypeError or ValueError for others."""
    outside, setup = bool(row.get("outside")), str(row.get("setup", ""))
    reference = str(row.get("reference", "") if outside else row["reference"])
    for code in (setup, reference):
        ast.parse(code)
    if not (outside or reference.strip()):
        raise ValueError("it has no reference")
    files = tuple((_inside(name), content) for name, content in row.get("files", {}).items())
    for _, content in files:
        b64decode(content, validate=True)
    return CellProblem(
        str(row["task_id"]), str(row["request"]), str(row.get("context", "")), files, setup,
        reference, _names(row.get("names", [])),
        tuple(map(str, row.get("families", ()))), outside, bool(row.get("dirty")),
    )  # fmt: skip


def _names(given: Any) -> tuple[str, ...]:
    """Names of variables, spelt as Python knows them."""
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ValueError("names must be a list of variables' names")
    names = tuple(normalize("NFKC", name) for name in given)
    for name in names:
        if not name.isidentifier() or iskeyword(name):
            raise ValueError(f"{name!r} is no variable's name")
    return names


def _inside(name: str) -> str:
    """A name of a file in the working folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError(f"{name!r} is no file of the working folder")
    return name
