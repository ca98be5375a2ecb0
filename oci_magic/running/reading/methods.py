"""Effects of what a cell names, called or not: functions of modules, methods of any object."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from ...types import Effect, EffectKind
from ..effects import effect_of
from .calls import literal
from .names import Names
from .origins import origins
from .paths import Paths
from .temporary import is_own_temporary

_METHODS: dict[str, EffectKind] = {
    **dict.fromkeys(("unlink", "rmdir", "drop_all"), "delete"),
    **dict.fromkeys(("delete_dir", "delete_dir_contents", "delete_file"), "delete"),
    **dict.fromkeys(("do_shutdown", "shutdown_kernel", "interrupt_kernel"), "exit"),
    "restart_kernel": "exit",
    "exec_module": "dynamic",
}
_MOVING = frozenset(("rename", "replace"))
_LINKING = frozenset(("chmod", "lchmod", "symlink_to", "hardlink_to", "link_to"))
_KILLING = frozenset(("kill", "terminate", "send_signal", "suspend"))
_DELETING = frozenset(("os.remove", "os.unlink", "os.rmdir", "shutil.rmtree"))
_QUERIES = frozenset(("query", "objects"))


class Methods:
    """Judges names and attributes of a cell, by what its calls tell of them."""

    def __init__(
        self, names: Names, paths: Paths, nodes: Iterable[ast.AST], *, own_databases: bool
    ) -> None:
        self._names, self._paths = names, paths
        self._own_databases = own_databases
        """Whether the cell changes none but those that it makes."""
        self._moved: set[ast.expr] = set()
        """`x.rename` of a path, as its argument tells."""
        self._of_tables: set[ast.expr] = set()
        """`frame.rename` and `frame.replace`, in the same way."""
        self._tidying: set[ast.expr] = set()
        """What deletes the cell's own temporary files."""
        self._classes = {
            node.name: {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            for node in nodes
            if isinstance(node, ast.ClassDef)
        }

    def look_at(self, call: ast.Call) -> None:
        """Learn from a call; to be done before its function is asked about."""
        attr = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if attr in _MOVING and not _is_of_a_path(call):
            self._of_tables.add(call.func)
        elif attr in _MOVING and self._paths.is_moved(call):
            self._moved.add(call.func)
        deleted = call.args[0] if call.args else None
        if attr in ("unlink", "rmdir") and not call.args:
            deleted = call.func.value  # type: ignore[attr-defined]  # it has an attribute
        elif self._names.dotted(call.func) not in _DELETING:
            return
        if is_own_temporary(deleted, self._names, self._paths):
            self._tidying.add(call.func)

    def effects(self, node: ast.expr, lineno: int) -> Iterator[Effect]:
        """A name that need not be called here: `map(os.remove, files)`."""
        name = self._names.dotted(node)
        if node in self._tidying:
            return
        if kind := effect_of(name):
            yield Effect(kind, name, lineno)
        elif isinstance(node, ast.Attribute):
            yield from self._of_method(node, lineno)

    def by_name(self, call: ast.Call) -> Iterator[Effect]:
        """`operator.methodcaller("unlink")`"""
        method = literal(call.args[0]) if call.args else ""
        if kind := _METHODS.get(method):
            yield Effect(kind, method, call.lineno)

    def by_query(self, call: ast.Call) -> Iterator[Effect]:
        """`session.query(User).filter(...).delete()`"""
        made: ast.expr = call.func
        while isinstance(made, ast.Attribute | ast.Call) and not self._own_databases:
            if isinstance(made, ast.Attribute) and made.attr in _QUERIES:
                yield Effect("delete", f"{made.attr}().delete", call.lineno)
                return
            made = made.func if isinstance(made, ast.Call) else made.value

    def _of_method(self, node: ast.Attribute, lineno: int) -> Iterator[Effect]:
        if (kind := _METHODS.get(node.attr)) and not self._is_of_another_kind(node):
            yield Effect(kind, node.attr, lineno)
        elif self._changes_a_path(node):
            yield Effect("overwrite", f"Path.{node.attr}", lineno)
        elif node.attr in _KILLING and self._is_made_by(node.value, "psutil."):
            yield Effect("exit", node.attr, lineno)

    def _changes_a_path(self, node: ast.Attribute) -> bool:
        changes = node.attr in _MOVING | _LINKING
        known = node in self._moved or self._paths.is_path(node.value)
        return changes and known and node not in self._of_tables

    def _is_made_by(self, node: ast.expr, module: str) -> bool:
        return any(name.startswith(module) for name in origins(node, self._names))

    def _is_of_another_kind(self, node: ast.Attribute) -> bool:
        """Whether the object is of a class of the cell with such a method, or a document's."""
        if self._is_made_by(node.value, "xml.dom."):
            return True
        if node.attr == "drop_all" and self._own_databases:
            return True
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        if name.endswith("@"):  # self
            return node.attr in self._classes.get(name[:-1], ())
        made = self._names.bound.get(name, [])
        kinds = [ast.unparse(m.func) for m in made if isinstance(m, ast.Call)]
        own = [kind for kind in kinds if node.attr in self._classes.get(kind, ())]
        return bool(made) and len(own) == len(made)


def _is_of_a_path(call: ast.Call) -> bool:
    """`path.rename(target)`; with other arguments it is a table's or a text's method."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    named = all(keyword.arg in ("target", None) for keyword in call.keywords)
    return len(given) == 1 and named and not isinstance(given[0], ast.Dict | ast.Lambda)
