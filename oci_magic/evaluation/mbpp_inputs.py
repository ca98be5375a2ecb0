"""MBPP's inputs as EvalPlus' files write them (JSON has no tuples) → what the functions are given.

Which tasks take tuples, sets or complex numbers, and where, is a fact of the published files; it
is taken from evalplus/evalplus at 26d6d00, `evalplus/data/mbpp.py` (`mbpp_deserialize_inputs`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_TUPLES = {
    "0": "2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809",
    "1": "63 64 70 94 120 237 272 299 400 409 417 438 473 614 780",
    "01": "259 401 445 278",
    "1 -": "75 413 444 753",
    "- 0": "106 750",
    "0 -": "250 405 446 617 720 763 808 307",
    "0123456789": "580 615 791",
}
"""Depths at which lists stand for tuples (0: the argument itself), of every argument or by place;
the last holds for all that follow, "-" for none; and the tasks of which that is true."""


def inputs_of(task: str, inputs: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """The inputs of a task ("Mbpp/2"), each a list of arguments."""
    number = task.rpartition("/")[2]
    own = _OWN.get(number)
    if own:
        return [own(args) for args in inputs]
    depths = next((key.split() for key, tasks in _TUPLES.items() if number in tasks.split()), None)
    if depths is None:
        return list(inputs)
    return [
        [_tupled(arg, depths[min(place, len(depths) - 1)]) for place, arg in enumerate(args)]
        for args in inputs
    ]


def _tupled(value: Any, depths: str, depth: int = 0) -> Any:
    if not isinstance(value, list):
        return value
    items = [_tupled(item, depths, depth + 1) for item in value]
    return tuple(items) if str(depth) in depths else items


def _sets(args: Sequence[Any]) -> list[Any]:
    """Lists stand for sets, an empty one for an empty dict."""
    return [[set(item) if isinstance(item, list) and item else {} for item in args[0]]]


def _values(args: Sequence[Any]) -> list[Any]:
    return [{key: tuple(value) for key, value in args[0].items()}, *args[1:]]


_OWN: dict[str, Callable[[Sequence[Any]], list[Any]]] = {
    "115": _sets,
    "124": lambda args: [float(args[0]), complex(args[1])],
    "252": lambda args: [complex(args[0])],
    "722": _values,
}
