"""Importing and loading do nothing heavy, and the public names are what they are.

Time is processor time, so that a busy machine does not fail a test.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import oci_magic

ROOT = Path(oci_magic.__file__).parents[1]
HEAVY = "{'torch', 'transformers', 'ipywidgets', 'pandas', 'numpy', 'matplotlib'}"
PUBLIC = """
Cell EngineError Execution Failure Held Message ModelNotFound OCIMagics OciError Reply Sampling
Session Stopped Turn Unrepaired __version__ open_engine
"""


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_is_light_and_quick() -> None:
    code = (
        "import sys, time; t = time.process_time(); import oci_magic;"
        "print(1000 * (time.process_time() - t));"
        f"print(*sorted(({HEAVY} | {{'IPython'}}) & set(sys.modules)))"
    )
    times, heavy = zip(*(run(code) for _ in range(3)), strict=True)
    assert heavy == ("", "", "") and min(times) < 100


def test_load_ext_is_light_and_quicker_than_ipython(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In milliseconds it would say how quick the machine is: 0.6 of IPython's own import."""
    code = (
        "import sys, time\n"
        "began = time.process_time()\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\n"
        "before, ready = set(sys.modules), time.process_time()\n"
        "shell.run_line_magic('load_ext', 'oci_magic')\n"
        "print((time.process_time() - ready) / (ready - began))\n"
        "assert 'oci' in shell.magics_manager.magics['cell']\n"
        f"print(*sorted({HEAVY} & (set(sys.modules) - before)))\n"
    )
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))  # compiled, as pip leaves modules
    ratios, heavy = zip(*(run(code) for _ in range(4)), strict=True)
    assert heavy == ("",) * 4 and min(ratios) < 1


def run(code: str) -> tuple[float, str]:
    first, *rest = python(code).splitlines()
    return float(first), " ".join(rest)


def test_public_names_are_pinned_and_importable() -> None:
    assert sorted(oci_magic.__all__) == sorted(PUBLIC.split())
    assert all(getattr(oci_magic, name) is not None for name in oci_magic.__all__)
    assert not hasattr(oci_magic, "no_such_name")


def test_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert oci_magic.__version__ == project["project"]["version"]
