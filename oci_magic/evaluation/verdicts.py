"""A verdict on a solution with its evidence, and what replies and endings mean as verdicts.

Covers the words for a person and a model; who is right is `oracles`', what runs is `judging`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from ..running.process import THREADS, Ended, Limits

Kind = Literal[
    "passed", "wrong answer", "exception", "timed out", "out of memory", "syntax error"
]  # fmt: skip
_SHOWN, LONGEST = 400, 2_000


@dataclass(frozen=True)
class Judgement:
    """A verdict and its evidence: the input, what was expected and what came.

    `message` tells of an error, `lineno` where in the solution it was raised (0: not known).
    """

    kind: Kind
    message: str = ""
    lineno: int = 0
    input: str = ""
    expected: str = ""
    actual: str = ""

    @property
    def passed(self) -> bool:
        return self.kind == "passed"


PASSED = Judgement("passed")


def failure(reply: Mapping[str, Any]) -> Judgement:
    """A reply without a value as a verdict."""
    match reply:
        case {"syntax": [str(message), int(lineno)]}:
            return Judgement("syntax error", message[:LONGEST], lineno)
        case {"absent": str(name)}:
            missing = f"there is no function named {name}"
            return Judgement("exception", f"Please rename your function to {name} as {missing}.")
        case {"raised": [str(name), str(message), int(lineno)]}:
            kind: Kind = "out of memory" if name == "MemoryError" else "exception"
            told = f"{name}: {message}" if message else name
            return Judgement(kind, told[:LONGEST], lineno)
    return Judgement("exception", "the process gave no answer")


def ended_as(ended: Ended, limits: Limits) -> Judgement:
    """The end of a process that should have answered, as a verdict."""
    match ended.why:
        case "timed out":
            return Judgement("timed out", "Execution timed out.")
        case "too long":
            return Judgement("wrong answer", "the answer is too long to be compared")
        case "ended":
            return Judgement("exception", f"the process ended before it answered ({ended.code})")
        case "too many files":
            return Judgement("exception", f"its files take more than {limits.folder >> 20} MiB")
        case "too many threads":
            return Judgement("exception", f"it starts more than {THREADS} threads")
    return Judgement("exception", "the process gave no answer")


def wrong(given: str, expected: str, actual: str) -> Judgement:
    return Judgement(
        "wrong answer", "The results aren't as expected.", 0, given, expected, actual
    )  # fmt: skip


def arguments(args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> str:
    """As the paper's feedback writes them, `[0, 1]`; those with names follow."""
    named = [f"{name}={shown(value)}" for name, value in (kwargs or {}).items()]
    return ", ".join([f"[{', '.join(map(shown, args))}]", *named])


def shown(value: Any) -> str:
    """A value as Python writes it, cut to head and tail."""
    text = f"<{type(value).__name__}>"
    with suppress(ValueError, RecursionError):  # an integer of too many digits
        text = repr(value)
    return _cut(text)


def printed(value: Any) -> str:
    """A value as `print` writes it, cut: in the paper's feedback, texts are without quotes."""
    return _cut(value) if value and isinstance(value, str) else shown(value)


def _cut(text: str) -> str:
    half = _SHOWN // 2
    return text if len(text) <= _SHOWN else f"{text[:half]}...{text[-half:]}"
