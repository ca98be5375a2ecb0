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
from typing import Any

from ..objects import bases, class_name, package_names, table_kind
from .arrays import same_elements
from .holding import dict_of


def table_keeper(value: object, *, whole: bool = False) -> Callable[[Any], Any] | None:
    """What saves a table, of a subclass too, or the labels of one; None for anything else.

    A `whole` one is copied in any case.
    """
    if table_kind(value):
        return WholeTable if whole else Table
    if "pandas.Index" in package_names(type(value)):
        return WholeLabels if whole and "_data" in dict_of(value) else Labels
    return None


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


class Table:
    """A `DataFrame` or a `Series`."""

    def __init__(self, value: Any) -> None:
        self.value, manager = value, value._mgr
        self._flag = _flag(value)
        self._attributes, self._axes = dict(dict_of(value)), list(manager.axes)
        self._columns = [block.values for block in manager.blocks]
        self._manager = manager.copy(deep=False)
        self._copies: list[tuple[Any, Any]] = []
        if self._is_copied():
            self._copies = [(each, each.copy()) for each in self._columns]

    @staticmethod
    def _is_copied() -> bool:
        return not copies_on_write()

    @classmethod
    def bytes_of(cls, value: Any) -> int:
        return sum(block.values.nbytes for block in value._mgr.blocks) if cls._is_copied() else 0

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


class WholeTable(Table):
    """One whose columns the code may write to past pandas' copy on write."""

    @staticmethod
    def _is_copied() -> bool:
        return True


class Labels:
    """An `Index`: it cannot change but for its names."""

    def __init__(self, value: Any) -> None:
        self.value, self._names = value, list(value.names)

    def changed(self) -> bool:
        now = list(self.value.names)
        return len(now) != len(self._names) or any(map(is_not, now, self._names))

    def restore(self) -> None:
        self.value.names = self._names


class WholeLabels(Labels):
    """An `Index` whose texts or numbers the code may write to all the same."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self._data: Any = value._data
        self._copy = self._data.copy()

    @staticmethod
    def bytes_of(value: Any) -> int:
        return int(value._data.nbytes)

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


def _columns(manager: Any) -> list[Any]:
    if hasattr(manager, "iget_values"):
        return [manager.iget_values(at) for at in range(len(manager.axes[0]))]
    return [manager.blocks[0].values]


def _same_column(one: Any, other: Any) -> bool:
    """Whether two columns say the same; those of other packages are taken not to."""
    if type(one) is not type(other) or one.dtype != other.dtype or one.shape != other.shape:
        return False
    if isinstance(one, sys.modules["numpy"].ndarray):
        return same_elements(one, other)
    return "pandas.ExtensionArray" in package_names(type(one)) and bool(one.equals(other))
