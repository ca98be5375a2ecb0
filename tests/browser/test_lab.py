"""The main job in JupyterLab with the bundled model: ask, run, repair, show."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .lab import Lab, text

ROOT = Path(__file__).parents[2]
PICTURE, DRAFTS = ROOT / "examples" / "lab.png", ROOT / "examples" / "drafts.png"


def test_quickstart_prompts_work_in_jupyterlab(lab: Lab) -> None:
    # A folder of its own: the model is told of the files beside the notebook.
    shutil.copytree(ROOT / "examples" / "data", lab.notebooks / "main" / "data")
    load, chart = (
        "%%oci\nload data/bundeslaender.csv and show the 5 rows with the largest Einwohner",
        "%%oci\nbar chart of Einwohner for each Land",
    )
    lab.open("main/main_job.ipynb", "%load_ext oci_magic", load, chart)
    lab.run(0)
    lab.run(1)
    cells = lab.cells()
    assert "worked after" in text(cells[1]["outputs"])
    assert 'encoding="latin-1", sep=";"' in cells[2]["source"]
    assert "Nordrhein-Westfalen" in text(cells[2]["outputs"])
    lab.run(3)
    outputs = lab.cells()[4]["outputs"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    if os.environ.get("OCI_PICTURES"):
        lab.page.screenshot(path=PICTURE)
        lab.page.get_by_role("button", name="2 drafts").click()
        lab.page.locator(".jp-CodeCell").nth(1).screenshot(path=DRAFTS)


def test_a_refusal_is_told_under_the_prompt(lab: Lab) -> None:
    (lab.notebooks / "refusal").mkdir()
    lab.open(
        "refusal/refusal.ipynb",
        "%load_ext oci_magic",
        "%%oci --new --context none\nwrite a poem about the sea",
        "print('reached')",
    )
    lab.run_all()
    _, asked, after = lab.cells()
    assert "outside what I can do" in text(asked["outputs"])
    assert "reached" in text(after["outputs"])
