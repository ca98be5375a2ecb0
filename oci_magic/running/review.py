"""What would this code do? Effects that hold a cell back until the person runs it.

A seat belt, not a sandbox: it reads the syntax tree (IPython's `!` and `%` included) and stops
what a model writes in good faith. It sees deleting and overwriting files, writing outside the
working folder, starting programs, installing packages, the network, loading objects that can run
code (pickle), ending or signalling the kernel, changing the session (our settings, extensions) and
code that cannot be read (`eval`, `exec`). New files inside the folder are let through.
Names stand for what earlier cells of the same reply and the notebook bound them to: modules,
functions, classes, paths; parameters for what the cell's own calls pass. It cannot see what
libraries, functions of earlier cells and imported modules do, SQL and addresses of which no
constant part tells, other values that are computed then, and code that hides on purpose.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..types import Cell, Effect
from .ipython_syntax import magic_kind, written_file
from .reading.beyond import beyond
from .reading.calls import literal, passed
from .reading.methods import Methods
from .reading.names import Names
from .reading.paths import Paths
from .reading.spread import spread
from .reading.sql import Change, Databases, changes
from .reading.trees import MAGICS, as_one, trees
from .reading.writes import Writes

_GUARDED = re.compile(r"os|shutil|subprocess|builtins|pathlib|sys|signal|get_ipython\(\)")
_REACHES_OUT = re.compile(r"__\w+__\s*[(.]|@__")
"""In an expression for a table: `@__builtins__`, `x.__class__.__base__`."""
_SHELLS = re.compile(r"get_ipython\(\)\.(system\w*|getoutput\w*)")


def review(
    cell: Cell,
    folder: Path | None = None,
    *,
    ours: Collection[Path] = (),
    namespace: Mapping[str, object] | None = None,
    before: Sequence[Cell] = (),
) -> tuple[Effect, ...]:
    """The effects that hold `cell` back, by line; () lets it run.

    `folder` is the working folder (default: the process' own). `ours` are files that may be
    overwritten, such as those an earlier attempt at the same cell made. The names of `namespace`
    and those that the cells `before` bind are known; no code of the live objects is run. Code
    that does not parse has no effects: it fails by itself.
    """
    if cell.kind != "code":
        return ()
    try:
        here = list(trees(cell.source))
        cells = [*(as_one(trees(each.source)) for each in before), as_one(here)]
        reader = _Reader(cells, folder or Path.cwd(), ours, namespace)
        found = [
            replace(effect, lineno=effect.lineno + above)
            for tree, above in here
            for effect in reader.effects(tree)
        ]
    except (RecursionError, MemoryError):
        found = [Effect("dynamic", "nested too deeply to be read", 1)]
    return tuple(sorted(dict.fromkeys(found), key=lambda effect: effect.lineno))


def writes(cell: Cell, folder: Path, namespace: Mapping[str, object]) -> bool:
    """Whether the cell writes or deletes any file, in the folder too; False if it is no Python."""
    try:
        tree = as_one(trees(cell.source))
        found = _Reader([tree], folder, (), namespace, any_file=True).effects(tree)
        return any(effect.kind in ("overwrite", "delete") for effect in found)
    except (RecursionError, MemoryError):
        return False


@dataclass(frozen=True)
class Reviewer:
    """`review` for the cells of one reply: the effects of each that hold it back.

    `folder` counts where the working folder is gone, `ours` tells the files that may be
    overwritten by now, and effects of a kind in `allowed` hold nothing back.
    """

    namespace: Mapping[str, object]
    folder: Path
    ours: Callable[[], Collection[Path]] = tuple
    allowed: Collection[str] = ()

    def __call__(self, cells: Sequence[Cell]) -> list[tuple[Effect, ...]]:
        try:
            folder = Path.cwd()
        except OSError:
            folder = self.folder
        ours = self.ours()
        found = (
            review(cell, folder, ours=ours, namespace=self.namespace, before=cells[:at])
            for at, cell in enumerate(cells)
        )
        return [tuple(e for e in effects if e.kind not in self.allowed) for effects in found]


class _Reader:
    """Reads the parts of the last one of some cells."""

    def __init__(
        self,
        cells: Sequence[ast.Module],
        folder: Path,
        ours: Collection[Path],
        namespace: Mapping[str, object] | None,
        *,
        any_file: bool = False,
    ) -> None:
        self._names = Names(ast.Module([], []), namespace)
        for cell in cells:
            self._names = Names(cell, namespace, self._names)
        self._paths = Paths(self._names)
        self._writes = Writes(self._names, self._paths, folder, ours)
        self._writes.any = any_file
        nodes = [node for cell in cells for node in ast.walk(cell)]
        self._writes.moved = any(map(self._changes_folder, nodes))
        self._databases = Databases(nodes, self._names, self._paths, self._writes.is_new)
        self._methods = Methods(
            self._names, self._paths, nodes, own_databases=self._databases.only_own
        )

    def effects(self, tree: ast.AST) -> Iterator[Effect]:
        for node in ast.walk(tree):
            match node:
                case ast.Call():
                    yield from self._call(node)
                case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                    yield from self._methods.effects(node, node.lineno)
                case ast.Raise(exc=ast.expr() as error):
                    name = self._names.dotted(error.func if isinstance(error, ast.Call) else error)
                    if name == "SystemExit":
                        yield Effect("exit", name, node.lineno)

    def _call(self, written: ast.Call) -> Iterator[Effect]:
        call = spread(written, self._names)
        self._methods.look_at(call)
        if call.func is not written.func:
            yield from self._methods.effects(call.func, call.lineno)
        name = self._names.dotted(call.func)
        first = literal(call.args[0]) if call.args else ""
        attr = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if _SHELLS.fullmatch(name):
            yield Effect("process", f"!{first[:40]}", call.lineno)
        elif MAGICS.fullmatch(name):
            yield from self._magic(call, first)
        elif name in ("getattr", "vars"):
            yield from self._hidden(call, name)
        elif name == "importlib.import_module" and not first:
            yield Effect("dynamic", name, call.lineno)
        elif name == "operator.methodcaller":
            yield from self._methods.by_name(call)
        elif attr == "delete" and (queried := list(self._methods.by_query(call))):
            yield from queried
        elif attr in ("eval", "query") and _REACHES_OUT.search(first):
            yield Effect("dynamic", f"{attr} of '{first[:40]}'", call.lineno)
        elif found := self._databases.changes(call):
            yield from self._by_sql(*found, call.lineno)
        elif reached := beyond(call, self._names, self._paths):
            yield Effect(*reached, call.lineno)
        elif harm := self._writes.harm(call):
            yield Effect("overwrite", harm, call.lineno)

    def _by_sql(self, kind: Change, detail: str, lineno: int) -> Iterator[Effect]:
        if kind != "copy":
            yield Effect(kind, detail, lineno)
        elif harm := self._writes.harm_of_text("copy", detail):
            yield Effect("overwrite", harm, lineno)

    def _hidden(self, call: ast.Call, name: str) -> Iterator[Effect]:
        """`getattr(os, "remove")` is `os.remove`; with a computed name it is anything."""
        if not call.args or not _GUARDED.fullmatch(self._names.dotted(call.args[0])):
            return
        if self._names.dotted(call):
            yield from self._methods.effects(call, call.lineno)
        else:
            yield Effect("dynamic", f"{name} of a module", call.lineno)

    def _magic(self, call: ast.Call, name: str) -> Iterator[Effect]:
        name, _, rest = name.partition(" ")  # of `magic("rm x")`
        line, body = passed(call, 1, "line"), literal(passed(call, 2, "cell"))
        text = rest or literal(line)
        if not name:
            yield Effect("dynamic", "a magic with a computed name", call.lineno)
            return
        kind = magic_kind(name, text, body)
        if name == "sql":
            if found := changes(f"{text}\n;{body}"):
                yield from self._by_sql(*found, call.lineno)
        elif name == "config" and line and not isinstance(line, ast.Constant):
            yield Effect("session", "%config of a computed option", call.lineno)
        elif (path := written_file(name, text)) is not None:
            if harm := self._writes.harm_of_text(f"%%{name}", path):
                yield Effect("overwrite", harm, call.lineno)
        elif kind is not None and kind != "moves" and kind != "python":
            yield Effect(kind, f"%{name} {text}"[:40].rstrip(), call.lineno)

    def _changes_folder(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        name = self._names.dotted(node.func)
        magic = MAGICS.fullmatch(name) and node.args and literal(node.args[0])
        return name in ("os.chdir", "contextlib.chdir") or bool(
            magic and magic_kind(magic, "") == "moves"
        )
