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
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from .child import main

PRELOADED = (
    "bisect", "cmath", "collections", "copy", "datetime", "functools", "hashlib", "heapq",
    "itertools", "math", "operator", "random", "re", "string", "typing",
)  # fmt: skip
"""What solutions often import; of these, only `random` has a state, which forking renews."""
REQUEST = 1 << 13
"""Bytes of a request at most: the folder."""
_DESCRIPTORS = 64


def serve() -> NoReturn:
    """Answer requests on descriptor 0 until it is closed."""
    from . import tester  # noqa: F401  slow to come, as these are

    for name in PRELOADED:
        __import__(name)
    control = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for watchers
    gc.freeze()
    while True:
        folder, descriptors, _, _ = socket.recv_fds(control, REQUEST, 3)
        if not folder:
            os._exit(0)
        if not os.fork():
            _apart(_watch, folder, *descriptors)
        for each in descriptors:
            os.close(each)


def _watch(folder: bytes, reading: int, writing: int, telling: int) -> None:
    """Tell how the process that is forked here ends, or end it when nobody listens any more."""
    _nowhere(0)  # the server's own
    line = socket.socket(fileno=telling)
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    number = os.fork()
    if not number:
        _apart(_become, folder, reading, writing)
    os.close(reading)
    os.close(writing)
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
    with suppress(OSError):
        line.send(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(folder: bytes, reading: int, writing: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(folder)
    os.dup2(reading, 0)
    os.dup2(writing, 1)
    _nowhere(2)
    os.closerange(3, _DESCRIPTORS)
    main()


def _apart(work: Callable[..., None], *given: object) -> NoReturn:
    """Do `work` and end, whatever it raises: what is above it on the stack is another's."""
    try:
        work(*given)
        os._exit(0)
    finally:
        os._exit(1)


def _nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _kill(number: int) -> None:
    for kill in (os.killpg, os.kill):  # it may not have come to lead a group yet
        with suppress(ProcessLookupError, PermissionError):
            kill(number, signal.SIGKILL)
