"""Jupyter servers of their own for tests: empty settings, a folder for notebooks, a browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from .lab import CHROMIUM_ARGUMENTS, Lab, free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_APPS = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}
_FOLDERS = ("notebooks", "config", "data", "runtime", "ipython", "path")


def lacks(message: str) -> NoReturn:
    """What a test needs is missing: it is skipped, with `CI=true` it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def started_playwright() -> Iterator[Any]:
    """Playwright, if there is a Chromium."""
    if CHROMIUM is None:
        lacks("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@contextmanager
def served(
    root: Path,
    playwright: Any,
    application: str = "jupyterlab",
    disabled: Sequence[str] = (),
    python: Path = Path(sys.executable),
    kernel: Path | None = None,
) -> Iterator[Lab]:
    """A browser at a server that `python` runs, in `root`; `kernel` is its kernels' Python."""
    folders = {name: root / name for name in _FOLDERS}
    for folder in folders.values():
        folder.mkdir()
    _write_settings(folders["config"] / "labconfig", disabled)
    if kernel:
        _write_kernelspec(folders["path"] / "kernels" / "python3", kernel)
    port = free_port()
    command = [
        *(str(python), "-m", application, "--allow-root", "--no-browser", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="),
        f"--ServerApp.root_dir={folders['notebooks']}",
        f"--{_APPS[application]}.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with (root / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=_environment(folders), stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server, root / "lab.log")
            page = "lab/tree" if application == "jupyterlab" else "notebooks"
            yield from _browser(playwright, f"{address}/{page}", folders["notebooks"])
        finally:
            server.terminate()
            server.wait(20)


def _write_settings(folder: Path, disabled: Sequence[str]) -> None:
    folder.mkdir()
    (folder / "default_setting_overrides.json").write_text(
        '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}'
    )
    (folder / "page_config.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(disabled, True)})
    )


def _write_kernelspec(folder: Path, python: Path) -> None:
    folder.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


def _environment(folders: dict[str, Path]) -> dict[str, str]:
    # A backend that another test has set would keep figures out of the notebook.
    return {
        **{name: value for name, value in os.environ.items() if name != "MPLBACKEND"},
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_DATA_DIR": str(folders["data"]),
        "JUPYTER_PATH": str(folders["path"]),  # before the environment's own kernels
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "IPYTHONDIR": str(folders["ipython"]),
    }


def _browser(playwright: Any, address: str, notebooks: Path) -> Iterator[Lab]:
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM, headless=True, args=list(CHROMIUM_ARGUMENTS)
    )
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    yield Lab(context.new_page(), address, notebooks)
    browser.close()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=2).read()
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    pytest.fail(f"JupyterLab does not start: {log.read_text()[-2000:]}")
