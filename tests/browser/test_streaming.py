"""While an answer streams, the notebook stays the person's: place, focus, what they type, undo."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest

from .asking import SLOWLY, asks, code, picture, press
from .lab import Lab, text

LONG = "\n".join(f"value_{n} = {n} * {n}" for n in range(40))
LONGER = "\n".join(f"value_{n} = {n} * {n}" for n in range(150))
SPOKEN = "First I think about it.\n\nThen I think about it once more.\n\nAnd then once again.\n\n"
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"
# In every frame: the heights of the row, of all that the prompt shows, and of the generated cell.
MEASURE = f"""() => {{
    window.heights = [];
    const height = node => node?.offsetHeight ?? 0;
    const frame = () => {{
        const [, asked, made] = {NOTEBOOK}.widgets;
        const row = asked.node.querySelector('.oci-magic-panel');
        const input = made?.node.querySelector('.jp-InputArea');
        if (row?.dataset.working === 'true') {{
            window.heights.push([row, row.closest('.jp-OutputArea'), input].map(height));
        }}
        requestAnimationFrame(frame);
    }};
    frame();
}}"""
# When the source of the generated cell has changed, in milliseconds.
CHANGES = f"""() => {{
    window.changes = [];
    const cells = {NOTEBOOK}.model.cells;
    cells.changed.connect(() => cells.get(2).sharedModel.changed.connect((_, change) =>
        change.sourceChange && window.changes.push(performance.now())), {{}});
}}"""

# What is given the focus besides the active cell's editor.
FOCUSED = f"""() => {{
    window.elsewhere = [];
    const typed = {NOTEBOOK}.activeCell.node;
    document.addEventListener('focusin', ({{ target }}) =>
        typed.contains(target) || window.elsewhere.push(target.className));
}}"""


def start(lab: Lab, name: str, *replies: str, below: int = 0) -> None:
    """A prompt whose replies come slowly, with cells of the person's below it."""
    asks(lab, name, *replies, load=SLOWLY)
    for number in range(below):
        lab.insert(2 + number, f"'mine {number}'\n" * 5)
    lab.start(1)


def waits_for_code(lab: Lab, words: str = "value_5") -> None:
    """Until the generated cell holds some of the code, the reply still coming."""
    found = f"words => {NOTEBOOK}.widgets[2]?.model.sharedModel.getSource().includes(words)"
    lab.page.wait_for_function(found, arg=words, timeout=30_000)


def grows_again(heights: list[int]) -> list[int]:
    """From the first height that is less than the one before, if there is a larger one later."""
    fallen = next((at for at, (one, two) in enumerate(pairwise(heights), 1) if two < one), None)
    rest = heights[fallen:] if fallen else []
    return heights[fallen - 1 :] if any(one < two for one, two in pairwise(rest)) else []


def test_nothing_shrinks_and_grows_again(lab: Lab) -> None:
    lab.page.set_viewport_size({"width": 700, "height": 1000})
    failed = [
        f"{SPOKEN}{code(LONG + f'{chr(10)}{name} / 0  # {name * 6}')}"
        for name in ("value_1", "value_2")
    ]
    asks(lab, "jumps", *failed, code(LONG), load=SLOWLY)
    lab.page.evaluate(MEASURE)
    lab.run(1)
    heights = list(zip(*lab.page.evaluate("() => window.heights"), strict=True))
    lab.page.set_viewport_size({"width": 1200, "height": 1000})
    for part in heights:
        assert not grows_again([height for height, _ in groupby(part)])
        assert part[-1] > 0


def test_the_place_and_the_typing_stay_the_persons(lab: Lab) -> None:
    thoughts = "".join(f"Thought {n} is one of its own.\n\n" for n in range(30))
    start(lab, "typing", thoughts + code(LONGER), below=12)
    lab.page.evaluate(f"() => void {NOTEBOOK}.scrollToItem(13)")  # older ones hide what is off
    mine = lab.page.locator(".jp-Notebook .jp-Cell").last
    mine.locator(".cm-content").click()
    lab.page.keyboard.press("Control+End")
    at = mine.bounding_box()["y"]
    assert len(lab.cells()) == 14  # no code as yet
    lab.page.keyboard.type("typed = ", delay=60)
    waits_for_code(lab)
    lab.page.keyboard.type("'while it writes'", delay=60)
    assert lab.cells()[1]["count"] is None
    focused = f"() => document.activeElement.closest('.jp-Cell') === {NOTEBOOK}.widgets.at(-1).node"
    assert lab.page.evaluate(focused)
    lab.wait()
    assert lab.page.evaluate(focused)
    assert lab.cells()[-1]["source"].endswith("typed = 'while it writes'")
    assert lab.active() == lab.cells()[-1]["source"]
    assert abs(mine.bounding_box()["y"] - at) < 5


