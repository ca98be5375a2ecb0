"""Settings of the process are put back one by one, also those of libraries loaded on the way."""

from __future__ import annotations

import io
import locale
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from oci_magic.running.checkpoint import Checkpoint

SETTINGS: dict[str, tuple[str, Callable[[], Any]]] = {
    "folder": ("os.chdir('/')", Path.cwd),
    "variable": ("os.environ['OCI_TEST'] = '1'", lambda: dict(os.environ)),
    "variables": ("os.environ.clear()", lambda: dict(os.environ)),
    "path": ("sys.path.insert(0, 'nowhere')", lambda: (id(sys.path), list(sys.path))),
    "filters": ("warnings.simplefilter('error')", lambda: list(warnings.filters)),
    "stdout": ("sys.stdout = io.StringIO()", lambda: sys.stdout),
    "stderr": ("sys.stderr = None", lambda: sys.stderr),
    "locale": ("locale.setlocale(locale.LC_ALL, 'C')", lambda: locale.setlocale(locale.LC_ALL)),
    "recursion": ("sys.setrecursionlimit(5000)", sys.getrecursionlimit),
    "dice": ("random.seed(5)", random.getstate),
    "numpy's dice": ("np.random.rand(3)", lambda: str(np.random.get_state())),
    "torch's dice": ("torch.rand(3)", lambda: torch.get_rng_state().tolist()),
    "errors": ("np.seterr(all='raise')", np.geterr),
    "parameter": ("plt.rcParams['lines.linewidth'] = 9", lambda: plt.rcParams["lines.linewidth"]),
    "fonts": (
        "plt.rcParams['font.sans-serif'].insert(0, 'Mine')",
        lambda: list(plt.rcParams["font.sans-serif"]),
    ),
    "style": ("plt.style.use('ggplot')", lambda: str(dict.copy(plt.rcParams))),
    "option": ("pd.options.display.max_rows = 7", lambda: pd.get_option("display.max_rows")),
}
NAMES = {"os": os, "sys": sys, "np": np, "plt": plt, "pd": pd, "torch": torch}
NAMES |= {"random": random, "warnings": warnings, "io": io, "locale": locale}


@pytest.fixture(autouse=True)
def whatever_fails_here_is_put_back() -> Iterator[None]:
    checkpoint = Checkpoint({})
    yield
    checkpoint.restore()


@pytest.mark.parametrize("kind", SETTINGS)
def test_each_setting_is_put_back(kind: str) -> None:
    line, read = SETTINGS[kind]
    before = read()
    checkpoint = Checkpoint(dict(NAMES), line)
    exec(line, dict(NAMES))
    assert read() != before
    checkpoint.restore()
    assert read() == before and checkpoint.left == ()


@pytest.mark.parametrize("kind", SETTINGS)
def test_each_setting_is_taken_back_by_undo(kind: str) -> None:
    line, read = SETTINGS[kind]
    before = read()
    checkpoint = Checkpoint({})
    exec(line, dict(NAMES))
    checkpoint.done()
    checkpoint.undo()
    assert read() == before


def test_undo_leaves_the_settings_that_a_later_cell_has_changed() -> None:
    before = pd.get_option("display.max_columns")
    checkpoint = Checkpoint({})
    os.environ["OCI_ONE"] = os.environ["OCI_TWO"] = "1"
    pd.options.display.max_rows = pd.options.display.max_columns = 7
    checkpoint.done()
    os.environ["OCI_TWO"], pd.options.display.max_rows = "2", 8
    checkpoint.undo()
    assert "OCI_ONE" not in os.environ and os.environ["OCI_TWO"] == "2"
    assert pd.get_option("display.max_rows") == 8
    assert pd.get_option("display.max_columns") == before


def test_a_working_folder_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    checkpoint = Checkpoint({})
    os.chdir(tmp_path)
    folder.rmdir()
    checkpoint.restore()
    assert checkpoint.left == ("working folder",)


FIRST = """
import sys
from oci_magic.running.checkpoint import Checkpoint
loaded = {"numpy", "pandas", "matplotlib", "torch"} & set(sys.modules)
assert not loaded, loaded
checkpoint = Checkpoint({"x": [1]}, "x")
import numpy as np, pandas as pd, matplotlib
matplotlib.use("agg")
width, rows = matplotlib.rcParams["lines.linewidth"], pd.get_option("display.max_rows")
matplotlib.rcParams["lines.linewidth"] = 9
pd.set_option("display.max_rows", 9)
np.seterr(all="ignore")
checkpoint.restore()
assert matplotlib.rcParams["lines.linewidth"] == width != 9
assert matplotlib.get_backend() == "agg"
assert pd.get_option("display.max_rows") == rows != 9
assert np.geterr()["divide"] == "warn"
assert checkpoint.left == ()
"""


def test_a_checkpoint_loads_no_library_and_knows_what_those_begin_with() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
