"""Live objects as `Variable` nouns: names, types, shapes, columns; never their data.

Covers pandas tables and anything with an array-like `shape`, recognised without importing
pandas or NumPy. Objects of the person are never asked for their repr, and an object whose
attributes raise or lie becomes a bare type name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FunctionType, ModuleType

from ..errors import OciError
from ..objects import SHELL_NAMES, is_builtin, table_kind
from ..types import Variable

DATA_SUFFIXES = frozenset(
    (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".ods", ".parquet")
)
MAX_COLUMNS = 200
MAX_FILES = 30


def variables(namespace: Mapping[str, object], leave_out: Iterable[str] = ()) -> list[Variable]:
    """The person's variables, most recently bound first; modules and `_names` are not listed."""
    left_out = set(leave_out)
    items = [item for item in namespace.items() if _is_users(*item) and item[0] not in left_out]
    return [describe(name, value) for name, value in reversed(items)]


def describe(name: str, value: object) -> Variable:
    """`value` as a `Variable`; never raises, never computes a repr."""
    kind = type(value).__name__
    try:
        if is_table(value):
            return _table(name, value)
        return Variable(name, kind, _shape(value))
    except BaseException:  # the object's own code may raise anything, SystemExit too
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


def _table(name: str, value: object) -> Variable:
    if table_kind(value) == "Series":
        column = (_quoted(value.name), _dtype(value.dtype))  # type: ignore[attr-defined]
        return Variable(name, "Series", _shape(value), (column,))
    dtypes = value.dtypes  # type: ignore[attr-defined]
    pairs = zip(list(dtypes.index)[:MAX_COLUMNS], list(dtypes)[:MAX_COLUMNS], strict=True)
    columns = tuple((_quoted(label), _dtype(dtype)) for label, dtype in pairs)
    return Variable(name, "DataFrame", _shape(value), columns)


def _quoted(label: object) -> str:
    """A column label as code would write it, strings in double quotes."""
    if isinstance(label, str):
        text = repr(label)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in label else text
    return repr(label) if isinstance(label, int | float | tuple | None) else type(label).__name__


def _dtype(dtype: object) -> str:
    return "categorical" if type(dtype).__name__ == "CategoricalDtype" else str(dtype)


def _shape(value: object) -> tuple[int, ...] | None:
    kind = type(value)
    if issubclass(kind, FunctionType):
        return None
    if issubclass(kind, list | tuple | dict | set | frozenset | bytearray):
        return (len(value),)  # type: ignore[arg-type]  # one of the sized types above
    shape = getattr(value, "shape", None)
    return tuple(map(int, shape)) if isinstance(shape, tuple) else None
