"""What an answer must satisfy: the person's checks, tried in the notebook after its code has run.

A check is an `assert` or any other statement; all of them run in order in a copy of the
namespace, so that names they bind stay theirs. One that fails is told with the values of what
it compares: those that it had when it was tried, for nothing is computed a second time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from traceback import walk_tb
from typing import Any

from ..types import Facts, Failure
from .evidence import failure_of
from .facts.hidden import secrets_in, without
from .interrupts import CellTimeout
from .reserve import NOTHING, Reserve
from .variables import describe

FILENAME = "<check>"
MOST_PARTS = 6
_PLAIN = (int, float, complex, bool, str, bytes, type(None))
_NOTE = "__oci_note__"
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NO_VALUE = ast.Starred | ast.Slice | ast.FormattedValue
_UNTRIED = object()


def failed_check(
    checks: Sequence[str], namespace: Mapping[str, object], reserve: Reserve = NOTHING
) -> Failure | None:
    """The first of `checks` that does not hold; CellTimeout and KeyboardInterrupt pass through.

    A program that ends itself has not held.
    """
    scratch: dict[str, Any] = dict(namespace)
    for check in checks:
        values: dict[str, object] = {}
        try:
            for statement in ast.parse(check).body:
                values.clear()
                _run(statement, scratch, values)
        except AssertionError as error:
            return _failed(check, error, values, scratch)
        except (KeyboardInterrupt, CellTimeout):
            raise
        except BaseException as error:
            return failure_of(error, check, scratch, FILENAME, reserve)
    return None


def _run(statement: ast.stmt, scratch: dict[str, Any], values: dict[str, object]) -> None:
    """Run a statement; of its asserts, `values` gets what their parts are, outermost first."""
    for each in _asserts(statement):
        parts = {id(node): ast.unparse(node) for node in _parts(each.test)}
        values.update(dict.fromkeys(parts.values(), _UNTRIED))
        noting: ast.expr = _Noting(parts).visit(each.test)
        each.test = noting
        scratch[_NOTE] = partial(_noted, values)
    module = ast.fix_missing_locations(ast.Module([statement], type_ignores=[]))
    try:
        exec(compile(module, FILENAME, "exec", dont_inherit=True), scratch)
    finally:
        scratch.pop(_NOTE, None)


def _failed(
    check: str, error: Exception, values: Mapping[str, object], scratch: Mapping[str, object]
) -> Failure:
    lines = {line for frame, line in walk_tb(error.__traceback__)
             if frame.f_code.co_filename == FILENAME}  # fmt: skip
    asserts = (each for part in ast.parse(check).body for each in _asserts(part))
    held = next((each.test for each in asserts if each.lineno in lines), None)
    tried = [(source, value) for source, value in values.items() if value is not _UNTRIED]
    parts = tuple((source, _shown(value)) for source, value in tried[:MOST_PARTS])
    said = ": ".join(filter(None, (str(error), ast.unparse(held) if held else check)))
    failure = Failure("CheckFailed", said, f"CheckFailed: {said}", Facts(parts=parts))
    return without(secrets_in(scratch), failure)


def _asserts(statement: ast.AST) -> Iterator[ast.Assert]:
    """The asserts that run with it, in loops and the like, not those of functions it defines."""
    if isinstance(statement, ast.Assert):
        yield statement
    elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for part in ast.iter_child_nodes(statement):
            yield from _asserts(part)


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    """What the check is made of, outermost first, but for what has names of its own in it."""
    nodes = [node for node in ast.walk(test) if isinstance(node, ast.expr)]
    no_value = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    no_value |= {id(node.format_spec) for node in nodes if isinstance(node, ast.FormattedValue)}
    no_value |= {id(node) for scope in nodes for node in _with_own_names(scope)}
    yield from (node for node in nodes[1:] if id(node) not in no_value and _has_value(node))


def _has_value(node: ast.expr) -> bool:
    """Whether an expression can be tried by itself, and is no constant."""
    if isinstance(node, ast.Tuple) and any(isinstance(each, _NO_VALUE) for each in node.elts):
        return False
    loaded = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    return loaded and not isinstance(node, ast.Constant | _NO_VALUE)


def _with_own_names(scope: ast.expr) -> Iterator[ast.AST]:
    """What stands in a comprehension or a lambda and needs a name that it binds."""
    if not isinstance(scope, _SCOPES):
        return
    within = [node for node in ast.walk(scope) if node is not scope]
    bound = {node.id for node in within
             if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}  # fmt: skip
    bound |= {node.arg for node in within if isinstance(node, ast.arg)}
    for node in within:
        if any(isinstance(part, ast.Name) and part.id in bound for part in ast.walk(node)):
            yield node


class _Noting(ast.NodeTransformer):
    """Passes the value of each of the `parts` through `_noted`."""

    def __init__(self, parts: Mapping[int, str]) -> None:
        self._parts = parts

    def visit(self, node: ast.AST) -> Any:
        source = self._parts.get(id(node))
        node = self.generic_visit(node)
        if source is None or not isinstance(node, ast.expr):
            return node
        note = ast.Call(ast.Name(_NOTE, ast.Load()), [ast.Constant(source), node], [])
        return ast.copy_location(note, node)


def _noted(values: dict[str, object], source: str, value: object) -> object:
    values[source] = value
    return value


def _shown(value: object) -> str:
    """A plain value as it is; of anything else what a model may know: type, shape, columns."""
    if (
        type(value).__module__ == "numpy"
        and hasattr(value, "item")
        and getattr(value, "ndim", 1) == 0
    ):
        value = value.item()
    if type(value) in _PLAIN:
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    told = describe("", value)
    return " ".join(filter(None, (told.type, "x".join(map(str, told.shape or ())))))
