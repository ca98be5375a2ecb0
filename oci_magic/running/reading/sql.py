"""What SQL in a call changes: tables of a database, files, addresses it reads.

Covers SQL that is a constant, and SQL that is put together, by its constant parts. Databases in
memory, and those that the cell makes, may be changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Literal

from .calls import literal, passed
from .names import Names
from .paths import Paths

Change = Literal["network", "delete", "overwrite", "copy"]

_EXECUTES = frozenset(
    (
        *("execute", "executemany", "executescript", "exec_driver_sql", "sql", "query", "text"),
        *("read_sql", "read_sql_query"),
    )
)
_MAKES = frozenset(("to_sql", "create_all"))
_SQL: dict[Change, re.Pattern[str]] = {
    "delete": re.compile(
        r"\b(drop\s+(table|view|database|index|schema)|delete\s+from)\b"
        r"|(?:^|;)\s*truncate\s+(?:table\s+)?[\w\"`\[]+"
    ),
    "overwrite": re.compile(
        r"\b(update\s+[^()=]+?\s+set|alter\s+table|replace\s+into|create\s+or\s+replace|merge\s+into"
        r"|insert\s+(or\s+\w+\s+)?into)\b"
    ),
}
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|'[^']*'", re.DOTALL)
_QUOTED_NAME = re.compile(r'"[^"]*"')
_ADDRESS = re.compile(r"\b(?:from|join)\s+(?:\w+\s*\(\s*)?'([a-z][a-z0-9+]*://[^']*)'", re.I)
_COPY = re.compile(r"\b(?:copy\b.*\bto|export\s+database)\s+'([^']*)'", re.IGNORECASE | re.DOTALL)
_IN_MEMORY = ("sqlite://", "sqlite:///:memory:", "duckdb:///:memory:", "duckdb://")
_OPENS = ("create_engine", "sqlite3.connect", "duckdb.connect")
_ATTACH = re.compile(r"(^|;)\s*attach\b")
_UNKNOWN = "unknown__"
IsNew = Callable[[str], bool]
_MAX_DEPTH = 12


class Databases:
    """What the calls of a cell change, and in few words how; for "copy", to which file.

    `new` tells whether a file is not there yet: rows may be put into a database that is made
    here, and where the cell makes tables, they may be changed and dropped, too.
    """

    def __init__(self, nodes: Iterable[ast.AST], names: Names, paths: Paths, new: IsNew) -> None:
        self._names, self._paths, self._new = names, paths, new
        makes = attaches = False
        for node in nodes:
            text = literal(node).lower()
            makes |= "create table" in text
            makes |= isinstance(node, ast.Attribute) and node.attr in _MAKES
            attaches |= _ATTACH.search(text) is not None
        self._made = new if makes else None
        self._attaches = attaches
        self.only_own = not attaches and _all_in_memory(names, self._made)
        """Whether the cell opens databases, and only such as it makes itself."""

    def changes(self, call: ast.Call) -> tuple[Change, str] | None:
        """None for a call that changes nothing that was there before."""
        names = self._names
        called = names.dotted(call.func).rpartition(".")[2]
        attr = call.func.attr if isinstance(call.func, ast.Attribute) else called
        if attr not in _EXECUTES:
            return None
        where = passed(call, 1, "con") if attr.startswith("read_sql") else call.func
        sql = _text(passed(call, 0, "sql", "query", "statement"), names, self._paths)
        free = self._is_free(where, attr)
        unknown = not sql.replace(_UNKNOWN, "").strip()
        if attr == "executescript" and unknown and not free:
            return "overwrite", "executescript of a text that is not known"
        found = changes(sql, attr, in_memory=free)
        inserts = found and found[0] == "overwrite" and found[1].startswith(f"{attr} insert")
        return None if inserts and is_in_memory(where, names, self._new) else found

    def _is_free(self, where: ast.expr | None, attr: str) -> bool:
        """Whether anything may be changed: a database in memory, or of the cell itself."""
        if self._attaches:
            return False
        if attr == "text":
            return self.only_own
        by_duckdb = self._names.dotted(where).startswith("duckdb.")
        return by_duckdb or is_in_memory(where, self._names, self._made)


def changes(sql: str, what: str = "sql", *, in_memory: bool = False) -> tuple[Change, str] | None:
    """The same for SQL that is at hand."""
    if found := _ADDRESS.search(sql):
        return "network", f"{what} {found[1][:60]}"
    if found := _COPY.search(sql):
        return "copy", "" if _UNKNOWN in found[1] else found[1]
    plain = _QUOTED_NAME.sub("name", _COMMENT.sub("", sql).lower())
    for kind, pattern in _SQL.items() if not in_memory else ():
        if found := pattern.search(plain):
            return kind, f"{what} {' '.join(found[0].split()).strip(';')}"
    return None


def is_in_memory(
    node: ast.expr | None, names: Names, new: IsNew | None = None, depth: int = 0
) -> bool:
    """Whether a connection or cursor is known to be one to a database in no file, or a new one."""

    def inner(part: ast.expr | None, deeper: int = 1) -> bool:
        return is_in_memory(part, names, new, depth + deeper)

    match node:
        case ast.Attribute(value=value):
            return inner(value, 0)
        case ast.Name(id=name) if depth < _MAX_DEPTH:
            bound = names.bound.get(name, [])
            return bool(bound) and all(map(inner, bound))
        case ast.Call(func=function, args=args):
            return _opens_memory(names.dotted(function), args, new) or (
                isinstance(function, ast.Attribute)
                and function.attr in ("cursor", "connect", "begin")
                and inner(function.value)
            )
    return False


def _all_in_memory(names: Names, new: IsNew | None) -> bool:
    """Whether the cell opens databases, and none that was there before."""
    calls = (value for values in names.bound.values() for value in values)
    opened = [
        call
        for call in calls
        if isinstance(call, ast.Call) and names.dotted(call.func).endswith(_OPENS)
    ]
    return bool(opened) and all(is_in_memory(call, names, new) for call in opened)


def _opens_memory(function: str, args: list[ast.expr], new: IsNew | None) -> bool:
    first = literal(args[0]) if args else ""
    match function:
        case "sqlite3.connect" | "duckdb.connect":
            none = not args and function.startswith("duckdb")
            return none or first == ":memory:" or bool(new and first and new(first))
        case "sqlalchemy.create_engine" | "create_engine":
            file = first.removeprefix("sqlite:///")
            return first in _IN_MEMORY or bool(new and file and file != first and new(file))
    return False


def _text(
    node: ast.AST | None, names: Names, paths: Paths, depth: int = 0,
    seen: frozenset[str] = frozenset(),
) -> str:  # fmt: skip
    """The text of an expression, `_UNKNOWN` in the place of what is not a constant."""

    def inner(part: ast.AST | None, within: frozenset[str] = seen) -> str:
        return _text(part, names, paths, depth + 1, within)

    if depth > _MAX_DEPTH:
        return _UNKNOWN
    if known := paths.texts(node):
        return "\n;".join(sorted(known))
    match node:
        case ast.JoinedStr(values=parts):
            return "".join(map(inner, parts))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return inner(left) + inner(right)
        case ast.BinOp(op=ast.Mod(), left=left):
            return inner(left)
        case ast.Name(id=name) if name in seen:
            return _UNKNOWN
        case ast.Name(id=name) if name in names.bound:
            return "\n;".join(inner(each, seen | {name}) for each in names.bound[name])
        case ast.Call(func=ast.Attribute(value=value, attr="format" | "strip" | "replace")):
            return inner(value)
        case ast.Call(func=ast.Attribute(value=between, attr="join"), args=[parts]):
            return inner(between).join(map(inner, _elements(parts, names)))
        case ast.Subscript(value=value, slice=key) if held := names.values(value, key):
            return "\n;".join(map(inner, held))
        case ast.Call(func=function, args=[first, *_]):
            wraps = names.dotted(function).rpartition(".")[2] in ("text", "dedent", "SQL")
            return inner(first) if wraps else _UNKNOWN
    return _UNKNOWN


def _elements(node: ast.expr, names: Names) -> list[ast.expr]:
    """What is joined: the elements of a list, or the one that stands for all."""
    match names.of_name(node):
        case ast.ListComp(elt=each) | ast.GeneratorExp(elt=each):
            return [each]
    return names.elements(node) or [ast.Constant(None)]
