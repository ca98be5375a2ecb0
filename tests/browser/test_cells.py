"""Generated cells in JupyterLab with our extension, with written replies."""

from __future__ import annotations

from random import Random

import nbformat
import pytest

from .asking import SLOWLY, asks, code, made, picture, press, prompt, row, start_slow
from .lab import Lab, text

COUNT = "runs = globals().get('runs', 0) + 1\nruns"


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


def test_a_prompt_that_stays_unrepaired_stops_run_all(lab: Lab) -> None:
    lab.open(
        "unrepaired.ipynb", "%load_ext oci_magic", prompt(lab, code("1 / 0"), options="-r 0"),
        "print('reached')",
    )  # fmt: skip
    lab.run_all()
    _, asked, made, after = lab.cells()
    assert "Unrepaired" in text(asked["outputs"])
    assert "ZeroDivisionError" in text(made["outputs"])
    assert after["outputs"] == [] and after["count"] is None


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
    start_slow(lab, "stop", 60)
    lab.interrupt()
    lab.wait()
    cells = lab.cells()
    assert "Stopped" in text(cells[1]["outputs"])
    assert "started" in text(cells[2]["outputs"])


def test_restart_in_mid_run_leaves_no_cell_waiting(lab: Lab) -> None:
    start_slow(lab, "restart", 60)
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


def test_the_stop_button_stops(lab: Lab) -> None:
    start_slow(lab, "stop_button", 60)
    lab.page.get_by_role("button", name="Stop").click()
    lab.wait()
    assert "Stopped" in text(lab.cells()[1]["outputs"])
    assert lab.page.get_by_role("button", name="Stop").count() == 0


def test_feedback_by_keyboard_changes_the_answer(lab: Lab) -> None:
    lab.open("words.ipynb", "%load_ext oci_magic", prompt(lab, code("x = 1"), code("x = 2\nx")))
    lab.run_all()
    lab.page.get_by_label("Say what to change").fill("use a two")
    lab.page.keyboard.press("Enter")
    lab.wait_for("x = 2")
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == ["x = 2\nx"]
    assert cells[1]["metadata"]["oci_magic"]["feedback"] == ["use a two"]


def test_words_reach_a_kernel_that_was_restarted(lab: Lab) -> None:
    asked = "get_ipython().magics_manager.registry['OCIMagics'].session.turns[-1].request"
    lab.open("again.ipynb", "%load_ext oci_magic", prompt(lab, code("x = 1")), asked)
    lab.run_all()
    lab.restart()
    lab.wait()
    lab.run(0)
    lab.page.get_by_label("Say what to change").fill("use a two")
    lab.page.keyboard.press("Enter")
    lab.page.wait_for_timeout(1500)
    lab.wait()
    lab.run(len(lab.cells()) - 1)
    assert "'go\\nuse a two'" in text(lab.cells()[-1]["outputs"])


def test_replaced_cells_do_not_run_after_a_restart(lab: Lab) -> None:
    new = [f"{COUNT}  # {number}" for number in range(3)]
    lab.open("replaced.ipynb", "%load_ext oci_magic", prompt(lab, *map(code, new)))
    lab.run_all()
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.run_all()
    lab.restart()
    lab.wait()
    lab.edit(1, lab.cells()[1]["source"] + " and on")
    lab.run_all()
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == [new[0]]  # its replies begin anew
    assert text(cells[2]["outputs"]).strip() == "1"


def test_a_second_view_of_the_notebook_keeps_the_cells_coming(lab: Lab) -> None:
    lab.open("views.ipynb", "%load_ext oci_magic", prompt(lab, code("x = 1"), code("y = 2\ny")))
    lab.run(0)
    lab.command("docmanager:clone")
    lab.page.wait_for_timeout(1500)
    lab.run(1)
    assert [cell["source"] for cell in lab.cells()[2:]] == ["x = 1"]
    lab.command("application:close")
    lab.page.wait_for_timeout(1500)
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.run(1)
    assert [cell["source"] for cell in lab.cells()[2:]] == ["y = 2\ny"]
    assert "2" in text(lab.cells()[2]["outputs"])


