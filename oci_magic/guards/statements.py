"""Statements of a cell as far as guards tell them apart: by text, live or dead, inert or not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_INERT_CALLS = frozenset(("list", "dict", "set", "tuple", "str", "int", "float", "bool"))
_NOTHING = frozenset(("nan", "NaN", "NA", "NaT"))


class _Live(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if not isinstance(node.test, ast.Constant):
            return node
        return node.body if node.test.value else node.orelse or ast.Pass()

    def visit_While(self, node: ast.While) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        never = isinstance(node.test, ast.Constant) and not node.test.value
        return (node.orelse or ast.Pass()) if never else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return ast.Pass() if isinstance(node.value, ast.Constant) else node


def live(module: ast.Module) -> ast.Module:
    """The code without what never runs: in `if False:`, `while False:`, a text of its own.

    `module` changes.
    """
    result: ast.Module = _Live().visit(module)
    return result


def dotted(node: ast.expr) -> str:
    """`a.b.c` as a text, "" for other expressions."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def text_of(line: str) -> str:
    """What a line of code says, without the names it is bound to, layout and comments.

    "" for a part of a longer statement.
    """
    for closed in (line.strip(), f"{line.strip()} pass"):
        try:
            (statement,) = ast.parse(closed).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return core(statement)
    return ""


def statement_of(line: str) -> ast.stmt | None:
    """The first statement in a line of code, None if it is none."""
    try:
        return ast.parse(line.strip()).body[0]
    except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError):
        return None


def shows(node: ast.AST, text: str) -> bool:
    """Whether some statement in `node` says `text`."""
    return any(text in core(part) for part in ast.walk(node) if isinstance(part, ast.stmt))


def statements(module: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every statement with its text; of one that holds others, the first line."""
    for node in ast.walk(module):
        if isinstance(node, ast.stmt):
            yield ast.unparse(node).split("\n")[0], node


def texts_in(node: ast.AST) -> set[str]:
    """The texts that stand in it, such as labels of columns."""
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def is_inert(statement: ast.stmt, *, any_constant: bool = False) -> bool:
    """Whether it does nothing: `pass`, `print("...")`, or a name for no value at all (0, None, "").

    With `any_constant` a name for any constant is nothing, too.
    """
    match statement:
        case ast.Pass() | ast.Continue() | ast.Break() | ast.Try() | ast.Import():
            return True
        case ast.ImportFrom() | ast.Return(value=None):
            return True
        case ast.If(body=body, orelse=other):
            return all(is_inert(part, any_constant=any_constant) for part in [*body, *other])
        case ast.With(items=items):
            return all("suppress" in ast.unparse(item.context_expr) for item in items)
        case ast.Expr(value=ast.Call(func=function) as call):
            return dotted(function) == "print" and all(map(_is_constant, call.args))
        case ast.Expr(value=value):
            return isinstance(value, ast.Constant)
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return _is_nothing(value, any_constant)
    return False


def _is_nothing(value: ast.expr, any_constant: bool) -> bool:
    match value:
        case ast.Constant(value=constant):
            return any_constant or not constant or constant in _NOTHING
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return not parts or any_constant
        case ast.Dict(keys=keys):
            return not keys or any_constant
        case ast.UnaryOp(operand=operand):
            return _is_nothing(operand, any_constant)
        case ast.Attribute(attr=attr):
            return attr in _NOTHING
        case ast.Call(func=function, args=args, keywords=[]):
            name = dotted(function).rpartition(".")[2]
            made = name in _INERT_CALLS or (name[:1].isupper() and not args)
            return made and all(_is_nothing(part, any_constant) for part in args)
    return False


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def core(statement: ast.stmt) -> str:
    """What it says, without layout and the names it is bound to; of a block, its first line."""
    match statement:
        case (
            ast.Assign(value=ast.expr() as value)
            | ast.AnnAssign(value=ast.expr() as value)
            | ast.Return(value=ast.expr() as value)
            | ast.Expr(value=value)
        ):
            return _bare(ast.unparse(value))
    return _bare(ast.unparse(statement).split("\n")[0])


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)
