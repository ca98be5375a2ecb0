"""What may interrupt a running cell besides its own errors: a time limit and the person.

Covers code that runs in the main thread. Code inside one long call of a C library is interrupted
when that call returns; the time a person takes to answer `input()` counts.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from types import FrameType
from typing import Any

from ..types import Failure

TraceFunction = Callable[[FrameType, str, Any], Any]
AGAIN = 0.05
"""Seconds between two interruptions of code that swallows them."""


def can_time_out() -> bool:
    """Whether a time limit holds here: it needs Unix' SIGALRM and the main thread."""
    on_main = threading.current_thread() is threading.main_thread()
    return on_main and hasattr(signal, "setitimer")


class CellTimeout(BaseException):
    """Raised in the cell; no `Exception`, so that generated `except Exception` lets it pass.

    Code that swallows it drops it where its `except:` ends; `swallowed` is called just there.
    """

    def __init__(self, swallowed: Callable[[], object]) -> None:
        super().__init__()
        self._swallowed = swallowed

    def __del__(self) -> None:
        self._swallowed()


class Clock:
    """Interrupts the block after `seconds`, and again and again while the code swallows it."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.fired = self._ticking = False
        self._rung = 0.0
        self._tracer: Any = None

    @contextmanager
    def limiting(self) -> Iterator[None]:
        if self.seconds is None or not can_time_out():
            yield
            return
        started = time.monotonic()
        self._tracer = sys.gettrace()
        delay, interval = signal.getitimer(signal.ITIMER_REAL)
        handler = signal.signal(signal.SIGALRM, self._ring)
        try:
            self._ticking = True
            signal.setitimer(signal.ITIMER_REAL, max(self.seconds, 1e-6), AGAIN)
            yield
        finally:
            self.disarm()
            signal.signal(signal.SIGALRM, handler)
            if self.fired:
                sys.settrace(self._tracer)
            if delay:  # someone else's alarm goes on
                left = delay - (time.monotonic() - started)
                signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6), interval)

    def disarm(self) -> None:
        self._ticking = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _signal: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.fired and not _cell_frames(frame) and now - self._rung < 1:
            return  # the cell has unwound: IPython is at work
        if self.fired and frame is not None:
            self._raise_next(frame)  # the code may have kept the last one
        self.fired, self._rung = True, now
        raise CellTimeout(self._swallowed)

    def _swallowed(self) -> None:
        """An `except:` of the cell has just ended that caught the last one."""
        if self._ticking:
            self._raise_next(sys._getframe(2))

    def _raise_next(self, frame: FrameType) -> None:
        """Raise on the next line of the cell, whichever of its frames comes to one."""
        if frames := _cell_frames(frame):
            sys.settrace(_unseen)
            for each in frames:
                each.f_trace = self._raise_on_line

    def _raise_on_line(self, _frame: FrameType, event: str, _argument: object) -> TraceFunction:
        """Python takes a tracer away that raises; `_raise_next` puts it back."""
        if event == "line":
            raise CellTimeout(self._swallowed)
        return self._raise_on_line

    def failure(self, failure: Failure) -> Failure:
        message = f"the cell ran longer than {self.seconds:g} s"
        text = f"TimeoutError: {message}"
        if failure.facts.line:
            text = f"line {failure.facts.lineno}: {failure.facts.line.strip()}\n{text}"
        return replace(failure, name="TimeoutError", message=message, traceback=text)


def _unseen(_frame: FrameType, _event: str, _argument: object) -> None:
    """Traces no frame that is entered from now on."""


def _cell_frames(frame: FrameType | None) -> list[FrameType]:
    """The frames of the nested run's code, not those of the prompt's own cell around it."""
    found: list[FrameType] = []
    while frame is not None:
        if frame.f_globals.get("__package__") == __package__ and frame.f_code.co_name == "_error":
            break
        if frame.f_globals.get("__name__") == "__main__" and "get_ipython" in frame.f_globals:
            found.append(frame)
        frame = frame.f_back
    return found


class Stop:
    """Notices the person's interrupt, also when the code turns it into another error."""

    def __init__(self) -> None:
        self.pressed = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield
            return

        def noticed(number: int, frame: FrameType | None) -> None:
            self.pressed = True
            before(number, frame)

        signal.signal(signal.SIGINT, noticed)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGINT) is noticed:
                signal.signal(signal.SIGINT, before)


@contextmanager
def put_off() -> Iterator[Callable[[], AbstractContextManager[object]]]:
    """What the block does is done whole: an interrupt that comes meanwhile comes when it is over.

    It is given what lets them through for a while, one that has come too. Outside of the main
    thread there are none.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield nullcontext
        return
    came: list[FrameType | None] = []

    def later(_number: int, frame: FrameType | None) -> None:
        came.append(frame)

    @contextmanager
    def let_through() -> Iterator[None]:
        signal.signal(signal.SIGINT, before)
        try:
            if came:
                frame = came[-1]
                came.clear()
                before(signal.SIGINT, frame)
            yield
        finally:
            signal.signal(signal.SIGINT, later)

    signal.signal(signal.SIGINT, later)
    try:
        yield let_through
    finally:
        if signal.getsignal(signal.SIGINT) is later:
            signal.signal(signal.SIGINT, before)
        if came:
            before(signal.SIGINT, came[-1])


def told(failure: Failure, clock: Clock, stop: Stop) -> Failure:
    """The same failure under the name of its cause: the person, the time limit, or the code."""
    if stop.pressed:
        return replace(failure, name="KeyboardInterrupt", message="")
    return clock.failure(failure) if clock.fired else failure
