"""Code that a prompt has left for the person to run: when they do, it is protected.

A held or confirmed answer stands below its prompt (or at the next input) and is run as any cell.
Hooks around that run put the names back if it fails, and tell the conversation how it went, so that
Fix, undo and words go on from there. Code that the person has edited is theirs and left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..runner import InTurn
from ..running.interrupts import put_off
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
        self._done: Restorable | None = None  # of those that have run
        self._session: Session | None = None
        self._checks: tuple[str, ...] = ()
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
        """The code of `turn`, the session's last answer, waits in `place`."""
        self.drop()
        self._session, self._place, self._checks = session, place, session.runner.checks
        self._left = [source.rstrip() for source in place.sources(turn)]

    def before_run(self, info: Any) -> None:
        """The `pre_run_cell` hook."""
        self._saved = None
        if self._session and self._left and _source(info) == self._left[0]:
            self._session.runner.checks = self._checks  # others may have been asked for since
            self._saved = self._session.runner.saved(self._left)

    def after_run(self, result: Any) -> tuple[str, Failure | None] | None:
        """The `post_run_cell` hook: the code that has run and its failure, None if it is not ours.

        What raised still waits, so that it can be run again. What has worked can be taken back,
        whatever ran in between: that itself stays.
        """
        session, place, saved = self._session, self._place, self._saved
        if session is None or place is None or saved is None:
            return None
        source, raised = _source(result.info), self._failure(result)
        execution = Execution((), raised)
        if len(self._left) == 1:
            execution = session.runner.checked(execution)
        with put_off():
            if raised:
                session.ran(execution, saved)
                session.exchanges.accept(self._done)
                place.ran(raised, saved.left)
            else:
                self._worked(session, place, saved, execution)
        return source, execution.failure

    def _worked(
        self, session: Session, place: Place, saved: Restorable, execution: Execution
    ) -> None:
        """The next of the cells has run; with the last one the answer is accepted, if it holds."""
        together = InTurn(self._done, saved) if self._done else saved
        del self._left[0]
        if self._left:
            together.done()
            self._done = together
            session.exchanges.accept(together)
        else:
            self.drop()
            session.ran(execution, together)
            place.ran(execution.failure, together.left, unseen=True)

    def _failure(self, result: Any) -> Failure | None:
        from ..running.evidence import failure_of

        error = result.error_before_exec or result.error_in_exec
        if error is None or self._session is None:
            return None
        reserve = self._session.runner.executor.reserve
        return failure_of(error, _source(result.info), self.shell.user_ns, reserve=reserve)


def _source(info: Any) -> str:
    return (getattr(info, "raw_cell", None) or "").rstrip()
