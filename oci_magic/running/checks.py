"""What an answer must satisfy: the person's checks, tried in the notebook after its code has run.

A check is an `assert` or any other statement; all of them run in order in a copy of the
namespace, so that names they bind stay theirs. One that fails is told with the values of what
it compares.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..types import Facts, Failure
from .evidence import failure_of
from .hidden import secrets_in, without
from .variables import describe

FILENAME = "<check>"
MOST_PARTS = 6
_PLAIN = (int, float, complex, bool, str, bytes, type(None))


def failed_check(checks: Sequence[str], namespace: Mapping[str, object]) -> Failure | None:
    """The first of `checks` that does not hold; CellTimeout and KeyboardInterrupt pass through."""
    scratch: dict[str, Any] = dict(namespace)
    for check in checks:
        try:
            for statement in ast.parse(check).body:
                part = ast.Module([statement], type_ignores=[])
                exec(compile(part, FILENAME, "exec"), scratch)
        except AssertionError as error:
            return _failed(check, str(error), scratch)
        except Exception as error:
            return failure_of(error, check, scratch, FILENAME)
    return None


def _failed(check: str, message: str, scratch: dict[str, Any]) -> Failure:
    held = next((s.test for s in ast.parse(check).body if isinstance(s, ast.Assert)), None)
    parts = tuple(_parts(held, scratch)) if held else ()
    said = ": ".join(filter(None, (message, ast.unparse(held) if held else check)))
    failure = Failure("CheckFailed", said, f"CheckFailed: {said}", Facts(parts=parts))
    return without(secrets_in(scratch), failure)


def _parts(test: ast.expr, scratch: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the check is made of, outermost first, and what each part is now."""
    called = {id(node.func) for node in ast.walk(test) if isinstance(node, ast.Call)}
    seen: set[str] = set()
    for node in ast.walk(test):
        source = ast.unparse(node) if isinstance(node, ast.expr) else ""
        plain = isinstance(node, ast.Constant) or node is test or id(node) in called
        if not source or plain or source in seen or len(seen) == MOST_PARTS:
            continue
        seen.add(source)
        try:
            value = eval(compile(ast.Expression(node), FILENAME, "eval"), scratch)  # type: ignore[arg-type]
        except Exception:  # a name that a comprehension binds
            continue
        yield source, _shown(value)


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
