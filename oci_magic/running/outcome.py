"""Running a cell in a plain namespace, and what it came to: values, figures, files, names.

No kernel: the training makes thousands of cells a minute here, and an evaluation judges cells in
a process of their own. The failure is the product's own (`evidence`), so that both see what use
will see.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..types import Failure
from .evidence import failure_of

FILENAME = "<cell>"


@dataclass(frozen=True)
class Outcome:
    """What running a cell left: `failure`, or the shown value, drawn data and new files.

    `named` are those of the names that it was to give which it has given, whatever to.
    """

    failure: Failure | None = None
    value: Any = None
    drawn: tuple[Any, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    named: tuple[str, ...] = ()

    def matches(self, other: Outcome) -> bool:
        """Same drawing and files, or where there are none the same value, which is not None.

        And the same names given.
        """
        if self.failure or other.failure or self.named != other.named:
            return False
        try:
            if self.drawn or other.drawn or self.files or other.files:
                return self.drawn == other.drawn and self.files == other.files
            return bool(self.value == other.value and self.value is not None)
        except (ArithmeticError, RecursionError):  # a forged one: Decimal("sNaN"), or nested deep
            return False


def run(code: str, namespace: dict[str, Any], folder: Path, names: Sequence[str] = ()) -> Outcome:
    """Run `code` in `folder`; `namespace` is changed by it. `names` are to be given by it."""
    import matplotlib.pyplot as plt

    before, had = _listing(folder), dict(namespace)
    plt.close("all")
    with _inside(folder), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            value = _execute(code, namespace)
            drawn = _drawn() if plt.get_fignums() else ()
            named = tuple(name for name in names if _given(name, code, namespace, had))
            return Outcome(None, plain(value), drawn, _new_files(folder, before), named)
        except (Exception, SystemExit) as error:
            return Outcome(failure_of(error, code, namespace, FILENAME))
        finally:
            plt.close("all")


def _given(name: str, code: str, namespace: Mapping[str, Any], had: Mapping[str, Any]) -> bool:
    """Whether `code` has given the name, be it to what had it before."""
    if name not in namespace:
        return False
    if name not in had or namespace[name] is not had[name]:
        return True
    nodes = ast.walk(ast.parse(code))
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
               for n in nodes)  # fmt: skip


def _execute(code: str, namespace: dict[str, Any]) -> Any:
    tree = ast.parse(code, FILENAME)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, FILENAME, "exec", dont_inherit=True), namespace)
    if last is None or not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), FILENAME, "eval", dont_inherit=True), namespace)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    old = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(old)


def plain(value: Any) -> Any:
    """`value` as nested tuples of texts and rounded numbers, so that results compare."""
    module = type(value).__module__.split(".")[0]
    if module == "pandas" and hasattr(value, "columns") and hasattr(value, "to_numpy"):
        rows = tuple(tuple(map(_scalar, row)) for row in value.astype(object).to_numpy())
        labels = tuple(str(c) for c in value.columns)
        return ("table", labels, tuple(map(_scalar, value.index)), rows)
    if module == "pandas" and hasattr(value, "to_numpy"):
        index = tuple(map(_scalar, value.index)) if hasattr(value, "index") else ()
        return ("series", index, tuple(map(_scalar, value.to_numpy(dtype=object))))
    if isinstance(value, list | tuple):
        return tuple(map(plain, value))
    if module == "numpy" and value.ndim:
        return tuple(map(_scalar, value.tolist()))
    if module == "matplotlib":
        return None
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, tuple | list):
        return tuple(map(_scalar, value))
    try:
        number = float(value) if not isinstance(value, str) else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        return "" if str(value) in ("NaT", "<NA>", "nan") else str(value)
    return "" if number != number else float(f"{number:.7g}")


def _drawn() -> tuple[Any, ...]:
    """The data in the axes of all figures: bars, lines, points, wedges, scales and titles."""
    import matplotlib.pyplot as plt

    axes = (axes for n in plt.get_fignums() for axes in plt.figure(n).axes)
    return tuple(map(_axes_data, axes))


def _axes_data(axes: Any) -> tuple[Any, ...]:
    lines = [tuple(map(_scalar, line.get_ydata())) for line in axes.lines]
    boxes = [p for p in axes.patches if hasattr(p, "get_height")]
    bars = [(_scalar(p.get_height()), _scalar(p.get_width())) for p in boxes]
    points = (point for dots in axes.collections for point in dots.get_offsets())
    dots = [tuple(map(_scalar, point)) for point in points]
    wedges = [_scalar(p.theta2) for p in axes.patches if hasattr(p, "theta2")]
    look = (axes.get_yscale(), axes.get_xscale(), axes.get_title())
    return tuple(lines), tuple(bars), tuple(dots), tuple(wedges), look


def _listing(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in folder.iterdir() if p.is_file()}


def _new_files(folder: Path, before: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    changed = sorted(n for n, t in _listing(folder).items() if before.get(n) != t)
    return tuple((name, _content(folder / name)) for name in changed)


def _content(path: Path) -> str:
    if path.suffix == ".xlsx":
        import pandas as pd

        return str(plain(pd.read_excel(path)))
    return path.read_text(encoding="utf-8", errors="replace")
