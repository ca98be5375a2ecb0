"""What an `except` or a `suppress()` does about the error that has just failed.

A value of its own, or another way to it, is a repair; so is a missing value where many are
worked on, in a loop or a function. To tell of the error, or to bind a constant in place of the
one thing that was to be found, is none.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from ..types import Failure
from .statements import dotted, is_inert, shows, statement_of, text_of, texts_in

_BROAD = frozenset(("Exception", "BaseException"))
_ENDS = frozenset(("StopIteration", "StopAsyncIteration", "EOFError", "Empty"))
"""What tells that there is no more to come."""
_TELLS = re.compile(
    r"print|display|log\w*\.\w+|(\w+\.)*(print_(exc|exception|stack)|warn)|sys\.std(err|out)\.\w+"
)
_PLACES = ast.Name | ast.Attribute | ast.Subscript
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_LOOPS = (
    ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
    ast.Lambda,
)  # fmt: skip


class Way(NamedTuple):
    """A way to hide an error: any error `broad`ly, and in code that stands there `once`."""

    why: str
    broad: bool = True
    once: bool = True


class _Block(NamedTuple):
    """What a `try` or `with` holds, what of that runs with it, and whether it stands there once."""

    body: Sequence[ast.stmt]
    reached: Sequence[ast.stmt]
    once: bool


def taken(module: ast.Module, before: ast.Module | None, failure: Failure) -> Iterator[Way]:
    """Where the code takes the error and does nothing about it; `before` is the failed code."""
    meant, often, loops = _aliases(module), _often(module, before), _loops_of_tries(module)
    functions = {node.name: node for node in ast.walk(module) if isinstance(node, _FUNCTIONS)}
    for node in ast.walk(module):
        if not isinstance(node, ast.Try | ast.TryStar | ast.With):
            continue
        called = {dotted(n.func) for n in _inside(node.body) if isinstance(n, ast.Call)}
        reached = [*node.body, *(functions[name] for name in called & functions.keys())]
        block = _Block(node.body, reached, id(node) not in often)
        if isinstance(node, ast.With):
            for item in node.items:
                yield from _suppressed(item.context_expr, block, meant, failure)
            continue
        for handler in node.handlers:
            if not _tries_on(loops.get(id(node)), node, failure):
                yield from _handled(handler, block, meant, failure)
        if any(isinstance(part, ast.Return) for part in node.finalbody):
            yield Way("a return in finally, which drops any error", True, block.once)


def _handled(
    handler: ast.ExceptHandler, block: _Block, meant: dict[str, str], failure: Failure
) -> Iterator[Way]:
    if any(isinstance(node, ast.Raise) for node in _inside(handler.body)):
        return
    kinds = _kinds(handler.type, meant)
    if handler.type is None:
        yield Way("an except that takes any error", True, block.once)
    elif _falls_back(handler, block) or _only_imports(block.body) or kinds <= _ENDS:
        return
    elif kinds & _BROAD:
        yield Way("an except that takes any error", True, block.once)
    elif all(_is_empty(p, handler.name) for p in handler.body) and _takes(kinds, block, failure):
        yield Way(f"an except {failure.name} that does nothing about it", False, block.once)


def _suppressed(
    context: ast.expr, block: _Block, meant: dict[str, str], failure: Failure
) -> Iterator[Way]:
    if not (isinstance(context, ast.Call) and dotted(context.func).endswith("suppress")):
        return
    kinds = {kind for given in context.args for kind in _kinds(given, meant)}
    if kinds & _BROAD:
        yield Way("suppress() of any error", True, block.once)
    elif _takes(kinds, block, failure):
        yield Way(f"suppress() of {failure.name}", False, block.once)


def _falls_back(handler: ast.ExceptHandler, block: _Block) -> bool:
    """Whether the handler gives what the block would have given; once, by a value of its own."""
    wanted = next(filter(None, map(_given, reversed(block.body))), set())
    given = (p for p in handler.body if not block.once or not _is_empty(p, handler.name))
    return bool(wanted) and wanted <= {name for part in given for name in _given(part)}


def _given(statement: ast.AST) -> set[str]:
    """What a statement binds, calls for its effect or returns."""
    found = _bound(statement)
    for node in ast.walk(statement):
        match node:
            case ast.Return(value=ast.expr()):
                found.add("return")
            case ast.Expr(value=ast.Call(func=function)) if not _tells(node):
                found.add(ast.unparse(function))
    return found


def _bound(statement: ast.AST) -> set[str]:
    places = (
        n for n in ast.walk(statement) if isinstance(n, ast.Name | ast.Attribute | ast.Subscript)
    )
    return {ast.unparse(place) for place in places if isinstance(place.ctx, ast.Store)}


def _is_empty(statement: ast.stmt, error: str | None) -> bool:
    """Whether a handler's statement only tells, or gives no more than a constant or the error."""
    within = [node for node in ast.walk(statement) if isinstance(node, ast.stmt)][1:]
    if within:
        return all(_is_empty(part, error) for part in within)
    match statement:
        case ast.Expr() if _tells(statement):
            return True
        case ast.Assign(targets=[ast.expr() as target], value=value):
            same = ast.unparse(target) == ast.unparse(value)
            return same or is_inert(statement) or _is_no_value(value, error)
        case ast.Return(value=ast.expr() as value):
            return _is_no_value(value, error)
    return is_inert(statement)


