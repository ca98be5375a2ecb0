"""The supported versions, in environments of their own; .ci/run tests the newest ones.

`pip install uv && pytest -m heavy -s tests/test_versions.py` is the whole matrix; it wants Chromium
and a package index, and `-s` shows the versions of every environment and how many tests passed.
torch is the one that is here: an older one is gigabytes, and little of it is used. Where the
index lacks its build, `UV_FIND_LINKS` names the folder or page that has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from browser.asking import code, prompt
from browser.lab import text
from browser.servers import served, started_playwright

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parent.parent
UV = (sys.executable, "-m", "uv")
TORCH = f"torch=={version('torch')}"

ALL = ("tests",)
FRONT_END = (
    "tests/browser",
    *(f"tests/test_{name}.py" for name in ("install", "kernel", "lab_cells", "magics")),
    *(f"tests/test_{name}.py" for name in ("cli", "document", "shell", "waiting")),
)
LAB_44 = ("jupyterlab==4.4.*", "notebook==7.4.*")
KERNEL_6 = ("ipykernel==6.31.*",)
# What is asked of uv besides `.[test]`, and the tests that run in what it makes.
MATRIX = {
    "oldest": (("--resolution", "lowest-direct"), ALL),
    "lab4.4-ipykernel6-ipython8": ((*LAB_44, *KERNEL_6, "ipython==8.37.*"), FRONT_END),
    "newest-ipykernel6": (KERNEL_6, FRONT_END),
    "newest": ((), FRONT_END),
}
_VERSIONS = """
from importlib.metadata import version
names = "jupyterlab", "notebook", "ipykernel", "ipython", "transformers", "pandas"
print(*(f"{name} {version(name)}" for name in names), sep=", ", flush=True)
"""


@pytest.mark.parametrize("name", MATRIX)
def test_the_tests_pass_in_an_environment(name: str, tmp_path: Path) -> None:
    asked, tests = MATRIX[name]
    python = made(tmp_path / "environment", *asked, TORCH, "-e", ".[test]")
    print(f"\n{name}:", flush=True)
    subprocess.run([python, "-c", _VERSIONS], check=True)
    run_pytest(python, *tests)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([*UV, "build", "-q", "--wheel", "--out-dir", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The Python of an environment without JupyterLab that has oci_magic."""
    python = made(tmp_path_factory.mktemp("kernel") / "environment", TORCH, str(wheel))
    lacks = "import importlib.util as u, sys; sys.exit(u.find_spec('jupyterlab') is not None)"
    subprocess.run([python, "-c", lacks], check=True)
    return python


def test_a_kernel_in_another_environment_than_the_server_writes_cells(
    tmp_path: Path, wheel: Path, kernel: Path
) -> None:
    server = made(tmp_path / "server", "jupyterlab")
    install(server, "--no-deps", str(wheel))
    told, below = answered(tmp_path, server, kernel)
    assert told == ["oci: code runs in cells of its own below the prompt"]
    assert below["source"].startswith("import sys") and below["count"] == 3
    assert str(kernel.parents[1]) in text(below["outputs"])


def test_a_server_without_the_extension_puts_code_into_the_next_cell_and_says_so(
    tmp_path: Path, kernel: Path
) -> None:
    server = made(tmp_path / "server", "jupyterlab")
    told, below = answered(tmp_path, server, kernel)
    assert told == ["oci: code runs inside the prompt cell and is put into the next cell"]
    assert below["source"].startswith("import sys") and below["count"] is None


def answered(root: Path, server: Path, kernel: Path) -> tuple[list[str], dict[str, Any]]:
    """Our lines under a prompt that is answered there, and the cell below it."""
    (root / "lab").mkdir()
    python = {"python": server, "kernel": kernel}
    with started_playwright() as playwright, served(root / "lab", playwright, **python) as lab:
        reply = code("import sys\nprint(sys.prefix)")
        lab.open("two.ipynb", "%load_ext oci_magic", prompt(lab, reply))
        lab.run_all()
        _, asked, below = lab.cells()
    shown = text(asked["outputs"]).splitlines()
    return [line for line in shown if line.startswith("oci:")], below


def made(folder: Path, *asked: str) -> Path:
    """The Python of a new environment with what is asked for."""
    pytest.importorskip("uv", reason="uv makes the environments: pip install uv")
    python = folder / "bin" / "python"
    subprocess.run([*UV, "venv", "-q", "--python", sys.executable, folder], check=True)
    install(python, *asked)
    return python


def install(python: Path, *asked: str) -> None:
    command = [*UV, "pip", "install", "-q", "--python", python, *asked]
    subprocess.run(command, check=True, cwd=ROOT)


def run_pytest(python: Path, *arguments: str) -> None:
    usual = ("-q", "-p", "no:cacheprovider", "--timeout", "1200")
    command = [python, "-m", "pytest", *usual, *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=_variables())


def _variables() -> dict[str, str]:
    """Without those by which pytest speaks to its own children; a missing browser is a failure."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**kept, "CI": "true"}
