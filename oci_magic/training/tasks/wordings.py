"""What people type for table work: templates by kind of step, with `{slots}` to be filled.

They stand in `phrases/*.txt`. A key such as `group` holds clauses that also join with others into
a longer request; `group?` holds whole sentences that stand alone. `[a|b]` gives one template for
each alternative. Names of tables, values and the code that answers are made elsewhere.

One line in eight of a key, with all its alternatives, is kept for the held-out score: one
whose words the key's other lines use too, or most keys. A model that has read nothing else
cannot know what a word means that it has never met; what is asked is an unseen sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Literal

PHRASES = Path(__file__).parent / "phrases"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_WORD = re.compile(r"\{\w+\}|[a-z']+|[^\w\s\[\]|]")
_EVERY, _HELD = 8, 4
_COMMON = 0.15
"""A word in this share of the keys' lines is everybody's: "show", "the", "could"."""


def _expand(line: str) -> list[str]:
    """All readings of a line: each `[a|b]` becomes a, then b."""
    found = _CHOICE.search(line)
    if found is None:
        return [" ".join(line.split())]
    head, tail = line[: found.start()], line[found.end() :]
    return [text for choice in found[1].split("|") for text in _expand(head + choice + tail)]


def _lines(block: str) -> dict[str, list[str]]:
    """The lines under each `# key` heading."""
    parts = block.strip().removeprefix("# ").split("\n# ")
    return {key: lines for key, *lines in (part.splitlines() for part in parts)}


def _keys() -> dict[str, list[str]]:
    """The lines of every key, from `phrases/*.txt`."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(PHRASES.glob("*.txt")))
    return {key: lines for text in texts for key, lines in _lines(text).items()}


def _words(lines: Iterable[str]) -> set[str]:
    return {word for line in lines for word in _WORD.findall(line.lower())}


def _held(lines: Sequence[str], twin: Sequence[str], common: set[str]) -> list[str]:
    """The lines of a key that are kept from training; `twin` are those of its other form."""
    order = [*lines[_HELD:], *lines[:_HELD]]
    kept: list[str] = []
    for line in order:
        others = [other for other in lines if other != line and other not in kept]
        if len(kept) < max(1, len(lines) // _EVERY) and _words([line]) <= (
            common | _words(others) | _words(twin)
        ):
            kept.append(line)
    return kept or order[:1]


