"""What is known of a text in part: how it begins, and which files a path could name."""

from __future__ import annotations

import ast
import re
from glob import escape

from .names import Names
from .paths import Paths
from .wording import as_f_string

_JOINS = re.compile(r"os\.path\.join|pathlib\.\w*Path")
_LIKE_A_PATH = re.compile(
    r"path|file|dir|folder|root|base|dest|glob|walk|\bos\.|argv|input", re.IGNORECASE
)
_SLASH = ast.Constant("/")
_MAX_DEPTH = 12


def pattern(node: ast.AST | None, names: Names, paths: Paths) -> str:
    """A path that begins with a constant and goes on with what is not known, as a glob."""
    parts: list[str] = []
    for part in _parts(node, names, paths):
        texts = paths.texts(part)
        if not parts and texts is None and _may_lead_elsewhere(part, names):
            return ""
        if texts is None or len(texts) != 1:
            parts.append("*")
        else:
            parts.append(escape(next(iter(texts))))
    found = "".join(parts)
    outside = found.startswith(("/", "~")) or ".." in found
    return "" if outside or re.fullmatch(r"\*+[^.]*|\*.*/.*", found) else found


def _may_lead_elsewhere(node: ast.AST | None, names: Names) -> bool:
    """Whether what is not known at the start of a path looks like a path itself."""
    known = [node]
    if isinstance(node, ast.Name):
        known += [*names.bound.get(node.id, ()), *names.looped.get(node.id, ())]
    shown = " ".join(ast.unparse(each) for each in known if each is not None)
    return _LIKE_A_PATH.search(shown) is not None


def _parts(
    node: ast.AST | None, names: Names, paths: Paths, depth: int = 0
) -> list[ast.AST | None]:
    """The pieces that are put together, in order; names that are bound once are followed."""

    def inner(*nodes: ast.AST | None, deeper: int = 0) -> list[ast.AST | None]:
        return [part for each in nodes for part in _parts(each, names, paths, depth + deeper)]

    match node:
        case ast.Call(func=function, args=[first, *rest]) if _JOINS.fullmatch(
            names.dotted(function)
        ):
            return inner(first, *(part for each in rest for part in (_SLASH, each)))
        case ast.Name(id=name) if depth < _MAX_DEPTH and paths.texts(node) is None:
            bound = names.bound.get(name, [])
            return inner(bound[0], deeper=1) if len(bound) == 1 and bound[0] else [node]
        case ast.JoinedStr(values=values):
            return inner(*values)
        case ast.FormattedValue(value=value, format_spec=None):
            return [value]
        case ast.FormattedValue():
            return [None]
        case ast.Call() | ast.BinOp(op=ast.Mod()) if formatted := as_f_string(node):
            return inner(formatted)
        case ast.Attribute(value=ast.Name(id=owner), attr=attr) if depth < _MAX_DEPTH:
            bound = names.of_attribute(owner, attr)
            return inner(bound[0], deeper=1) if len(bound) == 1 and bound[0] else [node]
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return inner(left, right)
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            return inner(left, _SLASH, right)
    return [node]


def beginning(
    node: ast.expr | None, names: Names, paths: Paths, depth: int = 0,
    seen: frozenset[str] = frozenset(),
) -> str:  # fmt: skip
    """How a text begins; its end may be computed."""
    texts = paths.texts(node) if depth < _MAX_DEPTH else None
    if texts:
        return sorted(texts)[0]
    firsts: list[ast.expr | None] = []
    match node:
        case ast.JoinedStr(values=[first, *_]):
            firsts = [first]
        case (
            ast.FormattedValue(value=first)
            | ast.BinOp(op=ast.Add() | ast.Mod(), left=first)
            | ast.Call(func=ast.Attribute(value=first, attr="format"))
        ):
            firsts = [first]
        case ast.Name(id=name) if depth < _MAX_DEPTH and name not in seen:
            firsts, seen = names.bound.get(name, []), seen | {name}
    found = (beginning(each, names, paths, depth + 1, seen) for each in firsts)
    return next(filter(None, found), "")
