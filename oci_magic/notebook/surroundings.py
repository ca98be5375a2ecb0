"""The notebook around a prompt → `Context`: variables, data files, the person's recent cells.

Variables whose names look like secrets are left out, and so are cells that assign one, and what
else looks like one in a cell; of a variable that the person leaves out, so are cells that name it.
Also which files of the folder came while a prompt was at work: a repair may write them again.
Wording and fitting into a budget is `prompting.context`' work.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

from ..prompting.context import Context
from ..prompting.redact import redacted
from ..running.variables import data_files, variables
from ..secret_names import SURE
from ..types import Turn, Variable

MAX_CELL = 800
_SECRET = re.compile(rf"{SURE}|(?:^|_)(?:token|key|auth)s?(?:_|$|\d)|credential", re.IGNORECASE)
_ASSIGNED = re.compile(r"""\b(\w+)(?:["']\])?\s*(?::\s*\w+\s*)?=\s*[rbf]?["']""")


def surroundings(
    namespace: Mapping[str, object],
    folder: Path,
    cells: Sequence[str] = (),
    turns: Sequence[Turn] = (),
    leave_out: Iterable[str] = (),
) -> Context:
    """What a model may know of the notebook. `cells` are oldest first.

    Cells that hold code of the conversation's `turns` are in it already and not told again.
    """
    left_out = frozenset(leave_out)
    found = [v for v in variables(namespace, left_out) if not _is_secret(v)]
    said = {cell.source.strip() for turn in turns for cell in turn.reply.code}
    recent = [cell for cell in map(_told, cells) if cell and cell not in said]
    recent = [redacted(cell) for cell in recent if not _names(cell, left_out)]
    return Context(tuple(found), tuple(data_files(folder)), tuple(reversed(recent)))


class NewFiles:
    """Files that came into a folder, or a folder in it, after this was made.

    Of a folder with more than `MOST` entries it says nothing: no file counts as new then.
    """

    MOST = 20_000

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = self._entries()

    def found(self) -> set[Path]:
        now = self._entries()
        return set() if self._before is None or now is None else now - self._before

    def _entries(self) -> set[Path] | None:
        both = chain(self._folder.glob("*"), self._folder.glob("*/*"))
        try:
            entries = set(islice(both, self.MOST + 1))
        except OSError:
            return None
        return entries if len(entries) <= self.MOST else None


def _is_secret(variable: Variable) -> bool:
    return not variable.columns and bool(_SECRET.search(variable.name))


def _names(cell: str, left_out: Collection[str]) -> bool:
    """Whether the cell names one of them; in one that is not plain Python, as any word."""
    if not left_out:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes: running the cell has told them
            nodes = list(ast.walk(ast.parse(cell)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return any(re.search(rf"\b{re.escape(name)}\b", cell) for name in left_out)
    fields = ("id", "name", "asname", "arg")
    return any(getattr(node, field, None) in left_out for node in nodes for field in fields)


def _told(cell: str) -> str:
    """A cell as it is told: without our own lines, "" if it is long or holds a secret."""
    lines = [line for line in cell.splitlines() if not re.match(r"\s*%(oci|load_ext)\b", line)]
    text = "\n".join(lines).strip()
    secret = any(_SECRET.search(name) for name in _ASSIGNED.findall(text))
    return "" if secret or len(text) > MAX_CELL else text
