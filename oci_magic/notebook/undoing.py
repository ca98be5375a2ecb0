"""`%oci undo` and Revert: an answer is taken back, its cells, names and part of the conversation.

One that was not accepted has changed nothing: it goes alone, and the accepted answer before it can
be taken back next. A row's Revert takes back the answer of its own prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ..running.interrupts import put_off
from . import frontends
from .display import left_line, one_line, stay_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..exchanges import Answer
    from .frontends import Place
    from .magics import OCIMagics


def undo(magics: OCIMagics) -> None:
    """Take the last answer back, or that of the prompt whose button was pressed."""
    session = magics.session
    there = magics.standing.open(session.exchanges) if session else []
    if session is None or not there:
        raise UsageError("nothing to undo: no answer with code has come since the last undo")
    place = frontends.place(magics.shell, magics.replaced)
    mine = [each for each in there if not place.action or each[1].prompt == place.prompt]
    if not mine:
        raise UsageError("only the last answer can be taken back, and this one is not the last")
    answer, stood = mine[-1]
    if place.lacks(stood):
        raise UsageError("the last answer stands in another window: take it back there")
    with put_off():
        _, stay = session.undo(answer)
        if answer is there[-1][0]:
            magics.waiting.drop()
            magics.last = None
        magics.finals.pop(stood.prompt)
        left = [each for each in there if each[0] is not answer]
        again = any(other.prompt == stood.prompt for _, other in left)
        place.withdraw(stood, _line(answer, stay, left), again=again)


def _line(answer: Answer, stay: Sequence[str], left: Sequence[tuple[Answer, Place]]) -> str:
    """What was taken back, what of it was not, and what else can be."""
    said = one_line(answer.request, 60)
    if answer.saved:
        parts = [f"undone: {said}", stay_line(stay), left_line(answer.saved.left)]
        return "; ".join(filter(None, parts))
    line = f"taken away: {said} (no variable changes)"
    before = one_line(left[-1][0].request, 60) if left else ""
    return f"{line}; %oci undo again takes back: {before}" if before else line
