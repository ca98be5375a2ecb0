"""What the names of a cell stand for, read from its syntax tree and the live namespace.

Covers imports, aliases of modules and functions, and which expressions a name is ever bound
to; a name that the tree does not bind stands for the live object of that name. The order of
execution is not followed, nor scopes. Without a live object the usual names (`os`, `pd`, `Path`)
are taken to mean what they always mean.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence

from .live import full_name

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
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Names:
    """The bindings of one syntax tree, in front of those `before` it and those of a namespace.

    `bound` holds, for each name that the cell binds, the expressions it may stand for (None:
    something that is no expression here); `looped` those that a loop takes it from.
    """

    def __init__(
        self,
        tree: ast.AST,
        namespace: Mapping[str, object] | None = None,
        before: Names | None = None,
    ) -> None:
        self.bound: dict[str, list[ast.expr | None]] = {}
        self.looped: dict[str, list[ast.expr]] = {}
        self._meant: dict[str, str] = {}
        self._stars: list[str] = []
        self._grown: set[str] = set()
        self._namespace = namespace or {}
        if before and not before._is_empty():
            self._keep(before, Names(tree))
        nodes = list(ast.walk(tree))
        for node in nodes:
            self._import(node)
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        for node in nodes:
            self._bind(node)
            if isinstance(node, Function):
                self._bind_parameters(node, calls)

    def dotted(self, node: ast.AST | None) -> str:
        """The full name an expression stands for, such as `os.remove`; "" if it has none."""
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}".removeprefix("builtins.") if base else ""
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
        if name in self.bound:
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
            return f"{base}.{name}".removeprefix("builtins.") if base and name else ""
        return ""

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                self._meant[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}".removeprefix("builtins.")
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
            case (
                ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source)
            ):
                self._loop(target, source)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self._assign(target, value)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str() as name):
                self._add(name, None)
            case ast.Lambda(args=arguments):
                for argument in _arguments(arguments):
                    self._add(argument.arg, None)

    def _assign(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            meant = self.dotted(value)
            if meant and target.id not in self.bound:
                self._meant.setdefault(target.id, meant)
            else:
                self._add(target.id, value)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            self._add(f"{target.value.id}.{target.attr}", value)  # self.path
        elif isinstance(target, ast.Tuple | ast.List):
            parts: Sequence[ast.expr | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts):
                parts = value.elts
            for element, part in zip(target.elts, parts, strict=True):
                self._assign(element, part)

    def _loop(self, target: ast.expr, source: ast.expr) -> None:
        if isinstance(source, ast.List | ast.Tuple | ast.Set):
            for element in source.elts:
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
        sources: list[ast.expr] = {
            "enumerate": [ast.Constant(None), *source.args[:1]],
            "zip": source.args,
        }.get(_called(source), [])
        for position, target in enumerate(targets):
            part = sources[position] if position < len(sources) else ast.Constant(None)
            self._loop(target, part)

    def _bind_parameters(self, function: Function, calls: Sequence[ast.Call]) -> None:
        """A parameter stands for its default and for what the cell's own calls pass."""
        self._add(function.name, None)
        here = [call for call in calls if _called(call) == function.name]
        for position, argument in enumerate(_arguments(function.args)):
            values = [passed(call, position, argument.arg) for call in here]
            values.append(_default(function.args, argument))
            given = [value for value in values if value is not None]
            for value in given or values:
                self._add(argument.arg, value)

    def _add(self, name: str, value: ast.expr | None) -> None:
        self.bound.setdefault(name, []).append(value)


def literal(node: ast.AST | None) -> str:
    """The text of a string constant, "" for anything else."""
    match node:
        case ast.Constant(value=str() as text):
            return text
    return ""


def _reads(node: ast.AST | None, name: str) -> bool:
    parts = ast.walk(node) if node else ()
    return any(isinstance(part, ast.Name) and part.id == name for part in parts)


def passed(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """The argument of a call at `position` or under one of `names`, None if it is not given."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return call.args[position] if position < len(call.args) else None


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)


def _default(arguments: ast.arguments, argument: ast.arg) -> ast.expr | None:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return next((default for known, default in pairs if known is argument), None)
