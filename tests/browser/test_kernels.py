"""Kernels that go, come and are shared while a prompt's cells stand in a notebook."""

from __future__ import annotations

import shutil

from .asking import SLOWLY, asks, code, press, row, start_slow
from .lab import Lab, text

CONTEXT = "window.jupyterapp.shell.currentWidget.sessionContext"
OPEN = "arguments => window.jupyterapp.commands.execute('docmanager:open', arguments)"
LONG = "\n".join(f"value_{n} = {n} * {n}" for n in range(40)) + "\nvalue_39"


def new_kernel(lab: Lab) -> None:
    """Shut the kernel down and start another, as the menu does."""
    lab.page.evaluate(f"async () => {{ await {CONTEXT}.shutdown(); }}")
    lab.page.evaluate(f"async () => {{ await {CONTEXT}.changeKernel({{ name: 'python3' }}); }}")
    lab.wait()


def streams(lab: Lab) -> None:
    """Until a generated cell holds some of `LONG`."""
    found = "[...document.querySelectorAll('.cm-content')].some(n => n.innerText.includes('= 5'))"
    lab.page.wait_for_function(f"() => {found}", timeout=30_000)


def test_after_a_restart_in_mid_run_the_prompt_works_again(lab: Lab) -> None:
    start_slow(lab, "restarted", 60)
    lab.restart()
    lab.wait()
    row(lab).get_by_text("not at work any more").wait_for()
    (lab.notebooks / "again.json").write_text('["x = 7\\nx"]')
    lab.edit(1, "%%oci -m scripted:again.json\nagain")
    lab.run(0)
    lab.run(1)
    assert [cell["source"] for cell in lab.cells()[2:]] == ["x = 7\nx"]
    assert text(lab.cells()[2]["outputs"]).strip() == "7"


def test_a_new_kernel_goes_on_below_the_same_prompt(lab: Lab) -> None:
    asks(lab, "new_kernel", code("x = 1\nx"))
    lab.run(1)
    new_kernel(lab)
    lab.run(0)
    lab.run(1)
    assert "kept: 1 cell below" in text(lab.cells()[1]["outputs"])
    press(lab, "Ask again")
    cells = lab.cells()
    assert [(cell["source"], text(cell["outputs"]).strip()) for cell in cells[2:]] == [
        ("x = 1\nx", "1")
    ]


def test_an_unchanged_prompt_asks_nothing_in_a_notebook_opened_again(lab: Lab) -> None:
    asks(lab, "opened", code("x = 1\nx"))
    lab.run(1)
    lab.save()
    lab.page.evaluate(f"async () => {{ await {CONTEXT}.shutdown(); }}")
    for replies in lab.notebooks.glob("replies-*.json"):
        replies.unlink()  # nothing can be asked
    lab.load("opened.ipynb")
    lab.run_all()
    _, asked, made = lab.cells()
    assert "kept: 1 cell below" in text(asked["outputs"])
    assert text(made["outputs"]).strip() == "1"


def duplicated(lab: Lab, name: str) -> str:
    """Save the notebook and duplicate it on disk, ids of cells too; the id of its kernel."""
    lab.save()
    path = str(lab.page.evaluate(f"() => {CONTEXT}.path"))
    shutil.copy(lab.notebooks / path, lab.notebooks / f"{name}.ipynb")
    return str(lab.page.evaluate(f"() => {CONTEXT}.session.kernel.id"))


def ask_in_other_words(lab: Lab) -> None:
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.run(1)


def shown(lab: Lab) -> list[tuple[str, str]]:
    """Source and text of the generated cells."""
    return [(cell["source"], text(cell["outputs"]).strip()) for cell in lab.cells()[2:]]


def test_of_two_windows_on_one_kernel_only_the_one_that_asks_gets_cells(lab: Lab) -> None:
    asks(lab, "one", *(code(f"x = {n}\nx") for n in (1, 2, 3)))
    lab.run(1)
    kernel = duplicated(lab, "two")
    other = lab.window("two.ipynb")
    other.page.evaluate(f"id => {CONTEXT}.changeKernel({{ id }})", kernel)
    other.wait()
    before = other.cells()
    ask_in_other_words(lab)
    assert shown(lab) == [("x = 2\nx", "2")]
    assert other.cells() == before
    before = lab.cells()
    ask_in_other_words(other)
    assert shown(other) == [("x = 3\nx", "3")]
    assert lab.cells() == before
    other.close()


def test_of_two_notebooks_in_one_window_only_the_one_that_asks_gets_cells(lab: Lab) -> None:
    """JupyterLab lets the first alone hear comms: the other gets its code in the next cell."""
    asks(lab, "left", *(code(f"x = {n}\nx") for n in (1, 2)))
    lab.run(1)
    before = lab.cells()
    kernel = duplicated(lab, "right")
    lab.page.evaluate(OPEN, {"path": "right.ipynb", "kernel": {"id": kernel}})
    lab.page.wait_for_timeout(1000)
    lab.wait()
    ask_in_other_words(lab)
    assert "2" in text(lab.cells()[1]["outputs"]).splitlines()
    assert [source for source, _ in shown(lab)] == ["x = 2\nx", "x = 1\nx"]
    lab.page.evaluate(OPEN, {"path": "left.ipynb"})
    lab.page.wait_for_timeout(500)
    assert lab.cells() == before


def test_a_prompt_deleted_in_mid_generation_harms_no_cell(lab: Lab) -> None:
    asks(lab, "deleted_early", code(LONG, "'more'"), load=SLOWLY)
    lab.insert(2, "'mine'")
    lab.start(1)
    streams(lab)
    lab.delete(1)
    lab.wait_for("'more'")
    assert [cell["source"] for cell in lab.cells()] == [SLOWLY, LONG, "'more'", "'mine'"]


def test_a_prompt_deleted_before_its_code_has_come_gets_none(lab: Lab) -> None:
    thoughts = "".join(f"Thought {n} is one of its own.\n\n" for n in range(30))
    asks(lab, "deleted_first", thoughts + code("x = 1", "x = 2"), load=SLOWLY)
    lab.insert(2, "'mine'")
    lab.start(1)
    lab.page.get_by_text("Thought 1 is").wait_for()
    lab.delete(1)
    lab.insert(2, "x")
    lab.run(2)  # it has its turn when the prompt is over
    assert [cell["source"] for cell in lab.cells()] == [SLOWLY, "'mine'", "x"]
    assert text(lab.cells()[2]["outputs"]).strip() == "2"


def test_a_window_loaded_anew_in_mid_generation_gets_the_answer(lab: Lab) -> None:
    asks(lab, "loaded_early", code(LONG), load=SLOWLY)
    lab.save()
    lab.start(1)
    streams(lab)
    lab.load("loaded_early.ipynb")
    lab.wait_for("value_39 = ")
    (generated,) = lab.cells()[2:]
    assert generated["source"] == LONG
    assert text(generated["outputs"]).strip() == "1521"
