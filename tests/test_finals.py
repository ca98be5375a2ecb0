"""What is kept for windows that were loaded anew: texts of every prompt, pictures of the last."""

from __future__ import annotations

from typing import Any

from oci_magic.notebook import finals
from oci_magic.notebook.finals import Finals
from oci_magic.notebook.frontends import Final
from oci_magic.notebook.panel import MIME

ROW = {"output_type": "display_data", "data": {MIME: {}, "text/html": "<b>worked</b>"}}
WORDS = {"output_type": "display_data", "data": {"text/markdown": "*so*", "text/plain": "*so*"}}
SAID = {"output_type": "stream", "name": "stdout", "text": "said"}


class Comm:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, operation: dict[str, Any]) -> None:
        self.sent.append(operation)


def shown(kept: Finals, prompt: str) -> list[Any]:
    """The outputs that a window is told which does not know how this prompt ended."""
    comm = Comm()
    kept.caught_up(comm, {"content": {"data": {"answers": {prompt: ""}, "path": "a.ipynb"}}})
    return [operation["outputs"] for operation in comm.sent]


def ended(prompt: str) -> Final:
    figure = {"image/png": "x" * (finals.MOST // 3), "text/plain": "<Figure>"}
    drawn = {"output_type": "display_data", "data": figure, "metadata": {}}
    cell = {"operation": "show", "id": "c", "outputs": [SAID, drawn]}
    return Final("a.ipynb", prompt, "new", [cell, {**cell, "outputs": [ROW, WORDS]}])


def test_pictures_of_the_latest_prompts_are_kept_and_of_all_the_texts() -> None:
    kept = Finals()
    for number in range(9):
        kept.add(ended(str(number)))
    whole = [n for n in range(9) if "image/png" in shown(kept, str(n))[0][1]["data"]]
    assert whole == [7, 8]
    cell, row = shown(kept, "0")
    assert cell[0]["text"] == "said" and cell[1]["data"] == {"text/plain": "<Figure>"}
    assert row == [ROW, WORDS]


def test_the_last_picture_is_kept_however_large_it_is() -> None:
    kept = Finals()
    kept.add(ended("a"))
    last = ended("b")
    last.operations[0]["outputs"][1]["data"]["image/png"] *= 9  # type: ignore[index]
    kept.add(last)
    assert "image/png" in shown(kept, "b")[0][1]["data"]
    assert "image/png" not in shown(kept, "a")[0][1]["data"]
