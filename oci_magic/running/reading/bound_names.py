"""Which names the statements of a scope bind, and which of them anything else can see."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs)
_Deferred = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)


def stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that are bound in a scope, not in those inside."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                continue
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                inside = (part for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
                yield from stored(part.target for part in inside)
            case _:
                yield from stored(ast.iter_child_nodes(node))


def of_others(body: Sequence[ast.stmt]) -> set[str]:
    """Names of a function that are those of a scope around it, or of modules."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    found = {name for n in nodes if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names}
    found |= {n.name for n in nodes if isinstance(n, _NAMED) and n.name}
    return found | _imported(nodes)


def _imported(nodes: Iterable[ast.AST]) -> set[str]:
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    return {(n.asname or n.name).partition(".")[0] for each in imports for n in each.names}


def read_later(body: Sequence[ast.stmt]) -> set[str]:
    """Names in functions and the like, which may be called at any time."""
    nodes = (node for statement in body for node in ast.walk(statement))
    return names_in(node for node in nodes if isinstance(node, _Deferred))


def begun_by(statement: ast.stmt) -> list[str]:
    """Names to which a statement gives a meaning of its own."""
    targets: list[ast.expr | None] = []
    match statement:
        case ast.Assign(targets=given):
            targets = [*given]
        case (
            ast.AnnAssign(target=target, value=ast.expr())
            | ast.For(target=target)
            | (ast.AsyncFor(target=target))
        ):
            targets = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            targets = [item.optional_vars for item in items]
    return list(stored(each for each in targets if each is not None))


def read_first(statement: ast.stmt) -> list[ast.AST]:
    """The parts of a statement that are read before its names are bound."""
    match statement:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return [value]
        case ast.For(iter=source) | ast.AsyncFor(iter=source):
            return [source]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return [item.context_expr for item in items]
    return []


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    return {part.id for n in nodes for part in ast.walk(n) if isinstance(part, ast.Name)}


def looped_in(node: ast.AST) -> Iterator[str]:
    """The names that a loop binds."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield from stored([node.target])


def sets_any_attribute(node: ast.AST) -> bool:
    """`setattr(self, name, value)`, `self.__dict__.update(options)`"""
    match node:
        case ast.Name(id="setattr" | "vars") | ast.Attribute(attr="__dict__"):
            return True
    return False


def parts(target: ast.Tuple | ast.List, value: ast.expr | None) -> list[ast.expr | None]:
    """What each of the names on the left of `a, b = value` stands for."""
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
        return [*value.elts]
    starred = any(isinstance(each, ast.Starred) for each in target.elts)
    if value is None or starred or (isinstance(value, ast.Constant) and value.value is None):
        return [None] * len(target.elts)
    return [
        ast.Subscript(value, ast.Constant(position), ast.Load())
        for position in range(len(target.elts))
    ]
