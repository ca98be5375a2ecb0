"""What happens around a prompt: the notebook is saved, loaded, restarted, and keys are pressed."""

from __future__ import annotations

import json
from typing import Any

from .asking import SLOWLY, asks, code, picture, press, prompt, row
from .lab import Lab, text

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
LONG = "\n".join(f"value_{n} = {n} * {n}" for n in range(60)) + "\nvalue_59"


def undo(lab: Lab) -> None:
    """Z in command mode."""
    lab.page.locator(".jp-Notebook .jp-Cell .jp-InputPrompt").nth(1).click()
    lab.page.keyboard.press("z")
    lab.page.wait_for_timeout(600)


def sources(lab: Lab) -> list[str]:
    return [cell["source"] for cell in lab.cells()[2:]]


def test_a_draft_that_was_saved_and_loaded_anew_becomes_the_whole_code(lab: Lab) -> None:
    asks(lab, "half_saved", code(LONG), load=SLOWLY)
    lab.start(1)
    lab.wait_for_source("value_5 =")
    lab.save()
    lab.load("half_saved.ipynb")
    lab.wait_for("value_59 = ")
    (made,) = lab.cells()[2:]
    assert made["source"] == LONG and text(made["outputs"]).strip() == "3481"
    lab.page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".cm-content").click()
    lab.page.keyboard.type("mine")
    assert "mine" in lab.cells()[2]["source"]  # it is editable


def test_a_notebook_without_ids_knows_its_cells_when_it_is_loaded_anew(lab: Lab) -> None:
    cells = ["%load_ext oci_magic", prompt(lab, code("x = 1"), code("x = 2"), words="old file")]
    made = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": [],
             "execution_count": None} for source in cells]  # fmt: skip
    old: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 4, "metadata": PYTHON, "cells": made}
    (lab.notebooks / "old.ipynb").write_text(json.dumps(old))
    lab.load("old.ipynb")
    lab.wait()
    lab.run_all()
    lab.save()
    lab.load("old.ipynb")
    lab.wait()
    lab.run_all()
    assert sources(lab) == ["x = 1"]
    assert "kept: 1 cell below" in text(lab.cells()[1]["outputs"])


def test_undo_brings_no_failed_draft_back(lab: Lab) -> None:
    failing = code("first = 1", "first / 0")
    asks(lab, "no_draft", failing, code("good = 1"), load=SLOWLY)
    lab.run(1)
    assert sources(lab) == ["good = 1"]
    lab.page.wait_for_timeout(600)
    undo(lab)
    assert all("/ 0" not in source for source in sources(lab))


def test_after_restart_and_run_all_the_row_is_what_it_was(lab: Lab) -> None:
    asks(lab, "restarted", "I divide.\n" + code("x = 1 / 0"), "I **count**.\n" + code("x = 1"))
    lab.run(1)
    lab.restart()
    lab.wait()
    lab.run_all()
    shown = row(lab)
    shown.get_by_role("button", name="2 drafts").wait_for()
    assert [b.inner_text() for b in shown.locator("button:visible").all()] == [
        "Keep", "Ask again", "Send", "2 drafts",
    ]  # fmt: skip
    assert lab.page.locator(".jp-OutputArea strong", has_text="count").is_visible()
    assert sources(lab) == ["x = 1"]
    picture(lab, "kept-after-restart")


def test_words_of_a_model_run_nothing(lab: Lab) -> None:
    evil = (
        "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>\n\n"
        "[click](javascript:window.hacked=3) <b onmouseover='window.hacked=4'>b</b>"
    )
    asks(lab, "evil", f"{evil}\n{code('x = 1')}")
    lab.run(1)
    lab.page.get_by_text("click").first.click()
    lab.page.wait_for_timeout(500)
    assert lab.page.evaluate("() => window.hacked ?? 0") == 0
    lab.save()
    lab.load("evil.ipynb")
    lab.page.wait_for_timeout(1000)
    assert lab.page.evaluate("() => window.hacked ?? 0") == 0


