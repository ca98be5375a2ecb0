"""What the person has written: the notebook, and modules that are no library's nor Python's."""

from __future__ import annotations

import sys
import sysconfig
from abc import ABCMeta
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TypeGuard

from ...objects import module_name

_LIBRARIES = frozenset(("site-packages", "dist-packages"))
_FOLDERS = (
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")),
    Path(__file__).parents[2],
)


def is_own_module(value: object) -> TypeGuard[ModuleType]:
    """Whether it is a loaded module of the person's; the notebook itself is none."""
    if type(value) is not ModuleType or value.__dict__.get("__name__") == "__main__":
        return False
    file = value.__dict__.get("__file__")
    return type(file) is str and _is_own_file(file)


def is_own_class(kind: type) -> bool:
    """Whether it is a class of the notebook or of such a module.

    In a module, one with a metaclass of a library is not: that keeps there what it likes.
    """
    name = module_name(kind)
    plain = type(kind) is type or type(kind) is ABCMeta
    return name == "__main__" or (plain and _is_own_name(name))


def module_of(function: FunctionType) -> ModuleType | None:
    """The module of the person's whose names a function uses; None for any other."""
    name = function.__globals__.get("__name__")
    module = sys.modules.get(name) if type(name) is str else None
    found = module if is_own_module(module) else None
    return found if found and found.__dict__ is function.__globals__ else None


@cache
def _is_own_name(name: str) -> bool:
    return is_own_module(sys.modules.get(name))


@cache
def _is_own_file(file: str) -> bool:
    path = Path(file)
    if path.suffix != ".py" or _LIBRARIES.intersection(path.parts):
        return False
    return not any(path.is_relative_to(folder) for folder in _FOLDERS)
