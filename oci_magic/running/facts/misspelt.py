"""What a name that was not found may have meant: columns, keys, variables, attributes, files."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from glob import escape
from itertools import islice
from pathlib import Path
from types import ModuleType

from ...objects import SHELL_NAMES, bases, members
from ...secret_names import is_secret_name
from ...types import Variable
from ..variables import DATA_SUFFIXES, data_files, describe, quoted_label
from .near import near
from .scene import Scene

MOST = 3
"""Names that were not found and files that are told, at most."""
MOST_FILES = 5000
_UNSPLIT = re.compile(r"[;|]|\\t")  # a whole header that was taken for one name
_IMPORTED = re.compile(r"cannot import name '(\w+)'")


def near_names(scene: Scene, tables: Sequence[Variable]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names like those that were not found: columns or keys, variables, attributes."""
    missing, names = _missing(scene, tables)
    pairs = ((label, near(name, names)) for label, name in missing[:MOST])
    return tuple((label, found) for label, found in pairs if found)


def _missing(scene: Scene, tables: Sequence[Variable]) -> tuple[list[tuple[str, str]], list[str]]:
    """What was not found, as it is told and as it is looked for, and the names there are."""
    error = scene.error
    if isinstance(error, KeyError):
        columns = dict.fromkeys(
            label for table in tables for label, _ in table.columns if not _UNSPLIT.search(label)
        )
        told = [*columns, *map(quoted_label, scene.known_keys())]
        pairs = [(quoted_label(key), key) for key in _keys(scene.message)]
        return [pair for pair in pairs if pair[0] not in told], told
    if isinstance(error, NameError) and isinstance(error.name, str):
        missing, names = error.name, [name for name in scene.names if _is_offered(name)]
    elif isinstance(error, AttributeError) and error.name:
        columns_of = (label for label, _ in describe("", error.obj).columns)
        missing, names = error.name, [*columns_of, *_attributes(error.obj)]
    elif type(error) is ImportError and (found := _IMPORTED.match(scene.message)):
        missing, names = found[1], _attributes(sys.modules.get(error.name or ""))
    else:
        return [], []
    return ([] if missing in names else [(missing, missing)]), names


def _is_offered(name: str) -> bool:
    return name[:1] != "_" and name not in SHELL_NAMES and not is_secret_name(name)


def _attributes(value: object) -> list[str]:
    """The public names of a module, or of an object's class."""
    if issubclass(type(value), ModuleType):
        names = list(vars(value))
    else:
        names = [name for base in bases(type(value)) for name in members(base)]
    return [name for name in names if name[:1] != "_"]


def _keys(message: str) -> list[str]:
    """The keys that a KeyError names, pandas' sentences included."""
    told = re.fullmatch(r"""["']?Column(?:\(s\))? not found: (.*?)["']?""", message)
    return [told[1]] if told else re.findall(r"(?<!dtype=)'([^']*)'", message)


def near_files(error: BaseException) -> tuple[str, ...]:
    """A file of that name in a folder below, else names like it, else what lies there.

    Where the folder is missing too: a file of that name, or of one like it, in the nearest that
    is there.
    """
    if not isinstance(error, FileNotFoundError) or not isinstance(error.filename, str):
        return ()
    missing = Path(error.filename)
    if missing.name in ("", ".."):
        return ()
    folder = next((each for each in missing.parents if each.is_dir()), missing.parent)
    sought = folder / missing.name
    if sought != missing and sought.is_file():
        return (str(sought),)
    below = sorted(map(str, folder.glob(f"*/{escape(missing.name)}")))
    if below:
        return tuple(below[:MOST])
    lowered = {name.lower(): name for name in _files_like(sought)}
    close = difflib.get_close_matches(sought.name.lower(), lowered, n=MOST, cutoff=0.5)
    there = data_files(folder) if sought == missing else []
    return tuple(str(sought.with_name(lowered[name])) for name in close) or tuple(there[:5])


def _files_like(sought: Path) -> Iterator[str]:
    """The names of the data files beside it, and of those that end as it does."""
    suffixes = {*DATA_SUFFIXES, sought.suffix.lower()} - {""}
    try:
        for path in islice(sought.parent.iterdir(), MOST_FILES):
            if path.suffix.lower() in suffixes and path.is_file():
                yield path.name
    except OSError:
        return
