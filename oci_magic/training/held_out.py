"""The held-out tasks of `score` as a file of cell problems, for `oci-magic eval`.

Same seeds, same tasks. Each is checked: its setup must give the very tables of the task, and its
reference, run on them, the task's outcome. What cannot be written so is told and left out.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..running.outcome import run
from .score import Trial, trials

_PANDAS = "_pandas"


def row(trial: Trial) -> dict[str, Any]:
    """A trial as a cell problem. Raises ValueError where it cannot be written out faithfully."""
    task, folder = trial.task, Path(trial.folder.name)
    made: dict[str, Any] = {
        "task_id": f"held-{trial.seed}", "request": task.request, "context": task.context,
        "files": {name: base64.b64encode((folder / name).read_bytes()).decode()
                  for name in _oldest_first(folder)},
        "setup": _setup(trial.namespace), "reference": task.attempts[-1].code,
        "names": list(task.names), "families": list(task.families),
    }  # fmt: skip
    marks = {"outside": trial.outside, "dirty": task.dirty}
    made |= {mark: True for mark, given in marks.items() if given}
    _check(made, trial)
    return made


def _oldest_first(folder: Path) -> list[str]:
    """As they are written, so that a listing names them in the same order."""
    found = [(path.stat().st_mtime, path) for path in folder.rglob("*") if path.is_file()]
    newest_first = sorted((-time, str(path.relative_to(folder))) for time, path in found)
    return [name for _, name in reversed(newest_first)]


def _setup(namespace: Mapping[str, Any]) -> str:
    """Code that makes the variables of a notebook, in their order."""
    lines = [_assigned(name, value) for name, value in namespace.items()]
    if any(_PANDAS in line for line in lines):
        lines = [f"import pandas as {_PANDAS}", *lines, f"del {_PANDAS}"]
    return "\n".join(lines)


def _assigned(name: str, value: Any) -> str:
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    return f"{name} = {_frame(value) if type(value).__name__ == 'DataFrame' else repr(value)}"


def _frame(frame: Any) -> str:
    columns = (
        f"    {label!r}: {_PANDAS}.Series([{', '.join(map(_literal, frame[label]))}], "
        f"dtype={str(frame[label].dtype)!r}),\n"
        for label in frame.columns
    )
    return f"{_PANDAS}.DataFrame({{\n{''.join(columns)}}})"


def _literal(value: Any) -> str:
    """A value of a column; a missing number or date is written as the kind it is."""
    if type(value).__name__ == "Timestamp":
        return repr(value.isoformat())
    if type(value).__name__ == "NaTType":
        return "None"
    item = value.item() if hasattr(value, "item") else value
    return 'float("nan")' if item != item else repr(item)


def _check(made: Mapping[str, Any], trial: Trial) -> None:
    namespace: dict[str, Any] = {}
    try:
        exec(made["setup"], namespace)
    except Exception as error:  # what a value writes of itself is no code
        raise ValueError("its setup does not run") from error
    del namespace["__builtins__"]
    if list(namespace) != list(trial.namespace):
        raise ValueError("its setup gives other variables")
    for name, value in trial.namespace.items():
        if not _same(value, namespace[name]):
            raise ValueError(f"its setup gives another {name}")
    if trial.outside:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, content in made["files"].items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))
        outcome = run(made["reference"], namespace, Path(folder), made["names"])
        if not outcome.matches(trial.task.outcome):
            raise ValueError("its reference gives another outcome")


def _same(value: Any, other: Any) -> bool:
    """Whether tables are the same to the type of each cell, and other values equal."""
    if type(value).__name__ != "DataFrame":
        return type(value) is type(other) and bool(value == other)
    from pandas.testing import assert_frame_equal

    try:
        assert_frame_equal(value, other, check_exact=True, check_index_type=True)
    except AssertionError:
        return False
    cells = [[type(cell) for cell in frame[label]] for frame in (value, other) for label in frame]
    half = len(cells) // 2
    return cells[:half] == cells[half:]


def rows(count: int, start: int = 0) -> Iterator[dict[str, Any]]:
    """The tasks that can be written out; the others are told on standard error."""
    for trial in trials(count, start):
        with trial.folder:
            try:
                yield row(trial)
            except ValueError as error:
                print(f"held-{trial.seed} is left out: {error}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    with options.out.open("w", encoding="utf-8") as file:
        for made in rows(options.count, options.start):
            file.write(json.dumps(made, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
