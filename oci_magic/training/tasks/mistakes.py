"""Mistakes as models and people make them, so that repairs of them can be learned."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

_STRING = re.compile(r'"((?:[^"\\]|\\.){3,})"')


def mistaken(rng: Random, code: str) -> str | None:
    """`code` with one mistake that should make it fail, or None if none fits."""
    kinds: tuple[Callable[[Random, str], str | None], ...] = (
        _misspelled, _misspelled, _misspelled, _other_case, _unclosed, _no_import, _other_name,
        _other_method,
    )  # fmt: skip
    made = rng.choice(kinds)(rng, code)
    return made if made != code else None


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
