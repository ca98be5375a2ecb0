"""A model on a server, in an evaluation: asked by several threads, a few at a time, patiently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from ..engines.addresses import Server
from ..engines.server import ServerEngine
from ..types import Chunk, Message

PATIENCE = 300.0
"""Seconds in all that one answer waits because the server has too many requests."""


class Served(ServerEngine):
    """An engine that asks while one of `slots`, which it shares with others, is free."""

    def __init__(
        self, name: str, url: str | None, notify: Callable[[str], None], slots: threading.Semaphore
    ) -> None:
        super().__init__(name, Server(url=url or "", patience=PATIENCE), notify)
        self._slots = slots

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        with self._slots:
            yield from super().stream(messages, draft=draft)
