"""What a live object stands for where code names it, told from types alone.

Covers modules, functions, classes, the shell, `exit`, and pathlib paths also in lists. No code of
the object or its class runs: no attribute hook, no property, no comparison, no `repr`.
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from ...objects import is_builtin

_SPELT = {  # where Python keeps it: where code takes it from
    **dict.fromkeys(("posix", "nt"), "os"),
    **dict.fromkeys(("posixpath", "ntpath"), "os.path"),
    "_io": "io",
    "_signal": "signal",
}
_MOST = 1000


def full_name(name: str, value: object) -> str:
    """`os.remove` for that function whatever it is called here; "" for a value without a name."""
    if name.startswith("__") or is_builtin(name, value):
        return name
    bases = {_of_class("__name__", base) for base in _bases(value)}
    if "InteractiveShell" in bases:
        return "get_ipython()"
    if "ExitAutocall" in bases:
        return "exit"
    if issubclass(type(value), ModuleType):
        return _spelt(_contents(value).get("__name__"))
    home = home_of(value)
    if home == "__main__" or not callable(value):
        return ""
    return (_kept_as(value, home) or _defined_as(value, home)).removeprefix("builtins.")


def is_path(value: object) -> bool:
    """Whether it is a pathlib path, or of a class made from one."""
    return any(base is PurePath for base in _bases(value))


def holds_paths(value: object) -> bool:
    """Whether a plain list, tuple or set has a pathlib path among its first elements."""
    plain = _is_one_of(value, list, tuple, set, frozenset)
    return plain and any(map(is_path, islice(value, _MOST)))  # type: ignore[call-overload]


def maps_to_paths(value: object) -> bool:
    """Whether a plain dict has a pathlib path among its first values."""
    if not _is_one_of(value, dict):
        return False
    return any(map(is_path, islice(list(value.values()), _MOST)))  # type: ignore[attr-defined]


def home_of(value: Any) -> str:
    """The module in which a function or class was made, else that of the object's class."""
    if _is_one_of(value, MethodType):
        return home_of(value.__func__)
    if _is_one_of(value, FunctionType, BuiltinFunctionType):
        return _spelt(value.__module__)
    return _spelt(_of_class("__module__", value if _is_class(value) else type(value)))


def _kept_as(value: object, home: str) -> str:
    """Its name in the outermost package that holds it: `joblib.dump`, made in a module below."""
    parts = home.split(".")
    for module in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
        for name, held in list(_contents(sys.modules.get(module)).items()):
            if held is value:
                return f"{module}.{name}"
    return ""


def _defined_as(value: Any, home: str) -> str:
    if _is_one_of(value, MethodType):
        return _defined_as(value.__func__, home)
    if _is_one_of(value, FunctionType, BuiltinFunctionType):
        return f"{home}.{value.__qualname__}"
    return f"{home}.{_of_class('__qualname__', value)}" if _is_class(value) else ""


def _spelt(module: object) -> str:
    return _SPELT.get(module, module) if type(module) is str else ""


def _is_class(value: object) -> bool:
    return issubclass(type(value), type)


def _is_one_of(value: object, *kinds: type) -> bool:
    """Exactly, and without `==`, which a class of classes may define."""
    return any(type(value) is kind for kind in kinds)


def _bases(value: object) -> tuple[type, ...]:
    bases: tuple[type, ...] = vars(type)["__mro__"].__get__(type(value))
    return bases


def _of_class(attribute: str, kind: type) -> object:
    return vars(type)[attribute].__get__(kind)


def _contents(module: object) -> dict[str, object]:
    """What a module holds, also one that would load more when it is asked."""
    if not issubclass(type(module), ModuleType):
        return {}
    contents: dict[str, object] = vars(ModuleType)["__dict__"].__get__(module)
    return contents
