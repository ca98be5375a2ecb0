"""How much memory is free for a model, and whether its weights fit.

All figures are estimates: other programs come and go, and macOS tells no exact number.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from ..errors import NoMemory

ROOM = 1.15
"""Weights times this must fit: what is over is for the KV cache and activations."""


def free_memory(device: str = "cpu") -> int:
    """Bytes a model could take on `device`, approximately; imports torch for "cuda" alone.

    Linux: MemAvailable, or what the container's limit leaves. macOS: free and inactive pages,
    else half of the machine's memory. MPS shares the machine's memory.
    """
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    if sys.platform == "darwin":
        return _free_on_macos()
    return min(_meminfo(), _cgroup())


def fits(weight_bytes: float, free: float) -> bool:
    return weight_bytes * ROOM <= free


def gigabytes(size: float) -> str:
    """`13.5 GB` (10^9 bytes), with more digits below one."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e9:.2g} GB"


def check_fits(name: str, weight_bytes: float, device: str) -> None:
    """Raises `NoMemory` when the weights do not fit into what is free on `device`."""
    free = free_memory(device)
    if not fits(weight_bytes, free):
        raise NoMemory(
            f"{name} needs about {gigabytes(weight_bytes * ROOM)} of memory and about "
            f"{gigabytes(free)} are free on {device}: close programs or choose a smaller model "
            "(%oci models)"
        )


def _meminfo(path: Path = Path("/proc/meminfo")) -> int:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", path.read_text(), re.M)
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _cgroup(root: Path = Path("/sys/fs/cgroup")) -> int:
    """What a container's limit (cgroup v2) leaves, counting file cache as free."""
    try:
        limit = int((root / "memory.max").read_text())
        used = int((root / "memory.current").read_text())
        cache = re.search(r"^inactive_file (\d+)", (root / "memory.stat").read_text(), re.M)
    except (OSError, ValueError):
        return sys.maxsize
    return max(0, limit - used + (int(cache[1]) if cache else 0))


def _free_on_macos() -> int:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        listing = subprocess.run(
            ["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return total // 2
    return vm_stat_free(listing) or total // 2


def vm_stat_free(listing: str) -> int:
    """Free, inactive and speculative bytes in the output of `vm_stat`, 0 if it has none."""
    size = re.search(r"page size of (\d+) bytes", listing)
    pages = re.findall(r"^Pages (?:free|inactive|speculative):\s+(\d+)", listing, re.M)
    return int(size[1]) * sum(map(int, pages)) if size else 0
