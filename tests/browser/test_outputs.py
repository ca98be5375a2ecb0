"""What generated code shows arrives in its own cell, as it happens, while the prompt still runs."""

from __future__ import annotations

from typing import Any

from .asking import asks, code, made, picture
from .lab import Lab, text


def started(lab: Lab, name: str, source: str) -> None:
    """A prompt whose code is running now; the generated cell is the third."""
    asks(lab, name, code(source))
    lab.start(1)


def waits_for(lab: Lab, selector: str) -> None:
    """Until the generated cell shows something, the prompt cell still being at work."""
    made(lab).locator(selector).first.wait_for(timeout=30_000)
    assert lab.cells()[1]["count"] is None


def test_streams_appear_while_the_code_runs(lab: Lab) -> None:
    started(
        lab, "streams", "import sys, time\nprint('out')\nprint('err', file=sys.stderr)\n"
        "sys.stdout.flush()\ntime.sleep(3)\nprint('late')"
    )  # fmt: skip
    waits_for(lab, "text=out")
    waits_for(lab, "text=err")
    assert "late" not in text(lab.cells()[2]["outputs"])
    lab.wait()
    assert "late" in text(lab.cells()[2]["outputs"])
    assert "out" not in text(lab.cells()[1]["outputs"])


def test_a_plot_appears_while_the_code_runs(lab: Lab) -> None:
    started(
        lab, "plot", "import time\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n"
        "time.sleep(2)\nprint('late')"
    )  # fmt: skip
    waits_for(lab, "img")
    picture(lab, "running")
    lab.wait()
    assert made(lab).locator("img").count() == 1
    assert lab.page.locator(".jp-Notebook img").count() == 1


def test_input_is_asked_for_in_the_generated_cell(lab: Lab) -> None:
    started(lab, "input", "name = input('your name? ')\nprint('hello', name)")
    waits_for(lab, "input.jp-Stdin-input")
    box = made(lab).locator("input.jp-Stdin-input")
    box.fill("Ada")
    box.press("Enter")
    lab.wait()
    assert "hello Ada" in text(lab.cells()[2]["outputs"])
    assert lab.cells()[1]["count"] is not None


def test_input_that_is_asked_for_before_the_page_knows_of_the_run(lab: Lab) -> None:
    """Requests for input have a channel of their own: they may overtake all else."""
    other = Lab(lab.page.context.new_page(), lab.address, lab.notebooks)
    other.page.route_web_socket("**/api/kernels/**", _input_first)
    started(other, "early", "name = input('your name? ')\nprint('hello', name)")
    waits_for(other, "input.jp-Stdin-input")
    boxes = made(other).locator("input.jp-Stdin-input")
    assert boxes.count() == 1
    boxes.fill("Ada")
    boxes.press("Enter")
    other.wait()
    assert "hello Ada" in text(other.cells()[2]["outputs"])
    other.close()


def _input_first(socket: Any) -> None:
    """From the first `bind` on, hold all that the kernel sends until it asks for input."""
    server, held, over = socket.connect_to_server(), list[str | bytes](), list[bool]()

    def came(message: str | bytes) -> None:
        raw = message if isinstance(message, bytes) else message.encode()
        if b'"input_request"' in raw:
            over.append(True)
            for each in (message, *held):
                socket.send(each)
        elif over or not (held or b'"bind"' in raw):
            socket.send(message)
        else:
            held.append(message)

    server.on_message(came)


def test_displays_are_updated_and_cleared_in_place(lab: Lab) -> None:
    started(
        lab, "updates", "import time\nfrom IPython.display import clear_output, display\n"
        "shown = display('first', display_id=True)\nshown.update('second')\ntime.sleep(2)\n"
        "for n in range(3):\n    clear_output(wait=True)\n    print('step', n)\n    time.sleep(0.2)"
    )  # fmt: skip
    waits_for(lab, "text=second")
    assert "first" not in text(lab.cells()[2]["outputs"])
    lab.wait()
    assert text(lab.cells()[2]["outputs"]).strip() == "step 2"


def test_a_progress_line_is_written_over(lab: Lab) -> None:
    started(
        lab, "progress", "import time\nfor n in range(5):\n    print(f'\\r{n * 25}%', end='')\n"
        "    time.sleep(0.1)"
    )  # fmt: skip
    lab.wait()
    shown = made(lab).inner_text()
    assert "100%" in shown and "75%" not in shown


def test_a_widget_is_alive_in_the_run_and_after_it(lab: Lab) -> None:
    started(
        lab, "widgets", "import time\nimport ipywidgets\nbar = ipywidgets.IntProgress(max=3)\n"
        "slider = ipywidgets.IntSlider(description='many', value=4, max=9)\n"
        "display(bar, slider)\nfor n in range(4):\n    bar.value = n\n    time.sleep(0.5)\n"
        "print('full')"
    )  # fmt: skip
    waits_for(lab, ".progress-bar[style*='66']")
    waits_for(lab, "text=many")
    lab.wait()
    assert made(lab).locator(".progress-bar[style*='100%']").count() == 1
    lab.page.get_by_role("slider").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_timeout(500)
    lab.insert(3, "slider.value")
    lab.run(3)
    assert text(lab.cells()[3]["outputs"]).strip() == "5"


def test_a_failure_that_stays_is_told_in_its_cell(lab: Lab) -> None:
    asks(lab, "stays", code("def f(): 1 / 0\nprint('before')\nf()"), options="-r 0")
    lab.run(1)
    shown = made(lab).inner_text()
    assert shown.split("\n\n") == [
        "before",
        "line 1: def f(): 1 / 0\nZeroDivisionError: division by zero",
    ]


def test_of_several_blocks_the_first_failure_stops_the_rest(lab: Lab) -> None:
    asks(lab, "blocks", code("a = 1\na", "1 / 0", "c = 3\nc"), options="-r 0")
    lab.run(1)
    cells = lab.cells()
    assert [cell["source"] for cell in cells[2:]] == ["a = 1\na", "1 / 0", "c = 3\nc"]
    assert text(cells[2]["outputs"]).strip() == "1"
    assert "ZeroDivisionError" in text(cells[3]["outputs"])
    assert (cells[4]["outputs"], cells[4]["count"]) == ([], None)
