"""What kind of thing a notebook's object is, told without running any code of its own.

Covers the classes of an object and their names, pandas tables, names that belong to the shell, and
text that can be encoded, or told in one line. A metaclass is not asked either.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Mapping
from types import FunctionType
from typing import Literal

_BREAKS = re.compile(r"[\x00-\x08\n-\x1a\x1c-\x1f\x7f\x85\u2028\u2029]")
SHELL_NAMES = frozenset(("In", "Out", "exit", "quit", "get_ipython"))


def bases(kind: type) -> tuple[type, ...]:
    """The class and those that it inherits from, nearest first."""
    found: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return found


def members(kind: type) -> Mapping[str, object]:
    """What stands in the body of a class."""
    found: Mapping[str, object] = type.__dict__["__dict__"].__get__(kind)
    return found


def class_name(kind: type) -> str:
    """`DataFrame`"""
    return str(type.__dict__["__name__"].__get__(kind))


def module_name(kind: type) -> str:
    """The module that a class says it is from, "" where it says no text."""
    said = type.__dict__["__module__"].__get__(kind)
    return said if type(said) is str else ""


def package_names(kind: type) -> set[str]:
    """A class and its bases as `package.Class`: `{"pandas.Series", "pandas.NDFrame", ...}`"""
    return {f"{module_name(base).partition('.')[0]}.{class_name(base)}" for base in bases(kind)}


def table_kind(value: object) -> Literal["DataFrame", "Series"] | None:
    """Which pandas table `value` is, subclasses of other packages included."""
    for base in bases(type(value)):
        name = class_name(base)
        if name in ("DataFrame", "Series") and module_name(base).partition(".")[0] == "pandas":
            return "Series" if name == "Series" else "DataFrame"
    return None


def is_of_package(kind: type, packages: frozenset[str]) -> bool:
    """Whether a class stands in one of these packages; one that only says so does not."""
    module = sys.modules.get(module_name(kind))
    if module is None or module_name(kind).partition(".")[0] not in packages:
        return False
    return vars(module).get(class_name(kind)) is kind


def is_builtin(name: str, value: object) -> bool:
    """True for Python's own object of that name and for IPython's stand-in (`open`)."""
    if not hasattr(builtins, name):
        return False
    # The stand-in says that it is from `io`; only its globals tell where it was written.
    stand_in = type(value) is FunctionType and str(value.__globals__.get("__name__"))
    return value is getattr(builtins, name) or str(stand_in).startswith("IPython")


def in_line(text: str) -> str:
    """`text` with what would end its line, and control characters, written as Python does.

    But for the escape character, with which colours begin.
    """
    return _BREAKS.sub(lambda found: repr(found[0])[1:-1], text)


def encodable(text: str) -> str:
    """`text` with lone surrogates replaced, so that it can be sent, shown and stored."""
    return text.encode("utf-8", "replace").decode("utf-8")
