"""Names of a cell told apart by where they live: `path` of one function is not that of another.

A name of a function, lambda or comprehension gets a number, `path@2`; an object is called by its
class within the methods, `Report@`, and so are the names in the class' body: `Report@.path`. Where
plain statements give a name one meaning after the other, all but the last are numbered, and so
are those of loops and branches, which are added to what the name stands for after them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .bound_names import begun_by, names_in, of_others, read_first, read_later, stored

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


def tell_apart(tree: ast.Module) -> ast.Module:
    """Rename the names of `tree`, in place; names of the notebook keep theirs."""
    shell = any(isinstance(n, ast.Name) and n.id == "get_ipython" for n in ast.walk(tree))
    _Scopes(in_order=not shell).body(tree.body)
    return tree


def plain(name: str) -> str:
    """A name as it stands in the code."""
    return name.partition("@")[0]


def of_class(name: str) -> str:
    """What `self` is called in the methods of a class."""
    return f"{name}@"


def is_method(function: Function) -> bool:
    """Whether a function of a class gets the object first."""
    marks = (getattr(mark, "id", "") for mark in function.decorator_list)
    return "staticmethod" not in marks


def arguments(given: ast.arguments) -> Iterator[ast.arg]:
    """All parameters that have a name and take one value, in order."""
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)


class _Scopes(ast.NodeVisitor):
    def __init__(self, *, in_order: bool) -> None:
        self._names: dict[str, str] = {}
        """What the names are called here."""
        self._class: tuple[str, dict[str, str]] | None = None
        """The class whose body is read, and what names are called around it."""
        self._in_order = in_order
        """Unset where magics read names: their code is not part of the tree."""
        self._hidden: set[str] = set()
        """Names of the scope that are read out of order, or from elsewhere."""
        self._number = 0

    def visit_Name(self, node: ast.Name) -> None:
        node.id = self._names.get(node.id, node.id)

    def visit_arg(self, node: ast.arg) -> None:
        node.arg = self._names.get(node.arg, node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._all((*node.args.defaults, *node.args.kw_defaults))
        around = self._names
        self._names = around | self._numbered(each.arg for each in _every(node.args))
        self._all((*_every(node.args), node.body))
        self._names = around

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._all((*node.decorator_list, *node.bases, *node.keywords))
        around, outer = self._names, self._class
        own = {name: f"{of_class(node.name)}.{name}" for name in stored(node.body)}
        self._class, self._names = (node.name, around), around | own
        self._all(node.body)
        self._class, self._names = outer, around

    def body(self, statements: Sequence[ast.stmt]) -> None:
        """The statements of one scope; of several meanings of a name the last keeps it."""
        around, self._hidden = self._hidden, of_others(statements) | read_later(statements)
        begins = {name: at for name, at in self._begins(statements).items() if len(at) > 1}
        kept = {(name, at[-1]): self._names.get(name, name) for name, at in begins.items()}
        self._in_turn(statements, begins, kept)
        self._hidden = around

    def block(self, statements: list[ast.stmt]) -> None:
        """Statements that may be left out: what they bind is one meaning more after them."""
        around = self._names
        numbered = self._in_turn(statements, self._begins(statements), {})
        self._names = around
        for name, new in numbered:
            target = ast.Name(around.get(name, name), ast.Store())
            joined = ast.Assign([target], ast.Name(new, ast.Load()))
            ast.fix_missing_locations(ast.copy_location(joined, statements[-1]))
            statements.append(joined)

    def generic_visit(self, node: ast.AST) -> None:
        self._parts(node, set())

    def _parts(self, node: ast.AST, read: set[int]) -> None:
        for field, value in ast.iter_fields(node):
            if field in ("body", "orelse", "finalbody") and isinstance(value, list):
                self.block(value)
                continue
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.withitem):
                    self._parts(part, read)
                elif isinstance(part, ast.AST) and id(part) not in read:
                    self.visit(part)

    def _in_turn(
        self,
        statements: Sequence[ast.stmt],
        begins: Mapping[str, Sequence[int]],
        kept: Mapping[tuple[str, int], str],
    ) -> list[tuple[str, str]]:
        """Read statements in order; the names that are bound in them, and what they are called."""
        plainly = {name: self._names.get(name, name) for name in begins}
        numbered: list[tuple[str, str]] = []
        for at, statement in enumerate(statements):
            begun = [name for name, where in begins.items() if at in where]
            read = read_first(statement) if begun else []
            self._all(read)
            for name in begun:
                new = kept.get((name, at)) or self._numbered([name], plainly)[name]
                self._names = self._names | {name: new}
                numbered.append((name, new))
            if begun:
                self._parts(statement, {id(part) for part in read})
            else:
                self.visit(statement)
        return numbered

    def _begins(self, body: Sequence[ast.stmt]) -> dict[str, list[int]]:
        """The statements that give a name a meaning, by position.

        Only of what nothing else can see: no name that a function reads, or that was there before.
        """
        first: dict[str, bool] = {}
        begins: dict[str, list[int]] = {}
        for at, statement in enumerate(body if self._in_order else ()):
            read = names_in(read_first(statement))
            begun = set(begun_by(statement))
            if isinstance(statement, ast.For | ast.AsyncFor):
                begun -= first.keys()  # it may go over nothing: what was bound before may stay
            if isinstance(statement, ast.With | ast.AsyncWith):
                begun -= read
            for name in begun:
                begins.setdefault(name, []).append(at)
            for name in {*names_in([statement]), *begun} - first.keys():
                first[name] = name in begun and name not in read
        return {name: at for name, at in begins.items() if first[name] and name not in self._hidden}

    def _function(self, node: Function) -> None:
        self._all((*node.decorator_list, *node.args.defaults, *node.args.kw_defaults))
        inside, self._class = self._class, None
        here = self._names
        around = inside[1] if inside else here
        parameters = [each.arg for each in _every(node.args)]
        own = self._numbered({*parameters, *stored(node.body)} - of_others(node.body))
        if inside and parameters and is_method(node):
            own[parameters[0]] = of_class(inside[0])
        self._names = around | own
        self._all(_every(node.args))
        self.body(node.body)
        self._names, self._class = here, inside

    def _comprehension(self, node: _Comprehension) -> None:
        self.visit(node.generators[0].iter)
        around = self._names
        targets = [each.target for each in node.generators]
        self._names = around | self._numbered(stored(targets))
        self._all(part for each in node.generators for part in (each.target, *each.ifs))
        self._all(each.iter for each in node.generators[1:])
        self._all((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,))
        self._names = around

    def _numbered(
        self, names: Iterable[str], called: dict[str, str] | None = None
    ) -> dict[str, str]:
        self._number += 1
        return {name: f"{(called or {}).get(name, name)}@{self._number}" for name in names}

    def _all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)


def _every(given: ast.arguments) -> list[ast.arg]:
    rest = [each for each in (given.vararg, given.kwarg) if each]
    return [*arguments(given), *rest]
