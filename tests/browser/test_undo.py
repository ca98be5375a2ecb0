"""Ctrl-Z on cells: an answer that gave place to another one stands below its prompt again.

Undo takes back what happened to cells, not what the prompt cell's metadata say of its last answer.
"""

from __future__ import annotations

from .asking import LOAD, SLOWLY, code, prompt
from .lab import Lab, text

TELL = "print(*globals().get('ran', []))\nran = []"
STREAMED = "bcdefghijklmnop"


def notes(*names: str) -> str:
    """A reply of a cell for each name, which is noted and shown when the cell runs."""
    return code(*(f"ran = [*globals().get('ran', []), '{name}']\nran[-1]" for name in names))


def answered(lab: Lab, name: str, *replies: str, load: str = LOAD) -> None:
    """A prompt that has its first answer; the last cell tells what has run since it ran last."""
    lab.open(f"{name}.ipynb", load, prompt(lab, *replies), TELL)
    lab.run_all()
    lab.page.wait_for_timeout(600)  # what happens within half a second is one step to undo
    lab.edit(1, lab.cells()[1]["source"] + " on")


def undo(lab: Lab, key: str = "z") -> None:
    """Z in command mode."""
    lab.page.locator(".jp-Notebook .jp-Cell .jp-InputPrompt").nth(1).click()
    lab.page.keyboard.press(key)
    lab.page.wait_for_timeout(600)


def below(lab: Lab) -> list[str]:
    """The names that the generated cells note."""
    return [cell["source"].split("'")[-2] for cell in lab.cells()[2:-1]]


def ran(lab: Lab) -> list[str]:
    """What ran, in order, when everything was run."""
    lab.run_all()
    return text(lab.cells()[-1]["outputs"]).split()


def test_an_answer_that_undo_brings_back_gives_place_and_nothing_runs_twice(lab: Lab) -> None:
    answered(lab, "undone", notes("a1", "a2"), notes("b1", "b2"), notes("c1", "c2"))
    assert ran(lab) == ["b1", "b2"]
    undo(lab)
    assert below(lab) == ["a1", "a2"]
    assert ran(lab) == ["c1", "c2"] == below(lab)
    assert "kept" not in text(lab.cells()[1]["outputs"])
    assert ran(lab) == ["c1", "c2"] == below(lab)
    assert "kept: 2 cells below" in text(lab.cells()[1]["outputs"])


def test_an_answer_comes_back_with_what_it_showed_and_runs_when_the_person_says_so(
    lab: Lab,
) -> None:
    answered(lab, "undone_shown", notes("a"), notes("b"), notes("c"))
    lab.run(1)
    undo(lab)
    assert below(lab) == ["a"] and "'a'" in text(lab.cells()[2]["outputs"])
    lab.run(2)
    lab.run(3)
    assert text(lab.cells()[3]["outputs"]).split() == ["b", "a"]


def test_an_answer_that_is_undone_and_done_again_is_kept(lab: Lab) -> None:
    answered(lab, "redone", notes("a"), notes("b"))
    lab.run_all()
    undo(lab)
    assert below(lab) == ["a"]
    undo(lab, "Shift+Z")
    assert ran(lab) == ["b"] == below(lab)
    assert "kept: 1 cell below" in text(lab.cells()[1]["outputs"])


def test_an_answer_that_is_back_is_not_kept_when_the_model_refuses(lab: Lab) -> None:
    answered(lab, "undone_refused", notes("a"), notes("b"), "I cannot do that.", notes("d"))
    lab.run_all()
    undo(lab)
    assert ran(lab) == ["a"] == below(lab)
    assert ran(lab) == ["d"] == below(lab)


def test_cells_that_are_undone_while_the_answer_streams_run_once_each(lab: Lab) -> None:
    answered(lab, "undone_early", notes("a"), notes(*STREAMED), notes("last"), load=SLOWLY)
    lab.start(1)
    lab.page.locator(".jp-Notebook .cm-content", has_text=f"'{STREAMED[0]}'").wait_for()
    undo(lab)
    lab.wait()
    lab.run(len(lab.cells()) - 1)
    assert text(lab.cells()[-1]["outputs"]).split() == [*STREAMED]
    assert ran(lab) == below(lab)


def test_that_a_long_answer_took_the_place_of_another_is_one_step(lab: Lab) -> None:
    long = notes("b").replace("ran[-1]", "# and so on, line after line\n" * 30 + "ran[-1]")
    answered(lab, "undone_long", notes("a"), long, notes("last"), load=SLOWLY)
    lab.run(1)
    undo(lab)
    assert below(lab) == ["a"]
    undo(lab, "Shift+Z")
    assert below(lab) == ["b"]
    undo(lab)
    lab.run(1)
    assert below(lab) == ["last"]


def test_a_cell_taken_away_in_mid_run_and_brought_back_is_whole(lab: Lab) -> None:
    slow = "import time\nprint('began', flush=True)\ntime.sleep(2)\n'all of it'"
    lab.open("taken.ipynb", LOAD, prompt(lab, code(slow), code("x = 2")), "'mine'")
    lab.run(0)
    lab.page.wait_for_timeout(600)
    lab.start(1)
    lab.page.get_by_text("began", exact=True).wait_for()
    undo(lab)
    lab.wait()
    assert [cell["source"] for cell in lab.cells()[2:]] == ["'mine'"]
    undo(lab, "Shift+Z")
    lab.wait_for_source("all of it")
    lab.wait()
    back = lab.cells()[2]
    assert back["source"] == slow and "all of it" in text(back["outputs"]) and back["count"]
    prompts = lab.page.locator(".jp-Notebook .jp-Cell .jp-InputPrompt")
    assert "[*]" not in "".join(prompts.all_inner_texts())
    lab.run(1)
    assert "kept: 1 cell below" in text(lab.cells()[1]["outputs"])
