"""The rungs of the ladder that a browser can show, with written replies."""

from __future__ import annotations

from .asking import code, picture, prompt
from .lab import Lab, text


def test_without_the_extension_code_goes_into_the_next_cell(plain_lab: Lab) -> None:
    lab = plain_lab
    lab.open("plain.ipynb", "%load_ext oci_magic", prompt(lab, code("print('one')")))
    lab.run(0)
    lab.run(1)
    _, asked, offered = lab.cells()
    assert "put into the next cell" in text(asked["outputs"])
    assert "one" in text(asked["outputs"])
    assert offered["source"] == "print('one')" and offered["count"] is None


def test_notebook_7_gets_cells_and_a_panel(notebook7: Lab) -> None:
    lab = notebook7
    replies = code("x = 1 / 0"), code("x = 5\nx"), code("x = 6\nx")
    lab.open("seven.ipynb", "%load_ext oci_magic", prompt(lab, *replies), "x")
    lab.run_all()
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == ["x = 5\nx", "x"]
    assert "5" in text(cells[2]["outputs"]) and "5" in text(cells[3]["outputs"])
    lab.page.get_by_role("button", name="2 drafts").click()
    picture(lab, "notebook7")
    lab.page.get_by_label("Say what to change").fill("six")
    lab.page.keyboard.press("Enter")
    lab.wait_for("x = 6")
    assert "6" in text(lab.cells()[2]["outputs"])
