"""What may interrupt a running cell besides its own errors: a time limit and the person.

Covers code that runs in the main thread. Code inside one long call of a C library is interrupted
when that call returns; the time a person takes to answer `input()` counts.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from ..types import Failure


def can_time_out() -> bool:
    """Whether a time limit holds here: it needs Unix' SIGALRM and the main thread."""
    on_main = threading.current_thread() is threading.main_thread()
    return on_main and hasattr(signal, "setitimer")


class CellTimeout(BaseException):
    """Raised in the cell; no `Exception`, so that generated `except Exception` lets it pass."""


class Clock:
    """Interrupts the block after `seconds`, and once a second while the code swallows it."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.fired = False

    @contextmanager
    def limiting(self) -> Iterator[None]:
        if self.seconds is None or not can_time_out():
            yield
            return
        started = time.monotonic()
        handler = signal.signal(signal.SIGALRM, self._ring)
        delay, interval = signal.setitimer(signal.ITIMER_REAL, max(self.seconds, 1e-6), 1.0)
        try:
            yield
        finally:
            self.disarm()
            signal.signal(signal.SIGALRM, handler)
            if delay:  # someone else's alarm goes on
                left = delay - (time.monotonic() - started)
                signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6), interval)

    def disarm(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _signal: int, _frame: FrameType | None) -> NoReturn:
        self.fired = True
        raise CellTimeout

    def failure(self, failure: Failure) -> Failure:
        message = f"the cell ran longer than {self.seconds:g} s"
        text = f"TimeoutError: {message}"
        if failure.facts.line:
            text = f"line {failure.facts.lineno}: {failure.facts.line.strip()}\n{text}"
        return replace(failure, name="TimeoutError", message=message, traceback=text)


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


def told(failure: Failure, clock: Clock, stop: Stop) -> Failure:
    """The same failure under the name of its cause: the person, the time limit, or the code."""
    if stop.pressed:
        return replace(failure, name="KeyboardInterrupt", message="")
    return clock.failure(failure) if clock.fired else failure
