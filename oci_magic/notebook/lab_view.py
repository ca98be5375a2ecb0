"""A session's events in JupyterLab: a panel and the prose under the prompt, code in its cells."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..events import (
    Drafted,
    Event,
    Executed,
    Finished,
    GoesOn,
    NotPutBack,
    Prompted,
    Repairing,
    Streamed,
)
from ..prompting.conversation import source
from ..prompting.parse import parse
from ..types import Cell, Failure, Output, Reply, Turn
from .display import Throttle, failure_line, left_line, repair_line, summary, words
from .panel import Action, Draft, Panel

if TYPE_CHECKING:
    from .lab_cells import LabCells


class LabView:
    """Draws at most ten times a second; the panel is above the prose of the last reply."""

    def __init__(
        self, cells: LabCells | None, shell: Any, rounds: int | None = None, prompt: str = ""
    ) -> None:
        self.cells, self.shell = cells, shell
        self.throttle = Throttle()
        self.panel = Panel("generating", "reading the prompt", rounds=rounds, prompt=prompt)
        self._row, self._prose = _Display(), _Display()
        self._said: list[str] = []
        self._began, self._pieces = 0.0, 0
        self._below: tuple[Cell, ...] = ()  # what the answer goes on from
        self._comments = False
        self._over = False
        self.again: tuple[Action, ...] = ("retry", "feedback")
        """What can be done when an error has left no answer, and what the person had said."""
        self.words = ""
        self.before: LabView | None = None
        """What has drawn the answer before, which stands as long as no new one is complete."""

    def show(self, event: Event) -> None:
        match event:
            case Prompted(dropped=dropped):
                self._began, self._pieces = time.monotonic(), 0
                left_out = f" without its oldest {dropped} messages" if dropped else ""
                if self.panel.state != "repairing":
                    self._tell("generating", f"reading the prompt{left_out}")
            case Streamed(text=text):
                self._pieces += 1
                if self.throttle():
                    self._draw([Cell(text, "markdown")] if self._comments else parse(text))
                    self._tell("generating", "writing", self._pace())
            case Drafted(reply=reply):
                self._drafted(reply)
            case Executed(cell=cell, execution=execution) if self.cells:
                self.cells.ran(cell, execution, self.shell.execution_count - 1)
            case NotPutBack():
                self.say(left_line(event.left))
            case GoesOn(below=below, comment=comment):
                self._goes_on(below, comment)
            case Repairing(failure=failure):
                self._failed(failure_line(failure))
                self._tell("repairing", repair_line(event))
            case Finished():
                self._finish(event)

    def loading(self, model: str) -> None:
        """A model is being loaded, which may take long."""
        self._tell("loading", f"loading {model}")

    def shown_again(self, line: str) -> None:
        """The prompt has run again and its answer is kept: what it showed, under this line."""
        self.panel = replace(self.panel, state="kept", line=line)
        self._row.show_again(self.panel.bundle())
        self._prose.show_again(self._prose.bundle)

    def ended(self, event: Finished) -> Panel:
        """The panel in the end."""
        panel, reply = self.panel.ended(event, summary(event)), event.turn.reply
        if event.outcome == "stopped":
            panel = replace(panel, words=self.words)
        if self.cells and self.cells.earlier_stands:
            if self.cells.shown():  # the draft goes: what there is of it stays readable here
                self._prose.show(words(reply.text))
            panel = replace(panel, actions=self._standing)
        return panel

    @property
    def _standing(self) -> tuple[Action, ...]:
        """What can be done with the earlier answer; it is told of here from now on."""
        if not self.before:
            return self.again
        self.before._row = self._row
        return self.before.panel.actions

    def ran(self, failure: Failure | None, left: Sequence[str] = ()) -> None:
        """The person has run the code that had waited: how it ended is the row's end too."""
        if failure and failure.stopped:
            return
        if failure:
            line = failure_line(failure)
            self._failed(line)
        self.panel = self.panel.ran("" if failure is None else line, left_line(left))
        self._row.show(self.panel.bundle())

    def corrected(self) -> None:
        """The person has mended the code by hand."""
        self.panel = self.panel.corrected()
        self._row.show(self.panel.bundle())

    def say(self, line: str) -> None:
        self._said.append(line)
        print(line, flush=True)

    def outputs(self, error: Exception | None) -> list[Output]:
        """What the prompt cell shows in the end, `error` with it, as nbformat's outputs."""
        said = "".join(f"{line}\n" for line in self._said)
        shown: list[Output] = [{"output_type": "stream", "name": "stdout", "text": said}]
        data = [display.bundle for display in (self._row, self._prose) if display.bundle]
        shown += [{"output_type": "display_data", "data": each, "metadata": {}} for each in data]
        if error:
            name, text = type(error).__name__, str(error)
            shown.append({"output_type": "error", "ename": name, "evalue": text,
                          "traceback": [f"{name}: {text}"]})  # fmt: skip
        return shown if said else shown[1:]

    def over(self) -> None:
        """Nothing comes any more; a panel that still works was left by an error."""
        if not self._over:
            self._over = True
            if not self.panel.actions:
                stands = self.cells and self.cells.earlier_stands
                actions = self._standing if stands else self.again
                self.panel = self.panel.broken_off(actions, self.words)
            self._row.show(self.panel.bundle())

    def _drafted(self, reply: Reply) -> None:
        self._draw(reply.cells)
        came = reply.code or self._below
        if self.cells and came and reply.finish_reason != "interrupted":
            self.cells.drafted([*self._below, *self._own(reply.cells)])
        if reply.code:
            self._note(Draft(source(Turn("", reply))))
            self._tell("running", "running")

    def _goes_on(self, below: tuple[Cell, ...], comment: bool) -> None:
        self._below, self._comments = below, comment
        if not any(draft.failure for draft in self.panel.drafts):
            self.panel = replace(self.panel, drafts=())
        self._tell("generating", "reading the result")

    def _finish(self, event: Finished) -> None:
        execution = event.turn.execution
        if event.outcome == "unrepaired" and execution and execution.failure:
            self._failed(failure_line(execution.failure))
        elif event.outcome == "worked" and event.reason:
            self._failed(event.reason)  # a further cell was left out
        self.panel = self.ended(event)
        self.over()

    def _tell(self, state: str, line: str, pace: str = "") -> None:
        self.panel = self.panel.doing(state, line)
        self._row.show(self.panel.bundle(pace))

    def _note(self, draft: Draft) -> None:
        self.panel = replace(self.panel, drafts=(*self.panel.drafts, draft))

    def _failed(self, line: str) -> None:
        """The last draft failed, and why."""
        if self.panel.drafts:
            *before, last = self.panel.drafts
            self.panel = replace(self.panel, drafts=(*before, replace(last, failure=line)))

    def _draw(self, cells: Sequence[Cell]) -> None:
        prose = "\n\n".join(cell.source for cell in cells if cell.kind == "markdown")
        if prose.strip() and not self._below:
            self._prose.show(words(prose))
        if self.cells:
            self.cells.draft([*self._below, *self._own(cells)])

    def _own(self, cells: Sequence[Cell]) -> list[Cell]:
        """Which cells of a reply stand below the prompt: between results, its words do too."""
        shown = [cell for cell in cells if cell.source.strip()]
        return shown if self._below else [cell for cell in shown if cell.kind == "code"]

    def _pace(self) -> str:
        """A piece is about a token."""
        seconds = time.monotonic() - self._began
        return f"about {self._pieces / seconds:.0f} tokens/s" if seconds else ""


