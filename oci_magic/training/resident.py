"""The examples on the GPU, and batches gathered there: a step takes nothing from the CPU.

Python makes about 0.6 M tokens of batches a second, and a GPU learns several times as many. It
draws as `batches` does, but for this: all examples must be there when it begins, copies and
repeats come from a store, the spelling by smaller tokens changes once in an epoch, and a stage's
longest examples are measured by it; what a step shows is decided 128 steps ahead.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .batches import FREQUENT, PROMPT_SHARE, PROMPT_WEIGHT, Batch, counts, rounded
from .copying import copy_task
from .curriculum import Stage, repeat, stage_at
from .examples import Example, Shards, encode
from .splits import SHARE, Halves, halves_of, rarer
from .tokenizer import ASSISTANT, END, PAD, USER, token_id

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from ..types import Message

WINDOW_STEPS = 128
STORE = 40_000
"""Copies to draw from, and as many repeats."""
AT_ONCE = 2048
"""Examples that are spelt anew at a time."""


@dataclass(frozen=True)
class Packed:
    """Examples one after the other: `ids` and `said` (tokens,), and their `sizes` (examples,)."""

    ids: Tensor
    said: Tensor
    sizes: Tensor

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Packed:
        ids, said, sizes = array("i"), array("b"), array("q")
        for example in examples:
            ids.extend(example.ids)
            said.extend(example.said)
            sizes.append(len(example.ids))
        marks = _tensor(said, torch.int8).bool()
        return cls(_tensor(ids, torch.int32), marks, _tensor(sizes, torch.int64))

    @classmethod
    def joined(cls, parts: Sequence[Packed]) -> Packed:
        return cls(*(torch.cat([getattr(p, n) for p in parts]) for n in ("ids", "said", "sizes")))

    def to(self, device: torch.device) -> Packed:
        return Packed(self.ids.to(device), self.said.to(device), self.sizes.to(device))

    @cached_property
    def starts(self) -> Tensor:
        return self.sizes.cumsum(0) - self.sizes

    def rows(self, chosen: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Ids, said and which of them are no padding, (chosen, length) each."""
        at = torch.arange(length, device=self.ids.device)
        there = at < self.sizes[chosen][:, None]
        where = (self.starts[chosen][:, None] + at).clamp_(max=len(self.ids) - 1)
        return self.ids[where].long(), self.said[where] & there, there


