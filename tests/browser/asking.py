"""Prompts with written replies in a real JupyterLab, and what a person does with their row."""

from __future__ import annotations

import json
import os
from typing import Any

from .lab import Lab

LOAD = "%load_ext oci_magic"
SLOWLY = f"""{LOAD}
import time
from oci_magic.engines.scripted import ScriptedEngine
at_once = ScriptedEngine.stream
def slowly(engine, messages, *, draft=None):
    for chunk in at_once(engine, messages, draft=draft):
        time.sleep(0.05)
        yield chunk
ScriptedEngine.stream = slowly"""
"""Loads the extension and lets written replies come at about 80 tokens a second."""


def code(*sources: str) -> str:
    return "\n\n".join(f"Here.\n```python\n{source}\n```" for source in sources)


def prompt(lab: Lab, *replies: str, options: str = "", words: str = "go") -> str:
    """A `%%oci` cell whose model gives these replies."""
    name = f"replies-{abs(hash((replies, options, words)))}.json"
    (lab.notebooks / name).write_text(json.dumps(replies))
    return f"%%oci -m scripted:{name} {options}\n{words}"


def asks(lab: Lab, name: str, *replies: str, load: str = LOAD, **options: str) -> None:
    """A notebook in which the extension is loaded; its second cell is a prompt, not yet run."""
    lab.open(f"{name}.ipynb", load, prompt(lab, *replies, **options))
    lab.run(0)


def start_slow(lab: Lab, name: str, seconds: int) -> None:
    """A prompt whose code is now running, for so long, and then says that it is over."""
    slow = f"import time\nprint('started', flush=True)\ntime.sleep({seconds})\nprint('over')"
    asks(lab, name, code(slow))
    lab.start(1)
    made(lab).get_by_text("started", exact=True).wait_for()


def row(lab: Lab) -> Any:
    """The row under the prompt."""
    return lab.page.locator(".oci-magic-panel")


def made(lab: Lab, at: int = 2) -> Any:
    """What is seen of the output of a cell, by its place in the notebook."""
    return lab.page.locator(".jp-Notebook .jp-Cell").nth(at).locator(".jp-OutputArea").first


def press(lab: Lab, name: str) -> None:
    """Press a button of the row and wait for what it does."""
    row(lab).get_by_role("button", name=name, exact=True).click()
    lab.page.wait_for_timeout(300)
    lab.wait()


def picture(lab: Lab, name: str) -> None:
    """A screenshot to be looked at, where `OCI_PICTURES` names a folder for them."""
    folder = os.environ.get("OCI_PICTURES")
    if folder:
        lab.page.screenshot(path=f"{folder}/{name}.png")
