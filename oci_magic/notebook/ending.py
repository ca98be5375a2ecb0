"""How a prompt ends: silently when it is done, else with one exception of one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import Held, OciError, Stopped, Unrepaired
from ..events import Finished, Prompted
from ..prompting.conversation import source
from ..types import Turn
from .display import failure_line, one_line
from .record import note

if TYPE_CHECKING:
    from ..session import Session
    from .frontends import Place
    from .magics import OCIMagics


def conclusion(finished: Finished, place: Place, held: Sequence[str] = ()) -> OciError | None:
    """What a prompt that did not end well raises: Unrepaired, Held or Stopped.

    `held` are the names of the effects that kept its code from running.
    """
    error = _ERRORS.get(finished.outcome)
    return error(_sentence(finished, place, held)) if error else None


def settle(magics: OCIMagics, finished: Finished, output: str | None) -> None:
    """Record and bind it; the last draft that failed is the next thing to fix, a stop or not."""
    if magics.record and magics.session:
        note(magics.session.exchanges.asked, finished)
    if output:
        magics.shell.user_ns[output] = finished.turn
    magics.journal.prompted()
    if finished.outcome == "worked":
        magics.journal.settle(source(finished.turn), None)
    elif finished.outcome in ("unrepaired", "stopped"):
        for turn in _rounds(magics.session, finished):
            failure = turn.execution.failure if turn.execution else None
            if failure and not failure.stopped and turn.reply.code:
                magics.journal.settle(source(turn), failure)


def show_messages(prompted: Prompted) -> None:
    """What `--dry` prints: every message, and the tokens of the whole."""
    for message in prompted.messages:
        print(f"[{message.role}]\n{message.content}\n")
    left_out = f", {prompted.dropped} older messages left out" if prompted.dropped else ""
    print(f"{len(prompted.messages)} messages, {prompted.tokens} tokens{left_out}; nothing sent")


def _rounds(session: Session | None, finished: Finished) -> tuple[Turn, ...]:
    """The rounds of the request that has just finished."""
    last = session.exchanges.asked[0] if session and session.exchanges.asked else ()
    return last if any(turn is finished.turn for turn in last) else (finished.turn,)


_ERRORS: dict[str, type[OciError]] = {"unrepaired": Unrepaired, "held": Held, "stopped": Stopped}


def _sentence(finished: Finished, place: Place, held: Sequence[str]) -> str:
    code = place.standing(finished.turn)
    if finished.outcome == "stopped":
        return f"stopped by you; {finished.reason or code}"
    if finished.outcome == "held":
        if not held:
            return f"{finished.reason}: it is {place.after_error}"
        allowed = " ".join(f"--allow {kind}" for kind in held)
        read = f"the code is {place.after_error}, read it and run it yourself"
        return f"{finished.reason}; not run: {read}, or allow it with {allowed}"
    execution = finished.turn.execution
    failure = execution.failure if execution else None
    why = f"{failure_line(failure)}; {finished.reason}" if failure else one_line(finished.reason)
    return f"{why}; {code}: say what is wrong in another %%oci, or correct it"