def _split() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The templates of each key for training, and those for the held-out score."""
    keys = _keys()
    uses = Counter(word for lines in keys.values() for word in _words(lines))
    common = {word for word, count in uses.items() if count >= len(keys) * _COMMON}
    trained: dict[str, tuple[str, ...]] = {}
    held_out: dict[str, tuple[str, ...]] = {}
    kept: dict[str, list[str]] = {}
    for key, lines in keys.items():
        twin = key.removesuffix("?") if key.endswith("?") else f"{key}?"
        spoken = [line for line in keys.get(twin, []) if line not in kept.get(twin, [])]
        held = kept[key] = _held(lines, spoken, common)
        readings = dict.fromkeys(text for line in held for text in _expand(line))
        held_out[key] = tuple(readings)
        rest = (text for line in lines if line not in held for text in _expand(line))
        trained[key] = tuple(text for text in dict.fromkeys(rest) if text not in readings)
    return trained, held_out


WORDINGS, HELD_OUT = _split()

OPENERS = (
    "", "please ", "can you ", "could you ", "could you please ", "I want to ", "i want to ",
    "I'd like to ", "I need to ", "let's ", "now ", "now please ", "i need you to ", "next, ",
    "help me ", "hi, ", "ok, ", "ok now ", "pls ", "for my report, ", "using pandas, ", "just ",
    "we need to ", "would you ", "quickly ", "I would like you to ", "the next step is to ",
    "it's time to ", "we should ", "how do I ", "try to ", "i have to ", "can we ", "I must ",
)  # fmt: skip
NOUN_OPENERS = (
    "", "", "", "I need ", "i want ", "give me ", "show me ", "now ", "next, ", "ok, ", "hi, ",
    "can I have ", "could I see ", "let me see ", "pls ", "for my report, ", "I'd like ",
    "we need ", "please show ", "next: ", "task: ", "what I want: ",
)  # fmt: skip
GREETINGS = ("", "", "hi, ", "ok, ", "now ", "next, ", "for my report, ", "using pandas, ")

CLOSERS = (
    "", ".", "!", " please", ", please", " please.", " thanks", ", thanks", ". thanks!", " pls",
    " for me", " now",
)  # fmt: skip

JOINS = (
    ", then ", " and then ", ", ", ", and ", ". Then ", " and ", "; then ", ". After that ",
    "\nthen ",    " -> ", " then ", "; ", ", after that ", ". Next, ", ", and after that ", "\n",
)  # fmt: skip

TABLE_PHRASES = (
    " in {t}", " of {t}", " from {t}", " for {t}", " using {t}", " in the table {t}",
    " (table {t})",    " with {t}", " on {t}", " in the dataframe {t}", " (in {t})", ", using {t}",
)  # fmt: skip

# Words that people put for one another without a change of meaning in any sentence above.
_ALIKE = (
    ("show", "display", "print"), ("compute", "calculate", "determine", "work out"),
    ("rows", "records", "entries", "lines"), ("remove", "delete", "drop", "get rid of"),
    ("column", "field"), ("columns", "fields"), ("each", "every"), ("chart", "graph"),
    ("convert", "turn", "transform"), ("largest", "highest", "biggest", "greatest"),
    ("smallest", "lowest"), ("whitespace", "blanks", "spaces"), ("keep", "select", "retain"),
    ("new column", "extra column", "additional column"), ("mean", "average"),
    ("I'd like", "I would like", "I want"),
)  # fmt: skip
_OTHERS = {word: [o for o in group if o != word] for group in _ALIKE for word in group}
_REPLACED = re.compile(
    r"(?<![\w{-])(" + "|".join(sorted(_OTHERS, key=len, reverse=True)) + r")(?![\w}-])"
)


def varied(key: str, template: str, rng: Random, *, held_out: bool = False) -> str:
    """`template` with some words put in other words; never one that is kept for the other side."""

    def other(found: re.Match[str]) -> str:
        return rng.choice(_OTHERS[found[1]]) if rng.random() < 0.4 else found[1]

    text = _REPLACED.sub(other, template)
    if rng.random() < 0.1:
        text = text.replace(" the ", " ", 1)
    return template if text in (WORDINGS if held_out else HELD_OUT)[key] else text


_VERBS = frozenset(
    """show make create get keep find add give select draw plot list put filter remove write count
    change sort drop save compute export fill delete calculate convert turn store display print
    take order output dump cast set replace throw trim use strip extract discard arrange parse
    read group load check multiply round join merge pull work cross rank treat pick rename call
    leave combine switch tell exclude resample groupby import start look build try aggregate
    impute substitute subtract divide open peek describe compare cross-tabulate match lowercase
    capitalise capitalize begin limit color colour name tally reverse lay link correlate
    lower-case visualise log do bring view see summarise search break determine attach lower
    scale cumulate dedupe deduplicate choose move split fetch assign preview inspect summarize
    run restrict mean-impute median-impute clean upper-case express accumulate cut measure test
    label let have visualize paint flip rotate title-case duplicate transform retain swap narrow
    apply return define subset derive insert reduce append report coerce interpret eliminate
    produce redo uppercase fix bin title query omit place pivot overwrite force include redraw
    replot kick collapse go repeat rearrange index ignore default retype grab titlecase enter
    plug regard declare downsample update pass retitle purge toss del fillna assume ensure
    typecast deduct reorder dedup normalise roll condense exchange hide modify relabel normalize
    standardise rm estimate handle separate edit entitle recolor adjust correct skip tabulate
    extend enumerate sketch send serialize erase shuffle rewrite rescale isolate shorten stop
    rebin grep evaluate connect fuse unite relate enrich verify retrieve ditch shrink thin tidy
    format stringify categorize recognise enable activate tip tilt subdivide reshape perform
    represent access upload standardize scrap reindex quantify assess kill spot-check shave
    downcase upcase bucket generate graph""".split()
)
_LED_BY_NOTHING = set(
    """for per in with as again same now from only just where by when if how those like using of not
    wherever instead this on under out one into over across at without based let's rather also it's
    better other after before within to both here""".split()
)


def opening(template: str) -> Literal["verb", "noun", "whole"]:
    """How a request begins, and so what may lead it in: "could you show ...", "I need the ..."."""
    first = template.split()[0].lower().rstrip(",:")
    return "verb" if first in _VERBS else "whole" if first in _LED_BY_NOTHING else "noun"
