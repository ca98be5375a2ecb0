"""A fresh process for code of a stranger, watched from outside: it answers in time or is ended.

Covers a limit in seconds for every answer, the limits and walls of `inside.walls`, a temporary
working folder (`folders`) whose size is watched as the number of threads is, answers of bounded
length, and the end: the process is killed with its group, its folder goes. It is forked by a server
that has run nothing of a stranger (`forking`). On Linux it can start no other process, so none can
stay; on macOS a process that leaves the group may, and threads are not counted. The process that
judges keeps what is expected: only arguments go in, and only plain values (`inside.plain`) come
out. Windows has neither the limits nor pipes with a deadline: there, judging is refused in one
line.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from ..errors import OciError
from . import folders
from .forking import SERVER
from .inside.plain import encode

_PIECE, _LOOK = 1 << 16, 0.1
_ITEM, _NESTED = 3, 32
"""Bytes of an item of an answer at least, and what a list or the like counts besides its items."""
Ending = Literal[
    "timed out", "ended", "too long", "no answer", "too many files", "too many threads"
]
THREADS = 512
"""What one process may have: libraries start one for each core, and some of their own."""


@dataclass(frozen=True)
class Limits:
    """Of one process: seconds to load and for one call, processor seconds in all, bytes.

    `folder` is for all files together, each of which may have `file` bytes; `answer` is for the
    line of an answer, in which lists and the like count for more than their brackets.
    """

    load: float = 10.0
    call: float = 4.0
    total: int = 60
    memory: int = 4 << 30
    file: int = 1 << 20
    folder: int = 64 << 20
    answer: int = 8 << 20


class Ended(Exception):
    """The process gave no answer: why, and its exit code (negative: a signal) where it ended."""

    def __init__(self, why: Ending, code: int | None = None) -> None:
        super().__init__(why)
        self.why, self.code = why, code


class Process:
    """One process of `inside.child`; use it as a context, which ends it.

    `job` is what it is to do; `missing` names the walls that this system does not have, and `size`
    is that of the last answer, as the limits count it.
    Once `stop` is set, waiting ends as by Ctrl-C. Raises OciError on Windows.
    """

    def __init__(
        self, job: Mapping[str, Any], limits: Limits, stop: threading.Event | None = None
    ) -> None:
        if sys.platform == "win32":
            raise OciError("judging needs Linux or macOS: on Windows, run this in WSL")
        self.limits, self._rest, self._stop = limits, bytearray(), stop
        self._sought = self.size = 0
        self._look = time.monotonic() + _LOOK
        self._folder = folders.made()
        self._remove = weakref.finalize(self, folders.remove, self._folder)
        self._selector = selectors.DefaultSelector()
        self._running = SERVER.fork(self._folder)
        self._in, self._out = self._running.stdin.fileno(), self._running.stdout.fileno()
        try:
            os.set_blocking(self._in, False)
            self._selector.register(self._out, selectors.EVENT_READ)
            most = [limits.memory, limits.total, limits.file]
            started = self.ask({**job, "limits": most}, limits.load)
            self.missing: Sequence[str] = started.get("missing", ())
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def call(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], seconds: float, longest: int = 0
    ) -> dict[str, Any]:
        """The reply to one call: `value` in its plain form, or `raised`. Raises Ended."""
        items = max(longest, self.limits.answer) // _ITEM
        call = {"call": encode([list(args), dict(kwargs)]), "items": items}
        reply = self.ask(call, seconds, longest)
        if reply.get("long") is True:
            raise Ended("too long")
        return reply

    def ask(
        self, message: Mapping[str, Any] | None, seconds: float, longest: int = 0
    ) -> dict[str, Any]:
        """Send `message` (None: nothing) and wait for the next line. Raises Ended.

        It may have the bytes that the limits say, or `longest` if that is more.
        """
        most = max(longest, self.limits.answer)
        left = memoryview(b"" if message is None else json.dumps(message).encode() + b"\n")
        until = time.monotonic() + seconds
        while (end := self._rest.find(b"\n", self._sought)) < 0:
            if len(self._rest) > most:
                raise Ended("too long")
            self._sought = len(self._rest)
            now = time.monotonic()
            if now >= until:
                raise Ended("timed out")
            if self._stop and self._stop.is_set():
                raise KeyboardInterrupt
            if now >= self._look:
                self._check()
                self._look = now + _LOOK
            left = self._exchange(left, min(until, self._look) - now)
        line, self._sought = self._rest[:end], 0
        del self._rest[: end + 1]
        self.size = end + _NESTED * sum(map(line.count, (b"[", b"{")))
        if self.size > most:
            raise Ended("too long")
        return _message(line)

    def end(self) -> None:
        """Kill it and its group, and remove its folder."""
        self._selector.close()
        self._running.end()
        self._remove()

    def _check(self) -> None:
        if folders.used(self._folder, self.limits.folder) > self.limits.folder:
            raise Ended("too many files")
        with suppress(OSError):  # not told on macOS
            if len(list(Path(f"/proc/{self._running.pid}/task").iterdir())) > THREADS:
                raise Ended("too many threads")

    def _exchange(self, left: memoryview, seconds: float) -> memoryview:
        """Write and read what can be at once; what is left to write."""
        if left:
            self._selector.register(self._in, selectors.EVENT_WRITE)
        ready = {key.fd for key, _ in self._selector.select(max(0.0, seconds))}
        if left:
            self._selector.unregister(self._in)
        if self._out in ready:
            self._read()
        elif self._in in ready:
            try:
                return left[os.write(self._in, left[:_PIECE]) :]
            except BrokenPipeError:
                raise self._over() from None
        return left

    def _read(self) -> None:
        piece = os.read(self._out, _PIECE)
        if not piece:
            raise self._over()
        self._rest += piece

    def _over(self) -> Ended:
        """The channel is closed; its owner ends now, if it has not."""
        try:
            code = self._running.wait(_LOOK)
        except TimeoutError:
            return Ended("no answer")
        except EOFError as error:
            raise OciError(f"a solution could not be judged: {error}") from error
        return Ended("timed out") if code == -signal.SIGXCPU else Ended("ended", code)


def missing_walls() -> list[str]:
    """What this system cannot keep from a judged process: `files`, `processes`, or nothing."""
    with Process({"role": "solution", "parts": [], "entry": ""}, Limits()) as process:
        return list(process.missing)


def _message(line: bytearray) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise Ended("no answer") from None
    if not isinstance(message, dict):
        raise Ended("no answer")
    return message
