"""Where generated code goes besides running: the next cell, the next prompt, or nowhere.

Covers the rungs that need no extension of a front end. A kernel learns of its front end only
what the request says: one that shows cells sends the prompt cell's id.
"""

from __future__ import annotations

from typing import Any, Literal

Rung = Literal["cell", "terminal", "headless"]

PLACES_AFTER_ERROR: dict[Rung, str] = {
    "cell": "in the output above",
    "terminal": "at the next prompt",
    "headless": "in the output above",
}
"""Where the code stands when the prompt cell ends with an error: JupyterLab takes a next input
from successful cells alone."""
NOTES: dict[Rung, str] = {
    "cell": "oci: code runs inside the prompt cell and is put into the next cell",
    "terminal": "oci: code runs at once and is put at the next prompt",
    "headless": "oci: no front end with cells here; code and results stay in this cell's output",
}


NOT_RUN = "oci: code is offered, not run"


def rung(shell: Any) -> Rung:
    """Which rung of the ladder this shell stands on for the request it is executing."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return "terminal"
    try:
        parent = kernel.get_parent("shell")
    except (AttributeError, TypeError, LookupError):
        return "headless"
    return "cell" if (parent.get("metadata") or {}).get("cellId") else "headless"


def offer(shell: Any, source: str) -> None:
    """Put `source` into the next cell or prompt; where there is none this does no harm."""
    if source.strip():
        shell.set_next_input(source, replace=False)
