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
    source: cell.sharedModel.getSource(),
    outputs: cell.type === 'code' ? cell.outputs.toJSON() : [],
}}))"""
_RUN = f"""(index) => {{
    const notebook = {_PANEL}.content;
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    return window.jupyterapp.commands.execute('notebook:run-cell');
}}"""
_WAIT = 120_000


@dataclass(frozen=True)
class Lab:
    """A page at a JupyterLab whose notebooks lie in `notebooks`."""

    page: Any
    address: str
    notebooks: Path

    def open(self, name: str, *cells: str) -> None:
        """A new notebook of code cells, open and with an idle kernel."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.notebooks / name)
        self.page.goto(f"{self.address}/lab/tree/{name}?reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=_WAIT)
        self.wait()

    def run(self, index: int) -> None:
        """Run one cell and wait until nothing runs any more."""
        self.page.evaluate(_RUN, index)
        self.wait()

    def wait(self) -> None:
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(_IDLE, timeout=_WAIT)
        self.page.wait_for_timeout(300)

    def cells(self) -> list[dict[str, Any]]:
        """`source` and `outputs` (nbformat) of every cell."""
        found: list[dict[str, Any]] = self.page.evaluate(_CELLS)
        return found


def text(outputs: list[dict[str, Any]]) -> str:
    """Everything that outputs show as text."""
    parts = [o.get("text") or o.get("data", {}).get("text/markdown", "") for o in outputs]
    parts += [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]
    parts += [o.get("data", {}).get("text/plain", "") for o in outputs]
    return "\n".join("".join(part) for part in parts)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
