"""What was said in a conversation: the rounds of every request, and where the last answer begins.

Whose rounds they are and how they came about is the session's work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .prompting.conversation import revised
from .types import Turn
from .verdict import came

Rounds = tuple[Turn, ...]


class Exchanges(list[Rounds]):
    """Oldest first: the rounds of one request, or of one result that an answer goes on from.

    `answer` is the place of the first exchange of the answer whose code stands, `request` that of
    the last request of the person.
    """

    answer = request = 0

    @property
    def turns(self) -> list[Turn]:
        """The last round of each."""
        return [rounds[-1] for rounds in self]

    @property
    def asked(self) -> list[Rounds]:
        """Those of the last request: where its answer went on, there are several."""
        return self[self.request :]

    @property
    def answered(self) -> Turn | None:
        """The last round of the first exchange of the answer whose code stands."""
        return self[self.answer][-1] if self.answer < len(self) else None

    def begin(self) -> None:
        """A request comes: it is the last one."""
        self.request = len(self)

    def taken(self, request: str) -> list[Rounds]:
        """Take out what was said on the last request, if it is this one, and give it."""
        given = self.asked
        if not given or given[0][-1].request != request:
            return []
        del self[self.request :]
        return given

    def keep(self, tried: Sequence[Turn], made: Sequence[Turn], given: Sequence[Rounds]) -> bool:
        """Add what was said on the last request: of the rounds `tried`, those `made` are new.

        Where nothing came of it, what was `given` before stays. Tells whether anything came.
        """
        new = any(map(came, made))
        if new or not given:
            self += [tuple(tried)] if made else []
        else:
            self += given
        if new:
            self.answer = len(self) - 1
        return new

    def join(self, made: Sequence[Turn]) -> None:
        """Add rounds in which the last answer goes on."""
        self.append(tuple(replace(turn, goes_on=True) for turn in made))

    def take_back(self) -> None:
        """Forget the answer whose code stands, and all that was said since."""
        del self[self.answer :]
        self.answer, self.request = max(0, len(self) - 1), len(self)

    def revise(self, changes: Mapping[int, str | None]) -> None:
        """Put other versions in the place of code cells of the answer, None for none at all.

        They are known by their number in it.
        """
        first = 0
        for place in range(self.answer, len(self)):
            rounds = self[place]
            count = max(len(turn.reply.code) for turn in rounds)
            own = {at - first: source for at, source in changes.items()}
            own = {at: source for at, source in own.items() if 0 <= at < count}
            self[place] = revised(rounds, own) if own else rounds
            first += count

    def clear(self) -> None:
        super().clear()
        self.answer = self.request = 0
