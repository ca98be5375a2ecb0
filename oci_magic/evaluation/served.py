"""A model on a server, as an evaluation asks it: by several threads, a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from ..engines.addresses import Server
from ..engines.server import ServerEngine
from ..types import Chunk, Message


class Served(ServerEngine):
    """An engine that asks while one of `slots`, which it shares with others, is free."""

    def __init__(
        self, name: str, url: str | None, notify: Callable[[str], None], slots: threading.Semaphore
    ) -> None:
        super().__init__(name, Server(url=url or ""), notify)
        self._slots = slots

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        with self._slots:
            yield from super().stream(messages, draft=draft)
