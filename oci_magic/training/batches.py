"""Which examples stand together in a step: of similar length, those seen least first.

Covers the pool of examples, the copy tasks of the early curriculum, and the state that lets
a resumed run go on with the very batches it would have had. Single examples are padded, never
packed: packed sequences taught a small model to copy far more slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import torch

from ..types import Message
from .copying import copy_task
from .curriculum import Stage, repeat, stage_at
from .examples import PROMPT_WEIGHT, Example, Shards, encode
from .tokenizer import ASSISTANT, END, PAD, USER, token_id

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WINDOW_STEPS = 16
MULTIPLE = 16


@dataclass(frozen=True)
class Batch:
    """Right-padded ids (examples, length) and `said` (0 or 1); `real` is 0 on padding."""

    ids: torch.Tensor
    said: torch.Tensor
    real: torch.Tensor

    @property
    def weights(self) -> torch.Tensor:
        """The loss weight of each token: 1 if the assistant says it, 0.1 in a prompt, else 0."""
        return self.real * (PROMPT_WEIGHT + (1 - PROMPT_WEIGHT) * self.said)


@dataclass
class Batches:
    """An endless supply of batches, as the curriculum wants them at each point of the run."""

    tokenizer: Tokenizer
    shards: Shards
    random: Random
    pool: list[Example] = field(default_factory=list)
    uses: list[int] = field(default_factory=list)
    queue: list[list[Example]] = field(default_factory=list)

    def next(self, progress: float, copies: bool = True) -> Batch:
        """The next batch; `progress` (0 to 1) and whether the model copies decide on the stage."""
        if not self.queue:
            self.look()
            self.queue = self._window(stage_at(progress, copies))
        return padded(self.queue.pop(), token_id(self.tokenizer, PAD))

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
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`; examples that have appeared since count as unseen."""
        self.shards.parts = [tuple(part) for part in state.get("parts", [])]
        self._take(self.shards.again())
        self.look()
        self.uses[: len(state["uses"])] = state["uses"]
        self.queue = [[Example(*pair) for pair in batch] for batch in state["queue"]]
        version, internal, gauss = state["random"]
        self.random.setstate((version, tuple(internal), gauss))

    def _take(self, conversations: Iterable[list[Message]]) -> int:
        fresh = encode(self.tokenizer, list(conversations))
        self.pool += fresh
        self.uses += [0] * len(fresh)
        return len(self.pool)

    def _window(self, stage: Stage) -> list[list[Example]]:
        """The batches of the next few steps, longest examples together, in random order."""
        tasks = 1 - stage.repeats - stage.copies
        chosen = self._least_used(int(WINDOW_STEPS * stage.tokens * tasks), stage.longest)
        # Repeats and copies are shorter: the shares are those of examples.
        whole = len(chosen) / tasks if tasks else WINDOW_STEPS * stage.tokens / 30
        copies = [copy_task(self.random) for _ in range(round(whole * stage.copies))]
        chosen += encode(self.tokenizer, copies)
        chosen += [self._repeat() for _ in range(round(whole * stage.repeats))]
        batches = cut(sorted(chosen, key=lambda example: len(example.ids)), stage.tokens)
        self.random.shuffle(batches)
        return batches

    def _repeat(self) -> Example:
        user, assistant, end = (token_id(self.tokenizer, t) for t in (USER, ASSISTANT, END))
        return repeat(self.random, (user, assistant, end), self.tokenizer.get_vocab_size())

    def _least_used(self, budget: int, longest: int) -> list[Example]:
        order = [i for i, example in enumerate(self.pool) if len(example.ids) <= longest]
        self.random.shuffle(order)
        order.sort(key=self.uses.__getitem__)
        chosen: list[Example] = []
        for index in order:
            budget -= len(self.pool[index].ids)
            if budget < 0 and chosen:
                break
            self.uses[index] += 1
            chosen.append(self.pool[index])
        return chosen


def cut(examples: Sequence[Example], tokens: int) -> list[list[Example]]:
    """Examples, shortest first → batches whose padded size stays within `tokens`."""
    batches: list[list[Example]] = [[]]
    for example in examples:
        if batches[-1] and (len(batches[-1]) + 1) * _rounded(len(example.ids)) > tokens:
            batches.append([])
        batches[-1].append(example)
    return [batch for batch in batches if batch]


def padded(examples: Sequence[Example], pad: int) -> Batch:
    """One batch, padded on the right to a multiple of 16."""
    length = _rounded(max(len(example.ids) for example in examples))
    ids = torch.full((len(examples), length), pad)
    said, real = torch.zeros(ids.shape), torch.zeros(ids.shape)
    for row, example in enumerate(examples):
        size = len(example.ids)
        ids[row, :size] = torch.tensor(example.ids)
        said[row, :size] = torch.tensor(example.said, dtype=torch.float32)
        real[row, :size] = 1
    return Batch(ids, said, real)


def _rounded(length: int) -> int:
    return -(-length // MULTIPLE) * MULTIPLE
