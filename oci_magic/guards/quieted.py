"""Code that switches a warning off in place of what causes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..types import Failure
from .statements import core, dotted, text_of

_FILTERS = ("filterwarnings", "simplefilter")
_NUMPYS = frozenset(("ignore", "print", "log", "call"))


def quieted(module: ast.Module, failure: Failure) -> Iterator[str]:
    """How the code keeps the warning that has failed from being raised."""
    if not failure.name.endswith("Warning"):
        return
    line = text_of(failure.facts.line)
    for node in ast.walk(module):
        match node:
            case ast.Call() if _is_off(node):
                yield "the warning is switched off"
            case ast.With(items=items, body=body):
                contexts = [item.context_expr for item in items]
                if any(map(_is_off_within, contexts)) and _says(body, line):
                    yield "the warning is switched off"


def _is_off(call: ast.Call) -> bool:
    """Whether a call changes what becomes of warnings from here on."""
    name, told = dotted(call.func).rpartition(".")[2], _constants(call)
    if name in _FILTERS:
        action = _given(call, "action") if call.keywords else None
        first = call.args[0] if call.args else action
        return isinstance(first, ast.Constant) and first.value != "error"
    if name == "catch_warnings":
        return bool(call.args) or any(
            key.arg in ("record", "action") and _is_on(key.value) for key in call.keywords
        )
    return name == "resetwarnings" or (name == "seterr" and not _NUMPYS.isdisjoint(told))


def _is_off_within(context: ast.expr) -> bool:
    return (
        isinstance(context, ast.Call)
        and dotted(context.func).endswith("errstate")
        and not _NUMPYS.isdisjoint(_constants(context))
    )


def _says(body: Sequence[ast.stmt], line: str) -> bool:
    """Whether the failed line stands there as it was."""
    return any(
        core(node) == line for part in body for node in ast.walk(part) if isinstance(node, ast.stmt)
    )


def _given(call: ast.Call, name: str) -> ast.expr | None:
    return next((key.value for key in call.keywords if key.arg == name), None)


def _is_on(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value not in (False, None, "error")


def _constants(call: ast.Call) -> set[object]:
    values = [*call.args, *(key.value for key in call.keywords)]
    return {value.value for value in values if isinstance(value, ast.Constant)}
