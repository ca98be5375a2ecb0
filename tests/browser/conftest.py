"""A real JupyterLab and Debian's Chromium, for the tests in this folder.

Without a Chromium they skip; with `CI=true` that is a failure.
"""

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
from typing import Any

import pytest

from .lab import CHROMIUM_ARGUMENTS, Lab, free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


# Not for the whole session: Playwright leaves an event loop running, which other tests forbid.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Any]:
    if CHROMIUM is None:
        message = "no Chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def lab(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab of its own: empty settings, a folder for notebooks, this Python's kernel."""
    with _served(tmp_path_factory.mktemp("lab"), playwright) as started:
        yield started


@pytest.fixture(scope="package")
def plain_lab(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab in which our extension is disabled."""
    with _served(tmp_path_factory.mktemp("plain"), playwright, disabled=["oci_magic"]) as started:
        yield started


@pytest.fixture(scope="package")
def notebook7(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Jupyter Notebook 7."""
    pytest.importorskip("notebook", "7", reason="Notebook 7 is not installed")
    with _served(tmp_path_factory.mktemp("nb7"), playwright, application="notebook") as started:
        yield started


@contextmanager
def _served(
    root: Path, playwright: Any, application: str = "jupyterlab", disabled: Sequence[str] = ()
) -> Iterator[Lab]:
    folders = {name: root / name for name in ("notebooks", "config", "data", "runtime", "ipython")}
    for folder in folders.values():
        folder.mkdir()
    settings = folders["config"] / "labconfig"
    settings.mkdir()
    (settings / "default_setting_overrides.json").write_text(
        '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}'
    )
    (settings / "page_config.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(disabled, True)})
    )
    # A backend that another test has set would keep figures out of the notebook.
    environment = {
        **{name: value for name, value in os.environ.items() if name != "MPLBACKEND"},
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_DATA_DIR": str(folders["data"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "IPYTHONDIR": str(folders["ipython"]),
    }
    port, app = free_port(), {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}[application]
    command = [
        *(sys.executable, "-m", application, "--allow-root", "--no-browser", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="),
        *(f"--ServerApp.root_dir={folders['notebooks']}", f"--{app}.expose_app_in_browser=True"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with (root / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server, root / "lab.log")
            page = "lab/tree" if application == "jupyterlab" else "notebooks"
            yield from _browser(playwright, f"{address}/{page}", folders["notebooks"])
        finally:
            server.terminate()
            server.wait(20)


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
