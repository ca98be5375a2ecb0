"""What of a failed attempt is not put back, in few words: other objects, parts of packages, files.

An object is told of if the code reads its name and it can change; whether it did is not known.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)

from ...objects import bases, class_name, module_name, package_names
from ...types import Cell
from ..reading.names import Names
from ..review import writes
from .own import is_own_module
from .process_state import STREAMS
from .reach import Found, parsed

_UNCHANGING = (
    *(type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, MethodWrapperType, CellType),
    *(CodeType, int, float, complex, str, bytes, tuple, frozenset, range, slice, type(None)),
    *(type(...), type(NotImplemented), property, staticmethod, classmethod),
)
_PUT_BACK = frozenset(f"sys.{name}" for name in STREAMS)
_VALUE_MODULES = frozenset(
    ("datetime", "decimal", "fractions", "functools", "pathlib", "re", "uuid", "ipaddress",
     "zoneinfo", "enum", "typing")
)  # fmt: skip
_VALUES = frozenset(
    ("numpy.generic", "numpy.dtype", "numpy.ufunc", "pandas.Index", "pandas.Timestamp",
     "pandas.Timedelta", "pandas.Period", "pandas.Interval", "pandas.NaTType", "pandas.NAType",
     "pandas.BaseOffset", "pandas.ExtensionDtype", "pandas.BaseGroupBy", "torch.dtype",
     "torch.device", "enum.Enum")
)  # fmt: skip


def left_line(found: Found, bytes_: float = 0) -> str:
    """`model (LinearRegression)`, `big (ndarray, 2,100 MB)`; "" for what need not be told."""
    kind = type(found.value)
    if not found.told or (not bytes_ and is_unchanging(kind)):
        return ""
    size = f", {bytes_ / 1e6:,.0f} MB" if bytes_ else ""
    return f"{found.name} ({class_name(kind)}{size})"


def writes_files(code: str, namespace: Mapping[str, object]) -> bool:
    """Whether review sees the code write or delete a file, a new one too."""
    try:
        return writes(Cell(code), Path.cwd(), namespace)
    except OSError:  # the working folder is gone
        return False


def set_elsewhere(
    code: str, namespace: Mapping[str, object], saved: Collection[int] = ()
) -> list[str]:
    """Attributes of modules and of packages' classes that the code sets: `pd.DataFrame.head`.

    Not of those whose ids are among the `saved`.
    """
    tree = parsed(code)
    if tree is None:
        return []
    names = Names(tree, namespace)
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    stored = [node for node in attributes if not isinstance(node.ctx, ast.Load)]
    stored = [node for node in stored if names.dotted(node) not in _PUT_BACK]
    return [ast.unparse(node) for node in stored if _is_anothers(names.dotted(node.value), saved)]


def _is_anothers(name: str, saved: Collection[int]) -> bool:
    """Whether a full name is that of a module, of a class in one or of an object in one's own.

    Not if that is saved.
    """
    module, _, rest = name.partition(".")
    while f"{module}.{rest.partition('.')[0]}" in sys.modules:
        part, _, rest = rest.partition(".")
        module = f"{module}.{part}"
    found: object = sys.modules.get(module)
    in_own = is_own_module(found)
    for part in filter(None, rest.split(".")):
        parts = found.__dict__ if type(found) is ModuleType else {}
        found = parts.get(part)
    is_class = any(base is type for base in bases(type(found)))
    if id(found) in saved:
        return False
    if in_own and found is not None and not is_unchanging(type(found)):
        return True
    return type(found) is ModuleType or (is_class and module != "__main__")


def is_unchanging(kind: type) -> bool:
    """Whether objects of this type stay what they are."""
    if any(base is each for base in bases(kind) for each in _UNCHANGING):
        return True
    return module_name(kind).partition(".")[0] in _VALUE_MODULES or bool(
        package_names(kind) & _VALUES
    )