def test_a_button_on_a_new_kernel_says_what_to_do_and_loses_nothing(lab: Lab) -> None:
    asks(lab, "new_kernel", code("x = 1"), code("x = 2"))
    lab.run(1)
    lab.restart()
    lab.wait()
    row(lab).get_by_label("Say what to change").fill("use a log scale")
    press(lab, "Send")
    row(lab).get_by_text("run %load_ext oci_magic").wait_for()
    assert row(lab).get_by_label("Say what to change").input_value() == "use a log scale"
    lab.run(0)
    press(lab, "Send")
    assert sources(lab) == ["x = 1"]  # a new kernel opens the replies anew
    assert row(lab).get_by_label("Say what to change").input_value() == ""


def test_unsent_words_outlive_another_answer(lab: Lab) -> None:
    asks(lab, "unsent", code("x = 1"), code("x = 2"))
    lab.run(1)
    row(lab).get_by_label("Say what to change").press_sequentially("with a title")
    press(lab, "Ask again")
    assert sources(lab) == ["x = 2"]
    assert row(lab).get_by_label("Say what to change").input_value() == "with a title"


def test_run_says_so_where_the_code_is_gone(lab: Lab) -> None:
    asks(lab, "held_gone", code("import os\nos.remove('x')"))
    lab.run(1)
    lab.delete(2)
    press(lab, "Run")
    row(lab).get_by_text("the code is not there any more").wait_for()


def test_the_second_of_a_double_click_presses_nothing(lab: Lab) -> None:
    asks(lab, "twice", code("x = 1"), code("x = 2"))
    lab.run(1)
    row(lab).get_by_role("button", name="Revert").dblclick()
    row(lab).get_by_text("undone").wait_for()
    lab.wait()
    assert len(lab.cells()) == 2
    row(lab).get_by_role("button", name="Ask again").hover()  # where it is slow, this one is hit
    lab.page.mouse.down(click_count=2)
    lab.page.mouse.up(click_count=2)
    lab.page.wait_for_timeout(500)
    lab.wait()
    assert len(lab.cells()) == 2 and "UsageError" not in text(lab.cells()[1]["outputs"])


SLOW = "import time\nprint('began', flush=True)\ntime.sleep(3)\nprint('over')\n'done'"


def test_a_prompt_and_its_cell_that_are_moved_in_mid_run_end_as_they_should(lab: Lab) -> None:
    asks(lab, "moved", "I **wait**.\n" + code(SLOW))
    lab.insert(2, "'mine'")
    lab.start(1)
    lab.page.get_by_text("began", exact=True).wait_for()
    lab.move(1, 3)  # the prompt
    lab.move(1, 2)  # what it made, which runs
    lab.page.locator(".jp-OutputArea-output", has_text="'done'").wait_for()
    by_source = {cell["source"][:5]: cell for cell in lab.cells()}
    assert [cell["source"] for cell in lab.cells()].count(SLOW) == 1
    assert "over" in text(by_source["impor"]["outputs"])
    assert "done" in text(by_source["impor"]["outputs"])
    row(lab).get_by_role("button", name="Revert").wait_for()
    assert by_source["%%oci"]["count"] == 2
    assert lab.page.locator(".jp-OutputArea strong", has_text="wait").is_visible()


def test_a_prompt_that_is_run_again_in_mid_run_shows_the_number_of_its_last_run(lab: Lab) -> None:
    asks(lab, "again_at_work", code(SLOW))
    lab.start(1)
    lab.page.get_by_text("began", exact=True).wait_for()
    lab.run(1)
    asked, ran = lab.cells()[1:]
    assert asked["count"] == ran["count"] + 1 and "over" in text(ran["outputs"])
    row(lab).get_by_text("kept: 1 cell below").wait_for()


def test_outputs_that_are_cleared_in_mid_run_leave_a_row_in_the_end(lab: Lab) -> None:
    asks(lab, "cleared", code(SLOW))
    lab.start(1)
    lab.page.get_by_text("began", exact=True).wait_for()
    lab.command("notebook:clear-all-cell-outputs")
    lab.page.wait_for_timeout(300)
    assert row(lab).count() == 0
    lab.wait()
    row(lab).get_by_role("button", name="Revert").wait_for()
    (made,) = lab.cells()[2:]
    assert "over" in text(made["outputs"])


