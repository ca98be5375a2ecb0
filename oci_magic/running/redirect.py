"""Giving a nested run a message and a number of its own in a kernel.

What a kernel shows carries the id of the message it answers; front ends sort outputs by it.
Semi-private names of ipykernel are used here and nowhere else; `can_redirect` looks for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


def can_redirect(kernel: Any) -> bool:
    """Whether this ipykernel has what `outputs_of` needs."""
    with suppress(AttributeError, LookupError, TypeError):
        _identity(kernel)
        return "header" in kernel.get_parent("shell") and callable(kernel.set_parent)
    return False


@contextmanager
def outputs_of(kernel: Any, message: str) -> Iterator[None]:
    """Until the end of the block, all that is shown answers the message with id `message`."""
    parent, identity = kernel.get_parent("shell"), _identity(kernel)
    metadata = {**(parent.get("metadata") or {}), "cellId": None}
    header = {**parent["header"], "msg_id": message}
    other = {**parent, "header": header, "msg_id": message, "metadata": metadata}
    _flush()
    kernel.set_parent(identity, other, "shell")
    try:
        yield
    finally:
        _flush()
        kernel.set_parent(identity, parent, "shell")


@contextmanager
def numbered_apart(shell: Any) -> Iterator[int]:
    """Until the end of the block, nested runs get execution counts after the outer cell's own.

    Gives the outer cell's count. IPython 9 has gone on to the next count before a cell runs,
    IPython 8 does so afterwards.
    """
    own = shell.displayhook.prompt_count
    later = own == shell.execution_count
    shell.execution_count = own + 1
    try:
        yield own
    finally:
        if later:
            shell.execution_count -= 1


def _identity(kernel: Any) -> Any:
    """Where replies of the current request go."""
    if hasattr(kernel, "_get_shell_context_var"):
        return kernel._get_shell_context_var(kernel._shell_parent_ident)
    return kernel._parent_ident["shell"]


def _flush() -> None:
    with suppress(AttributeError, ValueError):  # a stream may be None or closed
        sys.stdout.flush()
        sys.stderr.flush()
