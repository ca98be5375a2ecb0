"""What the wheel brings into an environment and what `pip uninstall` leaves there.

The environment is new, but JupyterLab is looked up in this one. Its PATH has no Node.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Environment:
    """A new environment in `root` that finds other packages in this one."""

    def __init__(self, root: Path) -> None:
        self.root, self.scripts = root, root / ("Scripts" if os.name == "nt" else "bin")
        venv.create(root, with_pip=True)
        at = {"base": str(root), "platbase": str(root)}
        packages = Path(sysconfig.get_path("purelib", "venv", at))
        (packages / "around.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """What `python -m ...` says where there is no Node."""
        variables = {"PATH": str(self.scripts), "JUPYTER_CONFIG_DIR": f"{self.root}-config"}
        done = subprocess.run(
            [self.scripts / "python", "-m", *arguments],
            env={**os.environ, **variables},
            cwd=self.root.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def files(self) -> set[Path]:
        return {path for path in self.root.rglob("*") if path.is_file()}


def test_the_wheel_brings_an_enabled_extension_and_uninstall_leaves_no_file(
    tmp_path: Path,
) -> None:
    environment = Environment(tmp_path / "environment")
    environment.run("jupyterlab.labextensions", "list")  # JupyterLab 4.4 writes a file for itself
    before = environment.files()
    environment.run("pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("*.whl")
    environment.run("pip", "install", "-q", "--no-deps", str(wheel))
    listed = environment.run("jupyterlab.labextensions", "list")
    (line,) = [line for line in listed.splitlines() if "oci_magic" in line]
    assert "enabled" in line and "OK" in line
    assert str(environment.root) in listed
    assert "micro" in environment.run("oci_magic", "models")
    brought = environment.files() - before
    assert any(path.name == "remoteEntry.js" for path in brought)
    for text in ("phrases/held_out/filter.txt", "phrases/filter.txt", "tasks/first_words.txt"):
        assert any(path.match(text) for path in brought)
    assert any(path.suffix == ".pyc" for path in brought)
    environment.run("pip", "uninstall", "-q", "-y", "oci_magic")
    assert environment.files() == before
