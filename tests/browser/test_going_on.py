"""An answer that goes on from its results, in JupyterLab."""

from __future__ import annotations

from .asking import SLOWLY, asks, code, picture, prompt, row
from .lab import Lab, text

WORDS = "The square of **12** is 144. " + "And so it is, each time. " * 12


def test_a_comment_streams_into_a_markdown_cell_below_the_result(lab: Lab) -> None:
    asks(lab, "observed", code("12 ** 2"), WORDS, load=SLOWLY, options="--observe")
    lab.insert(2, "'mine'")
    lab.start(1)
    lab.wait_for_source("The square of")
    assert WORDS.strip() not in [cell["source"] for cell in lab.cells()]  # still coming
    picture(lab, "observing")
    lab.wait()
    _, _, made, comment, mine = lab.cells()
    assert text(made["outputs"]).strip() == "144" and comment["source"] == WORDS.strip()
    assert mine["source"] == "'mine'"
    shown = lab.page.locator(".jp-MarkdownOutput strong", has_text="12")
    assert shown.is_visible()
    row(lab).get_by_role("button", name="Keep").wait_for()
    picture(lab, "observed")
    lab.run_all()
    assert "kept: 2 cells below" in text(lab.cells()[1]["outputs"])
    row(lab).get_by_role("button", name="Revert").click()
    lab.page.wait_for_function(
        "() => document.querySelectorAll('.jp-Notebook .jp-Cell').length == 3"
    )
    assert [cell["source"] for cell in lab.cells()[2:]] == ["'mine'"]


def test_a_further_cell_is_repaired_in_its_place(lab: Lab) -> None:
    replies = code("x = 2\nx"), code("x / 0"), code("x / 2"), "That is one."
    lab.open("steps.ipynb", "%load_ext oci_magic", prompt(lab, *replies, options="--steps 2"))
    lab.run_all()
    picture(lab, "steps")
    sources = [cell["source"] for cell in lab.cells()[2:]]
    assert sources == ["x = 2\nx", "Here.", "x / 2", "That is one."]
    assert text(lab.cells()[4]["outputs"]).strip() == "1.0"
