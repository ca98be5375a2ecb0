"""What keeps a small model from going in circles: repeats, endless text, errors that are hidden.

All of it is read off the rounds of a request, so the loop keeps no state for it: a round that
repeats an earlier code or error moves the loop on to the next way of asking.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .prompting.conversation import source
from .prompting.source import tree
from .types import Failure, Turn

LONGEST_PERIOD = 200
LINES, LETTERS = 300, 4000
"""So many characters of the same lines, or without a line's end, at least 8 times, are a loop."""


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
    """Whether the last round has the code of an earlier one, or the error of the one before."""
    *before, last = tried
    return same(last, before) is not None or bool(before and _error(last) == _error(before[-1]))


def same(turn: Turn, before: Sequence[Turn]) -> Turn | None:
    """The earlier round that has the code of `turn`, layout and comments apart."""
    if not before:
        return None
    mark = _code(turn)
    return next((earlier for earlier in before if _code(earlier) == mark), None)


def loop_start(text: str) -> int | None:
    """Where `text` begins to say over and over what it has said, None if it does not end so."""
    for period in range(1, min(LONGEST_PERIOD, len(text) // 8) + 1):
        size = max(LINES if "\n" in text[-period:] else LETTERS, 8 * period)
        tail = text[-size:]
        if len(tail) == size and tail[period:] == tail[:-period]:
            start = len(text) - size
            while start and text[start - 1] == text[start - 1 + period]:
                start -= 1
            return start + period
    return None


def hidden(failed: Turn, turn: Turn) -> str:
    """How the repair in `turn` only hides the error of `failed`, "" if it does not.

    What the request speaks of ("ignore errors", "stop with exit") is the person's wish.
    """
    before, after = tree(source(failed)), tree(source(turn))
    failure = failed.execution.failure if failed.execution else None
    if failure is None or after is None or _WISHED.search(turn.request):
        return ""
    new = Counter(_hiding(after)) - Counter(_hiding(before) if before else ())
    if new:
        return next(iter(new))
    return _dropped(failure, source(turn), after)


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
_WISHED = re.compile(
    r"\b(try|except|exceptions?|catch|ignor\w*|suppress\w*|skip\w*|swallow\w*|tolera\w*|exit|quit)\b",
    re.IGNORECASE,
)
_BROAD = frozenset(("Exception", "BaseException"))
_EXITS = frozenset(("exit", "quit", "sys.exit", "os._exit", "os.abort", "SystemExit"))


def _hiding(module: ast.Module) -> Iterator[str]:
    """What in the code keeps any error from being seen."""
    for node in ast.walk(module):
        match node:
            case ast.ExceptHandler(type=kind, body=body) if _is_broad(kind) and not any(
                isinstance(inner, ast.Raise) for part in body for inner in ast.walk(part)
            ):
                yield "an except that takes any error"
            case ast.Call(func=called, args=given):
                name = ast.unparse(called)
                if name in _EXITS:
                    yield f"{name}() ends the program"
                elif name.endswith("suppress") and any(map(_is_broad, given)):
                    yield "suppress() of any error"
            case ast.Raise(exc=ast.Name(id="SystemExit")):
                yield "SystemExit() ends the program"


def _is_broad(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(map(_is_broad, kind.elts))
    return kind is None or (isinstance(kind, ast.Name) and kind.id in _BROAD)


def _dropped(failure: Failure, code: str, after: ast.Module) -> str:
    line = failure.facts.line.strip()
    if failure.name == "AssertionError" and line.startswith("assert"):
        if not any(isinstance(node, ast.Assert) for node in ast.walk(after)):
            return "the check that failed is gone"
    elif line and re.search(rf"^\s*#\s*{re.escape(line)}\s*$", code, re.MULTILINE):
        return "the line that failed is commented out"
    return ""
