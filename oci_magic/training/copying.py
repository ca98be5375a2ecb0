"""Plain copy tasks: lists of invented names and numbers, and a request to repeat some of them.

They teach a small model to copy before it meets the table work: digits, letter case,
underscores, umlauts, paths, and names asked for in another case than they are listed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ..types import Message

_ONSETS = [*"bcdfghjklmnprstvwz", "br", "ch", "dr", "fl", "gr", "kl", "pr", "sch", "st", "tr"]
_VOWELS = [*"aeiouäöü", "ei", "au", "ie", "y"]
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "m", "ck", "ng", "x", "ß", "nd"]
_ASK = ("repeat {}", "give me {}", "show {}", "copy {}", "print {} please", "I need {}", "take {}")
_SAY = ("Here:", "This is it.", "Copied.", "The names as listed.", "Done.")
_LISTED = ("Columns: {}", "Names: {}", "Files: {}", "df 120x8: {}", "Tables:\n{}", "{}")
_KINDS = ("str", "int64", "float64", "bool", "datetime64[ns]", "object")
_ENDINGS = ("csv", "CSV", "xlsx", "json", "txt", "tsv", "parquet")


def copy_task(random: Random) -> list[Message]:
    """One conversation: listed names, a request for some of them, the exact copies as code."""
    return random.choice((_columns, _columns, _ordinals, _numbers, _assignments))(random)


def name(random: Random) -> str:
    """An invented name as people give them to columns, tables and files."""
    words = [_word(random) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))]
    text = random.choice(("_", "_", " ", "-", "", ".")).join(_cased(random, words))
    if random.random() < 0.3:
        text += random.choice(("", "_", " ")) + _digits(random)
    if random.random() < 0.1:
        text += random.choice((" (EUR)", " %", " [kg]", "?", " #", "_ID", " (m²)"))
    if random.random() < 0.15:
        text = "/".join(_word(random) for _ in range(random.randint(0, 2))) + "/" + text
        text = f"{text.lstrip('/')}.{random.choice(_ENDINGS)}"
    return text


def _columns(random: Random) -> list[Message]:
    names = _names(random)
    picked = random.sample(names, random.randint(1, min(3, len(names))))
    asked = [_asked(random, text, names) for text in picked]
    listed = ", ".join(_listed(random, names))
    return _conversation(random, listed, " and ".join(asked), [f'"{text}"' for text in picked])


def _ordinals(random: Random) -> list[Message]:
    names = _names(random)[:6]
    which, index = random.choice((("the first", 0), ("the second", 1), ("the last", -1)))
    listed = ", ".join(f'"{text}"' for text in names)
    return _conversation(random, listed, which, [f'"{names[index]}"'])


def _numbers(random: Random) -> list[Message]:
    numbers = [_number(random) for _ in range(random.randint(1, 5))]
    return _conversation(random, "", " and ".join(numbers), numbers)


def _assignments(random: Random) -> list[Message]:
    names = _names(random)
    keys = [_word(random) for _ in names]
    listed = "\n".join(f'{key} = "{text}"' for key, text in zip(keys, names, strict=True))
    at = random.randrange(len(keys))
    return _conversation(random, listed, keys[at], [f'"{names[at]}"'])


def _conversation(random: Random, listed: str, asked: str, copies: Sequence[str]) -> list[Message]:
    request = random.choice(_ASK).format(asked)
    context = random.choice(_LISTED).format(listed) + "\n\n" if listed else ""
    code = _code(random, copies)
    answer = f"{random.choice(_SAY)}\n\n```python\n{code}\n```"
    return [Message("user", context + request), Message("assistant", answer)]


def _code(random: Random, copies: Sequence[str]) -> str:
    table = random.choice(("df", "data", _word(random)))
    joined = ", ".join(copies)
    if len(copies) == 1:
        return random.choice((f"{table}[{joined}]", joined, f"print({joined})"))
    return random.choice((f"{table}[[{joined}]]", f"[{joined}]", f"print({joined})"))


def _names(random: Random) -> list[str]:
    """2 to 9 names that differ even when letter case is left out of account."""
    names = {text.casefold(): text for text in (name(random) for _ in range(random.randint(3, 9)))}
    return list(names.values()) if len(names) > 1 else _names(random)


def _listed(random: Random, names: Sequence[str]) -> list[str]:
    typed = random.random() < 0.5
    return [f'"{text}" {random.choice(_KINDS)}' if typed else f'"{text}"' for text in names]


def _asked(random: Random, text: str, names: Sequence[str]) -> str:
    """The name as a hasty person types it; only what still tells it from the others."""
    loose = random.choice((text, text, text.lower(), text.replace("_", " "), text.upper()))
    key = loose.replace("_", " ").casefold()
    same = [other for other in names if other.replace("_", " ").casefold() == key]
    exact = loose if same == [text] else text
    return random.choice((exact, exact, f'"{exact}"'))


def _word(random: Random) -> str:
    parts = random.randint(1, 3)
    return "".join(
        random.choice(_ONSETS) + random.choice(_VOWELS) + random.choice(_CODAS)
        for _ in range(parts)
    )


def _cased(random: Random, words: Sequence[str]) -> list[str]:
    style = random.choice((str.lower, str.lower, str.capitalize, str.capitalize, str.upper))
    return [style(word) for word in words]


def _digits(random: Random) -> str:
    return "".join(random.choice("0123456789") for _ in range(random.randint(1, 4)))


def _number(random: Random) -> str:
    whole = str(random.randint(0, 10 ** random.randint(1, 6)))
    return random.choice(
        (whole, whole, f"{whole}.{_digits(random)}", f"-{whole}", f"0.{_digits(random)}")
    )
