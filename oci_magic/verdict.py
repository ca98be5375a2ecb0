"""Where a reply leads: the outcome of a request, or back to the model with feedback.

Covers what can be said of a reply before it runs, and which reply a request ends with;
running it is the session's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .events import Outcome
from .guards import circles, hiding
from .prompting.feedback import HIDES
from .prompting.prompts import CUT_OFF
from .prompting.source import syntax
from .types import Execution, Failure, Reply, Turn


@dataclass(frozen=True)
class Verdict:
    """How a reply did; without an outcome it failed and goes back with `feedback`."""

    outcome: Outcome | None = None
    reason: str = ""
    execution: Execution | None = None
    feedback: str = ""


def without_running(turn: Turn, tried: Sequence[Turn], run: bool) -> Verdict | None:
    """The verdict on `turn` that needs no run, if there is one; `tried` are the failed rounds."""
    reply, failed = turn.reply, tried[-1] if tried else None
    cut = reply.finish_reason == "length"
    if reply.finish_reason == "interrupted":
        return Verdict("stopped")
    if not reply.code:
        return _no_code(reply, failed)
    if not run:
        return Verdict("inserted", "the answer was cut off at its length limit" if cut else "")
    earlier = circles.same(turn, tried)
    if earlier:
        return Verdict(execution=earlier.execution, feedback=earlier.feedback)
    if cut and not _whole(reply):
        failure = Failure("Incomplete", "the answer was cut off at its length limit")
        return Verdict(execution=Execution(failure=failure), feedback=CUT_OFF)
    return _hiding(turn, tried)


def _hiding(turn: Turn, tried: Sequence[Turn]) -> Verdict | None:
    failed = next((t for t in reversed(tried) if not circles.refused(t)), None)
    why = hiding.hidden(failed, turn) if failed else ""
    if not failed or not why:
        return None
    failure = Failure(circles.REFUSED, f"the repair only hides the error: {why}")
    feedback = f"{failed.feedback}\n\n{HIDES.format(why)}"
    return Verdict(execution=Execution(failure=failure), feedback=feedback)


def _no_code(reply: Reply, failed: Turn | None) -> Verdict:
    if failed:
        again = "the model answered the error without code"
        return Verdict("unrepaired", again, failed.execution, failed.feedback)
    if not any(cell.source.strip() for cell in reply.cells):
        return Verdict("unrepaired", "the model answered nothing")
    cut = reply.finish_reason == "length"
    return Verdict("answered", "cut off at its length limit" if cut else "")


def standing(tried: Sequence[Turn], made: Sequence[Turn], request: str) -> Turn:
    """The round that an exchange ends with.

    A stop in mid-repair leaves the draft before it, and so does a repair in words alone.
    """
    if not tried:
        return Turn(request, Reply("", finish_reason="interrupted"))
    last = tried[-1].reply
    if last.code and last.finish_reason != "interrupted":
        return tried[-1]
    with_code = [t for t in made if t.reply.code and t.reply.finish_reason != "interrupted"]
    whole = [turn for turn in with_code if _whole(turn.reply)]
    return [tried[-1], *with_code, *whole][-1]


def came(turn: Turn) -> bool:
    """Whether a round has left anything: code that is whole, or has run."""
    whole = turn.reply.code and turn.reply.finish_reason != "interrupted"
    return bool(turn.execution or whole)


def still_fails(repairs: int) -> str:
    """Why a request ends that `repairs` repairs have not helped."""
    if not repairs:
        return "it failed and no repair was allowed"
    return f"it still fails after {repairs} repair{'' if repairs == 1 else 's'}"


def _whole(reply: Reply) -> bool:
    """Whether the reply has code that is not cut off."""
    return bool(reply.code) and all(syntax(cell.source) == "complete" for cell in reply.code)
