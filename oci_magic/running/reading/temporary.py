"""Whether a path is that of a temporary file or folder that the cell has made itself."""

from __future__ import annotations

import ast

from .names import Names
from .paths import Paths

_MAKES = frozenset(
    f"tempfile.{name}"
    for name in ("mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory")
)
_JOINS = frozenset(("os.path.join", "pathlib.Path"))
_MAX_DEPTH = 12


def is_own_temporary(node: ast.AST | None, names: Names, paths: Paths, depth: int = 0) -> bool:
    """Known so for every value that the expression may have."""

    def inner(part: ast.AST | None) -> bool:
        return is_own_temporary(part, names, paths, depth + 1)

    if depth > _MAX_DEPTH:
        return False
    match node:
        case ast.Name(id=name):
            bound = names.bound.get(name, [])
            return bool(bound) and all(map(inner, bound))
        case ast.Attribute(value=value, attr="name") | ast.Subscript(value=value):
            return inner(value)
        case ast.Call(func=function, args=given):
            name = names.dotted(function)
            joined = name in _JOINS and bool(given) and inner(given[0])
            return name in _MAKES or (joined and all(_is_below(e, paths) for e in given[1:]))
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            return inner(left) and _is_below(right, paths)
    return False


def _is_below(node: ast.expr, paths: Paths) -> bool:
    texts = paths.texts(node)
    return bool(texts) and not any(t.startswith(("/", "~")) or ".." in t for t in texts or ())
