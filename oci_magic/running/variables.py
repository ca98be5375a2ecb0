"""Live objects as `Variable` nouns: names, types, shapes, columns; never their data.

Covers pandas tables and the arrays of well-known packages, recognised without importing them.
Nothing of the person's runs: an object of a class of theirs is a bare type name, and a subclass of
a table is read as the table that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import GetSetDescriptorType, ModuleType
from typing import Any, TypeGuard

from ..errors import OciError
from ..objects import (
    SHELL_NAMES,
    bases,
    class_name,
    in_line,
    is_builtin,
    is_of_package,
    members,
    table_kind,
)
from ..types import Variable
from .state.tables import own_table

DATA_SUFFIXES = frozenset(
    (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".ods", ".parquet")
)
ASKED = frozenset(
    ("cupy", "dask", "geopandas", "h5py", "jax", "jaxlib", "numpy", "pandas", "polars", "pyarrow",
     "scipy", "sparse", "tensorflow", "torch", "xarray", "zarr")
)  # fmt: skip
"""Packages whose objects are asked for their shape."""
_WRITTEN = ASKED | {"builtins", "datetime", "dateutil", "pytz", "zoneinfo"}
MAX_COLUMNS = 200
MAX_FILES = 30


def variables(namespace: Mapping[str, object], leave_out: Iterable[str] = ()) -> list[Variable]:
    """The person's variables, most recently bound first; modules and `_names` are not listed."""
    left_out = set(leave_out)
    items = [item for item in namespace.items() if _is_users(*item) and item[0] not in left_out]
    return [describe(name, value) for name, value in reversed(items)]


def describe(name: str, value: object) -> Variable:
    """`value` as a `Variable`; never raises, never computes a repr."""
    kind = in_line(class_name(type(value)))
    try:
        if (table := own_table(value)) is not None:
            return _table(name, table)
        return Variable(name, kind, _shape(value))
    except Exception:  # a table without columns, a tensor without a size
        return Variable(name, kind)


def is_table(value: object) -> bool:
    """True for a pandas DataFrame or Series, or a subclass of one."""
    return table_kind(value) is not None


def working_folder() -> Path:
    """The process' own. Raises OciError when it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        raise OciError(
            "the working folder is gone: go to one that exists, such as %cd ~, and run this again"
        ) from None


def data_files(folder: Path) -> list[str]:
    """Names of the data files in `folder`, newest first, at most `MAX_FILES`."""
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() in DATA_SUFFIXES and p.is_file()]
        found.sort(key=lambda path: (-path.stat().st_mtime, path.name))
    except OSError:
        return []
    return [path.name for path in found[:MAX_FILES]]


def _is_users(name: str, value: object) -> bool:
    if name.startswith("_") or name in SHELL_NAMES or is_builtin(name, value):
        return False
    return not issubclass(type(value), (ModuleType, type))


def _table(name: str, table: Any) -> Variable:
    if table_kind(table) == "Series":
        column = (quoted_label(table.name), dtype_name(table.dtype))
        return Variable(name, "Series", tuple(table.shape), (column,))
    dtypes = table.dtypes
    pairs = zip(list(dtypes.index)[:MAX_COLUMNS], list(dtypes)[:MAX_COLUMNS], strict=True)
    columns = tuple((quoted_label(label), dtype_name(dtype)) for label, dtype in pairs)
    return Variable(name, "DataFrame", tuple(table.shape), columns)


def quoted_label(label: object) -> str:
    """A column label or a key as code would write it, strings in double quotes."""
    kind = type(label)
    if kind is str:
        text = repr(label)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in str(label) else text
    return repr(label) if _is_plain(label) else in_line(class_name(kind))


def _is_plain(label: object) -> bool:
    """Whether its repr is Python's own, or NumPy's."""
    if type(label) is tuple:
        return all(map(_is_plain, label))
    plain = (str, int, float, bool, type(None))
    return type(label) in plain or (
        issubclass(type(label), plain) and is_of_package(type(label), ASKED)
    )


def dtype_name(dtype: object) -> str:
    """The name of a column's type; that of the class where the type, or its timezone, is theirs."""
    kind = type(dtype)
    if class_name(kind) == "CategoricalDtype":
        return "categorical"
    known = is_of_package(kind, ASKED)
    held = [getattr(dtype, part, None) for part in ("tz", "fill_value", "subtype")] if known else []
    return in_line(str(dtype) if known and all(map(_says_itself, held)) else class_name(kind))


def _says_itself(part: object) -> bool:
    """Whether what a column's type holds is written by code of a known package."""
    if part is None:
        return True
    found = [
        next(base for base in bases(type(part)) if name in members(base))
        for name in ("__str__", "__repr__", "__format__")
    ]
    return all(is_of_package(base, _WRITTEN) for base in found)


def _shape(value: object) -> tuple[int, ...] | None:
    kind = type(value)
    for sized in (list, tuple, dict, set, frozenset, bytearray):
        if issubclass(kind, sized):
            return (sized.__len__(value),)  # type: ignore[arg-type]  # it is one of these
    if is_of_package(kind, ASKED):
        shape = getattr(value, "shape", None)
    else:  # a subclass of an array, whose shape no code of the person's tells
        found = next(
            (members(base)["shape"] for base in bases(kind) if "shape" in members(base)), 0
        )
        shape = found.__get__(value) if type(found) is GetSetDescriptorType else None
    return tuple(map(int, shape)) if _is_size(shape) else None


def _is_size(shape: Any) -> TypeGuard[tuple[Any, ...]]:
    """Whether these are numbers: other packages' sizes may be sums that are still to be done."""
    numpy = frozenset(("numpy",))
    return issubclass(type(shape), tuple) and all(
        type(n) is int or is_of_package(type(n), numpy) for n in shape
    )
