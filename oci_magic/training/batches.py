"""Which examples stand together in a step: of similar length, those seen least first.

Covers the pool of examples, the copy tasks of the early curriculum, and the state that lets
a resumed run go on with the very batches it would have had. Single examples are padded, never
packed: packed sequences taught a small model to copy far more slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

import torch

from ..types import Message
from .copying import copy_task
from .curriculum import Stage, repeat, stage_at
from .examples import Example, Shards, encode
from .splits import Halves, halves_of, rarer, split
from .tokenizer import ASSISTANT, END, PAD, USER, token_id

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PROMPT_WEIGHT = 0.1
PROMPT_SHARE = 0.25
WINDOW_STEPS = 16
FREQUENT = 5000  # examples that tell which tokens are common
MULTIPLE = 16


@dataclass(frozen=True)
class Batch:
    """Right-padded ids (examples, length) and `said` (0 or 1); `weights` are 0 on padding.

    The loss weight of a token is 1 if the assistant says it. Of the others a random quarter
    counts, so that its mean weight is 0.1: leaving logits out saves time. `counted` tells which
    of the flattened next tokens count; without it, which a GPU would have to be waited for, the
    logits of all are computed.
    """

    ids: torch.Tensor
    said: torch.Tensor
    weights: torch.Tensor
    counted: torch.Tensor | None
    size: int = 0  # tokens without padding

    @classmethod
    def of(
        cls, ids: torch.Tensor, said: torch.Tensor, weights: torch.Tensor, size: int = 0
    ) -> Batch:
        """The batch of these; `size` is its tokens without padding."""
        return cls(ids, said, weights, weights[:, 1:].flatten().nonzero().squeeze(1), size)

    def to(self, device: torch.device) -> Batch:
        """The batch on `device`."""
        counted = None if self.counted is None else self.counted.to(device)
        ids, said, weights = (each.to(device) for each in (self.ids, self.said, self.weights))
        return Batch(ids, said, weights, counted, self.size)

    def parts(self, count: int) -> list[Batch]:
        """The batch as `count` batches or fewer, each with some of its examples."""
        rows = -(-len(self.ids) // count)
        columns = (torch.split(column, rows) for column in (self.ids, self.said, self.weights))
        return [Batch.of(*part) for part in zip(*columns, strict=True)]


@dataclass
class Batches:
    """An endless supply of batches, as the curriculum wants them at each point of the run.

    They are `scale` times as large as it says.
    """

    tokenizer: Tokenizer
    shards: Shards
    random: Random
    scale: int = 1
    pool: list[Example] = field(default_factory=list)
    uses: list[int] = field(default_factory=list)
    queue: list[list[Example]] = field(default_factory=list)
    first: float = 0.0  # no stage before this progress
    halves: Halves = field(default_factory=dict)  # how the pool's rarer tokens may be split

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.pool)

    def next(self, progress: float, copies: bool = True) -> Batch:
        """The next batch; `progress` (0 to 1) and whether the model copies decide on the stage."""
        if not self.queue:
            self.look()
            self.queue = self._window(stage_at(max(progress, self.first), copies))
        return padded(self.queue.pop(), token_id(self.tokenizer, PAD), self.random)

    def look(self) -> int:
        """Take in what has appeared in the folder; returns how many examples there are."""
        return self._take(self.shards.news())

    def state(self) -> dict[str, Any]:
        queue = [[(e.ids, e.said) for e in batch] for batch in self.queue]
        return {
            "random": self.random.getstate(),
            "parts": self.shards.parts,
            "uses": self.uses,
            "queue": queue,
            "first": self.first,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`; examples that have appeared since count as unseen."""
        self.shards.parts = [tuple(part) for part in state.get("parts", [])]
        self._take(self.shards.again())
        self.look()
        self.uses[: len(state["uses"])] = state["uses"]
        self.first = state.get("first", 0.0)
        self.queue = [[Example(*pair) for pair in batch] for batch in state["queue"]]
        version, internal, gauss = state["random"]
        self.random.setstate((version, tuple(internal), gauss))

    def _take(self, conversations: Iterable[list[Message]]) -> int:
        fresh = encode(self.tokenizer, list(conversations))
        self.pool += fresh
        self.uses += [0] * len(fresh)
        if fresh:
            self.halves = rarer(halves_of(self.tokenizer), self.pool[-FREQUENT:])
        return len(self.pool)

    def _window(self, stage: Stage) -> list[list[Example]]:
        """The batches of the next few steps, longest examples together, in random order."""
        tasks = 1 - stage.repeats - stage.copies
        step = stage.tokens * self.scale
        chosen = self._least_used(int(WINDOW_STEPS * step * tasks), stage.longest)
        # Repeats and copies are shorter: the shares are those of examples.
        whole = len(chosen) / tasks if tasks else WINDOW_STEPS * step / 30
        copies = [copy_task(self.random) for _ in range(round(whole * stage.copies))]
        chosen += encode(self.tokenizer, copies)
        chosen += [self._repeat() for _ in range(round(whole * stage.repeats))]
        batches = cut(sorted(chosen, key=lambda example: len(example.ids)), step)
        self.random.shuffle(batches)
        return batches

    def _repeat(self) -> Example:
        user, assistant, end = (token_id(self.tokenizer, t) for t in (USER, ASSISTANT, END))
        return repeat(self.random, (user, assistant, end), self.tokenizer.get_vocab_size())

    def _least_used(self, budget: int, longest: int) -> list[Example]:
        order = [i for i, example in enumerate(self.pool) if len(example.ids) <= longest]
        if budget and not order:  # the shortest has to do
            order = [min(range(len(self.pool)), key=lambda i: len(self.pool[i].ids))]
        self.random.shuffle(order)
        order.sort(key=self.uses.__getitem__)
        chosen: list[Example] = []
        for index in order:
            budget -= len(self.pool[index].ids)
            if budget < 0 and chosen:
                break
            self.uses[index] += 1
            chosen.append(split(self.pool[index], self.halves, self.random))
        return chosen


def cut(examples: Sequence[Example], tokens: int) -> list[list[Example]]:
    """Examples, shortest first → batches whose padded size stays within `tokens`."""
    left = iter(examples)
    return [[*islice(left, n)] for n in counts([len(e.ids) for e in examples], tokens)]


def counts(sizes: Sequence[int], tokens: int) -> list[int]:
    """How many of the examples of these sizes, smallest first, the batches hold."""
    found: list[int] = []
    for size in sizes:
        if not found or (found[-1] + 1) * rounded(size) > tokens:
            found.append(0)
        found[-1] += 1
    return found


def padded(examples: Sequence[Example], pad: int, random: Random) -> Batch:
    """One batch, padded on the right to a multiple of 16; `random` draws what counts of prompts."""
    length = rounded(max(len(example.ids) for example in examples))
    ids = torch.full((len(examples), length), pad)
    said, weights = torch.zeros(ids.shape), torch.zeros(ids.shape)
    draw = torch.Generator().manual_seed(random.getrandbits(62))
    for row, example in enumerate(examples):
        size = len(example.ids)
        ids[row, :size] = torch.tensor(example.ids)
        said[row, :size] = torch.tensor(example.said, dtype=torch.float32)
        drawn = (torch.rand(size, generator=draw) < PROMPT_SHARE) * (PROMPT_WEIGHT / PROMPT_SHARE)
        weights[row, :size] = torch.where(said[row, :size] > 0, 1.0, drawn)
    return Batch.of(ids, said, weights, sum(len(example.ids) for example in examples))


def rounded(length: int) -> int:
    """The padded length."""
    return -(-length // MULTIPLE) * MULTIPLE
