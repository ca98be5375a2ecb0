"""Which objects code can touch: those it names, what its functions name, and what these hold.

Names are those of the notebook and of modules of the person's: what the code mentions is looked
for in each of the modules that it can reach.

To be saved, a name is any word of the code, in a string or a comment too: rather one too many. To
be told of, it is a name that the code reads before it binds it. Nothing of the objects runs: exact
types are looked at, by their id because a metaclass may compare, and instances past their classes.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

from ...objects import SHELL_NAMES, bases
from ..ipython_syntax import as_python
from .holding import ATOMS, PLAIN, held
from .own import is_own_module, module_of

_ANYTHING = frozenset(
    ("eval", "exec", "globals", "locals", "vars", "get_ipython", "run", "__import__", "dir")
)
_WORD = re.compile(r"[^\W\d]\w*")
_SHELLS_OWN = SHELL_NAMES | {"_ih", "_oh", "_dh", "_ii", "__builtins__", "__builtin__"}
_RESULTS = frozenset(("Out", "_oh"))


class Found(NamedTuple):
    """An object, the name by which the code reaches it, and whether the code itself reads that."""

    name: str
    value: object
    told: bool


def reachable(code: str, namespace: Mapping[str, object]) -> list[Found]:
    """What the code can touch, each object once, those of immutable types left out."""
    words = set(_WORD.findall(code))
    walk = _Walk(namespace)
    walk.along(sorted(_read(code, words) & namespace.keys()), told=True)
    for word in sorted(words):
        walk.into(word, [module for module in [sys.modules.get(word)] if is_own_module(module)])
    walk.along([*sorted(words), *(namespace if words & _ANYTHING else ())])
    if words & _RESULTS:
        results = namespace.get("Out")
        walk.into("Out", [results, *results.values()] if type(results) is dict else ())
    return walk.found


def functions(found: Iterable[Found], namespace: Mapping[str, object]) -> Iterator[CodeType]:
    """The code of the person's functions among what is found."""
    for _, value, _ in found:
        if type(value) is FunctionType and (value.__globals__ is namespace or module_of(value)):
            yield value.__code__


class _Walk:
    """Goes from names to what they hold. `found` grows."""

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self.found: list[Found] = []
        self._namespace = namespace
        self._seen: set[int] = set()
        self._names: set[str] = set(_SHELLS_OWN)
        self._modules: list[tuple[str, Mapping[str, object]]] = []
        self._waiting: list[tuple[str, Iterable[object], bool]] = []

    def along(self, names: Iterable[str], *, told: bool = False) -> None:
        """The values of `names`, and of those that their functions mention."""
        for name in names:
            self._add(name)
            while self._waiting:
                label, values, shown = self._waiting.pop()
                self.into(label, values, told=told and shown)

    def into(self, name: str, values: Iterable[object], *, told: bool = False) -> None:
        """Note the values; what they hold is gone into next. What code carries is not told of."""
        seen, found = self._seen, self.found
        carried: list[object] = []
        others: list[object] = []
        for value in values:
            kind = id(type(value))
            if kind in ATOMS or id(value) in seen:
                continue
            seen.add(id(value))
            found.append(Found(name, value, told))
            if kind in PLAIN:  # there may be many
                others.extend(held(value))
                continue
            if type(value) is FunctionType:
                self._can_call(name, value)
            elif is_own_module(value):
                self._open(name, value)
            (carried if _is_code(value) else others).extend(held(value))
        held_by_each = ((name, carried, False), (name, others, told))
        self._waiting += (each for each in held_by_each if each[1])

    def _can_call(self, label: str, function: FunctionType) -> None:
        module, names = module_of(function), set(_names(function.__code__))
        if function.__globals__ is self._namespace:
            names.update(self._namespace if names & _ANYTHING else ())
        elif module:
            self._waiting.append((label, (module,), False))
        else:
            return
        for name in names:
            self._add(name)

    def _open(self, label: str, module: ModuleType) -> None:
        """Note a module, and what those of its names stand for that have been mentioned."""
        space = module.__dict__
        self._modules.append((label, space))
        values = [space[name] for name in self._names - _SHELLS_OWN if name in space]
        self._waiting.append((label, values, False))

    def _add(self, name: str) -> None:
        if name in self._names:
            return
        self._names.add(name)
        if name in self._namespace:
            self._waiting.append((name, (self._namespace[name],), True))
        for label, space in self._modules:
            if name in space:
                self._waiting.append((label, (space[name],), False))


def _read(code: str, words: set[str]) -> set[str]:
    """The names whose values as they are now the code reads; all words where it is no Python."""
    tree = parsed(code)
    if tree is None:
        return words
    read, bound = set[str](), set[str]()
    for statement in tree.body:
        read |= set(_loaded(statement)) - bound
        bound |= set(_bound(statement))
    return words if "get_ipython" in read else read


def parsed(code: str) -> ast.Module | None:
    """The tree of a cell, None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(as_python(code) if "%" in code or "!" in code else code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _loaded(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement surely binds."""
    match statement:
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in names)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name


def _is_code(value: object) -> bool:
    return type(value) is FunctionType or any(base is type for base in bases(type(value)))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
