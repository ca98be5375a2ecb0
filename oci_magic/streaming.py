"""One reply as it comes from the engine: shown piece by piece, stopped, or cut off in a loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

from .engines import Engine
from .events import Event, Streamed
from .guards import circles
from .types import Cell, Chunk, Message, Reply, Usage


def streamed(
    engine: Engine, messages: Sequence[Message], draft: str | None,
    parse: Callable[[str], Sequence[Cell]],
) -> Generator[Event, None, Reply]:  # fmt: skip
    """Ask the engine; a stop ends the reply where it is, and so does text that only repeats."""
    text, last, started = "", Chunk(""), time.perf_counter()
    try:
        for last in engine.stream(messages, draft=draft):
            text = last.text if last.anew else text + last.text
            if last.text or last.anew:
                yield Streamed(last.text, text, last.anew)
            looked = len(text) // circles.LINES > (len(text) - len(last.text)) // circles.LINES
            start = circles.loop_start(text) if looked else None
            if start is not None:
                text, last = text[:start], Chunk("", "length", last.usage)
                break
    except KeyboardInterrupt:
        last = Chunk("", "interrupted", last.usage)
    usage = last.usage or Usage(seconds=time.perf_counter() - started)
    return Reply(text, tuple(parse(text)), last.finish_reason or "stop", usage)