def test_a_draft_is_not_editable_until_the_prompt_is_over(lab: Lab) -> None:
    asks(lab, "locked", code(LONG), load=SLOWLY)
    lab.start(1)
    waits_for_code(lab)
    editor = lab.page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".cm-content")
    editor.click()
    lab.page.keyboard.type("lost = 1")
    lab.wait_for("\nvalue_39")
    cell = lab.cells()[2]
    assert cell["source"] == LONG and set(cell["metadata"]) == {"oci_magic", "trusted"}
    editor.click()
    lab.page.keyboard.type("mine")
    assert "mine" in lab.cells()[2]["source"]


def test_a_stop_at_the_first_words_leaves_the_earlier_answer(lab: Lab) -> None:
    asks(lab, "earlier", code("x = 1\nprint('kept')"), code(LONG), load=SLOWLY)
    lab.run(1)
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.start(1)
    waits_for_code(lab)
    assert len(lab.cells()) == 4  # the draft, above the answer of before
    picture(lab, "above-the-earlier")
    press(lab, "Stop")
    _, asked, made = lab.cells()
    assert (made["source"], text(made["outputs"]).strip()) == ("x = 1\nprint('kept')", "kept")
    assert "the earlier answer is below, as it was" in text(asked["outputs"])
    picture(lab, "stopped")


def replacing(lab: Lab, name: str) -> None:
    """An answer comes that takes the place of another, above a cell of the person's."""
    asks(lab, name, code("x = 1"), code(LONG), load=SLOWLY)
    lab.run(1)
    lab.wait_for("x = 1")
    lab.insert(3, "")
    lab.edit(1, lab.cells()[1]["source"] + " on")
    lab.start(1)
    waits_for_code(lab)


def edits_the_last_cell(lab: Lab) -> None:
    last = f"{NOTEBOOK}.activeCellIndex = {NOTEBOOK}.widgets.length - 1"
    lab.page.evaluate(f"() => {{ {last}; {NOTEBOOK}.mode = 'edit'; }}")  # a click finds it moving
    lab.page.evaluate(FOCUSED)


@pytest.mark.parametrize("views", [1, 2])
def test_typing_goes_on_while_an_answer_takes_the_place_of_another(lab: Lab, views: int) -> None:
    replacing(lab, f"typing_on_{views}")
    if views > 1:
        lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:clone')")
        lab.page.wait_for_timeout(1000)
    edits_the_last_cell(lab)
    typed = ""
    while len(lab.cells()) > 4 or len(typed) < 20:
        lab.page.keyboard.type("k", delay=20)
        typed += "k"
    lab.page.keyboard.type("end")
    lab.wait()
    assert [cell["source"] for cell in lab.cells()[2:]] == [LONG, f"{typed}end"]
    assert lab.page.evaluate("() => window.elsewhere") == []


def test_who_was_in_another_window_types_on_where_they_were(lab: Lab) -> None:
    replacing(lab, "typing_away")
    edits_the_last_cell(lab)
    lab.page.keyboard.type("before ")
    lab.page.evaluate("() => { document.hasFocus = () => false; }")
    while len(lab.cells()) > 4:
        lab.page.wait_for_timeout(200)
    lab.wait()
    lab.page.evaluate("() => { delete document.hasFocus; }")
    lab.page.keyboard.type("after")
    assert lab.cells()[3]["source"] == "before after"
    assert lab.page.evaluate("() => window.elsewhere") == []


def test_code_comes_a_few_times_a_second_and_is_no_step_to_undo(lab: Lab) -> None:
    source = f"{LONG}\ntime.sleep(1)"  # longer than what undo takes for one step
    start(lab, "undo_stream", code(source))
    lab.page.evaluate(CHANGES)
    waits_for_code(lab)
    picture(lab, "answering")
    lab.wait()
    changes: list[float] = lab.page.evaluate("() => window.changes")
    assert 10 < len(changes) < 2 + (changes[-1] - changes[0]) / 100
    lab.page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".cm-content").click()
    lab.page.keyboard.press("Control+End")
    lab.page.keyboard.type("  # mine")
    for _ in range(3):
        lab.page.keyboard.press("Control+z")
    assert lab.cells()[2]["source"] == source
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("z")
    lab.page.wait_for_timeout(500)
    assert len(lab.cells()) == 2
