"""Whether an expression of a cell stands for a pathlib path, live ones included.

Covers names bound to paths, and to lists and dicts of them; what a function makes of a list of
paths counts as one.
"""

from __future__ import annotations

import ast
import re

from .live import holds_paths, is_path, maps_to_paths
from .names import Names

PATH = re.compile(r"pathlib\.\w*Path(\.cwd|\.home)?")
SAME = frozenset(("absolute", "resolve", "expanduser"))
_TO_PATH = SAME | {"joinpath", "with_name", "with_suffix", "with_stem", "relative_to"}
_ONE_OF = frozenset(("next", "max", "min"))
_TAKES_ONE = frozenset(("pop", "popleft"))
_PARTS = frozenset(("with_name", "with_suffix", "with_stem", "parent", "stem", "suffix"))
"""What only a path has."""
_Seen = set[tuple[str, str]]
"""The names that have been followed, so that circles end."""


class PathObjects:
    """Tells paths of one cell from texts and tables."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def is_path(self, node: ast.AST | None) -> bool:
        """Whether an expression is known to be a pathlib path."""
        return self._is_path(node, set())

    def is_moved(self, call: ast.Call) -> bool:
        """Whether `x.rename(target)` can only be a path's: `x.rename(x.with_suffix(".txt"))`."""
        target = [*call.args, *(keyword.value for keyword in call.keywords)][0]
        value = call.func.value if isinstance(call.func, ast.Attribute) else None
        itself = any(
            isinstance(part, ast.Attribute)
            and part.attr in _PARTS
            and value is not None
            and ast.dump(part.value) == ast.dump(value)
            for part in ast.walk(target)
        )
        return itself or self.is_path(target)

    def _is_path(self, node: ast.AST | None, seen: _Seen) -> bool:
        match node:
            case ast.Call(func=function) if PATH.fullmatch(self._names.dotted(function)):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _TO_PATH:
                return self._is_path(value, seen)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _TAKES_ONE:
                return self._lists_paths(value, seen)
            case (
                ast.BinOp(op=ast.Div(), left=left, right=right) | ast.IfExp(body=left, orelse=right)
            ):
                return self._is_path(left, seen) or self._is_path(right, seen)
            case ast.Attribute(value=value, attr="parent") | ast.NamedExpr(value=value):
                return self._is_path(value, seen)
            case ast.Attribute(value=ast.Name(id=owner), attr=attr) if ("of", owner) not in seen:
                seen.add(("of", owner))
                return any(self._is_path(e, seen) for e in self._names.of_attribute(owner, attr))
            case ast.Subscript(value=value):
                return self._lists_paths(value, seen) or self._maps_to_paths(value, seen)
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _ONE_OF:
                return self._lists_paths(first, seen)
            case ast.Name(id=name) if ("path", name) not in seen:
                seen.add(("path", name))
                return (
                    is_path(self._names.live(name))
                    or any(self._is_path(each, seen) for each in self._names.bound.get(name, ()))
                    or any(
                        self._lists_paths(each, seen) for each in self._names.looped.get(name, ())
                    )
                )
        return False

    def _lists_paths(self, node: ast.AST | None, seen: _Seen) -> bool:
        match node:
            case ast.Call(func=function, args=given):
                return self._makes_a_list(function, given, seen)
            case ast.ListComp(elt=each) | ast.SetComp(elt=each) | ast.GeneratorExp(elt=each):
                return self._is_path(each, seen)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return any(
                    self._lists_paths(each.value, seen)
                    if isinstance(each, ast.Starred)
                    else self._is_path(each, seen)
                    for each in elements
                )
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self._lists_paths(value, seen)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self._lists_paths(left, seen) or self._lists_paths(right, seen)
            case ast.Name(id=name) if ("list", name) not in seen:
                seen.add(("list", name))
                return holds_paths(self._names.live(name)) or any(
                    self._lists_paths(each, seen) for each in self._names.bound.get(name, ())
                )
        return False

    def _makes_a_list(self, function: ast.expr, given: list[ast.expr], seen: _Seen) -> bool:
        name = self._names.dotted(function)
        match function:
            case ast.Attribute(value=value, attr="glob") if name != "glob.glob":
                return self._is_path(value, seen)
            case ast.Attribute(attr="iterdir" | "rglob"):
                return True
            case ast.Attribute(value=value, attr="values") if not given:
                return self._maps_to_paths(value, seen)
        if name.rpartition(".")[2] in ("map", "imap") or _attr(function) in ("map", "imap"):
            return bool(given) and self._maps_paths(given[0])
        return any(self._lists_paths(each, seen) for each in given)

    def _maps_paths(self, function: ast.expr) -> bool:
        return PATH.fullmatch(self._names.dotted(function)) is not None

    def _maps_to_paths(self, node: ast.AST | None, seen: _Seen) -> bool:
        match node:
            case ast.Dict(values=values):
                return any(self._is_path(each, seen) for each in values)
            case ast.DictComp(value=value):
                return self._is_path(value, seen)
            case ast.Name(id=name) if ("dict", name) not in seen:
                seen.add(("dict", name))
                bound = self._names.bound.get(name, ())
                return maps_to_paths(self._names.live(name)) or any(
                    self._maps_to_paths(each, seen) for each in bound
                )
        return False


def _attr(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""
