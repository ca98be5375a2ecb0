"""What keeps a small model from going in circles: repeats and endless text.

All of it is read off the rounds of a request, so the loop keeps no state for it: a round that
repeats an earlier code or error moves the loop on to the next way of asking.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..prompting.conversation import source
from ..prompting.source import tree
from ..types import Turn

LONGEST_PERIOD = 1000
LINES, LETTERS = 300, 4000
"""So many characters of the same lines, or without a line's end, at least 8 times, are a loop."""
DATA_TIMES, MOST_DATA = 200, 12_000
"""Lines inside a bracket or a text are data, which may be the same for longer."""
_TOKENS = re.compile(
    r"\"\"\".*?(?:\"\"\"|(?P<open>\Z))|\'\'\'.*?(?:\'\'\'|(?P<open2>\Z))"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|#[^\n]*|(?P<up>[(\[{])|(?P<down>[)\]}])",
    re.DOTALL,
)


@dataclass(frozen=True)
class Way:
    """How to ask for a repair: with the whole conversation or afresh; greedily or sampled."""

    name: str
    fresh: bool = False
    temperature: float = 0.0


PLAIN = Way("")
AFRESH = Way("asking afresh", fresh=True)
WAYS = (PLAIN, AFRESH, Way("sampling", True, 0.7), Way("sampling freely", True, 1.0))


def way(tried: Sequence[Turn], *, history: bool = True) -> Way | None:
    """How to ask after the rounds `tried`; None when every way has led to the same again.

    `history` tells whether there are earlier exchanges that asking afresh leaves out.
    """
    ways = [w for w in WAYS if w is not AFRESH or history or len(tried) < 2
            or best(tried) is not tried[0]]  # fmt: skip
    level = sum(map(repeats, (tried[:n] for n in range(2, len(tried) + 1))))
    return ways[level] if level < len(ways) else None


def best(tried: Sequence[Turn]) -> Turn:
    """The round to go on from: the last new code that could run at all."""
    ran = [turn for n, turn in enumerate(tried) if _could_run(turn) and not same(turn, tried[:n])]
    return ran[-1] if ran else tried[-1]


def repeats(tried: Sequence[Turn]) -> bool:
    """Whether the last round has the code or the error of an earlier one."""
    *before, last = tried
    return same(last, before) is not None or _error(last) in map(_error, before)


def same(turn: Turn, before: Sequence[Turn]) -> Turn | None:
    """The earlier round that has the code of `turn`, layout and comments apart."""
    if not before:
        return None
    mark = _code(turn)
    return next((earlier for earlier in before if _code(earlier) == mark), None)


def loop_start(text: str) -> int | None:
    """Where `text` begins to say over and over what it has said, None if it does not end so."""
    for period in range(1, min(LONGEST_PERIOD, len(text) // 8) + 1):
        if text[-period:] != text[-2 * period : -period]:
            continue
        size = _size_of_a_loop(text, period)
        tail = text[-size:]
        if len(tail) == size and tail[period:] == tail[:-period]:
            start = _start(text, period, size)
            if not _is_data(text, start, period):
                return start + period
    return None


def _size_of_a_loop(text: str, period: int) -> int:
    return max(LINES if "\n" in text[-period:] else LETTERS, 8 * period)


def _start(text: str, period: int, size: int) -> int:
    start = len(text) - size
    while start and text[start - 1] == text[start - 1 + period]:
        start -= 1
    return start


def _is_data(text: str, start: int, period: int) -> bool:
    """Whether the same lines are rows of a table or a picture: inside a bracket or a text."""
    enough = max(LETTERS, min(DATA_TIMES * period, MOST_DATA))
    return len(text) - start < enough and _is_open(text[:start])


def _is_open(text: str) -> bool:
    """Whether a bracket or a long text of the code is not closed at the end of `text`."""
    depth = 0
    for token in _TOKENS.finditer(text[text.rfind("```") + 3 if "```" in text else 0 :]):
        if token["open"] is not None or token["open2"] is not None:
            return True
        depth += bool(token["up"]) - bool(token["down"])
        depth = max(depth, 0)
    return depth > 0


def refused(turn: Turn) -> bool:
    """Whether the round is a repair that was not run because it only hides the error."""
    return _error(turn)[0] == REFUSED


def _code(turn: Turn) -> str:
    """The code as a parser sees it."""
    text = source(turn)
    module = tree(text) if not re.search(r"^\s*[%!]", text, re.MULTILINE) else None
    return ast.dump(module) if module else text.strip()


def _error(turn: Turn) -> tuple[str, ...]:
    failure = turn.execution.failure if turn.execution else None
    if failure is None:
        return ("",)
    message = re.sub(r"0x[0-9a-fA-F]+", "0x", failure.message)
    return failure.name, message, failure.facts.line.strip()


def _could_run(turn: Turn) -> bool:
    return _error(turn)[0] not in ("SyntaxError", "IndentationError", "Incomplete", REFUSED)


REFUSED = "Refused"
"""Name of the failure of a repair that only hides the error."""
