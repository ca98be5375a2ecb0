"""A real JupyterLab and Debian's Chromium, for the tests in this folder.

Without a Chromium they skip, and those of Notebook 7 without it; with `CI=true` that is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from .lab import Lab
from .servers import lacks, served, started_playwright


# Not for the whole session: Playwright leaves an event loop running, which other tests forbid.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Any]:
    with started_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def lab(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab of its own: empty settings, a folder for notebooks, this Python's kernel."""
    with served(tmp_path_factory.mktemp("lab"), playwright) as started:
        yield started


@pytest.fixture(scope="package")
def plain_lab(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab in which our extension is disabled."""
    with served(tmp_path_factory.mktemp("plain"), playwright, disabled=["oci_magic"]) as started:
        yield started


@pytest.fixture(scope="package")
def notebook7(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Jupyter Notebook 7."""
    # Earlier ones have none, and are no front end of ours.
    if not find_spec("notebook") or not find_spec("notebook.app"):
        lacks("Notebook 7 is not installed (pip install 'notebook>=7.4')")
    with served(tmp_path_factory.mktemp("nb7"), playwright, application="notebook") as started:
        yield started
