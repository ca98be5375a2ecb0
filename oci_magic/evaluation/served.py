"""A model on a server, in an evaluation: asked by several threads, a few at a time, patiently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from weakref import WeakSet

from ..engines import refusals
from ..engines.addresses import Server
from ..engines.server import ServerEngine
from ..errors import EngineError, ModelNotFound, NoAnswer
from ..types import Chunk, Message

PATIENCE = 300.0
"""Seconds in all that one answer waits because the server has too many requests."""
_REFUSED = (400, 413, 422)
"""Statuses with which a server refuses one prompt, or whatever it is asked."""
_WARNED, _WARNING = WeakSet[threading.Semaphore](), threading.Lock()
"""The slots of engines whose person knows that the server does not list the model."""


class Served(ServerEngine):
    """An engine that asks while one of `slots`, which it shares with others, is free.

    What there is to warn of is told by the first of them alone.
    """

    def __init__(
        self, name: str, server: Server, notify: Callable[[str], None], slots: threading.Semaphore
    ) -> None:
        self._slots = slots
        super().__init__(name, replace(server, patience=PATIENCE), notify)

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        with self._slots:
            yield from super().stream(messages, draft=draft)

    def _warn(self, names: Sequence[str]) -> None:
        with _WARNING:
            if self._slots not in _WARNED:
                _WARNED.add(self._slots)
                super()._warn(names)

    def _explained(self, error: Exception) -> EngineError:
        told = super()._explained(error)
        known = isinstance(told, (NoAnswer, ModelNotFound))
        if not known and refusals.status_of(error) in _REFUSED and self._answers():
            return NoAnswer(str(told))
        return told

    def _answers(self) -> bool:
        """Whether another prompt is answered, so that it is one prompt that is refused."""
        try:
            with closing(self._events([Message("user", "Say hello.")])) as events:
                return next(events, None) is not None
        except Exception:
            # As in `_tries`: whatever it is, the refusal is what is told.
            return False
