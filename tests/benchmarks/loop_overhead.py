"""How long does a round take besides the model and the person's code?

    python tests/benchmarks/loop_overhead.py [--cells N] [--lines N] [--rounds N]

A real kernel in which a notebook of N cells has run, and a front end that sends and applies what
the extension does (`tests/frontend.py`). Each prompt is a changed one: its cell of N lines is
replaced, run and settled. Told are medians of one run, from which the same code run as a plain
cell after each prompt has been taken, and the model's sleep: of a prompt that is answered at once,
of one whose first reply fails (per round), and of one that the model takes seconds to write, while
its cell is drawn up to ten times a second. The kernel's processor time tells more than the
clock where the machine has other work; the page's own work is in neither.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from frontend import Notebook
from kernels import Kernel, code

SLOW = """
import time
from oci_magic.engines.scripted import ScriptedEngine
quick = ScriptedEngine.stream
def slow(self, *args, **more):
    global slept
    for chunk in quick(self, *args, **more):
        began = time.perf_counter()
        time.sleep(PAUSE)
        slept += time.perf_counter() - began
        yield chunk
ScriptedEngine.stream = slow
"""
PIECE = 16  # characters that the scripted model gives at once
Spent = tuple[float, float]  # seconds by the clock, and of the kernel's processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=500)
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--writing", type=float, default=3.0, help="seconds, of the slow model")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        kernel = Kernel(Path(folder))
        try:
            book = filled(kernel, options.cells)
            tell(f"{options.cells} cells, {options.lines} lines", book, options)
        finally:
            kernel.close()


def filled(kernel: Kernel, cells: int) -> Notebook:
    """Every cell has run and binds a name, every fiftieth a table."""
    book = Notebook(kernel)
    book.run(book.add("import pandas as pd"))
    for number in range(1, cells - 1):
        table = f"pd.DataFrame({{'a': range(1000), 'b{number}': 1.5}})"
        value = table if number % 50 == 0 else f"list(range({number}))"
        book.run(book.add(f"# what is done in step {number}\nvalue_{number} = {value}"))
    return book


def tell(title: str, book: Notebook, options: argparse.Namespace) -> None:
    good = "\n".join(f"result_{n} = [{n}, {n} + 1]" for n in range(options.lines))
    prompt = book.add("", at=len(book.cells) // 2)
    book.kernel.run("import time\nslept = 0.0")

    def overhead(name: str, *codes: str) -> None:
        rounds = [asked(book, prompt, codes) for _ in range(options.rounds)]
        clock, processor = (
            median(times) * 1000 / len(codes) for times in zip(*rounds, strict=True)
        )
        print(f"{name:<26} {clock:6.0f} ms a round by the clock, {processor:6.0f} ms of processor")

    print(f"{title}; medians of {options.rounds} prompts")
    overhead("answered at once", good)
    overhead("repaired once", f"{good}\n1 / 0", good)
    pause = options.writing * PIECE / len(code(good))
    book.kernel.run(SLOW.replace("PAUSE", str(pause)))
    overhead(f"written in {options.writing:.0f} s", good)


def asked(book: Notebook, prompt: str, codes: tuple[str, ...]) -> Spent:
    """What a changed prompt takes besides the model's sleep and its code as plain cells."""
    replies = json.dumps([code(each) for each in codes])
    (book.kernel.folder / "replies.json").write_text(replies, encoding="utf-8")
    book.kernel.run("%oci unload")
    book[prompt]["source"] = f"%%oci -m scripted:replies.json --new\nat {time.time_ns()}"
    slept = value(book.kernel, "slept")
    clock, processor = spent(book.kernel, lambda: book.run(prompt))
    clock -= value(book.kernel, "slept") - slept
    for each in codes:
        plain = spent(book.kernel, partial(book.kernel.run, each, cell="plain"))
        clock, processor = clock - plain[0], processor - plain[1]
    return clock, processor


def spent(kernel: Kernel, act: Callable[[], object]) -> Spent:
    before, began = value(kernel, "time.process_time()"), time.perf_counter()
    act()
    clock = time.perf_counter() - began
    return clock, value(kernel, "time.process_time()") - before


def value(kernel: Kernel, expression: str) -> float:
    _, shown = kernel.run(expression)
    return next(float(m["data"]["text/plain"]) for m in shown if m["type"] == "execute_result")


if __name__ == "__main__":
    main()
