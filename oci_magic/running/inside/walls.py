"""Limits that a process puts on itself, for good, before it runs code of a stranger.

Covers, on Linux and macOS: memory (macOS does not keep it), processor time, size and number of
open files, no core dumps. On Linux also, where the kernel lets it (Docker's defaults do): no
other process (`seccomp`), nothing outside the working folder is written and little read
(`landlock`), no network, no privileges of root; the process ends with the one that started it,
and before others where the machine has no memory left.
Where there is no filter, as on macOS, `RLIMIT_NPROC` keeps users other than root from starting
processes, and files and network stay open. Windows has none of this, and is not judged on.
"""

from __future__ import annotations

import ctypes
import resource
import signal
import struct
import sys
from contextlib import suppress

from . import landlock, seccomp

_DIES_WITH_PARENT, _CAPABILITIES = 1, 0x20080522


def build(folder: str, memory: int, seconds: int, file_size: int) -> list[str]:
    """Put up all walls; which ones this system does not have: `files`, `processes`.

    `memory` and `file_size` are in bytes, `seconds` of processor time.
    """
    limits = [
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ]
    for which, most in limits:
        _limit(which, most)
    _limit(
        resource.RLIMIT_CPU, seconds, seconds + 1
    )  # a signal that tells, before the one that kills
    missing = []
    if sys.platform == "linux":
        _on_linux()
        missing += [] if landlock.confine(folder) else ["files"]
    if sys.platform != "linux" or not seccomp.install():
        _limit(resource.RLIMIT_NPROC, 0)
        missing += ["processes"] if sys.platform == "linux" else ["files", "processes"]
    return missing


def _limit(which: int, most: int, at_last: int | None = None) -> None:
    hard = resource.getrlimit(which)[1]
    wanted = (most, most if at_last is None else at_last)
    kept = wanted if hard == resource.RLIM_INFINITY else (min(most, hard), min(wanted[1], hard))
    try:
        resource.setrlimit(which, kept)
    except (OSError, ValueError):
        return  # macOS knows limits by name that it does not take


def _on_linux() -> None:
    """End with the parent, be ended first where the machine has no memory, be root in name only."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    libc.capset(struct.pack("Ii", _CAPABILITIES, 0), bytes(24))
