"""How many processor cores this process may use: in a container or a batch job not all."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cores() -> int:
    """At least 1. On Linux those that the process may run on, as far as its container has time."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    return max(1, min(len(os.sched_getaffinity(0)), _quota()))


def _quota(root: Path = Path("/sys/fs/cgroup")) -> int:
    """What a container's limit (cgroup v2) comes to, in cores, rounded up."""
    try:
        time, period = map(int, (root / "cpu.max").read_text().split())
    except (OSError, ValueError):  # "max 100000": no limit
        return sys.maxsize
    return -(-time // period)
