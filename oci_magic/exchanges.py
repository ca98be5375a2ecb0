"""What was said in a conversation: the rounds of every request, and which of it are answers.

Covers which answers can still be taken back, and to which state. Whose rounds they are and how
they came about is the session's work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .prompting.conversation import revised
from .prompting.feedback import text_alone
from .prompting.prompts import DELETED
from .runner import Restorable
from .types import Turn
from .verdict import came, standing

Rounds = tuple[Turn, ...]


@dataclass(eq=False)
class Answer:
    """An answer with code to `request`: what was said from the exchange at `start` on.

    `saved` is the state before its code ran, None if that has left nothing; `instead` are the
    exchanges in whose place it stands. It can be taken back as long as it is `open`.
    """

    start: int
    request: str
    instead: Sequence[Rounds] = ()
    saved: Restorable | None = None
    open: bool = True


class Exchanges(list[Rounds]):
    """Oldest first: the rounds of one request, or of one result that an answer goes on from.

    `request` is the place of the first exchange of the person's last request. `answers` are those
    with code, oldest first: to each belongs what was said up to the next one. One that is accepted
    closes those before it, so that at most one state of before is kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.request = 0
        self.answers: list[Answer] = []

    @property
    def turns(self) -> list[Turn]:
        """The last round of each."""
        return [rounds[-1] for rounds in self]

    @property
    def asked(self) -> list[Rounds]:
        """Those of the last request: where its answer went on, there are several."""
        return self[self.request :]

    @property
    def open(self) -> list[Answer]:
        """The answers that can be taken back: the last accepted one, and what came since."""
        return [answer for answer in self.answers if answer.open]

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
            self += [tuple(map(_slim, tried))] if made else []
        else:
            self += given
        return new

    def answered(self, given: Sequence[Rounds], saved: Restorable | None) -> None:
        """The last exchange is an answer, in the place of those `given`."""
        self.answers.append(Answer(len(self) - 1, self[-1][-1].request, given))
        self.accept(saved)

    def accept(self, saved: Restorable | None) -> None:
        """The last answer has been accepted, `saved` being the state before, or (None) it is not.

        The way back to what was before an answer that came earlier is forgotten then.
        """
        *earlier, last = self.answers
        last.saved = saved
        for answer in earlier if saved else ():
            answer.saved, answer.open = None, False

    def join(self, made: Sequence[Turn]) -> None:
        """Add rounds in which the last answer goes on."""
        self.append(tuple(replace(_slim(turn), goes_on=True) for turn in made))

    def take_back(self, answer: Answer) -> None:
        """Forget an answer and what was said up to the next one; what it stood for is back."""
        start, end, instead = answer.start, self._end(answer), answer.instead
        self[start:end] = instead
        moved = len(instead) - (end - start)
        at = self.answers.index(answer)
        del self.answers[at]
        for later in self.answers[at:]:
            later.start += moved
        self.request = self.request + moved if self.request >= end else start

    def ran(self, turn: Turn) -> None:
        """The code of the last answer has been run by the person: this is its turn now."""
        start = self.answers[-1].start
        self[start] = (*self[start][:-1], turn)

    def sources(self, answer: Answer) -> list[str]:
        """The code cells of an answer, as the conversation has them now."""
        rounds = self[answer.start : self._end(answer)]
        return [cell.source for each in rounds for cell in _standing(each).reply.code]

    def revise(self, answer: Answer, changes: Mapping[int, str | None]) -> None:
        """Put other versions in the place of code cells of an answer, None for none at all.

        They are known by their number in it.
        """
        first = 0
        for place in range(answer.start, self._end(answer)):
            rounds = self[place]
            count = len(_standing(rounds).reply.code)
            own = {at - first: source for at, source in changes.items()}
            own = {at: source for at, source in own.items() if 0 <= at < count}
            if own:
                stands = _standing(rounds)
                at = next(at for at, turn in enumerate(rounds) if turn is stands)
                self[place] = revised(rounds[: at + 1], own)
            first += count

    def clear(self) -> None:
        super().clear()
        self.request, self.answers = 0, []

    def _end(self, answer: Answer) -> int:
        """The place after the last exchange of an answer."""
        later = self.answers[self.answers.index(answer) + 1 :]
        return later[0].start if later else len(self)


def _standing(rounds: Rounds) -> Turn:
    """The round whose code stands in cells; the last one, where the person has deleted some."""
    last = rounds[-1]
    return last if DELETED in last.reply.text else standing(rounds, rounds, last.request)


def _slim(turn: Turn) -> Turn:
    """A turn whose outputs are told by their texts: pictures are the notebook's to keep."""
    execution = turn.execution
    if execution is None or not execution.outputs:
        return turn
    outputs = tuple(map(text_alone, execution.outputs))
    return replace(turn, execution=replace(execution, outputs=outputs))
