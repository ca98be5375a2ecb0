"""How a prompt ends: silently when it is done, else with one exception of one line."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Held, OciError, Stopped, Unrepaired
from ..events import Finished, Prompted
from .display import failure_line, one_line


def conclude(finished: Finished, place: str, held: Sequence[str] = ()) -> None:
    """Raise what tells that a prompt did not end well; `place` says where its code is.

    `held` are the names of the effects that kept it from running.

    Raises Unrepaired, Held or Stopped.
    """
    error = _ERRORS.get(finished.outcome)
    if error:
        raise error(_sentence(finished, place, held))


def show_messages(prompted: Prompted) -> None:
    """What `--dry` prints: every message, and the tokens of the whole."""
    for message in prompted.messages:
        print(f"[{message.role}]\n{message.content}\n")
    left_out = f", {prompted.dropped} older messages left out" if prompted.dropped else ""
    print(f"{len(prompted.messages)} messages, {prompted.tokens} tokens{left_out}; nothing sent")


_ERRORS: dict[str, type[OciError]] = {"unrepaired": Unrepaired, "held": Held, "stopped": Stopped}


def _sentence(finished: Finished, place: str, held: Sequence[str]) -> str:
    code = f"the code so far is {place}" if finished.turn.reply.code else "there is no code yet"
    if finished.outcome == "stopped":
        return f"stopped by you; {code}"
    if finished.outcome == "held":
        allowed = " ".join(f"--allow {kind}" for kind in held or ("EFFECT",))
        read = f"the code is {place}, read it and run it yourself"
        return f"{finished.reason}; not run: {read}, or allow it with {allowed}"
    execution = finished.turn.execution
    failure = execution.failure if execution else None
    why = f"{failure_line(failure)}; {finished.reason}" if failure else one_line(finished.reason)
    return f"{why}; {code}: say what is wrong in another %%oci, or correct it"