class RepairView(LabView):
    """Proposes what repairs a cell of the person's: the diff, and a button that applies it."""

    def __init__(self, shell: Any, code: str, cell: str = "") -> None:
        super().__init__(None, shell, prompt=cell)
        self.panel, self.again = replace(self.panel, was=code), ("repair",)
        self._note(Draft(code, title="your cell"))

    def ended(self, event: Finished) -> Panel:
        worked = event.outcome == "worked"
        line = "this repair works" if worked else summary(event)
        actions: tuple[Action, ...] = ("apply",) if worked else ("repair",)
        code = source(event.turn) if worked else ""
        return replace(self.panel, state=event.outcome, line=line, actions=actions, code=code)

    def tried(self, left: Sequence[str]) -> None:
        """The trial was taken back, but for what is `left`."""
        self.panel = replace(self.panel, line=f"{self.panel.line} · {left_line(left)}")
        self._row.show(self.panel.bundle())


class _Display:
    """One output of the prompt cell, changed in place."""

    def __init__(self) -> None:
        self._handle: Any = None
        self.bundle: dict[str, Any] = {}
        """What is shown: MIME type → data."""

    def show_again(self, bundle: dict[str, Any]) -> None:
        """What showed it is gone: show it anew, to be changed in place as before."""
        if bundle:
            self.bundle = bundle
            self._handle.display(bundle, raw=True)

    def show(self, bundle: dict[str, Any]) -> None:
        from IPython.display import display

        self.bundle = bundle
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
