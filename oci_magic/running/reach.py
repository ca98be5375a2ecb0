"""Which objects code can touch: those it names, what its functions name, and what these hold.

A name is any word of the code, in a string or a comment too: rather one too many. Nothing of the
objects runs: exact types are looked at, and what instances hold is read past their classes.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

from ..objects import SHELL_NAMES, table_kind

LISTS = (list, deque)
DICTS = (dict, OrderedDict, defaultdict, Counter)
_ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None), range, slice))
_ANYTHING = frozenset(
    ("eval", "exec", "globals", "locals", "vars", "get_ipython", "run", "__import__", "dir")
)
_WORD = re.compile(r"[^\W\d]\w*")


def named(code: str, namespace: Mapping[str, object]) -> dict[str, object]:
    """The person's names that the code, or a function that it names, can look up."""
    words = set(_WORD.findall(code))
    found: dict[str, object] = {}
    waiting = list(namespace) if words & _ANYTHING else [w for w in words if w in namespace]
    while waiting:
        name = waiting.pop()
        if name in found or name.startswith("_") or name in SHELL_NAMES:
            continue
        value = found[name] = namespace[name]
        if type(value) in _ATOMS:
            continue
        for part in _code_of(value, namespace):
            names = set(_names(part))
            waiting += namespace if names & _ANYTHING else [n for n in names if n in namespace]
    return found


def reachable(roots: Iterable[object]) -> list[object]:
    """`roots` and what they hold, each object once, those of immutable types left out."""
    seen: dict[int, object] = {}
    waiting = [root for root in roots if type(root) not in _ATOMS]
    while waiting:
        value = waiting.pop()
        if id(value) not in seen:
            seen[id(value)] = value
            waiting += [part for part in _held(value) if type(part) not in _ATOMS]
    return list(seen.values())


def is_dataclass(value: object) -> bool:
    """Whether it is an instance of a dataclass; its class is not asked."""
    return any("__dataclass_fields__" in vars(base) for base in _bases(type(value)))


def fields(value: object) -> dict[str, object]:
    """What a dataclass instance holds, in its `__dict__` and its slots."""
    held = dict(dict_of(value))
    for name, slot in slots(value).items():
        try:
            held[name] = slot.__get__(value)
        except AttributeError:  # never set
            continue
    return held


def slots(value: object) -> dict[str, Any]:
    """The slots of an instance's classes, by name."""
    return {
        name: member
        for base in reversed(_bases(type(value)))
        for name, member in vars(base).items()
        if type(member).__name__ == "member_descriptor"
    }


def _held(value: object) -> Iterable[object]:
    kind = type(value)
    if kind in LISTS or kind in (tuple, set, frozenset):
        return value  # type: ignore[return-value]
    if kind in DICTS:
        return [*value.keys(), *value.values()]  # type: ignore[attr-defined]
    if kind is FunctionType:
        return _of_function(value)
    if kind is MethodType:
        return (value.__self__, value.__func__)  # type: ignore[attr-defined]
    if kind is type and vars(value).get("__module__") == "__main__":
        return list(vars(value).values())
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return value.flat if value.dtype.hasobject else ()  # type: ignore[attr-defined]
    if is_dataclass(value):
        return [*fields(value).values(), kind]
    return (kind,) if vars(kind).get("__module__") == "__main__" and not table_kind(value) else ()


def _of_function(function: Any) -> Iterator[object]:
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # still empty
            continue


def _code_of(value: object, namespace: Mapping[str, object]) -> Iterator[CodeType]:
    """The code that a name stands for: of a function of the notebook, or of a class' methods."""
    home = vars(type(value)).get("__module__") == "__main__"
    for part in reachable([value, type(value)] if home else [value]):
        if type(part) is FunctionType and part.__globals__ is namespace:
            yield part.__code__


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def dict_of(value: object) -> dict[str, object]:
    for base in _bases(type(value)):
        held = vars(base).get("__dict__")
        if type(held).__name__ == "getset_descriptor":
            found: dict[str, object] = held.__get__(value)  # type: ignore[union-attr]
            return found
    return {}


def _bases(kind: type) -> tuple[type, ...]:
    bases: tuple[type, ...] = vars(type)["__mro__"].__get__(kind)
    return bases