def test_a_view_that_is_closed_in_mid_run_hands_the_outputs_on(lab: Lab) -> None:
    asks(lab, "closed", code("import time\nprint('first')\ntime.sleep(5)\nprint('last')"))
    lab.command("docmanager:clone")
    lab.page.wait_for_timeout(1500)
    lab.start(1)
    lab.page.wait_for_function("() => document.body.innerText.includes('first')")
    views = "[...window.jupyterapp.shell.widgets('main')]"
    locked = f"{views}.map(view => view.content.widgets[2].readOnly)"
    assert lab.page.evaluate(f"() => {locked}") == [True, True]
    lab.page.evaluate("""() => {
        const { shell } = window.jupyterapp;
        [...shell.widgets('main')].find(widget => widget !== shell.currentWidget).close();
    }""")
    lab.page.wait_for_timeout(6000)
    lab.wait()
    assert text(lab.cells()[2]["outputs"]).split() == ["first", "last"]
    assert lab.cells()[2]["count"] == 3
    assert lab.page.evaluate(f"() => {locked}") == [False]


def test_a_row_below_a_command_speaks_for_its_prompt(lab: Lab) -> None:
    asks(lab, "command", code("x = 1"), code("x = 2"), code("x = 3"))
    lab.run(1)
    lab.insert(3, "%oci retry")
    lab.run(3)
    assert [cell["source"] for cell in lab.cells()[2:]] == ["x = 2", "%oci retry"]
    lab.page.get_by_label("Say what to change").last.fill("a three")
    lab.page.keyboard.press("Enter")
    lab.wait_for("x = 3")
    assert [cell["source"] for cell in lab.cells()[2:]] == ["x = 3", "%oci retry"]


def test_code_that_was_not_run_has_a_run_button(lab: Lab) -> None:
    lab.open("run.ipynb", "%load_ext oci_magic", prompt(lab, code("6 * 7"), options="-n"))
    lab.run_all()
    assert lab.cells()[2]["outputs"] == []
    press(lab, "Run")
    assert "42" in text(lab.cells()[2]["outputs"])


def test_confirmed_code_runs_when_the_person_says_so(lab: Lab) -> None:
    replies = code("x = 1 / 0"), code("x = 5\nx")
    asked = prompt(lab, *replies, options="--confirm", words="wait")
    lab.open("confirm.ipynb", "%load_ext oci_magic", asked, "'below'")
    lab.run_all()
    assert [cell["count"] for cell in lab.cells()[2:]] == [None, None]
    press(lab, "Run")
    assert "ZeroDivisionError" in text(lab.cells()[2]["outputs"])
    picture(lab, "confirmed-failed")
    press(lab, "Fix")
    lab.wait_for("x = 5")
    press(lab, "Run")
    assert "5" in text(lab.cells()[2]["outputs"])
    told = text(lab.cells()[1]["outputs"])
    assert "worked" in told and "Held" not in told
    lab.run(1)
    assert "kept: 1 cell below" in text(lab.cells()[1]["outputs"])


def test_an_answer_that_is_reverted_gives_place_to_the_one_before(lab: Lab) -> None:
    first, second = "x = 1\nprint('first')", "x = 2\ny = 3"
    lab.open("revert.ipynb", "%load_ext oci_magic", prompt(lab, code(first), code(second)), "x")
    lab.run_all()
    lab.page.get_by_label("Say what to change").fill("use a two")
    lab.page.keyboard.press("Enter")
    lab.wait_for("x = 2")
    press(lab, "Revert")
    lab.wait_for("x = 1")
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == [first, "x"]
    assert "first" in text(cells[2]["outputs"])  # with what it had shown
    lab.run(3)
    assert text(lab.cells()[3]["outputs"]).strip() == "1"
    lab.run(1)
    assert "kept: 1 cell below" in text(lab.cells()[1]["outputs"])


