"""The loop inside a judged process: the code is run once, then answers calls with plain values.

It reads one line of JSON and writes one, on descriptors that stand apart from the standard ones,
which lead nowhere. A solution is told arguments and tells values; what is expected never comes
here. A test program (trusted, of the problem's file) runs in such a process of its own: there
`candidate` stands for the solution in the other process, and every call of it goes over the line.

What the code does to this file, to the channel or to the interpreter is its own loss: the line
carries nothing but arguments and answers.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from . import walls
from .plain import decode, encode, opaque_in

CODE = "<code>"
_LONGEST = 2_000


class _Line:
    """Lines of JSON on two descriptors of our own."""

    def __init__(self) -> None:
        self.reading, self.writing = os.fdopen(os.dup(0), "rb"), os.dup(1)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)

    def read(self) -> dict[str, Any]:
        line = self.reading.readline()
        if not line:
            os._exit(0)
        return dict(json.loads(line))

    def write(self, message: Mapping[str, Any]) -> None:
        text = memoryview(json.dumps(message).encode() + b"\n")
        while text:
            text = text[os.write(self.writing, text) :]


def main() -> None:
    """Read the job, put up the walls, run the code, and do what its `role` says."""
    line = _Line()
    job = line.read()
    line.write({"missing": walls.build(str(Path.cwd()), *job["limits"])})
    role = _test if job["role"] == "test" else _answer
    role(line, job)
    line.read()  # stays until it is ended


def _answer(line: _Line, job: Mapping[str, Any]) -> None:
    """A solution: say how loading it went, then answer each call."""
    namespace: dict[str, Any] = {"__name__": "solution"}
    failed = _guarded(lambda: _load(job["parts"], namespace))
    function = namespace.get(job["entry"])
    if "value" in failed and function is None:
        line.write({"absent": job["entry"]})
        return
    line.write(failed)
    while "value" in failed:
        line.write(_guarded(partial(_called, function, line.read()["call"])))


def _called(function: Any, call: Any) -> Any:
    args, kwargs = decode(call)
    return encode(function(*args, **kwargs))


def _load(parts: list[str], namespace: dict[str, Any]) -> None:
    """Run the parts, the last of which is the code itself; none if one does not compile."""
    names = ["<prompt>"] * (len(parts) - 1) + [CODE]
    compiled = [compile(part, name, "exec") for part, name in zip(parts, names, strict=False)]
    for part in compiled:
        exec(part, namespace)


def _guarded(action: Callable[[], Any]) -> dict[str, Any]:
    """What `action` gives, in its plain form, or what it raised."""
    try:
        return {"value": action()}
    except BaseException as error:
        try:
            return _raised(error)
        except BaseException:
            return {"raised": [type(error).__name__, "", 0]}


def _raised(error: BaseException) -> dict[str, Any]:
    name, number = type(error).__name__, _line_of(error.__traceback__)
    if isinstance(error, SyntaxError) and not number:
        return {"syntax": [f"{name}: {error.msg}", error.lineno or 0]}
    return {"raised": [name, str(error)[:_LONGEST], number]}


def _line_of(trace: TracebackType | None) -> int:
    """The last line of the code that `trace` goes through, 0 for none."""
    number = 0
    while trace:
        if trace.tb_frame.f_code.co_filename == CODE:
            number = trace.tb_lineno
        trace = trace.tb_next
    return number


def _test(line: _Line, job: Mapping[str, Any]) -> None:
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
        _load(job["parts"], namespace)
        namespace.update(dict.fromkeys(names, candidate))
        _run(job["test"], namespace)
        line.write({"done": True})
    except BaseException as error:
        line.write({"failed": _told(error, job["test"], names)})


def _run(text: str, namespace: dict[str, Any]) -> None:
    code: CodeType = compile(text, CODE, "exec")
    exec(code, namespace)


def _told(error: BaseException, text: str, names: set[str]) -> list[Any]:
    """The assertion that failed and what it expected, in its plain form (null: not known)."""
    trace, last = error.__traceback__, None
    while trace:
        last = trace if trace.tb_frame.f_code.co_filename == CODE else last
        trace = trace.tb_next
    said = f"{type(error).__name__}: {str(error)[:_LONGEST]}"
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
    code = compile(ast.Expression(other), CODE, "eval")
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
