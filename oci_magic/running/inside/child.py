"""The loop inside a judged process: the code is run once, then answers calls with plain values.

It reads one line of JSON and writes one, on descriptors that stand apart from the standard ones,
which lead nowhere. A solution is told arguments and tells values; what is expected never comes
here. A test program runs in such a process of its own: that is `tester`'s; so does a notebook
cell, with our own code beside it: that is `running.cells`'.

What the code does to this file, to the channel or to the interpreter is its own loss: the line
carries nothing but arguments and answers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any

from . import walls
from .plain import decode_trusted, encode

CODE = "<code>"
LONGEST = 2_000


class Line:
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


Role = Callable[[Line, Mapping[str, Any]], None]


def main() -> None:
    """Read the job, put up the walls, run the code, and do what its `role` says."""
    line = Line()
    job = line.read()
    role: Role = _answer
    if job["role"] == "test":
        from .tester import test as role  # slow to come, and not to be read behind the walls
    elif job["role"] == "cell":
        role = _of_cells(job)
    folder = os.getcwd()  # noqa: PTH109  pathlib is slow to come
    line.write({"missing": walls.build(folder, *job["limits"])})
    role(line, job)
    line.read()  # stays until it is ended


def _of_cells(job: Mapping[str, Any]) -> Role:
    """The role of the package itself, which lies in the folder `home`."""
    sys.path += [path for path in job["packages"] if path not in sys.path]
    sys.path.insert(0, job["home"])
    from oci_magic.running.cells import prepared

    del sys.path[0]
    return prepared(job["files"])


def _answer(line: Line, job: Mapping[str, Any]) -> None:
    """A solution: say how loading it went, then answer each call."""
    namespace: dict[str, Any] = {"__name__": "solution"}
    failed = _guarded(lambda: load(job["parts"], namespace))
    function = namespace.get(job["entry"])
    if "value" in failed and function is None:
        line.write({"absent": job["entry"]})
        return
    line.write(failed)
    while "value" in failed:
        line.write(_guarded(partial(_called, function, line.read())))


def _called(function: Any, message: Mapping[str, Any]) -> Any:
    args, kwargs = decode_trusted(message["call"])
    answer = function(*args, **kwargs)
    if _has_more(answer, message["items"]):
        raise _TooLong
    return encode(answer)


class _TooLong(Exception):
    """What an answer is that would take minutes to write, only to be refused."""


def _has_more(value: Any, items: int) -> bool:
    waiting = [value]
    while waiting and items >= 0:
        each = waiting.pop()
        if isinstance(each, list | tuple | set | frozenset | dict):
            items -= len(each)
            waiting += each.values() if isinstance(each, dict) else each
    return items < 0


def load(parts: list[str], namespace: dict[str, Any]) -> None:
    """Run the parts, the last of which is the code itself; none if one does not compile."""
    names = ["<prompt>"] * (len(parts) - 1) + [CODE]
    compiled = [
        compile(part, name, "exec", dont_inherit=True)  # not our `from __future__`
        for part, name in zip(parts, names, strict=False)
    ]
    for part in compiled:
        exec(part, namespace)


def _guarded(action: Callable[[], Any]) -> dict[str, Any]:
    """What `action` gives, in its plain form, or what it raised."""
    try:
        return {"value": action()}
    except _TooLong:
        return {"long": True}
    except BaseException as error:
        try:
            return _raised(error)
        except BaseException:
            return {"raised": [type(error).__name__, "", 0]}


def _raised(error: BaseException) -> dict[str, Any]:
    name, number = type(error).__name__, _line_of(error.__traceback__)
    if isinstance(error, SyntaxError) and not number:
        return {"syntax": [f"{name}: {error.msg}", error.lineno or 0]}
    return {"raised": [name, str(error)[:LONGEST], number]}


def _line_of(trace: TracebackType | None) -> int:
    """The last line of the code that `trace` goes through, 0 for none."""
    number = 0
    while trace:
        if trace.tb_frame.f_code.co_filename == CODE:
            number = trace.tb_lineno
        trace = trace.tb_next
    return number
