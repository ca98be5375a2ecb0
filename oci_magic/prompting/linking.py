"""Which columns a request names, however loosely it is typed ("schema linking").

People write `population 2020` for the column "Population_2020"; a model that is shown the exact
labels beside the request need not guess them, nor look for them in a long list.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..types import Variable

MOST = 12
_WORDS = frozenset("aAI")  # one letter, but seldom a column


@dataclass(frozen=True)
class Link:
    """A column that is named at `start` to `end` of the request, and the tables that have it."""

    start: int
    end: int
    label: str
    dtype: str
    tables: tuple[str, ...]


def links(request: str, tables: Sequence[Variable]) -> list[Link]:
    """The columns of `tables` that `request` names, in its order, each once, at most `MOST`.

    Letter case, blanks and marks do not count, nor does a plural s; of names inside each other
    the longest is meant.
    """
    columns: dict[tuple[str, str], list[str]] = {}
    for table in tables:
        for column in table.columns:
            columns.setdefault(column, []).append(table.name)
    text = _Folded(request)
    found = [
        Link(start, end, label, dtype, tuple(names))
        for (label, dtype), names in columns.items()
        for start, end in text.spans(_plain(label))
    ]
    meant = [link for link in found if not _gives_way(link, found, request)]
    first = {(link.label, link.dtype): link for link in sorted(meant, key=_place, reverse=True)}
    return sorted(first.values(), key=_place)[:MOST]


class _Folded:
    """A text's letters and digits in lower case, and where each of them stands."""

    def __init__(self, text: str) -> None:
        pairs = [(f, i) for i, c in enumerate(text) if c.isalnum() for f in c.casefold()]
        self.text = "".join(f for f, _ in pairs)
        self.at = [i for _, i in pairs]
        self.source = text

    def spans(self, name: str) -> Iterator[tuple[int, int]]:
        """Where `name` stands as whole words: first position and the one behind the last."""
        wanted = _Folded(name).text if len(name) > 1 else name.casefold()
        found = self.text.find(wanted) if wanted and name not in _WORDS else -1
        while found >= 0:
            start, end = self.at[found], self.at[found + len(wanted) - 1] + 1
            if self._whole(start, end) and (len(wanted) > 1 or self.source[start:end] == name):
                yield start, end
            found = self.text.find(wanted, found + 1)

    def _whole(self, start: int, end: int) -> bool:
        plural = end + 1 if self.source[end : end + 1] in ("s", "S") else end
        ends = not self.source[end : end + 1].isalnum()
        ends = ends or not self.source[plural : plural + 1].isalnum()
        return ends and not (start and self.source[start - 1].isalnum())


def _plain(label: str) -> str:
    """The name in a label as code writes it; "" for what nobody types."""
    try:
        value = ast.literal_eval(label)
    except (ValueError, SyntaxError):
        return ""
    return str(value) if isinstance(value, str | int) else ""


def _gives_way(link: Link, others: Sequence[Link], request: str) -> bool:
    """Whether another column is meant where `link` stands: a longer name, or the exact one."""

    def better(other: Link) -> bool:
        if (other.start, other.end) == (link.start, link.end):
            exact = request[link.start : link.end]
            return _plain(link.label) != exact and _plain(other.label) == exact
        return other.start <= link.start and link.end <= other.end

    return any(better(other) for other in others)


def _place(link: Link) -> tuple[int, int]:
    return link.start, -link.end
