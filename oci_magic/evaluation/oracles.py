"""When an answer is right: EvalPlus' rules of comparison.

Covers equality, a tolerance for floats, tasks whose answers are compared as sets, tasks where
only None counts, and tasks with an oracle of their own. Source: evalplus/evalplus at 26d6d00
(2 October 2025), `evalplus/eval/__init__.py` (`unsafe_execute`, `is_floats`) and
`evalplus/eval/_special_oracle.py`. What differs: only plain values come here, so NumPy's floats
count as floats (there, one that is close and not equal fails for its type), and its arrays equal
nothing (there, one of a single item may).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from ..running.inside.plain import as_set

Suite = Literal["humaneval", "mbpp"]
_RELATIVE, _DEFAULT = 1e-7, 1e-6
_SETS = frozenset((
    "similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly",
    "larg_nnum", "intersection_array", "find_dissimilar", "Diff",
))  # fmt: skip
NOT_NONE = frozenset(("check_str", "text_match_three", "text_starta_endb"))
"""Tasks of MBPP whose answers are matches of expressions: that there is one is what counts."""


def right(
    suite: Suite, entry: str, args: Sequence[Any], actual: Any, expected: Any, atol: float
) -> bool:
    """Whether `actual` is a right answer to `entry(*args)`. All are plain values, or `Opaque`."""
    try:
        if suite == "humaneval" and entry == "find_zero":
            return bool(abs(_poly(args[0], actual)) <= atol)
        if _exact(suite, entry, args, actual, expected, atol):
            return True
        return bool(atol) and type(actual) is type(expected) and _close(actual, expected, atol)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        return False


def _exact(
    suite: Suite, entry: str, args: Sequence[Any], actual: Any, expected: Any, atol: float
) -> bool:
    if suite == "mbpp" and entry in _SETS:
        return as_set(actual) == set(expected)
    if suite == "mbpp" and entry in NOT_NONE:
        given = actual if isinstance(actual, bool) else actual is not None
        return bool(given == expected)
    own = _OWN.get(entry) if suite == "mbpp" else None
    return bool(actual == expected) or bool(own and own(args, actual, atol))


def tolerance(atol: float, expected: Any) -> float:
    """The tolerance from here on: floats are never compared exactly, nor is what follows them."""
    if isinstance(expected, list | tuple):
        floats = bool(expected) and all(isinstance(item, float) for item in expected)
    else:
        floats = isinstance(expected, float)
    return atol or (_DEFAULT if floats else 0.0)


def _close(actual: Any, expected: Any, atol: float) -> bool:
    """`numpy.allclose` for numbers, and for lists of them, nested too, that are of equal form."""
    if isinstance(expected, list | tuple):
        same = isinstance(actual, list | tuple) and len(actual) == len(expected)
        return same and all(map(_close, actual, expected, [atol] * len(expected)))
    if not isinstance(expected, int | float | complex):
        return False
    near = cmath.isfinite(expected) and abs(actual - expected) <= atol + _RELATIVE * abs(expected)
    return bool(near or actual == expected)


def _poly(coefficients: Sequence[float], x: float) -> float:
    """The value at `x` of the polynomial with these coefficients, the constant one first."""
    return sum(each * math.pow(x, power) for power, each in enumerate(coefficients))


def _surface(args: Sequence[Any], actual: Any, atol: float) -> bool:
    """A pyramid over a square, its height measured from the middle of the base."""
    edge, height = args
    slant = math.sqrt((edge / 2) ** 2 + height**2)
    return bool(abs(actual - round(edge**2 + 2 * edge * slant)) <= atol)


def _digits(args: Sequence[Any], actual: Any, _: float) -> bool:
    """The sum of the digits' distances, the shorter number filled up with zeros."""
    first, second = (str(number) for number in args)
    width = max(len(first), len(second))
    pairs = zip(first.zfill(width), second.zfill(width), strict=True)
    return bool(actual == sum(abs(int(a) - int(b)) for a, b in pairs))


_OWN: dict[str, Callable[[Sequence[Any], Any, float], bool]] = {
    "are_equivalent": lambda *_: True,
    "sum_div": lambda _, actual, __: bool(actual == 0),
    "surface_Area": _surface,
    "digit_distance_nums": _digits,
}
