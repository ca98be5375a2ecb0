"""Whether code may write to a table's columns without pandas noticing, past its copy on write.

Looked for are words: those of the code itself, and the attributes that the person's functions look
up.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Iterable, Iterator
from types import CodeType

from .tables import Past

_ALL = re.compile(
    r"\.\s*(array|base|_values|_data|_ndarray|_codes|_mask|_mgr|ctypes)\b(?!\s*\()"
    r"|writeable|setflags|__array_interface__"
)
_EXTENSIONS = re.compile(r"\.\s*values\b(?!\s*\()|to_numpy")
"""Words by which the memory of texts, categories and nullable numbers is had, no copy of it."""


def past_copying(code: str, functions: Iterable[CodeType]) -> Past:
    """Which columns the code may write to, `functions` being those that it can call."""
    text = "\n".join([code, *map(_attributes, functions)])
    if _ALL.search(text):
        return "all"
    return "extensions" if _EXTENSIONS.search(text) else "none"


def _attributes(function: CodeType) -> str:
    """The attributes that a function looks up, if any is one of the words: `.array`, `.array(`."""
    text = "".join(f".{name}\n" for part in _parts(function) for name in part.co_names)
    if not _ALL.search(text) and not _EXTENSIONS.search(text):
        return ""
    steps = (step for part in _parts(function) for step in dis.get_instructions(part))
    return "\n".join(
        f".{step.argval}{'(' if _is_called(step) else ''}"
        for step in steps
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR")
    )


def _is_called(step: dis.Instruction) -> bool:
    return step.opname == "LOAD_METHOD" or "NULL" in step.argrepr


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)
