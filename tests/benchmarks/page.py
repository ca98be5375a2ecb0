"""What does the page itself do while a prompt streams code into a notebook of many cells?

    python tests/benchmarks/page.py [--cells N] [--few N] [--lines N] [--writing S] [--rounds N]

A real JupyterLab in a headless Chromium. All cells of the notebook have run; in its middle stands
a prompt whose scripted model takes S seconds to write N lines. Each prompt is a changed one: the
cell of the answer before is replaced. Told is what the page's main thread did from the prompt's
start to its end, in processor time as DevTools count it, which other work on the machine does not
stretch: medians of several prompts, beside a cell that sleeps as long in the same notebook, and
beside the same in a notebook of few cells. What a prompt takes at its start and end is in its
time per update. Tasks that are long (50 ms and more) are timed by the clock, as the page's own
observer sees them; the longest is that of all prompts. How much is script is not told: DevTools
leave out what runs in promises. Chromium's other threads and processes are in none of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.asking import SLOWLY, code, prompt
from browser.lab import Lab
from browser.servers import served, started_playwright

PIECE = 16  # characters that the scripted model gives at once
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"
# Runs one cell without looking at the page until it is over; in milliseconds: how long each long
# task took, and when the source of a new cell changed.
WATCHED = f"""async (index) => {{
    const notebook = {NOTEBOOK};
    const long = [], changes = [];
    const took = entries => long.push(...entries.map(entry => entry.duration));
    const observer = new PerformanceObserver(list => took(list.getEntries()));
    observer.observe({{ type: 'longtask' }});
    const note = (_, change) => change.sourceChange && changes.push(performance.now());
    const added = (_, {{ type, newValues }}) => type === 'add'
        && newValues.forEach(cell => cell.sharedModel.changed.connect(note));
    notebook.model.cells.changed.connect(added);
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    await window.jupyterapp.commands.execute('notebook:run-cell');
    await new Promise(drawn => setTimeout(drawn, 500));
    notebook.model.cells.changed.disconnect(added);
    took(observer.takeRecords());
    observer.disconnect();
    return {{ long, changes }};
}}"""
# JupyterLab draws the cells of a notebook one by one, as long as the page has nothing else to do.
DRAWN = f"() => {NOTEBOOK}.widgets.every(cell => !cell.isPlaceholder())"
SHOWN = f"index => {NOTEBOOK}.scrollToItem(index, 'start')"


@dataclass(frozen=True)
class Work:
    """What the main thread did: seconds, long tasks (ms), and when code was updated (s)."""

    total: float
    layout: float
    long: tuple[float, ...]
    updates: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Updates a second, from the first to the last."""
        if len(self.updates) < 2:
            return 0.0
        return (len(self.updates) - 1) / (self.updates[-1] - self.updates[0])

    @property
    def most(self) -> int:
        """The largest number of updates that fell into one second."""
        return max(
            (sum(0 <= at - one < 1 for at in self.updates) for one in self.updates), default=0
        )


# What is told of several prompts and of the cell that slept as long.
ROWS: dict[str, Callable[[list[Work], Work], float]] = {
    "main thread, s": lambda works, _: median(work.total for work in works),
    "while a cell sleeps, s": lambda _, sleeping: sleeping.total,
    "of it layout and style, s": lambda works, _: median(work.layout for work in works),
    "a prompt's own, per update, ms": lambda works, sleeping: median(
        1000 * (work.total - sleeping.total) / len(work.updates) for work in works
    ),
    "updates a second": lambda works, _: median(work.rate for work in works),
    "most updates in one second": lambda works, _: max(work.most for work in works),
    "tasks of 50 ms and more": lambda works, _: median(len(work.long) for work in works),
    "the longest of them, ms": lambda works, _: max((0, *(t for work in works for t in work.long))),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=500)
    parser.add_argument("--few", type=int, default=5)
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--writing", type=float, default=20.0, help="seconds, of the model")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        TemporaryDirectory() as folder,
        started_playwright() as playwright,
        served(Path(folder), playwright) as lab,
    ):
        page = Page(lab)
        few, many = (worked(page, cells, options) for cells in (options.few, options.cells))
        print(f"{options.lines} lines in {options.writing:.0f} s, {options.rounds} prompts each")
        tell([options.few, options.cells], [few, many])


class Page:
    """A page of JupyterLab, and what DevTools count of it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._devtools = lab.page.context.new_cdp_session(lab.page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def run(self, index: int) -> Work:
        """Run the cell and tell what the main thread did meanwhile."""
        self.lab.page.evaluate(SHOWN, index)
        self.lab.page.wait_for_timeout(1000)
        before = self._counted()
        seen = self.lab.page.evaluate(WATCHED, index)
        spent = {name: value - before[name] for name, value in self._counted().items()}
        layout = spent["LayoutDuration"] + spent["RecalcStyleDuration"]
        updates = tuple(at / 1000 for at in seen["changes"])
        return Work(spent["TaskDuration"], layout, tuple(seen["long"]), updates)

    def _counted(self) -> dict[str, Any]:
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}


def worked(page: Page, cells: int, options: argparse.Namespace) -> tuple[list[Work], Work]:
    """What a notebook of so many cells costs: each prompt, and a cell that sleeps as long."""
    lab, at = page.lab, cells // 2
    good = code("\n".join(f"result_{n} = [{n}, {n} + 1]" for n in range(options.lines)))
    pause = options.writing * PIECE / len(good)
    lab.open(f"{cells}.ipynb", SLOWLY.replace("0.05", str(pause)), *filled(cells - 1))
    lab.run_all()
    lab.page.wait_for_function(DRAWN, polling=1000, timeout=300_000)
    prompts = []
    for number in range(options.rounds + 1):
        lab.edit(at, prompt(lab, good, words=f"go {number}"))
        prompts.append(page.run(at))
        assert lab.cells()[at + 1]["source"].startswith("result_0")
    lab.edit(at, f"time.sleep({options.writing})")
    return prompts[1:], page.run(at)  # the first one replaces nothing


def filled(cells: int) -> list[str]:
    """Each binds a name and shows something, every fiftieth a table."""
    table = "pd.DataFrame({'a': range(1000)})"
    return [
        f"# what is done in step {n}\nvalue_{n} = {table if n % 50 == 0 else [n]}\nvalue_{n}"
        for n in range(1, cells + 1)
    ]


def tell(cells: list[int], works: list[tuple[list[Work], Work]]) -> None:
    print(f"{'':<32}" + "".join(f"{f'{count} cells':>12}" for count in cells))
    for name, row in ROWS.items():
        few, many = (row(*work) for work in works)
        print(f"{name:<32}{few:12.2f}{many:12.2f}" + (f"{many / few:8.2f} x" if few else ""))


if __name__ == "__main__":
    main()
