"""What generated code shows arrives in its own cell, as it happens, while the prompt still runs."""

from __future__ import annotations

from .lab import Lab, text
from .test_cells import code, prompt

CELL = ".jp-Notebook .jp-CodeCell >> nth=2"
OUTPUT = f"{CELL} >> .jp-OutputArea"


def started(lab: Lab, name: str, *sources: str) -> None:
    """A prompt whose code is running now; the generated cell is the third."""
    lab.open(f"{name}.ipynb", "%load_ext oci_magic", prompt(lab, code(*sources)))
    lab.run(0)
    lab.start(1)


def waits_for(lab: Lab, words: str) -> None:
    """Until the generated cell shows `words`, the prompt cell still being at work."""
    lab.page.locator(OUTPUT).get_by_text(words).first.wait_for(timeout=30_000)
    assert lab.cells()[1]["count"] is None


def test_streams_appear_while_the_code_runs(lab: Lab) -> None:
    started(
        lab, "streams", "import sys, time\nprint('out')\nprint('err', file=sys.stderr)\n"
        "sys.stdout.flush()\ntime.sleep(3)\nprint('late')"
    )  # fmt: skip
    waits_for(lab, "out")
    waits_for(lab, "err")
    assert "late" not in text(lab.cells()[2]["outputs"])
    lab.wait()
    assert "late" in text(lab.cells()[2]["outputs"])
    assert "out" not in text(lab.cells()[1]["outputs"])


def test_input_is_asked_for_in_the_generated_cell(lab: Lab) -> None:
    started(lab, "input", "name = input('your name? ')\nprint('hello', name)")
    box = lab.page.locator(CELL).locator("input.jp-Stdin-input")
    box.wait_for(timeout=30_000)
    box.fill("Ada")
    box.press("Enter")
    lab.wait()
    assert "hello Ada" in text(lab.cells()[2]["outputs"])
    assert lab.cells()[1]["count"] is not None


def test_displays_are_updated_and_cleared_in_place(lab: Lab) -> None:
    started(
        lab, "updates", "import time\nfrom IPython.display import clear_output, display\n"
        "shown = display('first', display_id=True)\nshown.update('second')\ntime.sleep(2)\n"
        "for n in range(3):\n    clear_output(wait=True)\n    print('step', n)\n    time.sleep(0.2)"
    )  # fmt: skip
    waits_for(lab, "second")
    lab.wait()
    assert text(lab.cells()[2]["outputs"]).strip() == "step 2"


def test_a_progress_line_is_written_over(lab: Lab) -> None:
    started(
        lab, "progress", "import time\nfor n in range(5):\n    print(f'\\r{n * 25}%', end='')\n"
        "    time.sleep(0.1)"
    )  # fmt: skip
    lab.wait()
    shown = lab.page.locator(OUTPUT).inner_text()
    assert "100%" in shown and "75%" not in shown


def test_a_widget_is_alive_in_the_run_and_after_it(lab: Lab) -> None:
    started(
        lab, "widgets", "import time\nimport ipywidgets\nbar = ipywidgets.IntProgress(max=3)\n"
        "slider = ipywidgets.IntSlider(description='many', value=4, max=9)\n"
        "display(bar, slider)\nfor n in range(4):\n    bar.value = n\n    time.sleep(0.3)\n"
        "print('full')"
    )  # fmt: skip
    waits_for(lab, "many")
    lab.wait()
    width = "() => document.querySelector('.progress-bar').style.width"
    assert lab.page.evaluate(width) == "100%"
    lab.page.get_by_role("slider").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_timeout(500)
    lab.insert(3, "slider.value")
    lab.run(3)
    assert text(lab.cells()[3]["outputs"]).strip() == "5"


def test_a_failure_that_stays_is_told_in_its_cell(lab: Lab) -> None:
    lab.open("stays.ipynb", "%load_ext oci_magic",
             prompt(lab, code("print('before')\n1 / 0"), options="-r 0"))  # fmt: skip
    lab.run(0)
    lab.run(1)
    shown = text(lab.cells()[2]["outputs"])
    assert "before" in shown and "ZeroDivisionError" in shown


def test_of_several_blocks_the_first_failure_stops_the_rest(lab: Lab) -> None:
    lab.open("blocks.ipynb", "%load_ext oci_magic",
             prompt(lab, code("a = 1\na", "1 / 0", "c = 3\nc"), options="-r 0"))  # fmt: skip
    lab.run(0)
    lab.run(1)
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == ["a = 1\na", "1 / 0", "c = 3\nc"]
    assert text(cells[2]["outputs"]).strip() == "1"
    assert "ZeroDivisionError" in text(cells[3]["outputs"])
    assert (cells[4]["outputs"], cells[4]["count"]) == ([], None)
