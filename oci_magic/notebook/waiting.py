"""Code that a prompt has left for the person to run: when they do, it is protected.

A held or confirmed answer stands below its prompt (or at the next input) and is run as any cell.
Hooks around that run put the names back if it fails, and tell the conversation how it went, so that
Fix, undo and words go on from there. Code that the person has edited is theirs and left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..types import Execution, Failure, Turn

if TYPE_CHECKING:
    from ..runner import Restorable
    from ..session import Session
    from .frontends import Place


class Waiting:
    """At most one answer waits: the last one. Its cells may be run one by one."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.drop()

    def drop(self) -> None:
        """Nothing waits any more."""
        self._left: list[str] = []
        self._saved: Restorable | None = None  # before the cell that runs now
        self._first: Restorable | None = None  # before the first of those that ran in a row
        self._session: Session | None = None
        self._place: Place | None = None

    def dropped(self) -> dict[str, Any]:
        """Let nothing wait any more; gives what did, to be taken up again."""
        waited = {name: value for name, value in vars(self).items() if name != "shell"}
        self.drop()
        return waited

    def take_up(self, waited: dict[str, Any]) -> None:
        """What waited before waits again: nothing has come in its place."""
        vars(self).update(waited)

    def leave(self, session: Session, place: Place, turn: Turn) -> None:
        """The code of `turn`, the session's last one, waits in `place`."""
        self.drop()
        self._session, self._place = session, place
        self._left = [source.rstrip() for source in place.sources(turn)]

    def before_run(self, info: Any) -> None:
        """The `pre_run_cell` hook."""
        self._saved = None
        if self._session and self._left and _source(info) == self._left[0]:
            self._saved = self._session.runner.checkpoint("\n".join(self._left))
            self._first = self._first or self._saved
        else:
            self._first = None  # what a cell of the person's did is not to be taken back

    def after_run(self, result: Any) -> tuple[str, Failure | None] | None:
        """The `post_run_cell` hook: the code that has run and its failure, None if it is not ours.

        What raised still waits, so that it can be run again.
        """
        session, place, saved, first = self._session, self._place, self._saved, self._first
        if session is None or place is None or saved is None or first is None:
            return None
        source, failure = _source(result.info), self._failure(result)
        if failure:
            self._first = None
            session.ran(Execution((), failure), saved)
            place.ran(failure, saved.left)
            return source, failure
        del self._left[0]
        if not self._left:
            self.drop()
            failure = session.ran(Execution(), first)
            place.ran(failure, first.left)
        return source, failure

    def _failure(self, result: Any) -> Failure | None:
        from ..running.evidence import failure_of

        error = result.error_before_exec or result.error_in_exec
        return failure_of(error, _source(result.info), self.shell.user_ns) if error else None


def _source(info: Any) -> str:
    return (getattr(info, "raw_cell", None) or "").rstrip()
