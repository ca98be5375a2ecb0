"""Answers to several prompts in one forward pass: rows that come and go while others go on.

Covers greedy and sampled choice, prompts that come midway, rows that end early, and errors, which
every row is told. What an answer's row has computed is kept a while: the next round of the same
conversation begins where it ended. Several rows at once change the rounding of sums, so that now
and then a greedy answer differs from the one that is given alone. Models that attend in ways of
their own are answered one by one.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any

import torch

from ..engines.decoding import PREFILL, Decoder, common_prefix
from ..engines.local import LocalEngine
from .keys import Keys, fits, forward

_TOGETHER = 16
_LEAST = 4
"""Rows for which one more thread computes, of a model whose steps are too short to be shared."""
_IDLE_BYTES = 2**30
"""What rows that have ended may hold, for their conversations to go on."""


def batched(engine: LocalEngine, size: int) -> int:
    """Let an engine answer up to `size` calls of `stream` at a time; how many it does now."""
    decoder = BatchDecoder(engine.model, engine.stops, engine.window, size)
    if not decoder.able:
        return 1
    engine.decoder = decoder
    return size


class _Row:
    """One answer under way: what is told to it, what it has computed, where its tokens go."""

    def __init__(self, prompt: Sequence[int], pick: Callable[[Any], int]) -> None:
        self.prompt, self.pick = list(prompt), pick
        self.keys: Keys
        self.out: queue.SimpleQueue[list[int] | Exception] = queue.SimpleQueue()
        self.made: list[int] = []
        self.last = 0
        self.done = False

    def take(self, token: int, *, last: bool) -> None:
        """Keep a token; a few are handed over together, for a thread wakes for each hand-over."""
        self.last = token
        self.made.append(token)
        if last:
            self.done = True
        if last or len(self.made) >= _TOGETHER:
            self.out.put(self.made)
            self.made = []


class BatchDecoder(Decoder):
    """A decoder whose `tokens` may be called from several threads; threads of its own compute.

    There is one, or for a small model on a CPU up to one per core, each with rows of its own.
    """

    def __init__(self, model: Any, stops: frozenset[int], window: int, size: int) -> None:
        super().__init__(model)
        self._stops, self._window, self._lock = stops, window, threading.Lock()
        number = max(1, min(os.cpu_count() or 1, size // _LEAST)) if self._serial else 1
        self._size = -(-size // number)
        self._waiting: queue.Queue[_Row] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._work, daemon=True, name="batches") for _ in range(number)
        ]
        self._named = {self._cache_name: None, **self._last_only}
        self._idle: list[Keys] = []
        self.able = self._croppable and fits(model, **self._named)

    def tokens(
        self, prompt: Sequence[int], pick: Callable[[Any], int]
    ) -> Generator[int, None, None]:
        """Like `Decoder.tokens`, together with what other threads ask."""
        row = _Row(prompt, pick)
        self._waiting.put(row)
        with self._lock:
            for thread in self._threads:
                if thread.ident is None:
                    thread.start()
        try:
            while True:
                found = row.out.get()
                if isinstance(found, Exception):
                    raise found
                yield from found
        finally:
            row.done = True

    def _work(self) -> None:
        if self._serial:
            torch.set_num_threads(1)  # of this thread
        rows: list[_Row] = []
        while True:
            try:
                self._admit(rows)
                if rows:
                    self._advance(rows, [[row.last] for row in rows])
            except Exception as error:
                for row in rows:
                    row.out.put(error)
                rows.clear()

    def _admit(self, rows: list[_Row]) -> None:
        """Begin what waits while there is room; without rows, wait for one."""
        while self._room(rows):
            try:
                row = self._waiting.get(block=not rows)
            except queue.Empty:
                return
            rows.append(row)
            row.keys = self._resumed(row.prompt)
            *parts, last = _parts(row.prompt[len(row.keys.tokens) :])
            for part in parts:
                self._logits([row], [part])
            self._advance([row], [last])

    def _room(self, rows: list[_Row]) -> bool:
        """Whether one more may begin, now that those that have ended leave the list."""
        for row in [row for row in rows if row.done]:
            rows.remove(row)
            with self._lock:
                self._idle.append(row.keys)
                while sum(each.bytes for each in self._idle) > _IDLE_BYTES:
                    self._idle.pop(0)
        return len(rows) < self._size

    def _advance(self, rows: list[_Row], tokens: list[list[int]]) -> None:
        """Compute `tokens` and choose the next ones."""
        for row, logits in zip(rows, self._logits(rows, tokens), strict=True):
            token = row.pick(logits)
            full = len(row.keys.tokens) >= self._window
            row.take(token, last=row.done or full or token in self._stops)

    def _logits(self, rows: list[_Row], tokens: list[list[int]]) -> Any:
        return forward(self._model, [row.keys for row in rows], tokens, **self._named)

    def _resumed(self, prompt: list[int]) -> Keys:
        """What is known of the conversation that `prompt` goes on with, or new and empty keys."""
        with self._lock:
            shared = [common_prefix(each.tokens, prompt[:-1]) for each in self._idle]
            best = max(range(len(shared)), key=shared.__getitem__, default=-1)
            if best < 0 or 2 * shared[best] < len(self._idle[best].tokens):
                return Keys()
            found = self._idle.pop(best)
        found.crop(shared[best])
        return found


def _parts(tokens: list[int]) -> list[list[int]]:
    return [tokens[start : start + PREFILL] for start in range(0, len(tokens), PREFILL)]
