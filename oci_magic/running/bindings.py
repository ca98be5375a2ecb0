"""Which expressions the names of a cell are bound to, and what literal lists and dicts hold."""

from __future__ import annotations

import ast

from .scopes import of_class

_MAX_DEPTH = 5


class Bindings:
    """The expressions for which names stand, one beside the other.

    `bound` holds, for each name that the cell binds, the expressions it may stand for (None:
    something that is no expression here); `looped` those that a loop takes it from; `changed` are
    names of lists and dicts to which something is added.
    """

    def __init__(self) -> None:
        self.bound: dict[str, list[ast.expr | None]] = {}
        self.looped: dict[str, list[ast.expr]] = {}
        self.changed: set[str] = set()

    def elements(self, node: ast.expr | None, *, values: bool = False) -> list[ast.expr] | None:
        """What a literal list or dict goes over, or a name of one; None where that is not known.

        Of a dict the keys, or its `values`.
        """
        match node:
            case ast.List(elts=found) | ast.Tuple(elts=found) | ast.Set(elts=found):
                return None if any(isinstance(each, ast.Starred) for each in found) else found
            case ast.Dict(keys=keys, values=held):
                known = [key for key in keys if key is not None]
                return None if len(known) < len(keys) else held if values else known
            case ast.ListComp(elt=each) | ast.SetComp(elt=each) | ast.GeneratorExp(elt=each):
                return [each]
            case ast.Call(func=ast.Attribute(value=value, attr="keys" | "values" as attr), args=[]):
                held_by = self.of_name(value)
                is_dict = isinstance(held_by, ast.Dict)
                return self.elements(held_by, values=attr == "values") if is_dict else None
            case ast.Call(func=ast.Attribute(value=value, attr="items"), args=[]):
                pairs = self.of_name(value)
                return _pairs(pairs) if isinstance(pairs, ast.Dict) else None
            case ast.Name():
                held_by = self.of_name(node)
                return self.elements(held_by, values=values) if held_by is not node else None
        return None

    def values(self, node: ast.expr, key: ast.expr) -> list[ast.expr] | None:
        """What `node[key]` may be of a literal list or dict: all of it if the key is not known."""
        held = self.of_name(node)
        found = self.elements(held, values=True)
        if found is None or not isinstance(key, ast.Constant):
            return found
        match held:
            case ast.Dict(keys=keys):
                return [v for k, v in zip(keys, found, strict=True) if _is_constant(k, key.value)]
            case ast.List() | ast.Tuple() if isinstance(key.value, int):
                return found[key.value :][:1] if key.value >= 0 else found
        return found

    def of_name(self, node: ast.expr) -> ast.expr:
        """The only thing that a name stands for, where nothing is added to it later."""
        for _ in range(_MAX_DEPTH):
            if not isinstance(node, ast.Name) or node.id in self.changed:
                break
            bound = self.bound.get(node.id, [])
            if len(bound) != 1 or bound[0] is None:
                break
            node = bound[0]
        return node

    def of_attribute(self, owner: str, attr: str, depth: int = 0) -> list[ast.expr | None]:
        """What `owner.attr` may stand for: set so, or by the class that has made the object."""
        found = [
            *self.bound.get(f"{owner}.{attr}", ()),
            *self.bound.get(f"{of_class(owner)}.{attr}", ()),
        ]
        if found or depth > _MAX_DEPTH:
            return found
        for made in self.bound.get(owner, ()):
            match made:
                case ast.Call(func=ast.Name(id=kind)):
                    found += self.bound.get(f"{of_class(kind)}.{attr}", [None])
                case ast.Name(id=other):
                    found += self.of_attribute(other, attr, depth + 1) or [None]
                case _:
                    found.append(None)
        return found if any(found) else []

    def add(self, name: str, value: ast.expr | None) -> None:
        self.bound.setdefault(name, []).append(value)

    def share_attributes(self) -> None:
        """What is set on an object, `report.path = "x.csv"`, is what its methods find."""
        for name, values in list(self.bound.items()):
            owner, _, attr = name.partition(".")
            for made in self.bound.get(owner, ()) if attr else ():
                if isinstance(made, ast.Call) and isinstance(made.func, ast.Name):
                    self.bound.setdefault(f"{of_class(made.func.id)}.{attr}", []).extend(values)

    def note_changes(self) -> None:
        """What is added to under one name is added to under all; to be done when all are bound."""
        for _ in range(_MAX_DEPTH):
            shared = {
                value.id
                for name in self.changed & self.bound.keys()
                for value in self.bound[name]
                if isinstance(value, ast.Name)
            }
            if shared <= self.changed:
                return
            self.changed |= shared


def _pairs(held: ast.Dict) -> list[ast.expr] | None:
    pairs = zip(held.keys, held.values, strict=True)
    known: list[ast.expr] = [ast.Tuple([key, value]) for key, value in pairs if key is not None]
    return known if len(known) == len(held.keys) else None


def _is_constant(node: ast.expr | None, value: object) -> bool:
    """Whether it is this constant, or may be."""
    return not isinstance(node, ast.Constant) or node.value == value
