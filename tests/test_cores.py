"""Cores that a process may use: what the machine's owner left it, not what the machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oci_magic.running import cores as module
from oci_magic.running.cores import cores

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what a process may use")


@linux
def test_cores_that_a_process_is_kept_from_do_not_count() -> None:
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from oci_magic.running.cores import cores; print(cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@linux
@pytest.mark.parametrize(
    ("limit", "expected"),
    [("50000 100000", 1), ("100000 100000", 1), ("250000 100000", 3), ("max 100000", 64), ("", 64)],
)
def test_limit_of_a_container_counts(
    limit: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    quota = module._quota(tmp_path)
    monkeypatch.setattr(module, "_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert cores() == expected


def test_elsewhere_the_cores_of_the_machine_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert cores() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
