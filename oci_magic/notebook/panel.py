"""The row under a prompt in JupyterLab: what it is doing, what can be done next, its drafts.

Covers what the row shows and its static twin, HTML and text, for front ends without our
extension and for saved notebooks. Drawing it and acting on its buttons is the extension's work
(`labextension/static/panel.js`): callbacks of widgets could run no model.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from ..events import Finished, Outcome
from ..verdict import came

MIME = "application/vnd.oci_magic.panel+json"

Action = Literal["run", "keep", "fix", "retry", "feedback", "undo", "repair", "apply"]
Change = Literal[" ", "-", "+"]

_ACTIONS: dict[Outcome, tuple[Action, ...]] = {
    "worked": ("keep", "undo", "retry", "feedback"),
    "answered": ("retry", "feedback"),
    "inserted": ("run", "undo", "retry", "feedback"),
    "held": ("run", "undo", "retry", "feedback"),
    "unrepaired": ("fix", "undo", "retry", "feedback"),
    "stopped": ("fix", "undo", "retry", "feedback"),
}
_COLORS = {"-": "#c62828", "+": "#2e7d32"}


@dataclass(frozen=True)
class Draft:
    """The code of one round and, in one line, why it was not the last, "" for the last."""

    code: str
    failure: str = ""
    title: str = ""  # if it is no draft of a model


@dataclass(frozen=True)
class Shown:
    """A draft as the row shows it: its diff to the one before, by line."""

    title: str
    failure: str
    diff: Sequence[tuple[Change, str]]

    @classmethod
    def read(cls, said: Any) -> tuple[Shown, ...]:
        """The drafts of a row as `Panel.bundle` has told them; () if it is something else."""
        try:
            return tuple(
                cls(str(one["title"]), str(one["failure"]), [_line(line) for line in one["diff"]])
                for one in said
            )
        except (TypeError, KeyError, ValueError):
            return ()


def _line(said: Any) -> tuple[Change, str]:
    change, line = said
    if change not in (" ", "-", "+"):
        raise ValueError(change)
    return change, str(line)


@dataclass(frozen=True)
class Panel:
    """The row: `state` is what happens or how it ended, `line` the words for it."""

    state: str
    line: str
    drafts: tuple[Draft, ...] = ()
    actions: tuple[Action, ...] = ()
    code: str = ""  # what `apply` puts into the cell,
    was: str = ""  # where this source stands
    words: str = ""  # what the person has said and was not answered
    prompt: str = ""  # the cell whose answer this is, if it is not the one above
    told: tuple[Shown, ...] = ()  # drafts of an answer that this kernel does not know
    rounds: int | None = None  # repairs at most, which the person may change for the next time

    def doing(self, state: str, line: str) -> Panel:
        """The row of a prompt at work."""
        return replace(self, state=state, line=line, actions=())

    def ended(self, event: Finished, line: str) -> Panel:
        """The row of a prompt that is over, with what can be done next."""
        panel = replace(self, state=event.outcome, line=line, actions=_ACTIONS[event.outcome])
        if not came(event.turn):
            panel = panel.without("run", "undo")
        return panel if any(draft.failure for draft in self.drafts) else panel.without("fix")

    def without(self, *actions: Action) -> Panel:
        """The row without these buttons."""
        return replace(self, actions=tuple(each for each in self.actions if each not in actions))

    def broken_off(self, actions: tuple[Action, ...], words: str) -> Panel:
        """The row of a prompt that an error has ended before there was an answer to `words`."""
        return replace(self, state="stopped", line="no answer", actions=actions, words=words)

    def ran(self, failure: str, left: str = "") -> Panel:
        """The row when the person has run code that had waited; `failure` is "" if it worked.

        `left` says what was not put back, "" if all was.
        """
        if failure:
            line = f"{failure} · {left or 'your variables are as before this cell'}"
            state: Outcome = "unrepaired"
            return replace(self, state=state, line=line, actions=("run", *_ACTIONS[state]))
        return replace(self, state="worked", line="worked", actions=_ACTIONS["worked"])

    def corrected(self) -> Panel:
        """The row when the person has run the code as they edited it; it works."""
        line = "works as you have edited it"
        return replace(self, state="worked", line=line, actions=("keep", "retry", "feedback"))

    def bundle(self, pace: str = "") -> dict[str, Any]:
        """MIME type → data, for `display`; `pace` stands beside the line and is not read out."""
        drafts = [asdict(shown) for shown in self._told()]
        shown = {"state": self.state, "line": self.line, "pace": pace, "actions": self.actions,
                 "drafts": drafts, "code": self.code, "was": self.was,
                 "prompt": self.prompt, "rounds": self.rounds, "words": self.words}  # fmt: skip
        return {MIME: shown, "text/html": self._html(), "text/plain": self.line}

    def _told(self) -> Iterator[Shown]:
        """The drafts, where there are several."""
        yield from self.told
        if len(self.drafts) < 2:
            return
        before, number = "", 0
        for draft in self.drafts:
            number += not draft.title
            changes = diff(before, draft.code)
            yield Shown(draft.title or f"draft {number}", draft.failure, changes)
            # After one that worked comes a further cell, which is no other version of it.
            before = draft.code if draft.failure or draft.title else ""

    def _html(self) -> str:
        rows = [f"<span>{html.escape(self.line)}</span>"]
        for draft in self._told():
            failed = f": {draft.failure}" if draft.failure else ""
            lines = "\n".join(_html_line(*change) for change in draft.diff)
            code = f'<pre style="font-family: monospace">{lines}</pre>'
            title = html.escape(f"{draft.title}{failed}")
            rows.append(f"<details><summary>{title}</summary>{code}</details>")
        return "<div>" + "".join(rows) + "</div>"


def diff(before: str, after: str) -> list[tuple[Change, str]]:
    """The lines of `after` and those of `before` that are gone; a first draft has just its own."""
    old, new = before.splitlines(), after.splitlines()
    if not old:
        return [(" ", line) for line in new]
    changes: list[tuple[Change, str]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            changes += [(" ", line) for line in new[j1:j2]]
        else:
            changes += [("-", line) for line in old[i1:i2]]
            changes += [("+", line) for line in new[j1:j2]]
    return changes


def _html_line(change: Change, line: str) -> str:
    text = html.escape(f"{change} {line}")
    color = _COLORS.get(change)
    return f'<span style="color: {color}">{text}</span>' if color else text
