"""Which paths an expression of a cell may name, as far as constants tell.

Covers texts, what is put together of them (f-strings, `%`, `format`, `+`, `/`, `os.path`, pathlib
and methods of texts), names bound to such expressions, literal lists and dicts, and attributes
of the cell's own objects. Anything computed from data is not known.
"""

from __future__ import annotations

import ast
import itertools
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .calls import literal, passed
from .names import Names
from .path_objects import PATH, SAME, PathObjects
from .wording import as_f_string

Texts = frozenset[str] | None
"""All that an expression may be; None: not known; empty: no file of the person (a buffer)."""
Inner = Callable[[ast.AST | None], Texts]

_TO_TEXT = frozenset(("str", "os.fspath", "os.path.abspath"))
_TEXT_METHODS = frozenset(
    (
        *("replace", "lower", "upper", "strip", "lstrip", "rstrip", "removesuffix"),
        *("removeprefix", "title", "capitalize", "casefold", "zfill"),
    )
)
_OPENED = re.compile(r"((io|gzip|bz2|lzma|codecs)\.)?open|io\.FileIO")
_NO_FILE = re.compile(
    r"io\.(StringIO|BytesIO|FileIO)|gzip\.GzipFile|bz2\.BZ2File|lzma\.LZMAFile|tempfile\.\w+|((io|gzip|bz2|lzma|codecs)\.)?open|os\.devnull"
    r"|sys\.(__)?std(out|err)(__)?|zipfile\.ZipFile|pandas\.ExcelWriter|.*\bPdfPages"
)
_SPLITS = {"os.path.splitext": os.path.splitext, "os.path.split": os.path.split}
_MAX_TEXTS = 64
_MAX_DEPTH = 12


class Paths:
    """Texts and paths of one cell; texts are followed through `_MAX_DEPTH` bindings of bindings."""

    def __init__(self, names: Names) -> None:
        self._names = names
        objects = PathObjects(names)
        self.is_path, self.is_moved = objects.is_path, objects.is_moved

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
            case ast.Subscript(value=value, slice=key):
                return self._held(value, key, inner)
            case ast.Attribute(value=value, attr=attr):
                return self._attribute(value, attr, inner)
            case ast.Call() | ast.BinOp(op=ast.Mod()) if formatted := as_f_string(node):
                return inner(formatted)
            case ast.Call():
                return self._call_texts(node, inner)
        return None

    def _held(self, value: ast.expr, key: ast.expr, inner: Inner) -> Texts:
        """`paths["csv"]`, `os.path.splitext(path)[0]`, `tempfile.mkstemp()[1]`"""
        match value, key:
            case ast.Call(func=function, args=[path]), ast.Constant(value=int() as at):
                split = _SPLITS.get(self._names.dotted(function))
                texts = inner(path) if split and at in (0, 1) else None
                if split and texts is not None:
                    return frozenset(split(text)[at] for text in texts)
        if held := self._names.values(value, key):
            return _union(map(inner, held))
        return frozenset() if inner(value) == frozenset() else None

    def _attribute(self, value: ast.expr, attr: str, inner: Inner) -> Texts:
        """Parts of a known path, what an object's attribute is set to, the name of an open file."""
        if attr in ("name", "filename") and (opened := self._opened(value)):
            return _union(map(inner, opened))
        owner = value.id if isinstance(value, ast.Name) else ""
        if bound := self._names.of_attribute(owner, attr):
            return _union(map(inner, bound))
        texts = inner(value)
        if texts and attr in ("parent", "name", "stem", "suffix"):
            return frozenset(str(getattr(Path(text), attr)) for text in texts)
        return texts if texts == frozenset() else None

    def _opened(self, node: ast.expr, depth: int = 0) -> list[ast.expr | None]:
        """The paths of the files that an expression may stand for."""
        match node:
            case ast.Call(func=function) if _OPENED.fullmatch(self._names.dotted(function)):
                return [passed(node, 0, "file", "filename")]
            case ast.Call(func=ast.Attribute(value=value, attr="open")):
                return [value]
            case ast.Name(id=name):
                made = self._names.bound.get(name, ()) if depth < _MAX_DEPTH else ()
                values = [each for each in made if each is not None]
                return [path for each in values for path in self._opened(each, depth + 1)]
        return []

    def _call_texts(self, call: ast.Call, inner: Inner) -> Texts:
        function = self._names.dotted(call.func)
        if function in ("os.getcwd", "pathlib.Path.cwd"):
            return frozenset((".",))
        if function in ("pathlib.Path.home", "os.environ.get", "os.getenv"):
            named = not function.startswith("pathlib") and literal(
                call.args[0] if call.args else None
            )
            return frozenset(("~",)) if named in (False, "HOME", "USERPROFILE") else None
        if function == "os.path.join" or PATH.fullmatch(function):
            return _product(_joined, map(inner, call.args))
        if function in _TO_TEXT and call.args:
            return inner(call.args[0])
        if function in ("os.path.basename", "os.path.dirname") and call.args:
            texts = inner(call.args[0])
            return texts and frozenset(getattr(os.path, function[8:])(text) for text in texts)
        match call.func:
            case ast.Attribute(value=value, attr=attr) if attr in SAME:
                return inner(value)
            case ast.Attribute(value=value, attr="joinpath"):
                return _product(_joined, map(inner, [value, *call.args]))
            case ast.Attribute(value=value, attr="with_suffix" | "with_name" | "with_stem" as attr):
                return _product(_changed(attr), map(inner, [value, *call.args[:1]]))
            case ast.Attribute(value=value, attr="open") if self.is_path(value):
                return frozenset()
            case ast.Attribute(value=value, attr=attr) if attr in _TEXT_METHODS:
                return _product(_changed(attr, str), map(inner, [value, *call.args]))
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


def _changed(method: str, kind: Callable[[str], object] = Path) -> Callable[[tuple[str, ...]], str]:
    def change(parts: tuple[str, ...]) -> str:
        try:
            return str(getattr(kind(parts[0]), method)(*parts[1:]))
        except (ValueError, TypeError):  # the code will fail in the same way
            return parts[0]

    return change
