"""`%oci watch on`: a quiet row under the error of any cell, with a button that repairs it."""

from __future__ import annotations

from typing import Any

from .frontends import request_metadata
from .panel import Panel

LINE = "oci can repair this cell"


def offer_fix(shell: Any) -> None:
    """Show the row; where there is no extension that draws it, a line that says what to type."""
    from IPython.display import display

    kernel = getattr(shell, "kernel", None)
    if kernel is not None and "oci_magic_client" in request_metadata(kernel):
        display(Panel("failed", LINE, actions=("repair",)).bundle(), raw=True)
    else:
        print(f"{LINE}: %oci fix")
