"""What an answer has changed of the person's is told where it says that it worked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_magics import Notebook, code, notebook

from oci_magic.notebook.changes import Changes

__all__ = ["notebook"]  # a fixture


def test_names_and_files_are_told_once_and_ours_are_not(tmp_path: Path) -> None:
    names: dict[str, Any] = {"df": [1], "s": [2], "t": [3], "_x": 1}
    ours = set[str]()
    changes = Changes(names, tmp_path, ours)
    names.update(df=[1], result=[4], _x=2)
    names["s"].append(5)
    del names["t"]
    (tmp_path / "plots").mkdir()
    for name in ("a.csv", "plots/b.png", ".hidden", "__pycache__"):
        (tmp_path / name).touch()
    told = changes.told()
    assert told == ("rebinds df", "deletes t", "new files a.csv, plots, plots/b.png")
    assert ours == {"result"}
    again = Changes(names, tmp_path, ours)
    names.update(result=[5], df=[6])
    assert again.told() == ("rebinds df",)


def test_many_are_counted(tmp_path: Path) -> None:
    names: dict[str, Any] = {f"n{at}": [at] for at in range(9)}
    changes = Changes(names, tmp_path, set())
    names.update({name: [0] for name in names})
    assert changes.told() == ("rebinds n0, n1, n2, n3, n4 and 4 more",)


@pytest.mark.parametrize("works", [True, False])
def test_the_line_of_an_answer_tells_them(notebook: Notebook, works: bool) -> None:
    notebook.type("df = [1]")
    body = "df = [2]\nnew = 1\nopen('made.txt', 'w').write('x')" + ("" if works else "\n1 / 0")
    notebook.type(f"%%oci {notebook.replies(code(body))} -r 0\ngo")
    assert ("worked · rebinds df · new file made.txt" in notebook.out) is works
