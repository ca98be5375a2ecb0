"""The syntax trees of a cell: its own, and those of Python in its timing and capturing magics."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from ..ipython_syntax import as_magic, magic_kind, parsed, python_in
from .calls import literal
from .names import Names
from .scopes import tell_apart

MAGICS = re.compile(r"get_ipython\(\)\.(run_line_magic|run_cell_magic|magic)")


def trees(source: str) -> Iterator[tuple[ast.Module, int]]:
    """A cell's syntax trees, each with the number of lines above it: its own, those in `%%time`."""
    tree = parsed(source)
    if tree is None:
        return
    try:
        tell_apart(tree)
    except RecursionError:  # half done: as it was written, then
        tree = parsed(source) or tree
    lines = source.splitlines()
    blank = next((number for number, text in enumerate(lines) if text.strip()), 0)
    yield tree, blank
    if "%" not in source and "magic" not in source and as_magic(source) is None:
        return
    names = Names(tree)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and MAGICS.fullmatch(names.dotted(call.func)):
            name, text, body = (*map(literal, call.args[:3]), "", "", "")[:3]
            timed = python_in(name, text, body) if magic_kind(name, text) == "python" else ()
            for part, offset in timed:
                for inner, above in trees(part):
                    yield inner, blank + call.lineno - 1 + offset + above


def as_one(parts: Iterable[tuple[ast.Module, int]]) -> ast.Module:
    """All of it as one tree, for names."""
    return ast.Module([statement for tree, _ in parts for statement in tree.body], [])
