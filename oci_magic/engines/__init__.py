"""Engines: the seam between the loop and a model, and how a model's name becomes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ..types import Chunk, Message


class Engine(Protocol):
    """A chat model.

    `name` is what the person typed, `window` the number of tokens that prompt and answer
    share, `count` the number of tokens a conversation takes in it. `stream` yields text as it
    is generated; the last chunk carries `finish_reason` and `usage`. `draft` is the code being
    repaired: an engine may use it to be faster, never to change the answer.
    """

    name: str
    window: int

    def count(self, messages: Sequence[Message]) -> int: ...

    def stream(
        self, messages: Sequence[Message], *, draft: str | None = None
    ) -> Iterator[Chunk]: ...
