"""Generated cells in JupyterLab with our extension, with written replies."""

from __future__ import annotations

import json

from .lab import Lab, text

COUNT = "runs = globals().get('runs', 0) + 1\nruns"


def code(*sources: str) -> str:
    return "\n\n".join(f"Here.\n```python\n{source}\n```" for source in sources)


def prompt(lab: Lab, *replies: str, options: str = "", words: str = "go") -> str:
    """A `%%oci` cell whose model gives these replies."""
    name = f"replies-{abs(hash((replies, options, words)))}.json"
    (lab.notebooks / name).write_text(json.dumps(replies))
    return f"%%oci -m scripted:{name} {options}\n{words}"


def numbers(lab: Lab) -> list[int | None]:
    return [cell["count"] for cell in lab.cells()]


def test_code_gets_cells_of_its_own_with_live_outputs(lab: Lab) -> None:
    reply = code("print('one')", "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    lab.open("cells.ipynb", "%load_ext oci_magic", prompt(lab, reply), "'mine'")
    lab.run_all()
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:4]] == [
        "print('one')",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    ]
    assert text(cells[2]["outputs"]).strip() == "one"
    assert any("image/png" in output.get("data", {}) for output in cells[3]["outputs"])
    assert "Here." in text(cells[1]["outputs"]) and "print(" not in text(cells[1]["outputs"])
    assert "mine" in text(cells[4]["outputs"])
    assert numbers(lab) == [1, 2, 3, 4, 5]


def test_a_repair_rewrites_the_cell(lab: Lab) -> None:
    lab.open(
        "repair.ipynb", "%load_ext oci_magic", prompt(lab, code("x = 1 / 0"), code("x = 5\nx"))
    )
    lab.run_all()
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == ["x = 5\nx"]
    assert "5" in text(cells[2]["outputs"])
    assert "ZeroDivisionError" in text(cells[1]["outputs"])


def test_run_all_twice_runs_once_each_and_asks_once(lab: Lab) -> None:
    lab.open("twice.ipynb", "%load_ext oci_magic", prompt(lab, code(COUNT)))
    lab.run_all()
    lab.run_all()
    cells = lab.cells()
    assert len(cells) == 3
    assert "kept: 1 cell below" in text(cells[1]["outputs"])
    assert "2" in text(cells[2]["outputs"])  # an ordinary cell: Run All has run it once more


def test_run_all_after_an_edit_replaces_the_cell_and_counts_once(lab: Lab) -> None:
    lab.open("edited.ipynb", "%load_ext oci_magic", prompt(lab, code(COUNT), code(f"{COUNT}  #")))
    lab.run_all()
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.run_all()
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == [f"{COUNT}  #"]
    assert "2" in text(cells[2]["outputs"])


def test_stop_while_a_cell_runs_leaves_no_cell_waiting(lab: Lab) -> None:
    slow = code("import time\nprint('started', flush=True)\ntime.sleep(60)")
    lab.open("stop.ipynb", "%load_ext oci_magic", prompt(lab, slow))
    lab.run(0)
    lab.start(1)
    lab.page.wait_for_function("() => document.body.innerText.includes('started')")
    lab.interrupt()
    lab.wait()
    cells = lab.cells()
    assert "Stopped" in text(cells[1]["outputs"])
    assert "started" in text(cells[2]["outputs"])


def test_restart_in_mid_run_leaves_no_cell_waiting(lab: Lab) -> None:
    slow = code("import time\nprint('started', flush=True)\ntime.sleep(60)")
    lab.open("restart.ipynb", "%load_ext oci_magic", prompt(lab, slow))
    lab.run(0)
    lab.start(1)
    lab.page.wait_for_function("() => document.body.innerText.includes('started')")
    lab.restart()
    lab.wait()
    assert lab.cells()[2]["count"] is None


def test_the_active_cell_stays_the_persons(lab: Lab) -> None:
    lab.open("active.ipynb", "%load_ext oci_magic", prompt(lab, code("1")), "'below'")
    lab.run(0)
    lab.run_and_advance(1)
    assert lab.active() == "'below'"


def test_undo_takes_a_generated_cell_away(lab: Lab) -> None:
    lab.open("undo.ipynb", "%load_ext oci_magic", prompt(lab, code("x = 1", "y = 2")))
    lab.run_all()
    assert len(lab.cells()) == 4
    lab.page.evaluate("() => window.jupyterapp.commands.execute('notebook:undo-cell-action')")
    lab.page.wait_for_timeout(500)
    assert len(lab.cells()) < 4
