"""What becomes of the code of a reply: reviewed, held or run, checked, and put back if it failed.

The session asks; here is where answers run, and on what terms.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Protocol

from .events import Event, Executed, HeldBack, NotPutBack
from .prompting.feedback import execution_result
from .running import Executor
from .running.effects import effects_line
from .running.interrupts import put_off
from .types import Cell, Effect, Execution, Turn
from .verdict import Verdict, without_running

Review = Callable[[Sequence[Cell]], Sequence[Sequence[Effect]]]
"""For the cells of one reply: the effects of each that hold the reply back."""


class Restorable(Protocol):
    """A checkpoint: `restore` puts back what it saved; after `done`, `undo` takes the run back.

    `undo` returns the names that it had to leave, because later cells changed them: none that has
    run by `goes_on`. `left` tells what the code touches and the checkpoint does not cover:
    `model (LinearRegression)`, `files`.
    """

    @property
    def left(self) -> Sequence[str]: ...
    def restore(self) -> object: ...
    def done(self) -> object: ...
    def goes_on(self) -> object: ...
    def undo(self) -> Sequence[str]: ...


class Nothing:
    """The checkpoint of a place where nothing is to be put back."""

    left: Sequence[str] = ()

    def __init__(self, code: str = "") -> None: ...
    def restore(self) -> None: ...
    def done(self) -> None: ...
    def goes_on(self) -> None: ...
    def undo(self) -> Sequence[str]:
        return ()


class InTurn:
    """The checkpoints of two runs, the second after the first, which is done: both in one."""

    def __init__(self, first: Restorable, second: Restorable) -> None:
        self.first, self.second = first, second

    @property
    def left(self) -> Sequence[str]:
        return tuple(dict.fromkeys((*self.first.left, *self.second.left)))

    def restore(self) -> None:
        self.second.restore()
        self.first.undo()

    def done(self) -> None:
        self.second.done()

    def goes_on(self) -> None:
        self.first.goes_on()
        self.second.goes_on()

    def undo(self) -> Sequence[str]:
        return tuple(dict.fromkeys((*self.second.undo(), *self.first.undo())))


class Runner:
    """Runs replies in one place.

    With `confirm` code waits until the person runs it. `checks` are statements that must hold once
    the code has run: one that fails is a failure. `checkpoint` is given the code that is to run;
    `accepted` is the one before the last run that worked.
    """

    def __init__(
        self, executor: Executor, review: Review, checkpoint: Callable[[str], Restorable]
    ) -> None:
        self.executor, self.review, self.checkpoint = executor, review, checkpoint
        self.confirm = False
        self.checks: tuple[str, ...] = ()
        self.accepted: Restorable | None = None

    def attempt(
        self, turn: Turn, tried: Sequence[Turn], run: bool
    ) -> Generator[Event, None, Verdict]:
        """Look at a reply, hold it back or run it; `tried` are the rounds that failed before."""
        settled, reply = without_running(turn, tried, run), turn.reply
        if settled:
            return settled
        reviewed = zip(reply.code, self.review(reply.code), strict=True)
        held = [HeldBack(cell, tuple(effects)) for cell, effects in reviewed if effects]
        yield from held
        if held:
            return Verdict("held", effects_line([each for event in held for each in event.effects]))
        if self.confirm:
            return Verdict("held", "the code waits until you run it")
        execution = yield from self._run(reply.code)
        if execution.failure is None:
            return Verdict("worked", execution=execution)
        if execution.failure.stopped:
            return Verdict("stopped", execution=execution)
        return Verdict(execution=execution, feedback=execution_result(execution))

    def saved(self, sources: Sequence[str]) -> Restorable:
        """The state before code runs, as far as it and the checks can touch it."""
        return self.checkpoint("\n".join([*sources, *self.checks]))

    def checked(self, execution: Execution) -> Execution:
        """A run that is over, failed where a check does not hold."""
        if not self.checks or execution.failure:
            return execution
        return replace(execution, failure=self.executor.check(self.checks))

    def settled(self, execution: Execution, saved: Restorable) -> None:
        """A run has been checked: put back to `saved` if it failed, accepted if not."""
        with put_off():
            if execution.failure:
                saved.restore()
                self.accepted = None
            else:
                saved.done()
                self.accepted = saved

    def taken_back(self, saved: Restorable) -> None:
        """What was begun after `saved` is not to stand, be it accepted by now."""
        with put_off():
            if self.accepted is saved:
                self.accepted = None
                saved.undo()
            else:
                saved.restore()

    def _run(self, cells: Sequence[Cell]) -> Generator[Event, None, Execution]:
        """Run the cells up to the first failure."""
        saved = self.saved([cell.source for cell in cells])
        done: list[Execution] = []
        try:
            for cell in cells:
                done.append(self.executor.run(cell))
                yield Executed(cell, done[-1])
                if done[-1].failure:
                    break
            outputs = tuple(output for execution in done for output in execution.outputs)
            seconds = sum(execution.seconds for execution in done)
            execution = self.checked(Execution(outputs, done[-1].failure, seconds))
            self.settled(execution, saved)
            if execution.failure and (left := tuple(saved.left)):
                yield NotPutBack(left)
            return execution
        except BaseException:
            self.taken_back(saved)
            raise
