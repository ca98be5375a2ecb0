"""Secrets that the notebook holds, taken out of what is told of a failure.

A value is one where its variable's name says so: `password`, `db_pwd`, `api_key`. `token` and `key`
are common names of harmless things as well: there the value has to look like a secret. A text that
is a column's name is told anyhow and is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

GONE = "[redacted]"
LEAST = 4
"""Characters that a secret has at least: shorter ones stand in any text."""
_Told = TypeVar("_Told")
_SURE = re.compile(
    r"passw|passphrase|passwd|pwd|secret|credential"
    r"|(?:api|access|private|auth|encryption|account|storage)[_-]?(?:key|token)",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"(?:^|_)(?:token|key)s?(?:$|_?\d)", re.IGNORECASE)
_LOOKS_SECRET = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])\S{12,}")
_OF_COLUMN = re.compile(r"_(?:col|cols|column|columns|field|name|label|file|path)$", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a variable or a column of this name holds secrets."""
    return bool(_SURE.search(name)) and not _OF_COLUMN.search(name)


def secrets_in(names: Mapping[str, object]) -> Iterator[str]:
    """The texts of these variables that are secrets."""
    for name, value in names.items():
        if type(name) is not str or type(value) is not str or len(value) < LEAST:
            continue
        maybe = _MAYBE.search(name) and _LOOKS_SECRET.fullmatch(value)
        if maybe or is_secret_name(name):
            yield value


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
