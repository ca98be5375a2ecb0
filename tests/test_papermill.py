"""papermill and `jupyter execute` run prompts as any cells: a repair counts, an error stops."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from kernels import ROOT, code
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

RUNG = "oci: no front end with cells here; code and results stay in this cell's output\\n"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a notebook whose prompt is answered so; gives its path."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def write(options: str, *replies: str) -> Path:
        (tmp_path / "replies.json").write_text(json.dumps(replies), encoding="utf-8")
        prompt = f"%%oci -m scripted:replies.json {options}\nadd {{extra}} to it"
        sources = ["extra = 0", "%load_ext oci_magic\ntotal = 1", prompt, "print('total', total)"]
        cells = [new_code_cell(source) for source in sources]
        cells[0].metadata["tags"] = ["parameters"]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, tmp_path / "in.ipynb")
        return tmp_path / "in.ipynb"

    return write


def run(path: Path) -> Path:
    """Give it to papermill, with a parameter; where the result is."""
    out, given = path.with_name("out.ipynb"), {"extra": 41}
    papermill.execute_notebook(path, out, given, cwd=path.parent, progress_bar=False)
    return out


def outputs(path: Path) -> list[str]:
    """What each code cell shows, as JSON; the document is valid."""
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    return [json.dumps(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]


def test_a_repaired_prompt_runs_on_with_a_parameter(written: Any) -> None:
    path = written("", code("total += missing"), code("total += extra"))
    *_, prompt, after = outputs(run(path))
    assert "NameError" in prompt and "worked after 1 repair" in prompt
    assert "total 42" in after


def test_what_stays_unrepaired_stops_it_in_one_line(written: Any) -> None:
    path = written("-r 0", code("total = 7\nmissing"))
    with pytest.raises(PapermillExecutionError) as stopped:
        run(path)
    assert stopped.value.ename == "Unrepaired"
    assert stopped.value.evalue.startswith("NameError: name 'missing' is not defined")
    (line,) = stopped.value.traceback
    assert line.startswith("Unrepaired: ") and "\n" not in line
    *_, after = outputs(path.with_name("out.ipynb"))
    assert after == "[]"


def test_jupyter_execute_does_so_too_and_is_told_once_where_code_goes(written: Any) -> None:
    path = written("", code("total += missing"), code("total += 41"))
    execute = [sys.executable, "-m", "jupyter", "execute", "--inplace", path.name]
    subprocess.run(execute, cwd=path.parent, check=True, capture_output=True)
    *_, prompt, after = outputs(path)
    assert prompt.count(RUNG) == 1 and "worked after 1 repair" in prompt
    assert "total 42" in after
