"""Runs notebook cells in a namespace of their own and keeps what a person would then see.

No process, no time limit and no protection from what the code does: the caller's business.
The working directory and the standard streams are changed for the time of the run.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import hashlib
import io
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt

from .figures import Drawn, drawn_series


@dataclass
class Seen:
    """What is there after the cells ran; `failure` is the exception that stopped them."""

    shown: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    printed: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    drawn: list[Drawn] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    legend: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    failure: BaseException | None = None

    def show(self, *values: Any) -> None:
        for value in values:
            if isinstance(value, str):
                self.texts.append(value)
            elif value is not None:
                self.shown.append(copy_of(value))
                self.show(*(value if isinstance(value, tuple) else ()))


def copy_of(value: Any) -> Any:
    """What was shown stays as it was, whatever later cells do to it."""
    return value.copy() if isinstance(value, pd.DataFrame | pd.Series) else value


def run_cells(cells: list[str], folder: Path) -> Seen:
    """Run `cells` one after the other in a fresh copy of `folder`; stop at the first failure."""
    seen = Seen()
    with tempfile.TemporaryDirectory() as place, quiet_desk(Path(place), folder) as screen:
        before = file_marks(Path.cwd())
        names: dict[str, Any] = {"__name__": "__main__", "display": seen.show}
        names["print"] = printing(seen)
        try:
            for cell in cells:
                seen.show(run_cell(cell, names))
        except (Exception, SystemExit) as error:
            seen.failure = error
        look_at_figures(seen)
        after = file_marks(Path.cwd())
        changed = [name for name in after if after[name] != before.get(name)]
        seen.files = {name: Path(name).read_bytes() for name in changed}
    seen.printed = screen.getvalue()
    seen.variables = {k: v for k, v in names.items() if not k.startswith("_")}
    return seen


@contextlib.contextmanager
def quiet_desk(place: Path, folder: Path) -> Iterator[io.StringIO]:
    """A copy of `folder` as working directory, captured output, no figures, no input."""
    shutil.copytree(folder, place, dirs_exist_ok=True)
    home, keyboard, screen = Path.cwd(), sys.stdin, io.StringIO()
    matplotlib.use("Agg", force=True)
    plt.close("all")
    try:
        os.chdir(place)
        sys.stdin = io.StringIO()
        with (
            contextlib.redirect_stdout(screen),
            contextlib.redirect_stderr(io.StringIO()),
            matplotlib.rc_context(),
            pd.option_context("display.width", None),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield screen
    finally:
        sys.stdin = keyboard
        os.chdir(home)
        plt.close("all")


def printing(seen: Seen) -> Any:
    def printed(*values: Any, **options: Any) -> None:
        words = [v for v in values if isinstance(v, str) or pd.api.types.is_number(v)]
        seen.show(*(v for v in values if not isinstance(v, str)))
        seen.show(" ".join(map(str, words)))
        builtins.print(*values, **options)

    return printed


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Execute `source`; the value of its last expression, None where it ends otherwise."""
    lines = ["" if line.startswith("%matplotlib") else line for line in source.splitlines()]
    tree = ast.parse("\n".join(lines))
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return exec(compile(tree, "<cell>", "exec"), names)
    tree.body.pop()
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)


def look_at_figures(seen: Seen) -> None:
    figures = [plt.figure(number) for number in plt.get_fignums()]
    seen.drawn = drawn_series(figures)
    for figure in figures:
        seen.titles += [figure.get_suptitle()] + [axes.get_title() for axes in figure.axes]
        seen.legend |= any(axes.get_legend() is not None for axes in figure.axes)


def file_marks(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
