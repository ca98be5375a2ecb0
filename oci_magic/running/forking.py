"""Processes that are forked by a server (`inside.fork_server`), which this one starts once.

A new Python takes 27 ms of a core until it can read a solution, a fork of one that waits 6. The
server ends with this process, and so does every process that it has forked.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from ..errors import OciError

_START = "import sys; sys.path.insert(0, sys.argv[1]); " + (
    "from inside.child import main; from inside.fork_server import serve; "
    "del sys.path[0], sys.argv[1:]; serve(); main()"
)
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",  # the same verdict every time, also where a set's order shows
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MB for each, and has eight for each core
    "LANG": "C.UTF-8",
    "PATH": os.defpath,
}
_LINE = 64
_PATIENCE = 30.0
"""Seconds for what takes milliseconds."""
_ENDED = "the server of processes has ended"


def _pair() -> tuple[socket.socket, socket.socket]:
    """Sockets that wait, whatever the default timeout of this process."""
    pair = socket.socketpair()
    for each in pair:
        each.settimeout(None)
    return pair


class Forked:
    """A process of `inside.child` that works in a folder.

    Raises EOFError or OSError where the server at `control` does not live.
    """

    def __init__(self, control: socket.socket, folder: Path) -> None:
        self.returncode: int | None = None
        self._told = b""
        self.pid = 0
        self._line, theirs = _pair()
        (reading, to), (back, writing) = os.pipe(), os.pipe()
        self.stdin, self.stdout = os.fdopen(to, "wb", 0), os.fdopen(back, "rb", 0)
        given = [reading, writing, theirs.detach()]
        try:
            try:
                socket.send_fds(control, [os.fsencode(folder)], given)
                if not control.recv(1):
                    raise EOFError(_ENDED)
            finally:
                for each in given:
                    os.close(each)
            self._line.settimeout(_PATIENCE)
            self.pid = self._number()
        except BaseException:
            self.end()
            raise

    def wait(self, seconds: float) -> int:
        """The exit code (negative: a signal) of one that ends in time, else raises TimeoutError."""
        if self.returncode is None:
            self._line.settimeout(seconds)
            self.returncode = self._number()
        return self.returncode

    def end(self) -> None:
        """Kill it and its group, by its watcher, who tells the exit code; or here if he is gone."""
        told = self.returncode is not None or b"\n" in self._told
        with suppress(OSError):
            self._line.settimeout(_PATIENCE)
            self._line.shutdown(socket.SHUT_WR)
            while self._line.recv(_LINE):
                told = True
        if self.pid and not told:
            for kill in (os.killpg, os.kill):
                with suppress(ProcessLookupError, PermissionError):
                    kill(self.pid, signal.SIGKILL)
        self._line.close()
        self.stdin.close()
        self.stdout.close()

    def _number(self) -> int:
        """The next number that is told."""
        while b"\n" not in self._told:
            piece = self._line.recv(_LINE)
            if not piece:
                raise EOFError(_ENDED)
            self._told += piece
        number, _, self._told = self._told.partition(b"\n")
        return int(number)


class ForkServer:
    """Started at its first use, and again should it have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        if sys.platform != "win32":
            atexit.register(self.close)
            os.register_at_fork(after_in_child=self._forget)

    def fork(self, folder: Path) -> Forked:
        """A process that works in `folder`. Raises OciError where none can be started."""
        with self._lock:
            try:
                return self._forked(folder)
            except (EOFError, OSError):
                self.close()
            try:
                return self._forked(folder)
            except (EOFError, OSError) as error:
                raise OciError(f"no process to judge in has started ({error})") from error

    def close(self) -> None:
        """End the server; what it has forked ends when nobody asks for it any more."""
        if self._running:
            process, control = self._running
            self._running = None
            control.close()
            process.kill()
            process.wait()

    def _forked(self, folder: Path) -> Forked:
        if self._running is None:
            ours, theirs = _pair()
            ours.settimeout(_PATIENCE)
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-s", "-c", _START, str(Path(__file__).parent)],
                    stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    cwd="/", env=_ENVIRONMENT, start_new_session=True,
                )  # fmt: skip
            self._running = process, ours
        return Forked(self._running[1], folder)

    def _forget(self) -> None:
        """In a fork of this process: the server is its parent's."""
        self._lock = threading.Lock()
        if self._running:
            self._running[1].close()
            self._running = None


SERVER = ForkServer()
