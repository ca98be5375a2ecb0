"""Which calls have made what an expression stands for, as far as the cell tells."""

from __future__ import annotations

import ast

from .names import Names

_MAX_DEPTH = 6
Origins = frozenset[str]
"""Full names of calls, such as `psutil.Process`; `dict` for a literal one, "" for the unknown."""


def origins(node: ast.AST | None, names: Names, depth: int = 0) -> Origins:
    """What has made the value of an expression; a loop's name comes of what it goes over."""
    if depth > _MAX_DEPTH:
        return frozenset(("",))
    match node:
        case ast.Dict() | ast.DictComp():
            return frozenset(("dict",))
        case ast.Name(id=name):
            return _of_name(name, names, depth)
        case ast.Call(func=function):
            return frozenset((names.dotted(function),))
    return frozenset(("",))


def _of_name(name: str, names: Names, depth: int) -> Origins:
    live = type(names.live(name))
    found: set[str] = set()
    if live is dict:
        found.add("dict")
    values = [value for value in names.bound.get(name, ()) if value is not None]
    for value in (*values, *names.looped.get(name, ())):
        found |= origins(value, names, depth + 1)
    return frozenset(found or ("",))