def test_revert_of_an_earlier_prompt_takes_nothing_from_its_row(lab: Lab) -> None:
    first, second = (prompt(lab, code(f"{n} = 1"), words=n) for n in "xy")
    lab.open("two-answers.ipynb", "%load_ext oci_magic", first, second)
    lab.run_all()
    row(lab).first.get_by_role("button", name="Revert").click()
    lab.page.get_by_text("only the last answer can be taken back").wait_for()
    rows = lab.page.locator(".oci-magic-panel")
    assert rows.count() == 2 and "worked" in rows.first.inner_text()
    assert [cell["source"] for cell in lab.cells() if "oci" not in cell["source"]] == [
        "x = 1",
        "y = 1",
    ]
    picture(lab, "revert-earlier")


def test_what_comes_back_by_revert_is_alive(lab: Lab) -> None:
    slider = "import ipywidgets\nipywidgets.IntSlider(description='many')"
    asks(lab, "alive", code(slider), code("x = 1"))
    lab.run(1)
    press(lab, "Ask again")
    lab.wait_for("x = 1")
    press(lab, "Revert")
    lab.wait_for("IntSlider")
    lab.page.get_by_role("slider").wait_for()
    lab.run(1)
    assert "kept: 1 cell below" in row(lab).inner_text()
    assert row(lab).get_by_role("button", name="Ask again").is_visible()


def test_an_answer_that_is_kept_shows_no_more_than_its_line(lab: Lab) -> None:
    lab.open("keep.ipynb", "%load_ext oci_magic", prompt(lab, code("1"), words="keep"))
    lab.run_all()
    press(lab, "Keep")
    assert not lab.page.get_by_role("button", name="Revert").is_visible()
    lab.save()
    lab.load("keep.ipynb")
    lab.wait()
    more = lab.page.get_by_role("button", name="More")
    more.wait_for()
    assert not lab.page.get_by_role("button", name="Revert").is_visible()
    picture(lab, "kept")
    more.click()
    assert lab.page.get_by_role("button", name="Revert").is_visible()


def test_watch_offers_a_fix_that_is_applied_to_the_cell(lab: Lab) -> None:
    model = prompt(lab, code("total = 1\ntotal"), words="watch").split()[2]
    lab.open(
        "watch.ipynb", f"%load_ext oci_magic\n%oci watch on\n%oci model {model}", "total = 1 / 0"
    )
    lab.run_all()
    assert "ZeroDivisionError" in text(lab.cells()[1]["outputs"])
    lab.page.get_by_role("button", name="Fix").click()
    apply = lab.page.get_by_role("button", name="Apply")
    apply.wait_for()
    picture(lab, "watch")
    cell = lab.cells()[1]
    assert cell["source"] == "total = 1 / 0"  # proposed, not yet applied
    assert "ZeroDivisionError" in [output.get("ename") for output in cell["outputs"]]
    lab.edit(1, "total = 1 / 1")
    apply.click()
    assert "you have edited this cell since" in row(lab).inner_text()
    assert lab.cells()[1]["source"] == "total = 1 / 1"
    apply.click()
    lab.wait_for("total = 1\ntotal")
    picture(lab, "applied")


def test_fix_proposes_a_repair_that_is_applied_to_the_failed_cell(lab: Lab) -> None:
    model = prompt(lab, code("total = 1\ntotal"), words="typed fix").split()[2]
    load = f"%load_ext oci_magic\n%oci model {model}"
    lab.open("typed_fix.ipynb", load, "total = 1 / 0", "%oci fix")
    for at in range(3):
        lab.run(at)
    assert [cell["source"] for cell in lab.cells()[1:]] == ["total = 1 / 0", "%oci fix"]
    picture(lab, "proposed")
    press(lab, "Apply")
    assert [cell["source"] for cell in lab.cells()[1:]] == ["total = 1\ntotal", "%oci fix"]
    lab.run(1)
    assert text(lab.cells()[1]["outputs"]).strip() == "1"
    lab.delete(1)
    press(lab, "Apply")
    row(lab).get_by_text("not there any more").wait_for()
    assert lab.cells()[1]["source"] == "%oci fix"


