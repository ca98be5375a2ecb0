"""Tables and labels of pandas: saved, put back in place, compared.

A table is its attributes and a manager, the object in which pandas keeps the columns and says whose
memory they are in. With copy on write a second manager over the same columns costs nothing until
somebody writes to them. Without it the columns are copied, and put back into the memory they were
in, so that what was a view is one again. Labels keep their identity and their names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from operator import is_not
from typing import Any, Literal

from ...objects import bases, class_name, package_names, table_kind
from .arrays import same_elements
from .holding import dict_of

Past = Literal["none", "extensions", "all"]
"""Columns that code may write to past pandas' copy on write, those that are no arrays of NumPy."""


def table_keeper(value: object, past: Past = "none") -> Callable[[Any], Any] | None:
    """What saves a table, of a subclass too, its labels or a column of pandas' own kinds.

    None for anything else. Columns that the code may write to `past` copy on write are copied.
    """
    if table_kind(value):
        return _TABLES[past]
    names = package_names(type(value))
    if "pandas.Index" in names:
        labels = dict_of(value).get("_data") if past != "none" else None
        return Labels if labels is None or not is_copied(labels, past) else WholeLabels
    return Column if "pandas.ExtensionArray" in names else None


def own_table(value: object) -> Any:
    """A table as pandas' own class over the same columns, so that no subclass is asked.

    None for what is no table, or says so without being one.
    """
    kind, pandas = table_kind(value), sys.modules.get("pandas")
    own = vars(pandas).get(kind) if pandas and kind else None
    if own is None or own not in bases(type(value)):
        return None
    if type(value) is own:
        return value
    mine = dict_of(value)
    table = object.__new__(own)
    frame: Any = next(base for base in bases(own) if class_name(base) == "NDFrame")
    frame.__init__(table, mine["_mgr"])
    if kind == "Series":
        object.__setattr__(table, "_name", mine.get("_name"))
    return table


def copies_on_write() -> bool:
    """Whether pandas copies a column when somebody writes to it, not before."""
    pandas: Any = sys.modules["pandas"]
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return pandas.get_option("mode.copy_on_write") is True


def is_copied(column: Any, past: Past = "none") -> bool:
    """Whether a column can be put back from a copy alone. One of Arrow's is copied for nothing."""
    if past == "all" or not copies_on_write():
        return True
    extension = not isinstance(column, sys.modules["numpy"].ndarray)
    return extension and (past == "extensions" or _arrows(column) is not None)


class Table:
    """A `DataFrame` or a `Series`."""

    past: Past = "none"

    def __init__(self, value: Any) -> None:
        self.value, manager = value, value._mgr
        self._flag = _flag(value)
        self._attributes, self._axes = dict(dict_of(value)), list(manager.axes)
        self._columns = [block.values for block in manager.blocks]
        self._manager = manager.copy(deep=False)
        copied = (each for each in self._columns if is_copied(each, self.past))
        self._copies = [(each, each.copy()) for each in copied]

    @classmethod
    def bytes_of(cls, value: Any) -> int:
        columns = (block.values for block in value._mgr.blocks)
        return sum(column_bytes(each) for each in columns if is_copied(each, cls.past))

    def changed(self) -> bool:
        mine: dict[str, Any] = dict_of(self.value)
        if any(mine.get(k) is not v for k, v in self._attributes.items() if k not in _PANDAS_OWN):
            return True
        if _flag(self.value) is not self._flag:
            return True
        manager = mine["_mgr"]
        if len(manager.axes) != len(self._axes) or any(map(is_not, manager.axes, self._axes)):
            return True
        return not self._holds_the_columns(manager) or any(self._written())

    def restore(self) -> None:
        mine: dict[str, Any] = dict_of(self.value)
        for column, copy in self._written():
            column[:] = copy
        manager = self._manager.copy(deep=False)
        manager.axes = list(self._axes)
        kept = {k: v for k, v in self._attributes.items() if k not in _PANDAS_OWN}
        caches = {k: v for k, v in mine.items() if k in _PANDAS_OWN}
        mine.clear()
        mine.update({**kept, **caches, "_mgr": manager})
        if _flag(self.value) is not self._flag:
            mine["_flags"]._allows_duplicate_labels = self._flag
        if "_item_cache" in mine:  # columns that pandas 2 handed out
            mine["_item_cache"] = {}
        self._columns = [block.values for block in manager.blocks]

    def _holds_the_columns(self, manager: Any) -> bool:
        """Whether the columns are those that were saved: if not, whether they say the same."""
        now = [block.values for block in manager.blocks]
        if len(now) == len(self._columns) and not any(map(is_not, now, self._columns)):
            return True
        if manager.shape != self._manager.shape:
            return False
        return all(map(_same_column, _columns(manager), _columns(self._manager)))

    def _written(self) -> Iterator[tuple[Any, Any]]:
        """The copied columns that somebody has written to, each with its copy."""
        return (pair for pair in self._copies if not _same_column(*pair))


