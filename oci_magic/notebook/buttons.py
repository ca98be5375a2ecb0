"""What a prompt asks of the session: an answer, or what a button of its panel says.

A button goes on with the conversation as long as this prompt was its last, and unchanged; else
the prompt is asked anew as it is now, with the words that came with the button below it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..prompting.conversation import source
from ..types import Failure

if TYPE_CHECKING:
    from ..events import Events
    from ..session import Session
    from .frontends import Place
    from .magics import OCIMagics

RETRY_TEMPERATURE = 0.7


def asked_for(
    magics: OCIMagics, session: Session, place: Place, request: str, context: Callable[[str], str]
) -> Events:
    """The events of what was asked for in `place`; `context` tells of the notebook for a request.

    See the module.
    """
    run, rounds = magics.run and not magics.asked.no_run, magics.asked.rounds
    action = place.action if is_last(magics, session, place) else None
    failed = _failed(session) if action == "fix" else None
    if place.action == "retry":
        sampling = session.engine.sampling
        warm = sampling.temperature or RETRY_TEMPERATURE
        session.engine.sampling = replace(sampling, temperature=warm)
    if action == "feedback":
        return session.ask(place.words, context(place.words), run=run, rounds=rounds)
    if failed:
        return session.fix(*failed, context(request), run=run, rounds=rounds)
    if action == "retry":
        return session.retry(context(request), run=run, rounds=rounds)
    asked = "\n".join(filter(None, (request, place.words)))
    return session.ask(asked, context(asked), run=run, rounds=rounds)


def _failed(session: Session) -> tuple[str, Failure] | None:
    """Code and failure of the last draft of the last exchange that failed by itself."""
    for turn in reversed(session.exchanges[-1]):
        failure = turn.execution.failure if turn.execution else None
        if failure and not failure.stopped and turn.reply.code:
            return source(turn), failure
    return None


def is_last(magics: OCIMagics, session: Session, place: Place) -> bool:
    """Whether the conversation's last exchange is about the prompt of `place`, as it is now."""
    last = magics.last.prompt if magics.last else ""
    return bool(place.prompt and session.exchanges and last == place.prompt and not place.changed)
