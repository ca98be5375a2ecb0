"""What kind of thing a notebook's object is, told without running any code of its own.

Covers pandas tables, names that belong to the shell, and text that can be encoded.
"""

from __future__ import annotations

import builtins
from types import FunctionType
from typing import Literal

SHELL_NAMES = frozenset(("In", "Out", "exit", "quit", "get_ipython"))


def table_kind(value: object) -> Literal["DataFrame", "Series"] | None:
    """Which pandas table `value` is, subclasses of other packages included."""
    for base in type.__dict__["__mro__"].__get__(type(value)):
        if base.__module__.split(".")[0] == "pandas" and base.__name__ in ("DataFrame", "Series"):
            return "Series" if base.__name__ == "Series" else "DataFrame"
    return None


def is_builtin(name: str, value: object) -> bool:
    """True for Python's own object of that name and for IPython's stand-in (`open`)."""
    if not hasattr(builtins, name):
        return False
    # The stand-in says that it is from `io`; only its globals tell where it was written.
    stand_in = type(value) is FunctionType and str(value.__globals__.get("__name__"))
    return value is getattr(builtins, name) or str(stand_in).startswith("IPython")


def encodable(text: str) -> str:
    """`text` with lone surrogates replaced, so that it can be sent, shown and stored."""
    return text.encode("utf-8", "replace").decode("utf-8")
