"""A test program (trusted, of the problem's file) in a process of its own.

There `candidate` stands for the solution in the other process: every call of it goes over the
line. Tells which assertion failed, and what it compared the candidate's answer with.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from types import CodeType
from typing import Any

from .child import CODE, LONGEST, Line, load
from .plain import decode, encode, opaque_in


def test(line: Line, job: Mapping[str, Any]) -> None:
    """A test program: each call of the candidate goes over the line; how it ended."""

    def candidate(*args: Any, **kwargs: Any) -> Any:
        call = encode([args, kwargs])
        if odd := opaque_in(call):
            line.write({"unfit": odd})
        line.write({"call": call})
        reply = line.read()
        if "value" in reply:
            return decode(reply["value"])
        name, message, _ = reply["raised"]
        kind: Any = getattr(builtins, name, None)
        proper = isinstance(kind, type) and issubclass(kind, Exception)
        raise kind(message) if proper else RuntimeError(message)

    names = {"candidate", job["entry"]}
    namespace: dict[str, Any] = {"__name__": "test"}
    try:
        load(job["parts"], namespace)
        namespace.update(dict.fromkeys(names, candidate))
        _run(job["test"], namespace)
        line.write({"done": True})
    except BaseException as error:
        line.write({"failed": _told(error, job["test"], names)})


def _run(text: str, namespace: dict[str, Any]) -> None:
    code: CodeType = compile(text, CODE, "exec", dont_inherit=True)
    exec(code, namespace)


def _told(error: BaseException, text: str, names: set[str]) -> list[Any]:
    """The assertion that failed and what it expected, in its plain form (null: not known)."""
    trace, last = error.__traceback__, None
    while trace:
        last = trace if trace.tb_frame.f_code.co_filename == CODE else last
        trace = trace.tb_next
    said = f"{type(error).__name__}: {str(error)[:LONGEST]}"
    if last is None or not isinstance(error, AssertionError):
        return [said, None]
    asserts = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]
    here = [a for a in asserts if a.lineno <= last.tb_lineno <= (a.end_lineno or a.lineno)]
    if not here:
        return [said, None]
    other = _other_side(here[-1].test, names)
    if other is None:
        return [ast.unparse(here[-1].test), None]
    frame = last.tb_frame
    code = compile(ast.Expression(other), CODE, "eval", dont_inherit=True)
    return [ast.unparse(here[-1].test), encode(eval(code, frame.f_globals, frame.f_locals))]


def _other_side(test: ast.expr, names: set[str]) -> ast.expr | None:
    """What an assertion compares with the candidate's answer itself, if that is its form."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            for asked, other in ((left, right), (right, left)):
                if _calls(asked, names) and not any(
                    _calls(node, names) for node in ast.walk(other)
                ):
                    return other
    return None


def _calls(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
