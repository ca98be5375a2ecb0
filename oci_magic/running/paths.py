"""Which paths an expression of a cell may name, as far as constants tell.

Covers texts, f-strings, `+`, `/`, `os.path.join`, pathlib, names bound to such expressions and
loops over literal lists; whether a name stands for a pathlib path, live ones included. Anything
computed from data is not known.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .calls import literal
from .live import holds_paths, is_path, maps_to_paths
from .names import Names

Texts = frozenset[str] | None
"""All that an expression may be; None: not known; empty: no file of the person (a buffer)."""

_PATH = re.compile(r"pathlib\.\w*Path(\.cwd|\.home)?")
_SAME = frozenset(("absolute", "resolve", "expanduser"))
_TO_PATH = _SAME | {"joinpath", "with_name", "with_suffix", "with_stem"}
_ONE_OF = frozenset(("next", "max", "min"))
_WRAPPERS = frozenset(("iter", "sorted", "list", "tuple", "reversed", "set"))
_TO_TEXT = frozenset(("str", "os.fspath", "os.path.abspath"))
_NO_FILE = re.compile(
    r"io\.(StringIO|BytesIO|FileIO)|gzip\.GzipFile|bz2\.BZ2File|lzma\.LZMAFile|tempfile\.\w+|((io|gzip|bz2|lzma|codecs)\.)?open|os\.devnull"
    r"|sys\.(__)?std(out|err)(__)?|zipfile\.ZipFile|pandas\.ExcelWriter|.*\bPdfPages"
)
_MAX_TEXTS = 64
_MAX_DEPTH = 12


class Paths:
    """Texts and paths of one cell; texts are followed through `_MAX_DEPTH` bindings of bindings."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def texts(self, node: ast.AST | None, depth: int = 0) -> Texts:
        """The texts (or paths, as text) that an expression may stand for."""
        if node is None or depth > _MAX_DEPTH:
            return None
        if _NO_FILE.fullmatch(self._names.dotted(_head(node))):
            return frozenset()

        def inner(part: ast.AST | None) -> Texts:
            return self.texts(part, depth + 1)

        match node:
            case ast.Constant(value=str() | int() as value):
                return frozenset((str(value),))
            case ast.Name(id=name) if name in self._names.bound:
                return _union(map(inner, self._names.bound[name]))
            case ast.JoinedStr(values=parts):
                return _product("".join, map(inner, parts))
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return inner(value)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return _product("".join, (inner(left), inner(right)))
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                return _product(_joined, (inner(left), inner(right)))
            case ast.NamedExpr(value=value):
                return inner(value)
            case ast.IfExp(body=body, orelse=other):
                return _union((inner(body), inner(other)))
            case ast.Subscript(value=value, slice=ast.Constant(value="HOME" | "USERPROFILE")):
                return frozenset(("~",)) if self._names.dotted(value) == "os.environ" else None
            case ast.Attribute(value=value, attr=attr):
                return _attribute(inner(value), attr)
            case ast.Call():
                return self._call_texts(node, inner)
        return None

    def is_path(self, node: ast.AST | None) -> bool:
        """Whether an expression is known to be a pathlib path."""
        return self._is_path(node, set())

    def _is_path(self, node: ast.AST | None, seen: set[tuple[str, str]]) -> bool:
        """`seen` are the names that have been followed, so that circles end."""
        match node:
            case ast.Call(func=function) if _PATH.fullmatch(self._names.dotted(function)):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _TO_PATH:
                return self._is_path(value, seen)
            case (
                ast.BinOp(op=ast.Div(), left=left, right=right) | ast.IfExp(body=left, orelse=right)
            ):
                return self._is_path(left, seen) or self._is_path(right, seen)
            case ast.Attribute(value=value, attr="parent") | ast.NamedExpr(value=value):
                return self._is_path(value, seen)
            case ast.Attribute(value=ast.Name(id=owner), attr=attr):
                bound = self._names.bound.get(f"{owner}.{attr}", ())
                return any(self._is_path(each, seen) for each in bound)
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

    def _lists_paths(self, node: ast.AST | None, seen: set[tuple[str, str]]) -> bool:
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="glob" | "rglob" | "iterdir")):
                return self._is_path(value, seen)
            case ast.Call(func=ast.Attribute(value=value, attr="values"), args=[]):
                return self._maps_to_paths(value, seen)
            case ast.Call(func=ast.Name(id="filter"), args=[_, values]):
                return self._lists_paths(values, seen)
            case ast.Call(func=ast.Name(id="map"), args=[function, *_]):
                return bool(_PATH.fullmatch(self._names.dotted(function)))
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _WRAPPERS:
                return self._lists_paths(first, seen)
            case ast.ListComp(elt=each) | ast.SetComp(elt=each) | ast.GeneratorExp(elt=each):
                return self._is_path(each, seen)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return any(self._is_path(each, seen) for each in elements)
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

    def _maps_to_paths(self, node: ast.AST | None, seen: set[tuple[str, str]]) -> bool:
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

    def _call_texts(self, call: ast.Call, inner: Callable[[ast.AST | None], Texts]) -> Texts:
        function = self._names.dotted(call.func)
        if function in ("os.getcwd", "pathlib.Path.cwd"):
            return frozenset((".",))
        if function in ("pathlib.Path.home", "os.environ.get", "os.getenv"):
            named = not function.startswith("pathlib") and literal(
                call.args[0] if call.args else None
            )
            return frozenset(("~",)) if named in (False, "HOME", "USERPROFILE") else None
        if function == "os.path.join" or _PATH.fullmatch(function):
            return _product(_joined, map(inner, call.args))
        if function in _TO_TEXT and call.args:
            return inner(call.args[0])
        match call.func:
            case ast.Attribute(value=value, attr=attr) if attr in _SAME:
                return inner(value)
            case ast.Attribute(value=value, attr="joinpath"):
                return _product(_joined, map(inner, [value, *call.args]))
            case ast.Attribute(value=value, attr="with_suffix" | "with_name" as attr):
                return _product(_changed(attr), map(inner, [value, *call.args[:1]]))
            case ast.Attribute(value=value, attr="open") if self.is_path(value):
                return frozenset()
        return None


def _head(node: ast.AST) -> ast.AST:
    return node.func if isinstance(node, ast.Call) else node


def _union(parts: Iterable[Texts]) -> Texts:
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return frozenset(found) if len(found) <= _MAX_TEXTS else None


def _product(join: Callable[[tuple[str, ...]], str], parts: Iterable[Texts]) -> Texts:
    """Every combination; a part that is no file of the person makes the whole none."""
    known: list[frozenset[str]] = []
    unknown = False
    for part in parts:
        if part is None:
            unknown = True
        elif not part:
            return part
        else:
            known.append(part)
    combinations = 1
    for part in known:
        combinations *= len(part)
    if unknown or combinations > _MAX_TEXTS:
        return None
    return frozenset(map(join, itertools.product(*known)))


def _joined(parts: tuple[str, ...]) -> str:
    return str(Path(*parts))


def _changed(method: str) -> Callable[[tuple[str, ...]], str]:
    def change(parts: tuple[str, ...]) -> str:
        try:
            return str(getattr(Path(parts[0]), method)(*parts[1:]))
        except ValueError:  # the code will fail in the same way
            return parts[0]

    return change


def _attribute(value: Texts, attr: str) -> Texts:
    """`.parent` and `.name` of a known path; `.name` of a temporary file stays no file."""
    if value and attr in ("parent", "name", "stem"):
        return frozenset(str(getattr(Path(text), attr)) for text in value)
    return value if value == frozenset() else None