def test_a_notebook_that_is_renamed_in_mid_run_and_loaded_anew_gets_the_cells(lab: Lab) -> None:
    asks(lab, "named_before", code(SLOW))
    lab.save()
    lab.start(1)
    lab.page.get_by_text("began", exact=True).wait_for()
    context = "window.jupyterapp.shell.currentWidget.context"
    lab.page.evaluate(f"() => {context}.rename('named_after.ipynb')")
    lab.page.wait_for_timeout(500)
    lab.load("named_after.ipynb")
    lab.wait_for("time.sleep(3)")
    (made,) = lab.cells()[2:]
    assert "over" in text(made["outputs"])
    row(lab).get_by_role("button", name="Ask again").wait_for()


def test_what_is_pressed_while_the_kernel_is_busy_is_asked_once_and_says_that_it_waits(
    lab: Lab,
) -> None:
    asks(lab, "pressed", code("x = 1"), code("x = 2"), code("x = 3"))
    lab.insert(2, "import time; time.sleep(4)")
    lab.run(1)
    lab.start(3)
    words = row(lab).get_by_label("Say what to change")
    words.fill("bigger")
    words.press("Enter")
    row(lab).get_by_text("begins when the kernel is free").wait_for()
    words.press("Enter")
    row(lab).get_by_role("button", name="Ask again").click()
    words.fill("not yet sent")
    lab.wait()
    lab.page.wait_for_timeout(500)
    lab.wait()
    assert [cell["source"] for cell in lab.cells()[2:]] == ["x = 2", "import time; time.sleep(4)"]
    assert row(lab).get_by_label("Say what to change").input_value() == "not yet sent"


def test_what_waits_for_the_kernel_is_stopped_with_it(lab: Lab) -> None:
    asks(lab, "not_asked", code("x = 1"), code("x = 2"))
    lab.insert(2, "import time; time.sleep(30)")
    lab.run(1)
    lab.start(3)
    row(lab).get_by_role("button", name="Ask again").click()
    row(lab).get_by_text("begins when the kernel is free").wait_for()
    lab.interrupt()
    row(lab).get_by_text("not asked: what ran before was stopped").wait_for()
    lab.wait()
    assert lab.cells()[2]["source"] == "x = 1"


def test_buttons_say_so_where_there_is_no_kernel_or_a_new_one(lab: Lab) -> None:
    asks(lab, "gone", code("x = 1"), code("x = 2"))
    lab.run(1)
    lab.restart()
    lab.wait()
    row(lab).get_by_role("button", name="Revert").click()
    row(lab).get_by_text("this kernel is a new one").wait_for()
    lab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()"
    )
    for name in ("Ask again", "Revert"):
        row(lab).get_by_role("button", name=name).click()
        row(lab).get_by_text("no kernel runs").wait_for()
    assert lab.cells()[2]["source"] == "x = 1" and "UsageError" not in str(lab.cells()[1])


def test_the_keyboard_stays_at_the_row_that_is_drawn_anew(lab: Lab) -> None:
    asks(lab, "at_the_row", code("x = 1"), code("x = 2"), options="--confirm")
    at_row = "() => document.activeElement?.closest('.oci-magic-panel') !== null"
    for name, said in (("Run", "worked"), ("Revert", "undone")):
        if name == "Run":
            lab.run(1)
        row(lab).get_by_role("button", name=name).focus()
        lab.page.keyboard.press("Enter")
        row(lab).get_by_text(said).wait_for()
        lab.wait()
        assert lab.page.evaluate(at_row)


NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"


def test_generated_cells_that_are_merged_are_kept(lab: Lab) -> None:
    asks(lab, "merged", code("n = 1", "n += 1"), code("n = 100"))
    lab.run(1)
    lab.page.evaluate(
        f"() => {{ {NOTEBOOK}.activeCellIndex = 2; {NOTEBOOK}.extendContiguousSelectionTo(3); }}"
    )
    lab.command("notebook:merge-cells")
    lab.insert(3, "n")
    lab.run_all()
    assert [cell["source"] for cell in lab.cells()[2:]] == ["n = 1\n\nn += 1", "n"]
    assert "2" in text(lab.cells()[3]["outputs"])
    row(lab).get_by_text("kept: 1 cell below").wait_for()


def test_a_generated_cell_that_is_locked_stays(lab: Lab) -> None:
    asks(lab, "locked", code("x = 1"), code("x = 2"))
    lab.run(1)
    lab.page.evaluate(f"() => {NOTEBOOK}.widgets[2].model.setMetadata('deletable', false)")
    press(lab, "Ask again")
    assert [cell["source"] for cell in lab.cells()[2:]] == ["x = 2", "x = 1"]