class Resident:
    """An endless supply of batches on `device`, `scale` times as large as the curriculum says."""

    def __init__(
        self, tokenizer: Tokenizer, shards: Shards, seed: int, scale: int, device: torch.device
    ) -> None:
        self.first = 0.0  # no stage before this progress
        self.count = 0
        self.store = STORE
        self._tokenizer, self._shards, self._scale, self._device = tokenizer, shards, scale, device
        self._random = Random(seed)
        self._draws = torch.Generator().manual_seed(seed)
        self._epoch = 0.0
        self._queue: list[tuple[Tensor, int, int]] = []

    def look(self) -> int:
        """Take in the folder's examples; returns how many there are."""
        return self._take(self._shards.news())

    def _take(self, conversations: Iterator[list[Message]]) -> int:
        tasks, halves = packed(self._tokenizer, conversations)
        self.count = len(tasks.sizes)
        if self.count:
            self._tasks = tasks.to(self._device)
            self._ways = Ways.of(halves, self._tokenizer.get_vocab_size(), self._device)
            copies = encode(self._tokenizer, [copy_task(self._random) for _ in range(self.store)])
            repeats = (self._repeat() for _ in range(self.store))
            self._extras = Packed.of(chain(copies, repeats)).to(self._device)
            self._uses = torch.zeros(self.count)
            self._spell()
        return self.count

    def next(self, progress: float, copies: bool = True) -> Batch:
        """The next batch; `progress` (0 to 1) and whether the model copies decide on the stage."""
        if not self._queue:
            self._queue = self._window(stage_at(max(progress, self.first), copies))
        chosen, length, size = self._queue.pop()
        ids, said, there = self._pool.rows(chosen, length)
        ids = torch.where(there, ids, token_id(self._tokenizer, PAD))
        drawn = torch.rand(ids.shape, device=self._device) < PROMPT_SHARE
        weights = torch.where(said, 1.0, drawn * there * (PROMPT_WEIGHT / PROMPT_SHARE))
        return Batch(ids, said.float(), weights, None, size)

    def state(self) -> dict[str, Any]:
        """How often each example was shown; the order in which they come is drawn anew."""
        uses = self._uses.clone()
        for chosen, _, _ in self._queue:
            uses[chosen[chosen < self.count].cpu()] -= 1
        return {"parts": self._shards.parts, "uses": uses, "first": self.first}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`; examples that have appeared since count as unseen."""
        self._shards.parts = [tuple(part) for part in state["parts"]]
        self.first = state.get("first", 0.0)
        known = self._shards.again()
        if self._take(chain(known, self._shards.news())):
            self._uses[: len(state["uses"])] = state["uses"].cpu()

    def _window(self, stage: Stage) -> list[tuple[Tensor, int, int]]:
        """Which examples, padded to what, of how many tokens: the next steps, in random order."""
        step = stage.tokens * self._scale
        tasks = 1 - stage.repeats - stage.copies
        chosen = self._least_used(int(WINDOW_STEPS * step * tasks), stage.longest)
        # Repeats and copies are shorter: the shares are those of examples.
        whole = len(chosen) / tasks if tasks else WINDOW_STEPS * step / 30
        copies = self._drawn(self.count, round(whole * stage.copies))
        repeats = self._drawn(self.count + self.store, round(whole * stage.repeats))
        chosen = torch.cat([chosen, copies, repeats])
        sizes, order = self._sizes[chosen].sort()
        numbers = counts(sizes.tolist(), step)
        there = torch.split(chosen[order].to(self._device), numbers)
        parts = [(int(part[-1]), int(part.sum())) for part in torch.split(sizes, numbers)]
        found = [(c, rounded(n), size) for c, (n, size) in zip(there, parts, strict=True)]
        self._random.shuffle(found)
        return found

    def _least_used(self, budget: int, longest: int) -> Tensor:
        order = (self._uses + torch.rand(self.count, generator=self._draws)).argsort()
        if not budget:
            return order[:0]
        fitting = order[self._sizes[order] <= longest]
        order = fitting if len(fitting) else self._sizes[: self.count].argmin()[None]
        if self._uses[order[0]] != self._epoch:  # all that fit were shown so often
            self._epoch = float(self._uses[order[0]])
            self._spell()
        room = self._sizes[order].cumsum(0) <= budget
        room[:1] = True
        chosen = order[room]
        self._uses[chosen] += 1
        return chosen

    def _drawn(self, start: int, count: int) -> Tensor:
        return start + torch.randint(self.store, (count,), generator=self._draws)

    def _spell(self) -> None:
        """Spell every task anew."""
        self._pool = Packed.joined([respelt(self._tasks, self._ways), self._extras])
        self._sizes = self._pool.sizes.cpu()

    def _repeat(self) -> Example:
        user, assistant, end = (token_id(self._tokenizer, t) for t in (USER, ASSISTANT, END))
        return repeat(self._random, (user, assistant, end), self._tokenizer.get_vocab_size())


@dataclass(frozen=True)
class Ways:
    """For each token how many pairs spell it, and the first of them in `pairs` (pairs, 2)."""

    number: Tensor
    first: Tensor
    pairs: Tensor

    @classmethod
    def of(cls, halves: Halves, vocabulary: int, device: torch.device) -> Ways:
        found = [halves.get(token, []) for token in range(vocabulary)]
        number = torch.tensor([len(each) for each in found], device=device)
        pairs = torch.tensor([*chain.from_iterable(found), (0, 0)], device=device)
        return cls(number, number.cumsum(0) - number, pairs)


def respelt(tasks: Packed, ways: Ways) -> Packed:
    """What `splits.split` does to each example, many at a time."""
    numbers = torch.arange(len(tasks.sizes), device=tasks.ids.device)
    return Packed.joined([_respelt(tasks, part, ways) for part in torch.split(numbers, AT_ONCE)])


def packed(tokenizer: Tokenizer, conversations: Iterator[list[Message]]) -> tuple[Packed, Halves]:
    """All examples, and how their rarer tokens may be split."""
    parts: list[Packed] = []
    halves: Halves = {}
    while some := list(islice(conversations, FREQUENT)):
        examples = encode(tokenizer, some)
        parts.append(Packed.of(examples))
        halves = halves or rarer(halves_of(tokenizer), examples)
    return Packed.joined(parts or [Packed.of([])]), halves


def _tensor(values: array[int], dtype: torch.dtype) -> Tensor:
    return torch.frombuffer(values, dtype=dtype).clone() if values else torch.empty(0, dtype=dtype)


def _respelt(tasks: Packed, chosen: Tensor, ways: Ways) -> Packed:
    length = int(tasks.sizes[chosen].max())
    ids, said, there = tasks.rows(chosen, length)
    shape = len(chosen), len(ways.number)
    at = torch.arange(length, device=ids.device).expand_as(ids)
    first = torch.full(shape, length, device=ids.device)
    first = first.scatter_reduce(1, ids, torch.where(there, at, length), "amin")
    told = ~said.gather(1, first.clamp(max=length - 1))
    drawn = torch.rand(shape, device=ids.device) < SHARE
    pair = ways.first + (torch.rand(shape, device=ids.device) * ways.number).long()
    two = (told & drawn & (ways.number > 0)).gather(1, ids) & there
    halves = ways.pairs[pair.gather(1, ids)]
    width = there.long() + two
    ends = width.flatten().cumsum(0)
    spelt = torch.where(two, halves[..., 0], ids).flatten().repeat_interleave(width.flatten())
    spelt[ends[two.flatten()] - 1] = halves[..., 1][two]
    marks = said.flatten().repeat_interleave(width.flatten())
    return Packed(spelt.int(), marks, width.sum(1))
