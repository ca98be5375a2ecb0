"""A server that forks judged processes: Python starts, and reads what solutions import, once.

It runs no code of a stranger. For each request (a folder and three descriptors) it forks a watcher,
which forks the process that becomes `child.main`, with the first two descriptors for its own. Over
the third, the watcher tells the process' number and, at its end, the exit code; where that is
closed, as by the end of the one who asked, it ends the process and its group.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
from contextlib import suppress

_PRELOADED = (
    "bisect", "cmath", "collections", "copy", "datetime", "functools", "hashlib", "heapq",
    "itertools", "math", "operator", "random", "re", "string", "typing",
)  # fmt: skip
"""What solutions often import; of these, only `random` has a state, which forking renews."""
_REQUEST = 1 << 13
"""Bytes of a request at most: the folder."""
_DESCRIPTORS = 64


def serve() -> None:
    """Answer requests on descriptor 0 until it is closed; returns in each process that is judged.

    So that nothing but `child.main` stands below a solution's frames.
    """
    from . import tester  # noqa: F401  slow to come, as these are

    for name in _PRELOADED:
        __import__(name)
    control = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for watchers
    gc.freeze()
    while True:
        folder, descriptors, _, _ = socket.recv_fds(control, _REQUEST, 3)
        if not folder:
            os._exit(0)
        control.send(b"\n")  # they have arrived
        if not os.fork():
            try:
                if not _watched(folder, *descriptors):
                    control.detach()
                    return
                os._exit(0)
            except BaseException:
                os._exit(1)
        for each in descriptors:
            os.close(each)


def _watched(folder: bytes, reading: int, writing: int, telling: int) -> bool:
    """Tell how a process that is forked here ends; end it when nobody listens any more.

    False in that process.
    """
    _nowhere(0)  # the server's own
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    number = os.fork()
    if not number:
        _prepare(folder, reading, writing)
        return False
    os.close(reading)
    os.close(writing)
    line = socket.socket(fileno=telling)
    with suppress(OSError):
        line.send(b"%d\n" % number)
    ended, status = 0, 0
    while not ended:
        ready, _, _ = select.select([told, telling], [], [])
        if telling in ready:
            _kill(number)
        else:
            os.read(told, _DESCRIPTORS)
        ended, status = os.waitpid(number, 0 if telling in ready else os.WNOHANG)
    _kill_group(number)  # what it has started, where it could
    with suppress(OSError):
        line.send(b"%d\n" % os.waitstatus_to_exitcode(status))
    return True


def _prepare(folder: bytes, reading: int, writing: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(folder)
    os.dup2(reading, 0)
    os.dup2(writing, 1)
    _nowhere(2)
    os.closerange(3, _DESCRIPTORS)


def _nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _kill(number: int) -> None:
    _kill_group(number)
    with suppress(ProcessLookupError, PermissionError):
        os.kill(number, signal.SIGKILL)  # it may not have come to lead a group yet


def _kill_group(number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(number, signal.SIGKILL)
