"""Spelling rare words by smaller tokens now and then, so that no piece of a word stays unlearned.

A piece that the tokenizer nearly always joins into a longer one is hardly ever seen by itself, but
a word that nobody has met may consist of just such pieces, and what a model does not know it
cannot copy. The idea is BPE-dropout (Provilkov et al. 2020, arXiv 1910.13267); here a token is
split alike in all of an example, because a copy must stay a copy. What the assistant says first
stays whole: how it were spelt could only be guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from .examples import Example

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SHARE = 0.3
"""Part of an example's rarer tokens that are split."""
COMMON = 400
"""So many of the commonest tokens stay whole: the words of code and of requests."""

Halves = dict[int, list[tuple[int, int]]]


@lru_cache(1)
def halves_of(tokenizer: Tokenizer) -> Halves:
    """For each token of plain letters, the pairs of tokens that spell it."""
    vocabulary = tokenizer.get_vocab()
    found: Halves = {}
    for token, number in vocabulary.items():
        if token.isascii() and token.isalpha():
            cuts = ((token[:at], token[at:]) for at in range(1, len(token)))
            pairs = [(vocabulary[a], vocabulary[b]) for a, b in cuts
                     if a in vocabulary and b in vocabulary]  # fmt: skip
            if pairs:
                found[number] = pairs
    return found


def rarer(halves: Halves, examples: Iterable[Example]) -> Halves:
    """The `halves` without the commonest tokens of `examples`."""
    counts = Counter(number for example in examples for number in example.ids)
    common = {number for number, _ in counts.most_common(COMMON)}
    return {number: pairs for number, pairs in halves.items() if number not in common}


def split(example: Example, halves: Halves, random: Random) -> Example:
    """`example` with some of its tokens spelt by two, each of them everywhere alike."""
    said: set[int] = set()
    told: set[int] = set()
    for number, learned in zip(example.ids, example.said, strict=True):
        if number not in said | told:
            (said if learned else told).add(number)
    chosen = {
        number: random.choice(halves[number])
        for number in sorted(halves.keys() & told)
        if random.random() < SHARE
    }
    if not chosen:
        return example
    ids: list[int] = []
    marks: list[int] = []
    for number, learned in zip(example.ids, example.said, strict=True):
        spelt = chosen.get(number, (number,))
        ids += spelt
        marks += [learned] * len(spelt)
    return Example(ids, marks)
