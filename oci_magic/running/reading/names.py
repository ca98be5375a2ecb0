"""What the names of a cell stand for, read from its syntax tree and the live namespace.

Covers imports, aliases of modules and functions, and which expressions a name is ever bound
to; a name that the tree does not bind stands for the live object of that name. Scopes, and the
order of plain statements, are told apart by `scopes`; no other order of execution is followed.
Without a live object the usual names (`os`, `pd`, `Path`) are taken to mean what they always mean.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from .bindings import Bindings
from .bound_names import looped_in, parts, sets_any_attribute
from .calls import literal, parameters
from .live import full_name
from .scopes import arguments, plain

_USUAL = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "pq": "pyarrow.parquet",
    "Path": "pathlib.Path",
    "StringIO": "io.StringIO",
    "BytesIO": "io.BytesIO",
    "rmtree": "shutil.rmtree",
    "Popen": "subprocess.Popen",
    "check_call": "subprocess.check_call",
    "check_output": "subprocess.check_output",
}
_TAKEN = frozenset(("os", "sys", "shutil", "subprocess", "builtins"))
_GROWING = frozenset(("append", "extend", "insert", "add", "update", "setdefault"))


class Names(Bindings):
    """The bindings of one syntax tree, in front of those `before` it and those of a namespace."""

    def __init__(
        self,
        tree: ast.AST,
        namespace: Mapping[str, object] | None = None,
        before: Names | None = None,
    ) -> None:
        super().__init__()
        self._meant: dict[str, str] = {}
        self._stars: list[str] = []
        self._grown: set[str] = set()
        self._namespace = namespace or {}
        if before and not before._is_empty():
            self._keep(before, Names(tree))
        nodes = list(ast.walk(tree))
        self._targets = {name for node in nodes for name in looped_in(node)}
        self.open_ended |= any(map(sets_any_attribute, nodes))
        for node in nodes:
            self._import(node)
        for node in nodes:
            self._bind(node)
        for name, value in parameters(nodes):
            self.add(name, value)
            if meant := self.dotted(value):
                self._meant.setdefault(name, meant)
        self.share_attributes()
        self.note_changes()
        for node in nodes:
            match node:
                case ast.For() | ast.AsyncFor() | ast.comprehension():
                    self._loop(node.target, node.iter)
                case ast.Call(func=ast.Name(id="map"), args=[ast.Lambda() as each, *over]):
                    for argument, source in zip(arguments(each.args), over, strict=False):
                        self._loop(ast.Name(argument.arg), source)

    def dotted(self, node: ast.AST | None) -> str:
        """The full name an expression stands for, such as `os.remove`; "" if it has none."""
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return _settled(f"{base}.{attr}") if base else ""
            case ast.Subscript(value=value, slice=key) if self.dotted(value) == "sys.modules":
                return literal(key)
            case ast.Call(func=function, args=args):
                return self._named_by_call(self.dotted(function), args)
        return ""

    def _keep(self, before: Names, anew: Names) -> None:
        """Take over what the names stood for `before`, but for those that are bound `anew`."""
        for name in (*before.bound, *before._meant):
            if anew._is_anew(name):
                continue
            if name in before._meant:
                self._meant[name] = before._meant[name]
            for mine, theirs in ((self.bound, before.bound), (self.looped, before.looped)):
                if name in theirs:
                    mine[name] = list(theirs[name])  # type: ignore[arg-type]  # of the same kind
        self._stars += before._stars
        self._grown |= before._grown
        self.changed |= before.changed

    def _is_empty(self) -> bool:
        return not (self.bound or self.looped or self._meant or self._stars or self._grown)

    def _is_anew(self, name: str) -> bool:
        """Whether the tree binds `name`, and not to something made from what it stood for."""
        made = [*self.bound.get(name, ()), *self.looped.get(name, ())]
        bound = name in self._meant or (made and name not in self._grown)
        return bool(bound) and not any(_reads(value, name) for value in made)

    def live(self, name: str) -> object:
        """The live object that `name` may stand for; None when the tree binds it anew."""
        return None if self._is_anew(name) else self._namespace.get(name)

    def _name(self, name: str) -> str:
        if name in self._meant:
            return self._meant[name]
        if name in self.bound or name in self._targets or plain(name) != name:
            return ""
        for module in self._stars:
            if hasattr(sys.modules.get(module), name):
                return f"{module}.{name}"
        if name in self._namespace:
            return full_name(name, self._namespace[name])
        return _USUAL.get(name, name)

    def _named_by_call(self, function: str, args: Sequence[ast.expr]) -> str:
        shell = ("get_ipython", "InteractiveShell.instance")  # names of the shell's, or imported
        if function and function.endswith(shell):
            return "get_ipython()"
        if function in ("globals", "locals", "vars") and not args:
            return f"{function}()"
        if function in ("__import__", "importlib.import_module") and args:
            return literal(args[0])
        if function == "getattr" and len(args) > 1:
            base, name = self.dotted(args[0]), literal(args[1])
            return _settled(f"{base}.{name}") if base and name else ""
        if function == "multiprocessing.get_context":
            return "multiprocessing"
        return ""

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                self._meant[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = _settled(f"{node.module}.{alias.name}")
                self._meant[alias.asname or alias.name] = full
                if alias.name == "*":
                    self._stars.append(node.module)

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=value):
                self._assign(target, value)
            case ast.NamedExpr(target=target, value=value):
                self._assign(target, value)
            case ast.AugAssign(target=target):
                self._assign(target, None)
                if isinstance(target, ast.Name):
                    self._grown.add(target.id)
                    self.changed.add(target.id)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self._assign(target, value)
            case ast.ClassDef(name=name, bases=bases):
                self.add(name, None)
                self.bases[name] = [base.id for base in bases if isinstance(base, ast.Name)]
            case ast.ExceptHandler(name=str() as name):
                self.add(name, None)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.add(name, None)
            case ast.Lambda(args=given):
                for argument in arguments(given):
                    self.add(argument.arg, None)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                if attr in _GROWING:
                    self.changed.add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                self.changed.add(name)

    def _assign(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            meant = self.dotted(value)
            if meant and target.id not in self.bound:
                self._meant.setdefault(target.id, meant)
            else:
                self.add(target.id, value)
        elif isinstance(target, ast.Attribute):
            owner = target.value.id if isinstance(target.value, ast.Name) else "*"
            self.add(f"{owner}.{target.attr}", value)  # self.path
        elif isinstance(target, ast.Starred):
            self._assign(target.value, None)
        elif isinstance(target, ast.Tuple | ast.List):
            for element, part in zip(target.elts, parts(target, value), strict=True):
                self._assign(element, part)

    def _loop(self, target: ast.expr, source: ast.expr) -> None:
        if (elements := self.elements(source)) is not None:
            for element in elements or [ast.Constant(None)]:
                self._assign(target, element)
            return
        if isinstance(target, ast.Tuple) and isinstance(source, ast.Call):
            self._loop_side_by_side(target.elts, source)
            return
        self._assign(target, None)
        if isinstance(target, ast.Name):
            self.looped.setdefault(target.id, []).append(source)

    def _loop_side_by_side(self, targets: Sequence[ast.expr], source: ast.Call) -> None:
        """`for number, path in enumerate(paths)`, `for path, name in zip(paths, names)`"""
        if isinstance(source.func, ast.Attribute) and source.func.attr == "items":
            values = ast.Call(ast.Attribute(source.func.value, "values", ast.Load()), [], [])
            source = ast.Call(ast.Name("zip"), [ast.Constant(None), values], [])
        elif self._walks(source.func):  # the folder or one in it
            below = ast.BinOp(source.func.value, ast.Div(), ast.Constant(None))
            self._assign(targets[0], below)
            targets = targets[1:]
        function = source.func.id if isinstance(source.func, ast.Name) else ""
        sources: list[ast.expr] = {
            "enumerate": [ast.Constant(None), *source.args[:1]],
            "zip": source.args,
        }.get(function, [])
        for position, target in enumerate(targets):
            part = sources[position] if position < len(sources) else ast.Constant(None)
            self._loop(target, part)

    def _walks(self, function: ast.expr) -> TypeGuard[ast.Attribute]:
        """`folder.walk()`, not `os.walk(folder)`"""
        walks = isinstance(function, ast.Attribute) and function.attr == "walk"
        return walks and self.dotted(function) != "os.walk"


def _settled(name: str) -> str:
    """The usual name of what a module has taken from another: `os` for `shutil.os`."""
    home, _, module = name.rpartition(".")
    taken = module in _TAKEN and home.partition(".")[0] in sys.stdlib_module_names
    return module if taken and home != "asyncio" else name.removeprefix("builtins.")


def _reads(node: ast.AST | None, name: str) -> bool:
    parts = ast.walk(node) if node else ()
    return any(isinstance(part, ast.Name) and part.id == name for part in parts)
