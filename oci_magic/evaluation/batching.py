"""Answers to several prompts in one forward pass: padded batches for models of transformers.

Covers greedy and sampled choice, rows that end early (they leave the batch), and errors, which
every row is told. Prompts that come while a batch runs wait for the next one; none joins midway.
Padding changes the rounding of sums, so that now and then a greedy answer differs from the one
that is given alone. Models with more state than keys and values are answered one by one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from ..engines import Engine
from ..engines.decoding import Decoder
from ..engines.local import LocalEngine

_GATHER = 0.05
"""Seconds for which the first prompt of a batch waits for others."""
_TOGETHER = 16


def batched(engine: Engine, size: int) -> int:
    """Let a local engine answer up to `size` calls of `stream` at a time; how many it does now."""
    if size < 2 or not isinstance(engine, LocalEngine):
        return 1
    decoder = BatchDecoder(engine.model, engine.stops, size)
    if not decoder.able:
        return 1
    engine.decoder = decoder
    return size


class _Row:
    """One answer under way: what is told to it, and where its tokens go."""

    def __init__(self, prompt: Sequence[int], pick: Callable[[Any], int]) -> None:
        self.prompt, self.pick = list(prompt), pick
        self.out: queue.SimpleQueue[list[int] | Exception] = queue.SimpleQueue()
        self.made: list[int] = []
        self.done = False

    def take(self, token: int, *, last: bool) -> None:
        """Keep a token; a few are handed over together, for a thread wakes for each hand-over."""
        self.made.append(token)
        if last or len(self.made) >= _TOGETHER:
            self.out.put(self.made)
            self.made = []


class BatchDecoder(Decoder):
    """A decoder whose `tokens` may be called from several threads; one of its own computes."""

    def __init__(self, model: Any, stops: frozenset[int], size: int) -> None:
        super().__init__(model)
        self._stops, self._size = stops, size
        self._waiting: queue.Queue[_Row] = queue.Queue()
        self._lock, self._thread = threading.Lock(), threading.Thread(
            target=self._work, daemon=True, name="batches"
        )  # fmt: skip
        self.able = self._croppable

    def tokens(
        self, prompt: Sequence[int], pick: Callable[[Any], int]
    ) -> Generator[int, None, None]:
        """Like `Decoder.tokens`, together with what other threads ask."""
        row = _Row(prompt, pick)
        self._waiting.put(row)
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()
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
            import torch

            torch.set_num_threads(1)  # of this thread
        while True:
            rows = [row for row in self._gathered() if not row.done]
            try:
                self._answer(rows)
            except Exception as error:
                for row in rows:
                    row.out.put(error)

    def _gathered(self) -> list[_Row]:
        rows, until = [self._waiting.get()], time.monotonic() + _GATHER
        while len(rows) < self._size:
            try:
                rows.append(self._waiting.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return rows

    def _answer(self, rows: list[_Row]) -> None:
        """Compute until every row is done."""
        import torch

        device = self._model.device
        longest = max((len(row.prompt) for row in rows), default=0)
        padding = [longest - len(row.prompt) for row in rows]
        ids = [[0] * pad + row.prompt for pad, row in zip(padding, rows, strict=True)]
        masks = [[0] * pad + [1] * len(r.prompt) for pad, r in zip(padding, rows, strict=True)]
        feed, mask = torch.tensor(ids, device=device), torch.tensor(masks, device=device)
        places, cache = (mask.cumsum(1) - 1).clamp(min=0), self._fresh()
        with torch.inference_mode():
            while rows:
                logits = self._step(feed, mask, places, cache)
                picked = [row.pick(logits[at]) for at, row in enumerate(rows)]
                left = [at for at, row in enumerate(rows) if self._goes_on(row, picked[at])]
                if len(left) < len(rows):
                    kept = torch.tensor(left, device=device, dtype=torch.long)
                    rows = [rows[at] for at in left]
                    mask, places = mask[kept], places[kept]
                    if rows:
                        cache.batch_select_indices(kept)
                feed = torch.tensor([[picked[at]] for at in left], device=device)
                mask = torch.cat([mask, mask.new_ones(len(rows), 1)], 1)
                places = places[:, -1:] + 1

    def _step(self, feed: Any, mask: Any, places: Any, cache: Any) -> Any:
        """The logits for every row; `cache` grows in place."""
        named = {self._cache_name: cache, **self._last_only}
        output = self._model(
            feed, attention_mask=mask, position_ids=places, use_cache=True, **named
        )
        return output.logits[:, -1]

    def _goes_on(self, row: _Row, token: int) -> bool:
        ends = row.done or token in self._stops
        row.take(token, last=ends)
        return not ends
