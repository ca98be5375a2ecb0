"""While an answer streams, the page stays the person's: typing, focus, scrolling, nothing jumps."""

from __future__ import annotations

from itertools import pairwise

from .lab import Lab
from .test_cells import code, prompt

SLOW = """%load_ext oci_magic
import time
from oci_magic.engines.scripted import ScriptedEngine
at_once = ScriptedEngine.stream
def stream(self, messages, **more):
    for chunk in at_once(self, messages, **more):
        time.sleep(0.03)
        yield chunk
ScriptedEngine.stream = stream"""
LINES = [f"value_{n} = {n} * {n}  # the square of {n}" for n in range(60)]
LONG = code("\n".join(LINES))
WATCH = """() => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    window.seen = {heights: [], sources: [], top: [], began: performance.now()};
    const look = () => {
        const panel = document.querySelector('.oci-magic-row');
        if (panel) window.seen.heights.push(panel.offsetHeight);
        const made = notebook.model.cells.get(2);
        const source = made?.sharedModel.getSource() ?? '';
        if (source.startsWith('value_0') && source !== window.seen.sources.at(-1)?.[0]) {
            window.seen.sources.push([source, performance.now()]);
        }
        window.seen.top.push(document.activeElement?.getBoundingClientRect().top);
        requestAnimationFrame(look);
    };
    look();
}"""


def streaming(lab: Lab, name: str, *below: str) -> None:
    """A prompt whose long answer is streaming into the third cell now."""
    lab.open(f"{name}.ipynb", SLOW, prompt(lab, LONG, words=name), *below)
    lab.run(0)
    lab.page.evaluate(WATCH)
    lab.start(1)


def test_the_row_keeps_its_height_and_the_cell_is_drawn_ten_times_a_second(lab: Lab) -> None:
    streaming(lab, "drawn")
    lab.wait_for(LINES[-1])
    heights = lab.page.evaluate("() => window.seen.heights")
    changes = sum(a != b for a, b in pairwise(heights))
    assert changes <= 2, sorted(set(heights))  # it comes, and in the end has more buttons
    sources = lab.page.evaluate("() => window.seen.sources")
    assert len(sources) > 5
    seconds = (sources[-1][1] - sources[0][1]) / 1000
    assert len(sources) / seconds <= 11


def test_what_the_person_types_meanwhile_stays_and_so_does_the_focus(lab: Lab) -> None:
    streaming(lab, "typing", "mine = 1")
    lab.page.wait_for_function("() => window.seen.sources.length > 3")
    mine = lab.page.locator(".jp-CodeCell").last.locator(".cm-content")
    mine.click()
    lab.page.keyboard.press("End")
    for letter in "234567890":
        lab.page.keyboard.type(letter)
        lab.page.wait_for_timeout(150)
    assert lab.page.evaluate("() => window.seen.sources.at(-1)[0]") != "\n".join(LINES)
    lab.wait_for(LINES[-1])
    assert lab.cells()[-1]["source"] == "mine = 1234567890"
    lab.page.keyboard.type("!")
    assert lab.cells()[-1]["source"] == "mine = 1234567890!"


def test_who_reads_elsewhere_is_not_scrolled(lab: Lab) -> None:
    below = [f"# {n}\n" + "\n".join(f"line_{m} = {m}" for m in range(12)) for n in range(12)]
    streaming(lab, "scrolled", *below)
    lab.page.wait_for_function("() => window.seen.sources.length > 3")
    last = lab.page.locator(".jp-CodeCell").last.locator(".cm-content")
    last.click()
    lab.page.wait_for_timeout(300)
    at = "() => document.activeElement.getBoundingClientRect().top"
    before = lab.page.evaluate(at)
    lab.wait_for(LINES[-1])
    assert abs(lab.page.evaluate(at) - before) < 40


def test_undo_in_the_cell_does_not_step_through_the_stream(lab: Lab) -> None:
    streaming(lab, "undone")
    lab.wait_for(LINES[-1])
    lab.page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    lab.page.keyboard.press("Control+z")
    lab.page.wait_for_timeout(300)
    assert lab.cells()[2]["source"] == "\n".join(LINES)
    lab.page.keyboard.type("#")
    lab.page.keyboard.press("Control+z")
    assert lab.cells()[2]["source"] == "\n".join(LINES)