def _is_no_value(value: ast.expr, error: str | None) -> bool:
    if isinstance(value, ast.UnaryOp):
        return _is_no_value(value.operand, error)
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    return isinstance(value, ast.Constant) or (
        error in names and all(n == error or hasattr(builtins, n) for n in names)
    )


def _tells(statement: ast.AST) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=function)):
            return bool(_TELLS.fullmatch(dotted(function)))
    return False


def _only_imports(body: Sequence[ast.stmt]) -> bool:
    """Whether a `try` is about a package that may be there or not."""
    marks = (part for part in body if not isinstance(part, ast.Import | ast.ImportFrom))
    return isinstance(body[0], ast.Import | ast.ImportFrom) and all(
        is_inert(part, any_constant=True) for part in marks
    )


def _tries_on(loop: ast.stmt | None, node: ast.Try | ast.TryStar, failure: Failure) -> bool:
    """Whether a loop tries until it works: each time another thing, or what may work later."""
    ends = (part for block in (node.body, node.orelse) for part in block)
    if loop is None or not any(isinstance(part, ast.Break | ast.Return) for part in ends):
        return False
    varied = _bound(loop.target) if isinstance(loop, ast.For) else set()
    named = {n.id for n in _inside(node.body) if isinstance(n, ast.Name)}
    return bool(varied & named) or _catches({"OSError"}, failure)


def _takes(kinds: set[str], block: _Block, failure: Failure) -> bool:
    """Whether these kinds of errors, taken around a block, are what has just failed.

    It may say the failed line otherwise: bind the same names, or name all that the line names.
    """
    if not _catches(kinds, failure):
        return False
    line, statement = text_of(failure.facts.line), statement_of(failure.facts.line)
    same, named = (_bound(statement), _named(statement)) if statement else (set(), set())
    return any(
        (line and shows(part, line)) or same & _bound(part) or (named and named <= _named(part))
        for part in block.reached
    )


def _named(statement: ast.AST) -> set[str]:
    """The names, attributes and texts in it."""
    nodes = list(ast.walk(statement))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {n.attr for n in nodes if isinstance(n, ast.Attribute)} | texts_in(statement)


def _catches(kinds: set[str], failure: Failure) -> bool:
    raised = getattr(builtins, failure.name, None)
    bases = raised.__mro__ if isinstance(raised, type) else ()
    return not kinds.isdisjoint(
        {failure.name, *failure.facts.bases, *(base.__name__ for base in bases)}
    )


def _aliases(module: ast.Module) -> dict[str, str]:
    """`E = Exception`"""
    return {
        target.id: dotted(node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and dotted(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _kinds(kind: ast.expr | None, meant: dict[str, str]) -> set[str]:
    """The names of the errors that an `except` takes."""
    if isinstance(kind, ast.Tuple):
        return {name for each in kind.elts for name in _kinds(each, meant)}
    name = dotted(kind) if kind else ""
    return {meant.get(name, name).rpartition(".")[2]} - {""}


def _loops_of_tries(module: ast.Module) -> dict[int, ast.stmt]:
    """The loop in whose body a `try` stands."""
    loops = (n for n in ast.walk(module) if isinstance(n, ast.For | ast.While))
    return {id(part): loop for loop in loops for part in loop.body if isinstance(part, ast.Try)}


def _often(module: ast.Module, before: ast.Module | None) -> set[int]:
    """The nodes for many values: in loops, and in functions that are more than a line put away."""
    looped = _within(node for node in ast.walk(module) if isinstance(node, _LOOPS))
    had = {n.name for n in ast.walk(before) if isinstance(n, _FUNCTIONS)} if before else set()
    functions = (node for node in ast.walk(module) if isinstance(node, _FUNCTIONS))
    only_called = _only_called(module, looped)
    return looped | _within(
        function
        for function in functions
        if (function.name in had and function.args.args) or function.name not in only_called
    )


def _only_called(module: ast.Module, looped: Collection[int]) -> set[str]:
    """The names with which nothing is done but to call them, outside of loops."""
    calls = (n for n in ast.walk(module) if isinstance(n, ast.Call) and id(n) not in looped)
    called = {id(call.func) for call in calls}
    uses = [n for n in ast.walk(module) if isinstance(n, ast.Name | ast.Attribute)]
    names = [(use.id if isinstance(use, ast.Name) else use.attr, id(use)) for use in uses]
    return {name for name, _ in names} - {name for name, use in names if use not in called}


def _within(nodes: Iterable[ast.AST]) -> set[int]:
    return set(map(id, _inside(nodes)))


def _inside(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    return (part for node in nodes for part in ast.walk(node))
