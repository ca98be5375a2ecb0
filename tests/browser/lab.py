"""Driving a notebook in JupyterLab as a person does: open, run, look."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PANEL = "window.jupyterapp.shell.currentWidget"
_IDLE = f"""() => {{
    const panel = {_PANEL};
    return panel?.sessionContext?.session?.kernel?.status === 'idle'
        && panel.content.widgets.every(cell => cell.model.type !== 'code' || cell.prompt !== '*');
}}"""
_CELLS = f"""() => [...{_PANEL}.content.model.cells].map(cell => ({{
    id: cell.id,
    source: cell.sharedModel.getSource(),
    outputs: cell.type === 'code' ? cell.outputs.toJSON() : [],
    count: cell.type === 'code' ? cell.executionCount : null,
    metadata: cell.metadata,
}}))"""
_RUN = f"""(index) => {{
    const notebook = {_PANEL}.content;
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    return window.jupyterapp.commands.execute('notebook:run-cell');
}}"""
_SESSION = f"{_PANEL}.sessionContext.session.kernel"
_WAIT = 120_000


@dataclass(frozen=True)
class Lab:
    """A page at a JupyterLab whose notebooks lie in `notebooks`, each at `address` and its name."""

    page: Any
    address: str
    notebooks: Path

    def open(self, name: str, *cells: str) -> None:
        """A new notebook of code cells, open and with an idle kernel."""
        self.write(name, *cells)
        self.load(name)
        self.wait()

    def write(self, name: str, *cells: str) -> None:
        """A new notebook of code cells, not open."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.notebooks / name)

    def load(self, name: str) -> None:
        """Load the page anew with this notebook, whose kernel may be busy."""
        self.page.goto(f"{self.address}/{name}?reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=_WAIT)
        ready = f"() => {_PANEL}?.sessionContext?.session?.kernel?.connectionStatus === 'connected'"
        self.page.wait_for_function(ready, timeout=_WAIT)

    def window(self, name: str) -> Lab:
        """A second window on a notebook that is open here."""
        other = Lab(self.page.context.new_page(), self.address, self.notebooks)
        other.load(name)
        other.wait()
        return other

    def close(self) -> None:
        self.page.close()

    def run(self, index: int) -> None:
        """Run one cell and wait until nothing runs any more."""
        self.page.evaluate(_RUN, index)
        self.wait()

    def start(self, index: int) -> None:
        """Run one cell and do not wait."""
        self.page.evaluate(_RUN.replace("return window", "void window"), index)

    def run_all(self) -> None:
        """Run All, and wait until nothing runs any more."""
        self.command("notebook:run-all-cells")
        self.wait()

    def run_and_advance(self, index: int) -> None:
        """Shift-Enter in a cell."""
        self.page.evaluate(_RUN.replace("run-cell", "run-cell-and-select-next"), index)
        self.wait()

    def command(self, name: str) -> None:
        """Start one of JupyterLab's commands."""
        self.page.evaluate(f"() => void window.jupyterapp.commands.execute('{name}')")

    def edit(self, index: int, source: str) -> None:
        """Put another source into a cell."""
        change = f"{_PANEL}.content.widgets[index].model.sharedModel.setSource(source)"
        self.page.evaluate(f"([index, source]) => {change}", [index, source])

    def insert(self, index: int, source: str) -> None:
        """A new code cell of the person's."""
        cell = "{cell_type: 'code', source}"
        change = f"{_PANEL}.content.model.sharedModel.insertCell(index, {cell})"
        self.page.evaluate(f"([index, source]) => void {change}", [index, source])

    def delete(self, index: int) -> None:
        """Delete a cell, as the person does."""
        self.page.evaluate(
            f"(index) => {_PANEL}.content.model.sharedModel.deleteCell(index)", index
        )

    def move(self, index: int, to: int) -> None:
        """Move a cell to another place."""
        self.page.evaluate(f"([index, to]) => {_PANEL}.content.moveCell(index, to)", [index, to])

    def save(self) -> None:
        """Save the notebook and wait for it."""
        self.page.evaluate(f"() => {_PANEL}.context.save()")

    def interrupt(self) -> None:
        self.page.evaluate(f"() => {_SESSION}.interrupt()")

    def restart(self) -> None:
        self.page.evaluate(f"() => {_SESSION}.restart()")

    def active(self) -> str:
        """The source of the active cell."""
        cell = f"{_PANEL}.content.activeCell.model.sharedModel.getSource()"
        return str(self.page.evaluate(f"() => {cell}"))

    def wait_for(self, text: str) -> None:
        """Wait until a cell's source holds `text`, then until nothing runs any more."""
        self.wait_for_source(text)
        self.wait()

    def wait_for_source(self, text: str) -> None:
        """Wait until a cell's source holds `text`."""
        cells = f"[...{_PANEL}.content.model.cells]"
        found = f"(text) => {cells}.some(cell => cell.sharedModel.getSource().includes(text))"
        self.page.wait_for_function(found, arg=text, timeout=_WAIT)

    def wait(self) -> None:
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(_IDLE, timeout=_WAIT)
        self.page.wait_for_timeout(300)

    def cells(self) -> list[dict[str, Any]]:
        """`id`, `source`, `outputs` (nbformat), `count` and `metadata` of every cell."""
        found: list[dict[str, Any]] = self.page.evaluate(_CELLS)
        return found


def text(outputs: list[dict[str, Any]]) -> str:
    """Everything that outputs show as text."""
    parts = [o.get("text") or o.get("data", {}).get("text/markdown", "") for o in outputs]
    parts += [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]
    for kind in ("text/plain", "text/html"):
        parts += [o.get("data", {}).get(kind, "") for o in outputs]
    return "\n".join("".join(part) for part in parts)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
