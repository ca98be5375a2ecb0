"""The arguments of a call, and of the cell's own functions what their parameters stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .scopes import Function, arguments, is_method, plain

Bindings = Iterator[tuple[str, ast.expr | None]]


def literal(node: ast.AST | None) -> str:
    """The text of a string constant, "" for anything else."""
    match node:
        case ast.Constant(value=str() as text):
            return text
    return ""


def passed(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """The argument of a call at `position` or under one of `names`, None if it is not given."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return call.args[position] if position < len(call.args) else None


def passed_or_hidden(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """The same; what `**options` may hold is theirs."""
    hidden = (keyword.value for keyword in call.keywords if keyword.arg is None)
    return passed(call, position, *names) or next(hidden, None)


def parameters(nodes: Sequence[ast.AST]) -> Bindings:
    """What the parameters of functions and the fields of dataclasses stand for, None: not known.

    A parameter stands for what the calls pass, and for its default where one passes nothing.
    """
    uses = _Uses(nodes)
    owners = {
        part: node
        for node in nodes
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, Function)
    }
    for node in nodes:
        if isinstance(node, Function):
            yield from _of_function(node, owners.get(node), uses)
        elif isinstance(node, ast.ClassDef):
            yield from _of_fields(node, uses)


class _Uses:
    """The calls of a cell, and what is named without being called: `.name` of attributes."""

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        self.calls = [node for node in nodes if isinstance(node, ast.Call)]
        apart = {id(call.func) for call in self.calls}
        apart |= {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        self.passed_on = {_name(node) for node in nodes if id(node) not in apart}
        self._classes = [node for node in nodes if isinstance(node, ast.ClassDef)]

    def kin(self, owner: ast.ClassDef) -> set[str]:
        """A class and those that are made from it: calling one calls what it inherits."""
        found = {owner.name}
        for node in self._classes * 2:
            if any(_name(base) in found for base in node.bases):
                found.add(node.name)
        return found


def _of_function(function: Function, owner: ast.ClassDef | None, uses: _Uses) -> Bindings:
    own = int(owner is not None and is_method(function))
    kin = uses.kin(owner) if owner else set()
    shifts = [(call, _shift(call, function, kin, own)) for call in uses.calls]
    calls = [(call, shift) for call, shift in shifts if shift is not None]
    names = {f".{function.name}" if owner else function.name}
    if function.name == "__init__":
        names |= kin
    elsewhere = not names.isdisjoint(uses.passed_on)
    yield from ((each.arg, None) for each in (function.args.vararg, function.args.kwarg) if each)
    for position, argument in enumerate(arguments(function.args)):
        default = _default(function.args, argument)
        values = [_given(call, position - shift, argument.arg, default) for call, shift in calls]
        if elsewhere or position < own:
            values.append(None)
        for value in values or [default]:
            yield argument.arg, value


def _of_fields(owner: ast.ClassDef, uses: _Uses) -> Bindings:
    """`Config("new.csv")` of a dataclass; its body binds the defaults."""
    parts = (part.target for part in owner.body if isinstance(part, ast.AnnAssign))
    fields = [target.id for target in parts if isinstance(target, ast.Name)]
    left_out, kin = ast.Constant(None), uses.kin(owner)
    for call in uses.calls:
        for position, field in enumerate(fields if _name(call.func) in kin else ()):
            value = _given(call, position, field.rpartition(".")[2], left_out)
            if value is not left_out:
                yield field, value


def _shift(call: ast.Call, function: Function, kin: set[str], own: int) -> int | None:
    """By how many the arguments are fewer than the parameters; None: a call of something else."""
    name = _name(call.func)
    if not kin:
        return 0 if name == function.name else None
    if function.name == "__init__" and name in kin:
        return own
    if name != f".{function.name}":
        return None
    by_class = _name(call.func.value) in kin  # type: ignore[attr-defined]
    return 0 if by_class and not function.decorator_list else own


def _given(call: ast.Call, position: int, name: str, default: ast.expr | None) -> ast.expr | None:
    """What a call passes for a parameter, None if that is not known."""
    for keyword in call.keywords:
        if keyword.arg == plain(name):
            return keyword.value
    starred = [at for at, each in enumerate(call.args) if isinstance(each, ast.Starred)]
    if starred and starred[0] <= position:
        return None
    if 0 <= position < len(call.args):
        return call.args[position]
    return None if any(keyword.arg is None for keyword in call.keywords) else default


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return name
        case ast.Attribute(attr=attr, ctx=ast.Load()):
            return f".{attr}"
    return ""


def _default(given: ast.arguments, argument: ast.arg) -> ast.expr | None:
    positional = [*given.posonlyargs, *given.args]
    pairs = [
        *zip(reversed(positional), reversed(given.defaults), strict=False),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    return next((default for known, default in pairs if known is argument), None)