class MixedTable(Table):
    """One whose texts, categories and nullable numbers the code may write to all the same."""

    past = "extensions"


class WholeTable(Table):
    """One whose columns the code may write to, all of them."""

    past = "all"


class Column:
    """An array of pandas' own kinds: texts, categories, nullable numbers, times."""

    def __init__(self, value: Any) -> None:
        self.value, self._copy = value, value.copy()

    @staticmethod
    def bytes_of(value: Any) -> int:
        return column_bytes(value)

    def changed(self) -> bool:
        return not _same_column(self.value, self._copy)

    def restore(self) -> None:
        self.value[:] = self._copy


class Labels:
    """An `Index`: it cannot change but for its names, and one of times for its frequency."""

    def __init__(self, value: Any) -> None:
        self.value, self._names = value, list(value.names)
        self._every = getattr(_timed(value), "_freq", None)

    def changed(self) -> bool:
        now = list(self.value.names)
        if len(now) != len(self._names) or any(map(is_not, now, self._names)):
            return True
        return getattr(_timed(self.value), "_freq", None) is not self._every

    def restore(self) -> None:
        self.value.names = self._names
        timed = _timed(self.value)
        if getattr(timed, "_freq", None) is not self._every:
            timed._freq = self._every


class WholeLabels(Labels):
    """An `Index` whose texts or numbers the code may write to all the same."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self._data: Any = value._data
        self._copy = self._data.copy()

    @staticmethod
    def bytes_of(value: Any) -> int:
        return column_bytes(value._data)

    def changed(self) -> bool:
        return not _same_column(self._data, self._copy) or super().changed()

    def restore(self) -> None:
        if not _same_column(self._data, self._copy):
            self._data[:] = self._copy
            self.value._cache.clear()  # where the labels stand
        super().restore()


_PANDAS_OWN = frozenset(("_mgr", "_item_cache", "_cacher", "_is_copy"))
"""Attributes that pandas changes when a table is only read."""


def _flag(table: Any) -> Any:
    return getattr(dict_of(table).get("_flags"), "_allows_duplicate_labels", None)


def column_bytes(column: Any) -> int:
    """What a copy of it takes."""
    return 0 if _arrows(column) is not None else int(column.nbytes)


def _arrows(column: Any) -> Any:
    """The memory of a column of Arrow's, which never changes: another one takes its place."""
    return getattr(column, "_pa_array", None)


def _timed(labels: Any) -> Any:
    """What has their frequency: they themselves, or in pandas 2 their array."""
    mine = dict_of(labels)
    return labels if "_freq" in mine else mine.get("_data")


def _columns(manager: Any) -> list[Any]:
    if hasattr(manager, "iget_values"):
        return [manager.iget_values(at) for at in range(len(manager.axes[0]))]
    return [manager.blocks[0].values]


def _same_column(one: Any, other: Any) -> bool:
    """Whether two columns say the same; those of other packages are taken not to."""
    if type(one) is not type(other) or one.dtype != other.dtype or one.shape != other.shape:
        return False
    if (arrows := _arrows(one)) is not None and arrows is _arrows(other):
        return True
    if isinstance(one, sys.modules["numpy"].ndarray):
        return same_elements(one, other)
    return "pandas.ExtensionArray" in package_names(type(one)) and bool(one.equals(other))


_TABLES: dict[Past, type[Table]] = {"none": Table, "extensions": MixedTable, "all": WholeTable}
