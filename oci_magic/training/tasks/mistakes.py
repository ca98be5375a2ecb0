"""Mistakes as models and people make them, so that repairs of them can be learned."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

_STRING = re.compile(r'"((?:[^"\\]|\\.){3,})"')


def mistaken(rng: Random, code: str, names: Sequence[str] = ()) -> str | None:
    """`code` with one mistake that should make it fail, or None if none fits.

    `names` are columns and files of the notebook that could be mixed up.
    """
    kinds: tuple[Callable[[Random, str], str | None], ...] = (
        _misspelled, _misspelled, _garbled, _garbled, _other_case, _cut, _unclosed, _no_import,
        _other_name, _other_method, _step_again,
        lambda rng, code: _mixed_up(rng, code, names),
        lambda rng, code: _mixed_up(rng, code, names),
    )  # fmt: skip
    made = rng.choice(kinds)(rng, code)
    return made if made != code else None


def unconverted(code: str) -> str | None:
    """`code` as if its columns were numbers and dates already, or None where it takes them so."""
    made = re.sub(r"^(.+) = pd\.to_(numeric|datetime)\(\1\)\n", "", code, flags=re.MULTILINE)
    if made == code:
        return None
    return (
        made if "pd." in made.replace("import", "") else made.replace("import pandas as pd\n", "")
    )


def _misspelled(rng: Random, code: str) -> str | None:
    """One name in quotes loses, doubles or swaps a letter everywhere in the code."""
    names = _STRING.findall(code)
    if not names:
        return None
    name = rng.choice(names)
    at = rng.randrange(len(name) - 1)
    wrong = rng.choice(
        (
            name[:at] + name[at + 1 :],
            name[:at] + name[at] + name[at:],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        )
    )
    return code.replace(f'"{name}"', f'"{wrong}"')


def _garbled(rng: Random, code: str) -> str | None:
    """One name goes on as another one does, or says a part of itself again, as small models do."""
    names = _STRING.findall(code)
    if not names:
        return None
    name, other = rng.choice(names), rng.choice(names)
    at = rng.randrange(1, len(name))
    tail = other[rng.randrange(1, len(other)) :]
    wrong = rng.choice((name[:at] + tail, name[:at] + name[:at], name[:at] + name[at:] * 2))
    return code.replace(f'"{name}"', f'"{wrong}"')


def _cut(rng: Random, code: str) -> str | None:
    """One name ends early, or lacks its folder."""
    names = _STRING.findall(code)
    if not names:
        return None
    name = rng.choice(names)
    wrong = name.rpartition("/")[2] if "/" in name else name[: rng.randrange(2, len(name))]
    return code.replace(f'"{name}"', f'"{wrong.rstrip()}"')


def _mixed_up(rng: Random, code: str, names: Sequence[str]) -> str | None:
    """One name is another one of the notebook."""
    said = _STRING.findall(code)
    others = [name for name in names if name not in said]
    if not said or not others:
        return None
    return code.replace(f'"{rng.choice(said)}"', f'"{rng.choice(others)}"')


def _step_again(rng: Random, code: str) -> str | None:
    """One step is done twice, the second time on what the first one gave."""
    lines = code.splitlines()
    steps = [n for n, line in enumerate(lines) if re.match(r"result = \w+[.\[]", line)]
    if not steps:
        return None
    at = rng.choice(steps)
    again = re.sub(r"^result = \w+", "result = result", lines[at])
    return "\n".join([*lines[: at + 1], again, *lines[at + 1 :]])


def _other_case(rng: Random, code: str) -> str | None:
    names = _STRING.findall(code)
    if not names:
        return None
    name = rng.choice(names)
    wrong = rng.choice((name.lower(), name.capitalize(), name.replace("_", " "), name.title()))
    return code.replace(f'"{name}"', f'"{wrong}"')


def _unclosed(rng: Random, code: str) -> str | None:
    marks = [match.start() for match in re.finditer(r'[)\]"]', code)]
    if not marks:
        return None
    at = rng.choice(marks)
    return code[:at] + code[at + 1 :]


def _no_import(_: Random, code: str) -> str | None:
    lines = [line for line in code.splitlines() if not line.startswith("import ")]
    return "\n".join(lines)


def _other_name(rng: Random, code: str) -> str | None:
    names = re.findall(r"^(\w+)[\[.]", code, re.MULTILINE)
    if not names:
        return None
    name = rng.choice(names)
    wrong = rng.choice(("df", "data", "result", f"{name}s", name[:-1] or "x", "frame"))
    return re.sub(rf"\b{name}(?=[\[.])", wrong, code)


def _other_method(rng: Random, code: str) -> str | None:
    methods = re.findall(r"\.([a-z_]{4,})\(", code)
    if not methods:
        return None
    name = rng.choice(methods)
    at = rng.randrange(len(name) - 1)
    return code.replace(f".{name}(", f".{name[:at]}{name[at + 1 :]}(", 1)
