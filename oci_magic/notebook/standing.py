"""Where the answers of a conversation stand, and what the person has done to their cells since.

A generated cell that they have edited and run is the answer's from then on, one that they have
deleted or emptied is none of it: the model is told of them so. Cells are known by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..exchanges import Answer, Exchanges
    from .frontends import Place


@dataclass
class _Stood:
    """Where an answer stands, and which of its cells have been run by hand."""

    place: Place
    by_hand: set[str] = field(default_factory=set)
    edited: bool = False


class Standing:
    """Knows the places of all answers of this session, those that later ones replaced too."""

    def __init__(self) -> None:
        self._of: dict[Answer, _Stood] = {}

    def answered(self, exchanges: Exchanges, place: Place) -> bool:
        """What has come since stands in `place`. Whether anything has."""
        known = dict(self._now(exchanges))
        new = [answer for answer in exchanges.answers if answer not in known]
        self._of = known | {answer: _Stood(place) for answer in new}
        return bool(new)

    def open(self, exchanges: Exchanges) -> list[tuple[Answer, Place]]:
        """The answers that can be taken back, and where they stand."""
        return [(answer, stood.place) for answer, stood in self._now(exchanges) if answer.open]

    def look_for_deleted(self, exchanges: Exchanges, asking: Place) -> list[str]:
        """The cells that the person has deleted, as the request tells that comes from `asking`."""
        now = [(answer, stood.place) for answer, stood in self._now(exchanges)]
        last = {place.prompt: (answer, place) for answer, place in now if place.stands}
        deleted = list[str]()
        for answer, place in last.values():
            ids = [id_ for id_, _ in place.made()]
            if gone := asking.deleted_from(place):
                exchanges.revise(answer, dict.fromkeys(gone))
                deleted += [ids[at] for at in gone]
        return deleted

    def ran(self, exchanges: Exchanges, cell: str, source: str) -> None:
        """The person has run a cell, which holds `source` now, and it has worked.

        An answer that had not worked is settled once all of its cells have run so.
        """
        for answer, stood in self._now(exchanges):
            ids, known = [id_ for id_, _ in stood.place.made()], exchanges.sources(answer)
            if cell not in ids[: len(known)]:
                continue
            at = ids.index(cell)
            if not source:
                exchanges.revise(answer, {at: None})
                stood.place.let_go(cell)
                continue
            if source != known[at].strip():
                exchanges.revise(answer, {at: source})
                stood.edited = True
            stood.by_hand.add(cell)
            if stood.edited and stood.by_hand >= set(ids):
                stood.place.corrected()

    def _now(self, exchanges: Exchanges) -> Iterator[tuple[Answer, _Stood]]:
        """Of the answers that have not been taken back or forgotten, oldest first."""
        for answer in exchanges.answers:
            if answer in self._of:
                yield answer, self._of[answer]
