"""A notebook cell in a judged process: files and setup, then the cell, then what it came to.

Pandas, matplotlib and our own code are imported before the walls go up: behind them, they could
not be read everywhere. What the cell came to (or how it failed, told while its objects are alive)
crosses as plain values. A cell may forge what is told of it; what is right it is never told.
"""

from __future__ import annotations

import os
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from ..types import Facts, Failure, Variable
from .evidence import failure_of
from .inside.plain import decode, encode
from .outcome import FILENAME, Outcome, run

_HOME = str(Path(__file__).parents[2])


def job(
    files: Mapping[str, str], setup: str, code: str, names: Sequence[str] = ()
) -> dict[str, Any]:
    """What a process is told that is to run a cell: it finds the packages that this one finds."""
    packages = [path for path in sys.path if path.endswith("-packages")]
    return {"role": "cell", "home": _HOME, "packages": packages, "files": dict(files),
            "setup": setup, "code": code, "names": list(names)}  # fmt: skip


class Line(Protocol):
    """The channel of `inside.child`."""

    def write(self, message: Mapping[str, Any]) -> None: ...


def prepared(files: Mapping[str, str]) -> Callable[[Line, Mapping[str, Any]], None]:
    """Write the files (base64), each newer than the one before, and import what a cell needs."""
    import matplotlib as mpl
    import pandas

    mpl.use("Agg")
    import matplotlib.pyplot

    del pandas, matplotlib.pyplot
    now = time.time()
    for age, (name, content) in enumerate(reversed(list(files.items()))):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(content))
        os.utime(path, (now - age, now - age))
    return _answer


def _answer(line: Line, job: Mapping[str, Any]) -> None:
    namespace: dict[str, Any] = {}
    try:
        exec(compile(job["setup"], "<setup>", "exec", dont_inherit=True), namespace)
    except BaseException as error:
        line.write({"failed": f"{type(error).__name__}: {error}"})
        return
    line.write({"ready": True})  # from here on, a stranger may speak
    namespace.pop("__builtins__", None)
    try:
        outcome = run(job["code"], namespace, Path.cwd(), job["names"])
    except BaseException as error:
        outcome = Outcome(failure_of(error, job["code"], namespace, FILENAME))
    if outcome.failure:
        line.write({"failure": asdict(outcome.failure)})
    else:
        line.write(
            {"outcome": encode([outcome.value, outcome.drawn, outcome.files, outcome.named])}
        )


def outcome_in(reply: Mapping[str, Any]) -> Outcome:
    """What a process tells of a cell. Raises ValueError for what is no such reply."""
    try:
        if "failure" in reply:
            return Outcome(_failure(reply["failure"]))
        value, drawn, files, named = decode(reply["outcome"])
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("it tells of no outcome") from error
    return Outcome(None, value, drawn, files, named)


def _failure(form: Mapping[str, Any]) -> Failure:
    facts = form["facts"]
    told = Facts(
        _text(facts["line"]), _number(facts["lineno"]), tuple(map(_variable, facts["tables"])),
        _texts(facts["files"]), _pairs(facts["headers"]), _named(facts["values"]),
        _named(facts["near"]), _pairs(facts["parts"]), _named(facts["notes"]),
        _texts(facts["bases"]),
    )  # fmt: skip
    return Failure(_text(form["name"]), _text(form["message"]), _text(form["traceback"]), told)


def _variable(form: Mapping[str, Any]) -> Variable:
    shape = form["shape"]
    sizes = None if shape is None else tuple(map(_number, shape))
    return Variable(_text(form["name"]), _text(form["type"]), sizes, _pairs(form["columns"]))


def _named(form: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((_text(name), _texts(texts)) for name, texts in form)


def _pairs(form: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_text(name), _text(text)) for name, text in form)


def _texts(form: Any) -> tuple[str, ...]:
    return tuple(map(_text, form))


def _text(form: Any) -> str:
    if not isinstance(form, str):
        raise TypeError
    return form


def _number(form: Any) -> int:
    if not isinstance(form, int):
        raise TypeError
    return form
