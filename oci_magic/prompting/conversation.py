"""Rounds in messages: what a model is told of earlier exchanges and of the one under way.

An exchange is the rounds of one request. Once it is over it is told as request and last
reply alone; if it ended in an error, the next thing the person says follows on that error.
Leaving out what does not fit is `prompts.fit`'s work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..types import Cell, Execution, Message, Turn
from .prompts import DELETED, SYSTEM, code_block, request_message

Rounds = Sequence[Turn]


def conversation(
    exchanges: Sequence[Rounds], request: str, context: str = "", tried: Rounds = ()
) -> tuple[list[list[Message]], list[Message]]:
    """Earlier exchanges, which may be left out, and the messages of the one under way.

    `tried` are the failed rounds of this request. Right after an exchange that ended in an
    error, its request and code belong to the messages that stay.
    """
    history, before = [], None
    for turn in filter(None, map(told, exchanges)):
        history.append([_opening(before, turn.request), _said(turn)])
        before = turn
    current = [_opening(before, request, context)]
    for turn in tried:
        current += [_said(turn), Message("user", turn.feedback)]
    if before and before.feedback and not tried:
        current = [*history.pop(), *current]
    return history, [Message("system", SYSTEM), *current]


def told(rounds: Rounds) -> Turn | None:
    """The round of an exchange that later prompts are told: its last uninterrupted one.

    A reply of blanks is told only where it failed with nothing said before it, for then the
    error, and the request above all, are what the next prompt goes on from.
    """
    whole = [turn for turn in rounds if turn.reply.finish_reason != "interrupted"]
    says = [turn for turn in whole if turn.reply.text.strip()]
    found = says or [turn for turn in whole if turn.feedback]
    return found[-1] if found else None


def revised(rounds: Rounds, changes: Mapping[int, str | None]) -> tuple[Turn, ...]:
    """Rounds whose last code is the person's version: by place in it, new source or None for none.

    What they have edited works; what they have deleted is told as that.
    """
    held = [at for at, turn in enumerate(rounds) if len(turn.reply.code) > max(changes)]
    if not held:
        return tuple(rounds)
    turn, reply = rounds[held[-1]], rounds[held[-1]].reply
    code: dict[int, str | None] = {at: cell.source for at, cell in enumerate(reply.code)}
    code.update(changes)
    left = iter(code.values())
    texts = [(c.kind, next(left) if c.kind == "code" else c.source) for c in reply.cells]
    cells = tuple(Cell(text, kind) for kind, text in texts if text is not None)
    said = [code_block(c.source) if c.kind == "code" else c.source for c in cells]
    said += [DELETED] if None in changes.values() else []
    new = replace(turn, reply=replace(reply, text="\n\n".join(said), cells=cells))
    if any(source is not None for source in changes.values()):
        new = replace(new, execution=Execution(), feedback="")
    return (*rounds[: held[-1]], new)


def source(turn: Turn) -> str:
    """The code of a turn's reply, as one text."""
    return "\n\n".join(cell.source for cell in turn.reply.code)


def _said(turn: Turn) -> Message:
    return Message("assistant", turn.reply.text)


def _opening(before: Turn | None, request: str, context: str = "") -> Message:
    """The user's turn, led in by the error that the exchange before it ended with."""
    message = request_message(request, context)
    if not before or not before.feedback:
        return message
    return Message("user", f"{before.feedback}\n\n{message.content}")
