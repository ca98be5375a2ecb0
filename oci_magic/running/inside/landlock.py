"""Landlock (Linux 5.13+): files are read where Python lives and written in one folder.

Covers opening, making and removing files, and by version of the kernel also TCP (6.7), signals and
abstract sockets (6.12); what belongs to other processes in /proc is closed with the rest. Does
not cover rights and times of files: those calls are `seccomp`'s. Numbers and structures are of
`linux/landlock.h`; see landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE, _READ, _LIST, _REMOVE, _MAKE, _TRUNCATE = (1 << n for n in (0, 1, 2, 3, 5, 8, 14))
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All that is known of files, from this version on."""
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/etc/zoneinfo", "/sys/devices/system/cpu", "/System", "/nix/store",
)  # fmt: skip
_SINGLE = (
    "/proc/cpuinfo", "/proc/meminfo", "/dev/urandom", "/dev/random", "/dev/zero",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/nsswitch.conf",
    "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf",
    "/etc/crypto-policies/back-ends/opensslcnf.config",
    "/etc/mime.types", "/etc/httpd/mime.types", "/etc/httpd/conf/mime.types",
    "/etc/apache/mime.types", "/etc/apache2/mime.types",
)  # fmt: skip
"""What Python and the libraries under it read; of the rest of /etc, nothing: root reads all."""


def confine(folder: str) -> bool:
    """Confine this process: it writes in `folder` only; False where the system does not let it."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return False
    known = _FILES[max(each for each in _FILES if each <= version)]
    network, scopes = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    attributes = struct.pack("QQQ", known, network, scopes)[:size]
    rules = libc.syscall(_CREATE, attributes, size, 0)
    if rules < 0:
        return False
    try:
        for path, rights in _rights(folder):
            _allow(libc, rules, path, rights & known)
        return not (libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(_RESTRICT, rules, 0))
    finally:
        os.close(rules)


def _rights(folder: str) -> Iterator[tuple[str, int]]:
    yield folder, _READ | _LIST | _WRITE | _TRUNCATE | _REMOVE | _MAKE
    yield "/dev/null", _READ | _WRITE
    packages = [path for path in sys.path if path.endswith(("-packages", "lib-dynload"))]
    for path in (*_SYSTEM, sys.prefix, sys.base_prefix, *packages):
        yield path, _EXECUTE | _READ | _LIST
    for path in _SINGLE:
        yield path, _READ


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # there is none here
    try:
        libc.syscall(_ADD, rules, 1, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)
