"""What people type for table work: templates by kind of step, with `{slots}` to be filled.

They stand in `phrases/*.txt`. A key such as `group` holds clauses that also join with others into
a longer request; `group?` holds whole sentences that stand alone. `[a|b]` gives one template for
each alternative. Names of tables, values and the code that answers are made elsewhere.

Those in `phrases/held_out` are for the held-out score alone. Training never shows them, nor the
same with other words of courtesy, but it shows their words: a model that has read nothing else
cannot know what a word means that it has never met. What is asked is an unseen sentence.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

PHRASES = Path(__file__).parent / "phrases"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def _expand(line: str) -> list[str]:
    """All readings of a line: each `[a|b]` becomes a, then b."""
    found = _CHOICE.search(line)
    if found is None:
        return [" ".join(line.split())]
    head, tail = line[: found.start()], line[found.end() :]
    return [text for choice in found[1].split("|") for text in _expand(head + choice + tail)]


def read_lines(path: Path) -> dict[str, list[str]]:
    """The lines under each `# key` heading of a text."""
    parts = path.read_text(encoding="utf-8").strip().removeprefix("# ").split("\n# ")
    return {key: lines for key, *lines in (part.splitlines() for part in parts)}


def _read(folder: Path) -> dict[str, tuple[str, ...]]:
    """The templates of every key, from the texts in `folder`."""
    return {
        key: tuple(dict.fromkeys(reading for line in lines for reading in _expand(line)))
        for path in sorted(folder.glob("*.txt"))
        for key, lines in read_lines(path).items()
    }


WORDINGS, HELD_OUT = _read(PHRASES), _read(PHRASES / "held_out")
_OF_NUMBERS = re.compile(
    r"\b(number|numeric|sums?|summing|total|scored?|counts?|sensor|measured?|plot|mean|median)\b"
)
for _texts in (WORDINGS, HELD_OUT):
    for _key in ("fill_value", "fill_value?"):
        fitting = (text for text in _texts[_key] if not _OF_NUMBERS.search(text))
        _texts[_key.replace("value", "text")] = tuple(fitting)

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

FIRST_WORDS = {
    kind: frozenset(" ".join(lines).split())
    for kind, lines in read_lines(Path(__file__).parent / "first_words.txt").items()
}
_AS_NOUN = re.compile(
    r"(?!dispose|make)\w[\w-]* of\b|(agg|base|chart|count|cross|default|double|figure|log|pivot"
    r"|plot|point|run|sort|type) (charts?|cloud|colou?r|conversion|for|function|grouping|named"
    r"|order|plot|r|scale|tables?|title|type)\b(?!\()|(file|sample|title) (\{file\}|size|row)\b"
    r"|name on the left|count, mean|index labels|lower end|(duplicate|double) (entries|rows)\b"
)
"""Where a word that is a verb elsewhere is none: "count of rows", "pivot table"."""
_SENTENCE = re.compile(
    r"\b(is|are|isn't|aren't|must|has|have|should|needs?|gets?|goes|can|may|gives|becomes?|comes?"
    r"|equals|stays?)\b"
)
_FATE = re.compile(
    r"\b(should|must|shall|can|will|need to|needs to|has to|have to|is to|are to|may)"
    r" (be|disappear|go|leave|not|remain|stay)\b|\b(go|goes) (out|away)\b|\b(makes|yields)\b"
    r"|[,:;?] (so |please )?[a-z]+ (it|them|those|these)\b|get rid of (it|them)"
    r"|[,:] (drop|delete|remove)\b"
)
"""What becomes of something, wherever it is said: "rows where x is 5 should go"."""
_RELATIVE = re.compile(r"\b(where|that|which|whose|who)\b.*")
_SIGNS = frozenset(("=", ":", "->", "<-", "=>", ":=", "→"))


def opening(template: str) -> Literal["verb", "noun", "whole"]:
    """How a request begins, and so what may lead it in: "could you show ...", "I need the ...".

    Nothing but a greeting leads in what is "whole". `first_words.txt` has the words that tell it.
    """
    text = template.lower()
    first, second = [*text.split(), ""][:2]
    word = first.rstrip(",")
    if first.endswith(":") or second in _SIGNS or word in FIRST_WORDS["whole"]:
        return "whole"  # "price: sort by it"
    if re.search(r"[\w}][.(].", first):  # "df.head(5)"
        return "whole"
    if word in FIRST_WORDS["verb"] and not _AS_NOUN.match(text):
        return "verb"
    whole = _FATE.search(text) or _SENTENCE.search(_RELATIVE.sub("", text))
    return "whole" if whole else "noun"
