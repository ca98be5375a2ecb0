"""A filter of system calls (Linux, x86-64 and ARM64): no process, no signal, no network, no trace.

Covers starting processes and programs, signals and limits of other processes, tracing and reading
their memory, sockets to the network, what outlives a process (System V's memory, semaphores and
messages, POSIX queues, keys), namespaces, and rights and times of files, which Landlock leaves
open. Threads may be started. Does not look at what files are opened: that is Landlock's. Other
machines get no filter.

Numbers are the kernel's (`asm/unistd_64.h`, `asm-generic/unistd.h`); the form of the program is
that of `linux/filter.h` and seccomp(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_DENIED = """
    fork 57 - vfork 58 - execve 59 221 execveat 322 281 tkill 200 130
    ptrace 101 117 process_vm_readv 310 270 process_vm_writev 311 271 process_madvise 440 440
    pidfd_open 434 434 pidfd_send_signal 424 424 pidfd_getfd 438 438 kcmp 312 272
    rt_sigqueueinfo 129 138 rt_tgsigqueueinfo 297 240 prctl 157 167 seccomp 317 277
    socket 41 198 connect 42 203 bind 49 200 bpf 321 280 perf_event_open 298 241
    io_uring_setup 425 425 io_uring_enter 426 426 io_uring_register 427 427 userfaultfd 323 282
    keyctl 250 219 add_key 248 217 request_key 249 218
    shmget 29 194 shmat 30 196 shmctl 31 195 shmdt 67 197
    semget 64 190 semop 65 193 semctl 66 191 semtimedop 220 192
    msgget 68 186 msgsnd 69 189 msgrcv 70 188 msgctl 71 187 mq_open 240 180 mq_unlink 241 181
    mount 165 40 umount2 166 39 unshare 272 97 setns 308 268 pivot_root 155 41 chroot 161 51
    chmod 90 - fchmod 91 52 fchmodat 268 53 fchmodat2 452 452
    chown 92 - fchown 93 55 lchown 94 - fchownat 260 54
    utime 132 - utimes 235 - utimensat 280 88 futimesat 261 -
    setxattr 188 5 lsetxattr 189 6 fsetxattr 190 7
    removexattr 197 14 lremovexattr 198 15 fremovexattr 199 16
    setxattrat 463 463 removexattrat 466 466 truncate 76 45
    setpriority 141 140 sched_setaffinity 203 122 sched_setscheduler 144 119
    sched_setparam 142 118 sched_setattr 314 274 ioprio_set 251 30
"""
"""Name, number on x86-64, number on ARM64."""
_CLONE, _CLONE3, _OPENAT2 = (56, 220), (435, 435), (437, 437)
_BY_ARGUMENT: tuple[tuple[tuple[int, int], int, int, tuple[int, ...]], ...] = (
    ((72, 25), 1, 0xFFFFFFFF, (8, 10, 15)),  # fcntl: signals of a file to another process
    ((16, 29), 1, 0xFFFFFFFF, (0x8901, 0x8902)),  # ioctl: the same
    ((2, -1), 1, 0o1003, (0o1000,)),  # open: emptying without writing, which passes Landlock
    ((257, 56), 2, 0o1003, (0o1000,)),  # openat
)
"""Denied where an argument, masked, has one of these values: numbers, which, mask, values."""
_OWN = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261)}
"""Allowed for this process itself: their first argument is its number (or 0 for limits)."""
_LOAD, _AND, _EQUAL, _GREATER, _SET, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_DENY, _UNKNOWN = _ERROR | errno.EPERM, _ERROR | errno.ENOSYS
_CLONE_THREAD = 0x10000
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install() -> bool:
    """Filter this process from now on; False where the system does not let it."""
    program = _program(os.uname().machine)
    if program is None:
        return False
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    libc = ctypes.CDLL(None, use_errno=True)
    argument = ctypes.byref(_Program(len(program), code))
    return not (
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        or libc.prctl(_SET_SECCOMP, _FILTER, argument, 0, 0)
    )


def _program(machine: str) -> list[tuple[int, int, int, int]] | None:
    """Lines of (operation, steps to jump if true, if false, operand)."""
    if machine not in _ARCHITECTURES:
        return None
    audit, column = _ARCHITECTURES[machine]
    words = _DENIED.split()
    denied = [int(n) for n in words[1 + column :: 3] if n != "-"]
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, audit), (_RETURN, 0, 0, _DENY), (_LOAD, 0, 0, 0)]
    lines += [(_GREATER, 0, 1, 0x40000000), (_RETURN, 0, 0, _DENY)]  # x86-64's other numbering
    for number in denied:
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _DENY)]
    for unknown in (_CLONE3[column], _OPENAT2[column]):  # what they point to cannot be read
        lines += [(_EQUAL, 0, 1, unknown), (_RETURN, 0, 0, _UNKNOWN)]
    for each in _BY_ARGUMENT:
        lines += _by_argument(each[0][column], *each[1:])
    lines += [(_EQUAL, 0, 4, _CLONE[column]), (_LOAD, 0, 0, 16), (_SET, 1, 0, _CLONE_THREAD)]
    lines += [(_RETURN, 0, 0, _DENY), (_RETURN, 0, 0, _ALLOW)]
    for name, numbers in _OWN.items():
        here = 0 if name == "prlimit64" else os.getpid()
        lines += [(_EQUAL, 0, 5, numbers[column]), (_LOAD, 0, 0, 16)]
        lines += [(_EQUAL, 2, 0, os.getpid()), (_EQUAL, 1, 0, here)]
        lines += [(_RETURN, 0, 0, _DENY), (_RETURN, 0, 0, _ALLOW)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def _by_argument(
    number: int, which: int, mask: int, values: tuple[int, ...]
) -> list[tuple[int, int, int, int]]:
    """Lines that deny a call for the values of an argument, and allow it for others."""
    if number < 0:
        return []
    count = len(values)
    lines = [(_EQUAL, 0, count + 4, number), (_LOAD, 0, 0, 16 + 8 * which), (_AND, 0, 0, mask)]
    lines += [(_EQUAL, count - at, 0, value) for at, value in enumerate(values)]
    return [*lines, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _DENY)]
