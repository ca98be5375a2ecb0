"""`%%oci` in IPython's own terminal, typed as a person types it, in a real pty.

A cell magic's lines end with two empty ones, or with Escape Enter (Alt-Enter).
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import ROOT, SLOW, code

if sys.platform == "win32":
    pytest.skip("there are no ptys on Windows", allow_module_level=True)
import pexpect

ENTER, ALT_ENTER, CTRL_C = "\r", "\x1b\r", "\x03"
_COLOUR = r"(?:\x1b\[[\d;]*m)*"
_ESCAPES = re.compile(r"\x1b(?:\[[?\d;]*[A-Za-z]|\][^\x07]*\x07)")


class Terminal:
    """IPython at its prompt number `prompt`."""

    def __init__(self, folder: Path, *options: str) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        env = {
            **os.environ, "PYTHONPATH": path, "IPYTHONDIR": str(folder / "ipython"),
            "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm-256color",
        }  # fmt: skip
        command = ["-m", "IPython", "--no-banner", *options]
        self.child = pexpect.spawn(
            sys.executable, command, env=env, cwd=folder, encoding="utf-8", timeout=30,
            dimensions=(40, 120),
        )  # fmt: skip
        self.folder, self.prompt = folder, 0
        self._at_prompt()

    def type(self, *lines: str, end: str = ENTER) -> str:
        """Type lines, the last one ended with `end`; gives what is shown up to the next prompt."""
        self.start(*lines, end=end)
        return self._at_prompt()

    def start(self, *lines: str, end: str = ENTER) -> None:
        """Type lines and wait for nothing but the echo of each."""
        for line in lines:
            self.child.send(line)
            self.wait_for(line)
            self.child.send(end if line is lines[-1] else ENTER)

    def wait_for(self, text: str) -> str:
        """What is shown until `text` is, in whatever colours."""
        self.child.expect(_COLOUR.join(map(re.escape, text)))
        return self._shown()

    def take(self) -> str:
        """Run what stands at the prompt already."""
        time.sleep(0.3)
        self.child.send(ALT_ENTER)
        return self._at_prompt()

    def stop(self) -> str:
        """Ctrl-C while something runs."""
        self.child.send(CTRL_C)
        return self._at_prompt()

    def empty(self) -> None:
        """Ctrl-C at the prompt: what stands there goes."""
        self.child.send(CTRL_C)
        time.sleep(0.3)

    def replies(self, *texts: str) -> str:
        """The line that asks a model with these replies."""
        (self.folder / "replies.json").write_text(json.dumps(texts), encoding="utf-8")
        return "%%oci -m scripted:replies.json"

    def _at_prompt(self) -> str:
        self.prompt += 1
        return self.wait_for(f"In [{self.prompt}]: ")

    def _shown(self) -> str:
        return _ESCAPES.sub("", self.child.before).replace("\r", "")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path)
    started.type("%load_ext oci_magic")
    yield started
    started.child.close(force=True)


@pytest.mark.parametrize("end", [ENTER * 3, ALT_ENTER])
def test_an_answer_is_shown_run_repaired_and_offered(terminal: Terminal, end: str) -> None:
    line = terminal.replies(code("total = 1 / 0"), code("total = 41 + 1\nprint(total)"))
    shown = terminal.type(line, "add it up", end=end)
    at = -1
    for text in ("put at the next prompt", "Here.", "total = 1 / 0", "ZeroDivisionError",
                 "repairing (1/3)", "Here.", "print(total)", "\n42\n", "worked after 1 repair",
                 ):  # fmt: skip
        at = shown.find(text, at + 1)
        assert at >= 0, (text, shown)
    shown = terminal.take()  # the accepted code stands at the next prompt
    assert "print(total)" in shown and "42\n" in shown


def test_text_is_shown_while_the_model_writes(terminal: Terminal) -> None:
    (terminal.folder / "slow.py").write_text(SLOW)
    terminal.type("%run slow.py")
    terminal.start(terminal.replies("one two " * 40 + "the end"), "go", end=ALT_ENTER)
    terminal.wait_for("one two one two")
    began = time.monotonic()
    terminal.wait_for("the end")
    assert time.monotonic() - began > 0.5


def test_ctrl_c_stops_the_run_and_puts_the_names_back(terminal: Terminal) -> None:
    terminal.type("total = 1")
    slow = "import time\ntotal = 2\nprint('run' + 'ning', flush=True)\ntime.sleep(60)"
    terminal.start(terminal.replies(code(slow)), "wait", end=ALT_ENTER)
    terminal.wait_for("running\r\n")
    shown = terminal.stop()
    assert "Stopped: stopped by you" in shown and "Traceback" not in shown
    terminal.empty()
    assert re.search(r"Out\[\d+\]: 1\n", terminal.type("total"))


def test_the_status_is_told(terminal: Terminal) -> None:
    terminal.type(terminal.replies("Words."), "go", end=ALT_ENTER)
    shown = terminal.type("%oci")
    assert "scripted:replies.json" in shown and "conversation  1 prompts" in shown


def test_what_stays_unrepaired_ends_in_one_line(terminal: Terminal) -> None:
    line = terminal.replies(code("1 / 0"))
    shown = terminal.type(f"{line} -r 0", "go", end=ALT_ENTER)
    assert "Unrepaired: ZeroDivisionError" in shown and "Traceback" not in shown


def test_a_simple_prompt_does_too(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "--simple-prompt")
    terminal.type("%load_ext oci_magic")
    shown = terminal.type(terminal.replies(code("print(6 * 7)")), "go", end=ENTER * 3)
    assert "\n42\n" in shown and "worked" in shown
    terminal.child.close(force=True)