def test_a_slow_repair_of_a_watched_cell_can_be_stopped(lab: Lab) -> None:
    slow = "\n".join(f"total = {n}" for n in range(200))
    model = prompt(lab, code(slow), words="slow").split()[2]
    load = f"{SLOWLY}\n%oci watch on\n%oci model {model}"
    lab.open("slow-repair.ipynb", load, "total = 1 / 0")
    lab.run_all()
    lab.page.get_by_role("button", name="Fix").click()
    lab.page.wait_for_timeout(2500)
    assert "writing" in row(lab).inner_text()
    picture(lab, "watch-slow")
    press(lab, "Stop")
    assert "stopped" in row(lab).inner_text()
    assert lab.page.get_by_role("button", name="Fix").is_visible()
    picture(lab, "watch-stopped")


def test_drafts_unfold_with_their_failures(lab: Lab) -> None:
    lab.open(
        "drafts.ipynb", "%load_ext oci_magic", prompt(lab, code("x = 1 / 0"), code("x = 5\nx"))
    )
    lab.run_all()
    assert not lab.page.get_by_role("tablist", name="Drafts").is_visible()
    lab.page.get_by_role("button", name="2 drafts").click()
    assert lab.page.locator("[data-change='-']").inner_text().strip() == "- x = 1 / 0"
    lab.page.get_by_role("tab", name="draft 2", selected=True).press("ArrowLeft")
    shown = lab.page.get_by_role("tabpanel", name="draft 1").inner_text()
    assert "ZeroDivisionError" in shown and "x = 1 / 0" in shown
    picture(lab, "drafts")


@pytest.mark.parametrize("seed", [1, 2])
def test_no_sequence_of_changes_ever_removes_a_cell_of_the_persons(lab: Lab, seed: int) -> None:
    """The deletion trap: a look-up of cells inside of a transaction sees those of before."""
    random = Random(seed)
    replies = [code(*(f"made = {n}" for n in range(random.randint(1, 3)))) for _ in range(40)]
    name = f"random{seed}.ipynb"
    lab.open(name, "%load_ext oci_magic", prompt(lab, *replies, words=f"go {seed}"), "'mine'")
    asking = lab.cells()[1]["id"]
    mine = {cell["id"] for cell in lab.cells()}
    lab.run(0)
    for step in range(18):
        cells = lab.cells()
        at = random.randrange(1, len(cells))
        match random.choice(("ask", "ask", "ask", "insert", "edit", "move", "delete", "all")):
            case "ask":
                where = next(n for n, cell in enumerate(cells) if cell["id"] == asking)
                lab.edit(where, cells[where]["source"] + random.choice(("", " on")))
                lab.run(where)
            case "insert":
                lab.insert(at, f"'mine {step}'")
                mine |= {cell["id"] for cell in lab.cells()} - {cell["id"] for cell in cells}
            case "edit" if cells[at]["id"] != asking:
                lab.edit(at, f"'edited {step}'")
                mine.add(cells[at]["id"])
            case "move":
                lab.move(at, random.randrange(1, len(cells)))
            case "delete" if cells[at]["id"] != asking:
                lab.delete(at)
                mine.discard(cells[at]["id"])
            case "all":
                lab.run_all()
        assert mine <= {cell["id"] for cell in lab.cells()}, step
    lab.save()
    saved = nbformat.read(lab.notebooks / name, 4)
    nbformat.validate(saved)
    assert mine <= {cell["id"] for cell in saved.cells}


def test_what_is_edited_while_its_prompt_waits_becomes_the_persons(lab: Lab) -> None:
    replies = code("x = 1"), code("x = 2")
    lab.open("waits.ipynb", "import time\ntime.sleep(3)", prompt(lab, *replies, words="waits"))
    lab.insert(0, "%load_ext oci_magic")
    lab.run(0)
    lab.run(2)
    lab.edit(2, lab.cells()[2]["source"] + " on")
    lab.command("notebook:run-all-cells")
    lab.page.wait_for_timeout(1000)
    lab.edit(3, "x = 1  # mine")
    lab.page.get_by_text("kept a cell that you have edited").wait_for()
    picture(lab, "kept-edit")
    lab.wait()
    cells = lab.cells()
    assert [cell["source"] for cell in cells[3:]] == ["x = 2", "x = 1  # mine"]
    assert cells[4]["count"] is None and "oci_magic" not in cells[4]["metadata"]
    lab.insert(5, "x")
    lab.run(5)
    assert text(lab.cells()[5]["outputs"]).strip() == "2"


