"""Plain values as JSON: all that passes between a judged process and the one that compares.

Covers None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict, Fraction and
Decimal, nested, and what is a kind of one of these (NumPy's scalars, Counter, namedtuple), which
crosses as that one. Anything else crosses as an `Opaque`: the name of its type and, where it can
be iterated, its first items. So no object of a candidate, and no method of one, ever reaches a
comparison. Does not cover identity: a list that is in two places arrives as two lists.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

_Read = Callable[[Any], Any]
ITEMS = 100_000
_INLINE = 2**53
_LONG, _TERM = 1 << 20, 10_000
"""Bits of an integer, and of a fraction's terms, whose common divisor is slow to find."""
_ALIKE = 100_000
"""Members of a set that share a hash, times the length of the longest."""


class Opaque:
    """What is no plain value: equal to nothing but itself, and only iterable where it was."""

    def __init__(self, type_name: str, items: list[Any] | None = None) -> None:
        self.type_name, self.items = type_name, items

    def __iter__(self) -> Iterator[Any]:
        if self.items is None:
            raise TypeError(f"{self.type_name!r} object is not iterable")
        return iter(self.items)

    def __repr__(self) -> str:
        return f"<{self.type_name} object>"


def encode(value: Any) -> Any:
    """`value` in what JSON has. Raises RecursionError for what is nested too deep or in itself."""
    if value is None or type(value) in (bool, str, float):
        return value
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    return _other(value)


def _integer(value: int) -> Any:
    number = int.__index__(value)
    return number if -_INLINE < number < _INLINE else {"int": hex(number)}


def _sequence(name: str, kind: Any) -> Callable[[Any], Any]:
    return lambda value: {name: [encode(item) for item in kind.__iter__(value)]}


def _complex(value: complex) -> Any:
    return {"complex": [encode(float(value.real)), encode(float(value.imag))]}


def _view(value: Any) -> Any:
    return {"set": [encode(item) for item in value]}


_WRITERS: dict[type, Callable[[Any], Any]] = {
    bool: bool,
    int: _integer,
    float: float.__pos__,
    complex: _complex,
    str: str.__str__,
    bytes: lambda value: {"bytes": bytes.hex(value)},
    bytearray: lambda value: {"bytearray": bytearray.hex(value)},
    list: lambda value: [encode(item) for item in list.__iter__(value)],
    tuple: _sequence("tuple", tuple),
    set: _sequence("set", set),
    frozenset: _sequence("frozenset", frozenset),
    dict: lambda value: {"dict": [[encode(k), encode(v)] for k, v in dict.items(value)]},
    type({}.keys()): _view,
    type({}.items()): _view,
}


def _other(value: Any) -> Any:
    fractions, decimal = sys.modules.get("fractions"), sys.modules.get("decimal")
    if fractions and isinstance(value, fractions.Fraction):
        return {"Fraction": [encode(value.numerator), encode(value.denominator)]}
    if decimal and isinstance(value, decimal.Decimal):
        return {"Decimal": str(value)}
    numpy = sys.modules.get("numpy")
    if numpy and isinstance(value, numpy.generic):
        item = value.item()
        return _opaque(value) if isinstance(item, numpy.generic) else encode(item)
    return _opaque(value)


def _opaque(value: Any) -> Any:
    try:
        items = [encode(item) for item in islice(value, ITEMS)]
    except RecursionError:
        raise
    except Exception:
        return {"object": [type(value).__name__, None]}
    return {"object": [type(value).__name__, items]}


def decode_trusted(form: Any) -> Any:
    """The value of a form that no candidate has written; its integers may be long."""
    try:
        return decode(form)
    except ValueError:
        return decode(form, long=True)


def opaque_in(form: Any) -> str:
    """The type of something in `form` that is no plain value, "" if all are."""
    if isinstance(form, dict):
        if "object" in form:
            return str(form["object"][0])
        form = list(form.values())
    return next(filter(None, map(opaque_in, form)), "") if isinstance(form, list) else ""


def decode(form: Any, long: bool = False) -> Any:
    """The value that `form` stands for. Raises ValueError for what `encode` does not write.

    Integers of more than a million bits are read only where `long` answers are expected, and then
    no Decimal or Fraction is: to compare such two takes minutes.
    """
    if form is None or isinstance(form, bool | int | float | str):
        return form
    read = partial(decode, long=long)
    try:
        if isinstance(form, list):
            return list(map(read, form))
        ((name, content),) = form.items()
        if long and name in _EXACT:
            raise ValueError("slow beside long numbers")
        return _whole(content, long) if name == "int" else _READERS[name](content, read)
    except RecursionError:
        raise ValueError("nested too deep") from None
    except (ArithmeticError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no plain value: {type(error).__name__}") from None


def as_set(items: Iterable[Any]) -> set[Any]:
    """A set of `items`. Raises ValueError where members that share a hash would take hours."""
    items = list(items)
    hashes = len(set(map(hash, items)))
    if len(items) > hashes:
        distinct = {repr(item) for item in items}  # texts have hashes that nobody foresees
        if (len(distinct) - hashes) * max(map(len, distinct)) > _ALIKE:
            raise ValueError("made to be slow")
    return set(items)


def _whole(form: str, long: bool) -> int:
    number = int(form, 16)
    if number.bit_length() > _LONG and not long:  # slow to compare with a Decimal
        raise ValueError("too long a number")
    return number


def _dictionary(form: list[Any], read: _Read) -> dict[Any, Any]:
    keys = [read(key) for key, _ in form]
    as_set(keys)
    return dict(zip(keys, (read(value) for _, value in form), strict=True))


def _fraction(form: list[Any], read: _Read) -> Any:
    from fractions import Fraction

    above, below = map(read, form)
    if type(above) is not int or type(below) is not int:
        raise ValueError("no fraction")  # a text could stand for a number without end
    if max(above.bit_length(), below.bit_length()) > _TERM:
        raise ValueError("too long a number")
    return Fraction(above, below)


def _decimal(form: str, _: _Read) -> Any:
    from decimal import Decimal

    return Decimal(form)


def _object(form: list[Any], read: _Read) -> Opaque:
    name, items = form
    return Opaque(str(name), None if items is None else list(map(read, items)))


_EXACT = ("Decimal", "Fraction")
_READERS: dict[str, Callable[[Any, _Read], Any]] = {
    "complex": lambda form, read: complex(*map(read, form)),
    "bytes": lambda form, _: bytes.fromhex(form),
    "bytearray": lambda form, _: bytearray.fromhex(form),
    "tuple": lambda form, read: tuple(map(read, form)),
    "set": lambda form, read: as_set(map(read, form)),
    "frozenset": lambda form, read: frozenset(as_set(map(read, form))),
    "dict": _dictionary,
    "Fraction": _fraction,
    "Decimal": _decimal,
    "object": _object,
}
