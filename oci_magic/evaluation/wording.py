"""What engines say of a notebook, in the words of the command line."""

from __future__ import annotations

import re

_WORDS = (
    (r"run the cell again", "run the command again"),
    (r"%oci models", "oci-magic models"),
    (r"%oci model ", "--model "),
    (r"%config OCIMagics\.server_url = ", "--server-url "),
    (r"OCIMagics\.server_url", "--server-url"),
    (r": set OCIMagics\.server_window.*", ""),
    (r", or raise OCIMagics\.server_timeout", ""),
    (r" or begin a new conversation(?: \(%oci new\))?", ""),
    (r" in which Jupyter starts", ""),
    (r"the kernel's environment", "this environment"),
)


def in_shell(text: str) -> str:
    """A line for a notebook as one for a shell, which has no cells, magics or traits."""
    for notebook, shell in _WORDS:
        text = re.sub(notebook, shell, text)
    return text
