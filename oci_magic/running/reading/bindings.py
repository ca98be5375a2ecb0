"""Which expressions the names of a cell are bound to, and what literal lists and dicts hold."""

from __future__ import annotations

import ast

from .scopes import of_class, plain

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
        self.bases: dict[str, list[str]] = {}
        """The classes of the cell, and what they are made from."""
        self.open_ended = False
        """Set where attributes get values that are not followed."""

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
                if not isinstance(held_by, ast.Name):  # names that stand for each other: a swap
                    return self.elements(held_by, values=values)
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

    def of_attribute(
        self, owner: str, attr: str, seen: frozenset[str] = frozenset()
    ) -> list[ast.expr | None]:
        """What `owner.attr` may stand for: set so, or by the class that has made the object."""
        found = [
            *self.bound.get(f"{owner}.{attr}", ()),
            *self.bound.get(f"{of_class(owner)}.{attr}", ()),
        ]
        if found or len(seen) > _MAX_DEPTH or owner in seen:
            return [*found, *([None] if found and self.open_ended else ())]
        for made in self.bound.get(owner, ()):
            match made:
                case ast.Call(func=ast.Name(id=kind)):
                    found += self.bound.get(f"{of_class(kind)}.{attr}", [None])
                case ast.Name(id=other):
                    found += self.of_attribute(other, attr, seen | {owner}) or [None]
                case _:
                    found.append(None)
        if self.open_ended:
            found.append(None)
        return found if any(found) else []

    def add(self, name: str, value: ast.expr | None) -> None:
        self.bound.setdefault(name, []).append(value)

    def share_attributes(self) -> None:
        """What is set on any object, `report.path = "x.csv"`, the methods of a class may find."""
        for name, values in list(self.bound.items()):
            owner, _, attr = name.partition(".")
            for kind in self.bases if attr and owner != plain(owner) + "@" else ():
                if known := self.bound.get(f"{of_class(kind)}.{attr}"):
                    known.extend(values)
        for kind, bases in self.bases.items():
            for base in bases:
                self._share(of_class(kind), of_class(base))

    def _share(self, kind: str, base: str) -> None:
        """An object has what its class' base sets, and the base's methods find what it sets."""
        names = [name for name in self.bound if name.partition(".")[0] in (kind, base)]
        for attr in {name.partition(".")[2] for name in names} - {""}:
            both = [*self.bound.get(f"{kind}.{attr}", ()), *self.bound.get(f"{base}.{attr}", ())]
            self.bound[f"{kind}.{attr}"] = self.bound[f"{base}.{attr}"] = both

    def note_changes(self) -> None:
        """What is added to under one name is added to under all; to be done when all are bound."""
        for _ in range(_MAX_DEPTH):
            values = [each for name in self.changed for each in self.bound.get(name, ())]
            shared = {value.id for value in values if isinstance(value, ast.Name)}
            same = {id(value) for value in values if value is not None}
            for name, bound in self.bound.items():
                if any(id(value) in same for value in bound):
                    shared.add(name)
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