def test_a_prompt_cell_deleted_in_mid_run_leaves_nothing_waiting(lab: Lab) -> None:
    start_slow(lab, "deleted", 3)
    lab.delete(1)
    lab.page.wait_for_timeout(4000)
    lab.wait()
    (_, made) = lab.cells()
    assert "over" in text(made["outputs"]) and made["count"] == 3


def test_another_window_changes_nothing(lab: Lab) -> None:
    """Two windows on one notebook and kernel: only the one that asked gets cells."""
    lab.open("windows.ipynb", "%load_ext oci_magic", prompt(lab, code("x = 1")))
    lab.run(0)
    lab.save()
    other = lab.window("windows.ipynb")
    lab.run(1)
    assert len(lab.cells()) == 3
    assert len(other.cells()) == 2
    other.close()


def test_a_window_that_is_loaded_anew_in_mid_run_gets_the_cells(lab: Lab) -> None:
    slow = code("import time\ntime.sleep(8)\nprint('over')")
    lab.open("reload.ipynb", "%load_ext oci_magic", prompt(lab, slow))
    lab.run(0)
    lab.save()
    lab.start(1)
    lab.page.wait_for_timeout(2000)
    lab.load("reload.ipynb")
    lab.wait_for("time.sleep(8)\nprint")
    (made,) = lab.cells()[2:]
    assert "over" in text(made["outputs"])
    lab.page.get_by_role("button", name="Ask again").wait_for()  # the row is there too
    assert lab.cells()[1]["count"] == 2


def test_a_notebook_read_from_disk_anew_in_mid_run_gets_the_cells(lab: Lab) -> None:
    asks(lab, "reverted", code("x = 1"), code("import time\ntime.sleep(4)\nprint('over')"))
    lab.run(1)
    lab.save()
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.save()
    lab.start(1)
    lab.wait_for_source("time.sleep(4)")
    lab.page.wait_for_timeout(1000)
    lab.page.evaluate("() => void window.jupyterapp.shell.currentWidget.context.revert()")
    lab.page.wait_for_timeout(500)
    lab.wait_for("time.sleep(4)\nprint")
    (made,) = lab.cells()[2:]
    assert "over" in text(made["outputs"])
    row(lab).get_by_role("button", name="Revert").click()
    lab.wait_for("x = 1")
    assert [cell["source"] for cell in lab.cells()[2:]] == ["x = 1"]


def test_undo_brings_the_earlier_cell_of_a_deleted_prompt_back(lab: Lab) -> None:
    asks(lab, "prompt_gone", code("x = 1"), code("import time\nx = 2\ntime.sleep(2)"))
    lab.run(1)
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.start(1)
    lab.wait_for_source("x = 2")
    lab.page.wait_for_timeout(500)
    lab.delete(1)
    lab.wait()
    lab.insert(2, "%oci undo")
    lab.run(2)
    assert [cell["source"] for cell in lab.cells()[1:]] == ["x = 1", "%oci undo"]


def test_stop_is_seen_to_be_heard_before_the_code_gives_in(lab: Lab) -> None:
    deaf = "\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    time.sleep(4)\n    raise"
    asks(lab, "deaf", code(f"import time\nprint('started', flush=True){deaf}"))
    lab.start(1)
    made(lab).get_by_text("started", exact=True).wait_for()
    row(lab).get_by_role("button", name="Stop").click()
    row(lab).get_by_text("stopping").wait_for(timeout=3000)
    lab.wait()
    assert "Stopped" in text(lab.cells()[1]["outputs"])
    assert row(lab).get_by_text("stopping").count() == 0


def test_a_deleted_generated_cell_is_not_told_to_the_model_any_more(lab: Lab) -> None:
    asks(lab, "forgotten", code("kept = 1", "gone = 2"))
    lab.run(1)
    lab.delete(3)
    lab.insert(3, "%%oci --dry\nwhat now?")
    lab.run(3)
    told = text(lab.cells()[3]["outputs"])
    assert "kept = 1" in told and "gone = 2" not in told and "has deleted code" in told
