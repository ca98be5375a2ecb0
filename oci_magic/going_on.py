"""Going on from a result: the model sees how its code ran, and comments on it or adds a cell.

It is the loop of OpenCodeInterpreter's demo (arXiv 2402.14658), where every execution result goes
back to the model. What a further cell breaks it mends like any other; one that does not work in
the end, or is held, is left out, and the answer before it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from .errors import EngineError
from .events import Event, Finished, GoesOn
from .types import Cell, Execution, Turn, Usage

Ends = Generator[Event, None, Finished]


def gone_on(
    first: Ends, more: Callable[[Execution, bool], Ends], steps: int, comment: bool
) -> Ends:
    """The exchange `first`, then `more`: up to `steps` cells, and a `comment` in the end.

    `more` is given an execution that worked and whether words alone are asked for.
    """
    done = [(yield from first)]
    while done[-1].outcome == "worked" and (len(done) <= steps or comment):
        words = len(done) > steps
        yield GoesOn(_below(done), words)
        execution = done[-1].turn.execution
        assert execution
        try:
            done.append((yield from more(execution, words)))
        except EngineError as error:
            done.append(replace(done[-1], outcome="unrepaired", reason=str(error), usage=Usage()))
        if words:
            break
    further = "the comment" if len(done) - 1 > steps else "a further cell"
    return done[0] if len(done) == 1 else _together(done, further)


def _below(done: Sequence[Finished]) -> tuple[Cell, ...]:
    first, *others = (part.turn.reply for part in done)
    return (*first.code, *(cell for reply in others for cell in reply.cells))


def _together(done: Sequence[Finished], further: str) -> Finished:
    """Exchanges that followed one from the other, as one; the last of them was for `further`."""
    first, last = done[0], done[-1]
    good = [part for part in done if part.outcome in ("worked", "answered")]
    replies = [part.turn.reply for part in good]
    executions = [part.turn.execution for part in good if part.turn.execution]
    reply = replace(
        first.turn.reply,
        text="\n\n".join(reply.text for reply in replies),
        cells=tuple(cell for reply in replies for cell in reply.cells),
        usage=sum((reply.usage for reply in replies), Usage()),
    )
    execution = Execution(
        tuple(output for each in executions for output in each.outputs),
        seconds=sum(each.seconds for each in executions),
    )
    return replace(
        first,
        outcome="stopped" if last.outcome == "stopped" else "worked",
        turn=Turn(first.turn.request, reply, execution),
        reason=last.reason if last.outcome in ("worked", "answered") else _left_out(last, further),
        repairs=sum(part.repairs for part in done),
        usage=sum((part.usage for part in done), Usage()),
        seconds=sum(part.seconds for part in done),
        below=_below(good),
        gone_on=True,
    )


def _left_out(last: Finished, further: str) -> str:
    if last.outcome == "stopped":
        return "what came after the code that stands was left out"
    failure = last.turn.execution.failure if last.turn.execution else None
    why = f"{failure.name}: {failure.message}" if failure else last.reason
    return f"{further} was left out ({why})"
