"""What an object holds on to: elements, fields, what functions and methods carry with them.

Nothing of the objects runs. Of other packages' instances nothing is told: they are their own.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

from ...objects import bases, members, table_kind
from .own import is_own_class

ATOMS = frozenset(map(id, (int, float, complex, bool, str, bytes, type(None), range, slice)))
_PANDAS_OWN = frozenset(("_mgr", "_flags", "_item_cache", "_cacher", "_is_copy"))
MANY = 1000
"""From so many elements on it pays to see whether all are atoms."""


def held(value: Any) -> Collection[object]:
    """The objects that `value` refers to, as far as code that has it can change them.

    Nothing is said of an object that is not what its type promises.
    """
    try:
        return _held(value)
    except Exception:
        return ()


def _held(value: Any) -> Collection[object]:
    kind = type(value)
    holds = _HOLDS.get(id(kind))
    if holds:
        return holds(value)
    if kind is _loaded("numpy", "ndarray"):
        return _elements(value.ravel(order="K").tolist()) if value.dtype.hasobject else ()
    if table_kind(value):
        return _of_table(value)
    if is_tensor(value):
        return (value.grad,) if value.is_leaf and value.grad is not None else ()
    if any(base is type for base in bases(kind)):
        return _of_class(value)
    fields = list(fields_of(value).values()) if is_dataclass(value) else _of_subclass(value)
    return [*fields, kind] if any(map(is_own_class, bases(kind))) else fields


def is_dataclass(value: object) -> bool:
    """Whether it is a plain instance of a dataclass: no list or exception that is one as well."""
    of = bases(type(value))
    if not any("__dataclass_fields__" in members(base) for base in of):
        return False
    return all(base is object or _is_written(base) for base in of)


def fields_of(value: object) -> dict[str, object]:
    """What a dataclass instance holds, in its `__dict__` and its slots."""
    found = dict(dict_of(value))
    for name, slot in slots(value).items():
        try:
            found[name] = slot.__get__(value)
        except AttributeError:  # never set
            continue
    return found


def slots(value: object) -> dict[str, Any]:
    """The slots of an instance's classes, by name."""
    return {
        name: member
        for base in reversed(bases(type(value)))
        for name, member in members(base).items()
        if type(member).__name__ == "member_descriptor"
    }


def dict_of(value: object) -> dict[str, object]:
    """An instance's own `__dict__`; a new one where it has none."""
    for base in bases(type(value)):
        found: Any = members(base).get("__dict__")
        if type(found).__name__ == "getset_descriptor":
            attributes: dict[str, object] = found.__get__(value)
            return attributes
    return {}


def is_tensor(value: object) -> bool:
    """Whether it is a tensor of torch, or a parameter, in this machine's own memory."""
    torch, kind = sys.modules.get("torch"), type(value)
    if torch is None or not (kind is _loaded("torch", "Tensor") or kind is _parameter()):
        return False
    tensor: Any = value
    return bool(tensor.device.type == "cpu" and tensor.layout is torch.strided)


def _parameter() -> object:
    return getattr(sys.modules.get("torch.nn.parameter"), "Parameter", None) or object()


def _loaded(module: str, name: str) -> object:
    """A class of a library; something that is no class where it is not loaded."""
    return getattr(sys.modules.get(module), name, None)


def _elements(values: Any) -> Collection[object]:
    """The elements as a list of their own: a thread may change what holds them."""
    elements = list(values)
    if len(elements) >= MANY and ATOMS.issuperset(map(id, map(type, elements))):
        return ()
    return elements


def _of_dict(value: Any) -> Collection[object]:
    keys = [key for key in value if id(type(key)) not in ATOMS]
    return [*keys, *_elements(dict.values(value))]


def _of_subclass(value: Any) -> list[object]:
    """What a named tuple, or another heir of a container, holds: read past its class."""
    base: Any
    for base in bases(type(value)):
        if id(base) in _CONTAINERS:
            return list(_elements(base.__iter__(value)))
        if base is dict:
            return [*_elements(dict.keys(value)), *_elements(dict.values(value))]
    return []


def _of_table(table: Any) -> Collection[object]:
    """Attributes, labels and what columns of objects hold."""
    own = [part for name, part in dict_of(table).items() if name not in _PANDAS_OWN]
    found = [*own, *table._mgr.axes]
    for block in table._mgr.blocks:
        if block.values.dtype == object and type(block.values) is _loaded("numpy", "ndarray"):
            found += _elements(block.values.ravel(order="K").tolist())
    return found


def _of_function(function: Any) -> Collection[object]:
    keywords = (function.__kwdefaults__ or {}).values()
    own = function.__dict__.values()
    return [*(function.__closure__ or ()), *(function.__defaults__ or ()), *keywords, *own]


def _of_cell(cell: Any) -> Collection[object]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # still empty
        return ()


def _of_bound(method: Any) -> Collection[object]:
    owner = method.__self__
    return () if owner is None or issubclass(type(owner), ModuleType) else (owner,)


def _of_class(kind: type) -> Collection[object]:
    """What stands in a class of the person's, and in those of theirs that it inherits."""
    mine = [base for base in bases(kind) if is_own_class(base)]
    return [*mine, *(part for base in mine for part in members(base).values())]


def _is_written(kind: type) -> bool:
    """Whether the class is written in Python: no built-in type."""
    return bool(type.__dict__["__flags__"].__get__(kind) & (1 << 9))


def _by_attributes(*names: str) -> Callable[[Any], Collection[object]]:
    return lambda value: [getattr(value, name) for name in names]


_CONTAINERS = frozenset(map(id, (list, tuple, set, frozenset, deque)))
PLAIN = _CONTAINERS | {id(dict)}
_HOLDS: dict[int, Callable[[Any], Collection[object]]] = {
    **{id(kind): _elements for kind in (list, tuple, set, frozenset, deque)},
    **{id(kind): _of_dict for kind in (dict, OrderedDict, defaultdict, Counter)},
    id(FunctionType): _of_function,
    id(CellType): _of_cell,
    id(MethodType): _by_attributes("__self__", "__func__"),
    id(BuiltinFunctionType): _of_bound,
    id(MethodWrapperType): _of_bound,
    id(staticmethod): _by_attributes("__func__"),
    id(classmethod): _by_attributes("__func__"),
    id(property): _by_attributes("fget", "fset", "fdel"),
    id(functools.partial): _by_attributes("func", "args", "keywords"),
    id(functools.cached_property): _by_attributes("func"),
    id(type(functools.lru_cache(len))): _by_attributes("__wrapped__"),
}
