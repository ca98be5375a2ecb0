"""Requests made by grammars: every way to ask for a step meets every way to say what it is about.

Whole sentences teach a model each of them, not how sentences are made: that throwing out what is
5 or less leaves what is more, that the word behind "compute" may be a new name. In
`phrases/composed` a line under `# <part>` is one way in which `<part>` may read, and a line under
`# key` one in which a request of that kind does; `[a|b]` is a choice. Each file stands alone.

Training alone draws from them, and never what the held-out score asks, whatever the courtesies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from random import Random

from .wordings import (
    CLOSERS,
    GREETINGS,
    HELD_OUT,
    NOUN_OPENERS,
    OPENERS,
    PHRASES,
    read_lines,
)

_INNER = re.compile(r"\[([^\[\]]*)\]|<[a-z_]+>")
_FURTHER = (
    "show", "list", "get", "display", "print", "could I", "can I", "may I", "could we", "can I see",
    "can I get", "may I see", "could I have", "I want to see", "I would like", "let me have", "me",
)  # fmt: skip


def words_of(text: str) -> str:
    """Small words and slots alone: no signs, no articles, no "please"."""
    return " ".join(re.sub(r"[^\w{}'%]|\b(?:the|an?|please|just|ok)\b", " ", text.lower()).split())


def _any_of(texts: tuple[str, ...]) -> str:
    return "|".join(sorted({words_of(each) for each in texts} - {""}))


_COURTESIES = re.compile(
    rf"^(?:(?:{_any_of((*OPENERS, *NOUN_OPENERS, *GREETINGS, *_FURTHER))}) )*(.+?)"
    rf"(?: (?:{_any_of(CLOSERS)}))*$"
)


def bare(template: str) -> str:
    """What is asked, without courtesies before and after it."""
    return _COURTESIES.sub(r"\1", words_of(template))


@cache
def kept_back() -> frozenset[str]:
    """What the held-out score asks, bare: of every key, for some differ in what is filled in."""
    return frozenset(bare(text) for texts in HELD_OUT.values() for text in texts)


class Grammar:
    """The `rules` of one file: each name or `<part>` with the lines that say how it may read."""

    def __init__(self, rules: Mapping[str, list[str]]) -> None:
        self.rules = rules

    def draw(self, key: str, rng: Random) -> str:
        """A template of `key` that is not held out."""
        while True:
            text = self._draw(key, rng)
            if bare(text) not in kept_back():
                return text

    def _draw(self, key: str, rng: Random) -> str:
        def chosen(found: re.Match[str]) -> str:
            options = self.rules[found[0]] if found[1] is None else found[1].split("|")
            return str(rng.choice(options))

        text = rng.choice(self.rules[key])
        while _INNER.search(text):
            text = _INNER.sub(chosen, text)
        return " ".join(text.split())


def _grammars() -> dict[str, Grammar]:
    """The grammar of each key that has one."""
    made: dict[str, Grammar] = {}
    for path in sorted((PHRASES / "composed").glob("*.txt")):
        rules = read_lines(path)
        grammar = Grammar(rules)
        made |= {key: grammar for key in rules if not key.startswith("<")}
    return made


GRAMMARS = _grammars()
