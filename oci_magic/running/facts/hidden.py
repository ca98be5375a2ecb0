"""Secrets that the notebook holds, taken out of what is told of a failure.

A value is one where its name says so (`secret_names`): that of a variable, of a key of a plain
dictionary, of a field of a dataclass, or of the environment. A text that is a column's name is told
anyhow and is none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from typing import TypeVar, cast

from ...objects import bases, members
from ...secret_names import is_secret
from ..state.holding import dict_of

GONE = "[redacted]"
LEAST = 4
"""Characters that a secret has at least: shorter ones stand in any text."""
MOST_KEYS = 20_000
"""Keys and fields that are looked at, of all the notebook's."""
_FOLDERS = frozenset(("PWD", "OLDPWD"))
_Told = TypeVar("_Told")


def secrets_in(names: Mapping[str, object]) -> Iterator[str]:
    """The texts of these variables that are secrets, and of what they hold by name."""
    held = (pair for value in list(names.values()) for pair in _named_in(value))
    for name, value in [*names.items(), *islice(held, MOST_KEYS)]:
        if type(name) is not str or type(value) is not str or len(value) < LEAST:
            continue
        if is_secret(name, value):
            yield value


def secrets_of_environment() -> Iterator[str]:
    """Those that stand in the environment, where `PWD` is a folder."""
    yield from secrets_in({k: v for k, v in os.environ.items() if k not in _FOLDERS})


def _named_in(value: object) -> Iterator[tuple[str, object]]:
    """What a plain dictionary or a dataclass holds under names."""
    if type(value) is dict:
        items: Mapping[str, object] = value
    elif any("__dataclass_fields__" in members(base) for base in bases(type(value))):
        items = dict_of(value)
    else:
        return
    for name, held in list(islice(items.items(), MOST_KEYS)):
        yield ("password" if name == "pass" else name), held


def without(secrets: Iterable[str], told: _Told) -> _Told:
    """`told`, a noun, tuple or text, with `GONE` in the place of each secret in its texts."""
    written = {text for secret in secrets for text in (secret, repr(secret)[1:-1])}
    if not written:
        return told
    longest_first = sorted(written, key=lambda text: -len(text))
    return cast("_Told", _without(re.compile("|".join(map(re.escape, longest_first))), told))


def _without(secret: re.Pattern[str], told: object) -> object:
    if isinstance(told, str):
        return secret.sub(GONE, told)
    if isinstance(told, tuple):
        return tuple(_without(secret, part) for part in told)
    if is_dataclass(told) and not isinstance(told, type):
        parts = {each.name: _without(secret, getattr(told, each.name)) for each in fields(told)}
        return replace(told, **parts)
    return told
