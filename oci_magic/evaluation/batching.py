"""Answers to several prompts in one forward pass: rows that come and go while others go on.

Covers greedy and sampled choice, prompts that come midway, rows that end early, and errors, which
every row is told. What an answer's row has computed is kept a while: the next round of the same
conversation begins where it ended, and a prompt that begins like one that has ended or is beside
it, as with several samples, after what they share. Several rows at once, and other parts, change
the rounding of sums, so that now and then a greedy answer differs from the one that is given
alone. Models that attend in ways of their own are answered one by one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import torch

from ..engines.decoding import PREFILL, Decoder, common_prefix
from ..engines.loading import out_of_memory
from ..engines.local import LocalEngine
from ..engines.memory import free_memory
from ..errors import EngineError
from .keys import Keys, fits, forward, token_bytes

_TOGETHER, _SOON = 16, 0.1
"""Tokens, and seconds, after which a row hands over what it has: a thread wakes for each."""
_LEAST = 4
"""Rows for which one more process computes, of a model whose steps are too short to be shared."""
_RETOLD = 16
"""Tokens at the end of a conversation that may be others when it is told again."""
_IDLE_BYTES = 2**30
"""What rows that have ended may hold at most, for their conversations to go on."""
_MOST, _TOKENS = 32, 2048
"""Rows where nobody says how many, and the tokens of each that there must be memory for."""
_SHARE = 3
"""Rows may take one part of so many of the free memory: a mentor is beside them, at times."""

_STOPPED = "the evaluation has been stopped"


def batched(engine: LocalEngine, size: int | None = None) -> int:
    """Let an engine answer up to `size` calls of `stream` at a time; how many it does now.

    Without `size`, as many as there is memory for, 32 at most.
    """
    decoder = BatchDecoder(engine.model, engine.stops, engine.window, size)
    if not decoder.able or decoder.size == 1:
        return 1
    engine.decoder = decoder
    return decoder.size


class _Row:
    """One answer under way: what is told to it, what it has computed, where its tokens go."""

    def __init__(self, prompt: Sequence[int], pick: Callable[[Any], int]) -> None:
        self.prompt, self.pick = list(prompt), pick
        self.keys: Keys
        self.out: queue.SimpleQueue[list[int] | Exception | None] = queue.SimpleQueue()
        self.made: list[int] = []
        self.last, self.told = 0, 0.0
        self.done = False

    def take(self, token: int, *, last: bool) -> None:
        """Keep a token, and hand over those that are kept, if they are many or late."""
        self.last = token
        self.made.append(token)
        now = time.monotonic()
        if last or len(self.made) >= _TOGETHER or now - self.told > _SOON:
            self.out.put(self.made)
            self.made, self.told = [], now
        if last:
            self.out.put(None)
            self.done = True


class BatchDecoder(Decoder):
    """A decoder whose `tokens` may be called from several threads; a thread of its own computes.

    `able` says whether the model is one that can, `size` for how many at a time.
    `close` ends the thread; one in a forward pass when Python ends would abort the process.
    """

    def __init__(self, model: Any, stops: frozenset[int], window: int, size: int | None) -> None:
        super().__init__(model)
        self._stops, self._window, self._lock = stops, window, threading.Lock()
        self._named = {self._cache_name: None, **self._last_only}
        self.able = self._croppable and fits(model, **self._named)
        self.size = size or (self._most() if self.able else 1)
        self._waiting: queue.Queue[_Row | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True, name="batches")
        self._closed, self._number = False, torch.get_num_threads()
        self._idle: list[Keys] = []

    def tokens(
        self, prompt: Sequence[int], pick: Callable[[Any], int]
    ) -> Generator[int, None, None]:
        """Like `Decoder.tokens`, together with what other threads ask; ends with a stop token."""
        if self._closed:
            raise EngineError(_STOPPED)
        row = _Row(prompt, pick)
        try:
            self._waiting.put(row)
            self._start()
            while (found := row.out.get()) is not None:
                if isinstance(found, Exception):
                    raise found
                yield from found
        finally:
            row.done = True

    def close(self) -> None:
        """Stop computing, and wait until that is so; answers under way end where they are."""
        self._closed = True
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join()
        torch.set_num_threads(self._number)
        while not self._waiting.empty():
            _tell([row] if (row := self._waiting.get()) else [], EngineError(_STOPPED))

    @property
    def parts(self) -> int:
        """In how many processes its rows would be computed sooner than in one."""
        return max(1, self.size // _LEAST) if self.serial else 1

    def _most(self) -> int:
        """As many rows as there is memory for."""
        each = token_bytes(self._model, **self._named) * min(self._window, _TOKENS)
        room = free_memory(str(self._model.device)) // _SHARE
        return max(1, min(_MOST, room // max(1, each)))

    def _start(self) -> None:
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    def _work(self) -> None:
        if self.serial:
            torch.set_num_threads(1)  # of the process
        rows: list[_Row] = []
        while not self._closed:
            try:
                self._admit(rows)
                if rows:
                    self._advance(rows, [[row.last] for row in rows])
            except Exception as error:
                _tell(rows, error)
        _tell(rows, EngineError(_STOPPED))

    def _admit(self, rows: list[_Row]) -> None:
        """Begin what waits while there is room; without rows, wait for one."""
        while self._room(rows):
            try:
                row = self._waiting.get(block=not rows)
            except queue.Empty:
                return
            if row is None:  # from `close`
                return
            if not row.done:
                others = [*rows]
                rows.append(row)
                self._begin(row, others)

    def _begin(self, row: _Row, others: list[_Row]) -> None:
        """Compute a prompt, but for what is known of it."""
        row.keys = self._resumed(row.prompt, others)
        *parts, last = _parts(row.prompt[len(row.keys.tokens) :])
        for part in parts:
            if not row.done:
                self._logits([row], [part])
        if not row.done:
            self._advance([row], [last])

    def _room(self, rows: list[_Row]) -> bool:
        """Whether one more may begin, now that those that have ended leave the list."""
        for row in [row for row in rows if row.done]:
            rows.remove(row)
            self._idle.append(row.keys)
            # A crew has twice as many conversations under way as are answered at a time.
            while len(self._idle) > 2 * self.size or self._idle_bytes > _IDLE_BYTES:
                self._idle.pop(0)
        return len(rows) < self.size

    @property
    def _idle_bytes(self) -> int:
        return sum(each.bytes for each in self._idle)

    def _advance(self, rows: list[_Row], tokens: list[list[int]]) -> None:
        """Compute `tokens` and choose the next ones."""
        for row, logits in zip(rows, self._logits(rows, tokens), strict=True):
            token = row.pick(logits)
            full = len(row.keys.tokens) >= self._window
            row.take(token, last=row.done or full or token in self._stops)

    def _logits(self, rows: list[_Row], tokens: list[list[int]]) -> Any:
        known = [row.keys for row in rows]
        try:
            return forward(self._model, known, tokens, **self._named)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or not self._idle:
                raise
        self._idle.clear()
        return forward(self._model, known, tokens, **self._named)

    def _resumed(self, prompt: list[int], others: list[_Row]) -> Keys:
        """The keys of the conversation that `prompt` goes on with, or of what it begins with."""
        known = [*self._idle, *(row.keys for row in others)]
        shared = {each: common_prefix(each.tokens, prompt[:-1]) for each in known}
        found = max(known, key=lambda each: shared[each], default=None)
        if found is None or not shared[found]:
            return Keys()
        if found not in self._idle or len(found.tokens) - shared[found] > _RETOLD:
            return self._copied(found, shared[found])
        self._idle.remove(found)
        found.crop(shared[found])
        return found

    def _copied(self, keys: Keys, length: int) -> Keys:
        """The first tokens' keys, if there is memory for them."""
        try:
            return keys.copy(length)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            return Keys()


def _tell(rows: list[_Row], error: Exception) -> None:
    """Hand an error to all rows, which then are no more."""
    for row in rows:
        row.out.put(error)
    rows.clear()


def _parts(tokens: list[int]) -> list[list[int]]:
    return [tokens[start : start + PREFILL] for start in range(0, len(tokens), PREFILL)]
