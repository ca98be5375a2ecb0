"""A headless run as a person reads it in a terminal while it goes on.

Prompts are told in full, with the answer as it streams, failures, repairs and results; other
cells in one line. Text is printed as text: a model's words and a cell's output cannot move
the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .display import one_line
from .document import Node, prompt_parts
from .driven import Told

if TYPE_CHECKING:
    from rich.console import Console

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OURS = (
    *("Unrepaired", "Held", "Stopped"),
    *("EngineError", "ModelNotFound", "NoAnswer", "NoMemory", "UsageError"),
)


class Transcript:
    """Prints to a rich console. `prompts` and `repairs` count what was answered."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.prompts = self.repairs = 0
        self._number = 0
        self._brief = True
        self._mid_line = False

    def begin(self, source: str) -> None:
        """A code cell of the notebook is about to run."""
        self._number += 1
        parts = prompt_parts(source)
        self._brief = parts is None
        if parts is None:
            first, _, more = source.strip().partition("\n")
            self.line(f"[{self._number}] {one_line(first, 72)}{' ...' if more else ''}", "dim")
        else:
            self.line(f"[{self._number}] %%oci {parts[0]}".rstrip(), "dim")
            self.line(parts[1].strip(), "bold")

    def show(self, event: Told) -> None:
        self._brief = False
        match event["kind"]:
            case "prompted" if event["dropped"]:
                dropped = event["dropped"]
                self.line(f"the oldest {dropped} messages are left out: the window is full", "dim")
            case "streamed":
                if event.get("anew"):
                    self._end_line()
                self._write(event["text"], "cyan")
            case "told":
                self.line(event["line"], "dim")
            case "repairing":
                self.line(event["line"], "yellow")
            case "finished":
                self._finished(event)
            case "drafted" | "executed" | "goes on":
                self._end_line()

    def output(self, output: Node) -> None:
        """What a prompt's code, or loading its model, shows."""
        if self._brief or output.output_type == "error":
            return
        if output.output_type == "stream":
            self._write(output.text)
            return
        image = next((kind for kind in output.data if kind.startswith("image/")), None)
        if image:
            self.line(f"[figure, {image}]", "magenta")
        else:
            self.line(output.data.get("text/plain", f"[{', '.join(output.data)}]"))

    def failed(self, content: Mapping[str, Any]) -> None:
        """A cell ended with this reply of the kernel."""
        name, value = content.get("ename", "Error"), content.get("evalue", "")
        if name not in _OURS:
            self.line("\n".join(content.get("traceback") or ()), "dim")
        self.line(one_line(f"{name}: {value}", 1000), "bold red")

    def line(self, text: str, style: str = "") -> None:
        self._end_line()
        self._write(f"{text}\n" if text else "", style)

    def counts(self) -> str:
        """`2 prompts answered, 1 repair`"""
        prompts = f"{self.prompts} prompt{'' if self.prompts == 1 else 's'} answered"
        return f"{prompts}, {self.repairs} repair{'' if self.repairs == 1 else 's'}"

    def _finished(self, event: Told) -> None:
        self._end_line()
        self.repairs += event["repairs"]
        if event["outcome"] in ("worked", "answered", "inserted"):
            self.prompts += 1
            self.line(event["line"], "green")

    def _end_line(self) -> None:
        if self._mid_line:
            self._write("\n")

    def _write(self, text: str, style: str = "") -> None:
        from rich.text import Text

        text = _CONTROLS.sub("", _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))
        if text:
            self.console.print(Text(text, style), end="", soft_wrap=True)
            self._mid_line = not text.endswith("\n")
