"""The oldest supported versions: this test suite in an environment of the lower bounds.

`pip install uv && pytest -m heavy tests/test_versions.py`; .ci/run tests the newest ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_the_suite_passes_with_the_oldest_versions(tmp_path: Path) -> None:
    pytest.importorskip("uv", reason="uv resolves the oldest versions: pip install uv")
    uv = [sys.executable, "-m", "uv"]
    python = tmp_path / "venv" / "bin" / "python"
    # torch as it is here: an older one is gigabytes, and little of it is used.
    torch = f"torch=={version('torch').partition('+')[0]}"
    install = ["pip", "install", "--python", str(python), "--resolution", "lowest-direct"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(python.parents[1])], check=True)
    subprocess.run([*uv, *install, torch, "-e", ".[test]"], check=True, cwd=ROOT)
    subprocess.run([python, "-m", "pytest", "-q", "-x"], check=True, cwd=ROOT, env=_environment())


def _environment() -> dict[str, str]:
    """Without the variables by which pytest and coverage speak to their own children."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
