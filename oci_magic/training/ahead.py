"""Batches made ahead by processes of their own, for a GPU that computes faster than they are made.

Each process has a share of the examples and draws by itself, so a run that goes on after a stop
draws anew: only on a CPU does it get the very batches that it would have had.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .batches import Batches
from .examples import Shards
from .parallel import shared

if TYPE_CHECKING:
    from .batches import Batch

WAITING = 16
"""Batches that each process has ready."""
MOST = 12


@dataclass
class Ahead:
    """What `Batches` gives, of examples that are all there; stages begin a few batches late."""

    batches: Batches
    workers: int = 0
    first: float = 0.0

    def __post_init__(self) -> None:
        self.workers = self.workers or max(1, min(MOST, (os.cpu_count() or 1) - 2))

    @cached_property
    def count(self) -> int:
        """How many examples there are."""
        folder = self.batches.shards.folder
        return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.jsonl"))

    def next(self, progress: float, copies: bool = True) -> Batch:
        """The next batch, in pinned memory, of the stage that was reached a moment ago."""
        self._reached[0], self._reached[1] = max(progress, self.first), float(copies)
        batch: Batch = next(self._supply)
        return batch

    def look(self) -> int:
        """How many examples there are."""
        return self.count

    def state(self) -> dict[str, Any]:
        """Nothing is kept."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Draw otherwise than the run that is gone on with."""
        assert state == {}
        self.batches = replace(self.batches, random=Random())

    @cached_property
    def _reached(self) -> torch.Tensor:
        return shared(torch.zeros(2))

    @cached_property
    def _supply(self) -> Iterator[Batch]:
        loader = DataLoader(
            _Stream(self.batches, self._reached),
            batch_size=None,
            num_workers=self.workers,
            prefetch_factor=WAITING,
            pin_memory=torch.cuda.is_available(),
            multiprocessing_context="spawn",
        )
        return iter(loader)


class _Stream(IterableDataset["Batch"]):
    """One process' endless batches; `reached` tells progress and whether the model copies."""

    def __init__(self, batches: Batches, reached: torch.Tensor) -> None:
        self._batches = batches
        self._reached = reached

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        assert worker is not None
        shards = Shards(self._batches.shards.folder, share=(worker.id, worker.num_workers))
        seed = f"{self._batches.random.random()} {worker.id}"
        batches = replace(self._batches, shards=shards, random=Random(seed))
        batches.look()
        while True:
            progress, copies = self._reached.tolist()
            yield batches.next(progress, bool(copies))
