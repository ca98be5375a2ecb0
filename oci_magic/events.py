"""What a session tells while it works: one frozen event for every step of the loop.

The notebook draws them, the headless runner writes them, an evaluation records them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Literal

from .types import Cell, Effect, Execution, Failure, Message, Reply, Turn, Usage

Outcome = Literal["worked", "answered", "inserted", "unrepaired", "held", "stopped"]


@dataclass(frozen=True)
class Prompted:
    """What goes to the model: `tokens` of `messages`; `dropped` older ones did not fit."""

    messages: tuple[Message, ...]
    tokens: int
    dropped: int


@dataclass(frozen=True)
class Streamed:
    """A piece of the reply and all of its text so far; `anew`: what came before it is void."""

    chunk: str
    text: str
    anew: bool = False


@dataclass(frozen=True)
class Drafted:
    """A reply is complete (or was stopped: `finish_reason`)."""

    reply: Reply


@dataclass(frozen=True)
class HeldBack:
    """Review keeps this cell, and so the whole reply, from running."""

    cell: Cell
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Executed:
    """A cell has run; the namespace is put back after this event if it failed."""

    cell: Cell
    execution: Execution


@dataclass(frozen=True)
class NotPutBack:
    """The code failed and names these values, which may stay as it left them."""

    left: tuple[str, ...]


@dataclass(frozen=True)
class Repairing:
    """Repair `round` of at most `rounds` begins: `feedback` goes back to the model.

    `way` says how it is asked where asking plainly has led to the same again.
    """

    round: int
    rounds: int
    failure: Failure
    feedback: str
    way: str = ""


@dataclass(frozen=True)
class GoesOn:
    """The code has worked, the model is shown what came out: it may add to the cells `below`.

    A `comment` is words alone, else code of it is to run.
    """

    below: tuple[Cell, ...]
    comment: bool


@dataclass(frozen=True)
class Finished:
    """The last event. `reason` is a clause on why it ended so, "" where the outcome says it.

    `below` are the cells that stand below the prompt in the end: the code, and the words between
    and after it where the answer went on from its results.

    `usage` adds up all rounds, `repairs` counts replies after the first, `seconds` is wall time,
    `model` the engine's name, `checks` what the result has been seen to satisfy, `changes` clauses
    on what of the person's is another one now, where somebody has looked.
    """

    outcome: Outcome
    turn: Turn
    reason: str = ""
    repairs: int = 0
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    model: str = ""
    checks: tuple[str, ...] = ()
    below: tuple[Cell, ...] = ()
    gone_on: bool = False
    """Whether an answer that had worked went on, so that what stands works, whatever followed."""
    changes: tuple[str, ...] = ()


Event = (
    Prompted | Streamed | Drafted | HeldBack | Executed | NotPutBack | Repairing | GoesOn | Finished
)
Events = Generator[Event, None, None]


def follow(
    events: Events,
    show: Callable[[Event], object],
    let_through: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Finished:
    """Show every event; a stop that arrives while showing one reaches the session.

    Where stops are put off, so that what is shown is shown whole, `let_through` lets them come
    while the session works. Returns the last event. Raises EngineError like `Session.ask`.
    """
    try:
        with let_through():
            event = next(events)
        while True:
            try:
                show(event)
                if isinstance(event, Finished):
                    return event
                with let_through():
                    event = next(events)
            except KeyboardInterrupt:
                if not isinstance(event, Finished):
                    event = events.throw(KeyboardInterrupt())
    finally:
        events.close()  # if it has not come to its end, what it has begun is taken back now
