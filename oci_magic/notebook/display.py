"""A session's events as a person sees them while they happen.

In a kernel each reply is one display, Markdown with a plain-text twin, that is updated in
place; in a terminal its text is printed as it comes. Neither is drawn more than ten times a
second. What the code itself shows is not drawn here: it appears where it happens.
"""

from __future__ import annotations

import html
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..events import Drafted, Event, Finished, GoesOn, NotPutBack, Prompted, Repairing, Streamed
from ..prompting.prompts import code_block
from ..types import Failure, Reply

INTERVAL = 0.1
"""Least seconds between two updates."""
WIDTH = 160
_ACTIVE = re.compile(
    r"<(?=[a-z/!?])|&(?=#|[a-z]\w*;)|(?:javascript|vbscript)(?=[\s\\]*:)", re.IGNORECASE
)


class View(Protocol):
    """What draws events: `show` each one, `say` a line of ours."""

    def show(self, event: Event) -> None: ...

    def say(self, line: str) -> None: ...


class Throttle:
    """True at most every `interval` seconds."""

    def __init__(self, interval: float = INTERVAL, clock: Callable[[], float] = time.monotonic):
        self._interval, self._clock = interval, clock
        self._next = 0.0

    def __call__(self) -> bool:
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._interval
        return True


class _Drawn:
    """What both views share: which event is drawn how."""

    def __init__(self) -> None:
        self.throttle = Throttle()

    def show(self, event: Event) -> None:
        if isinstance(event, Streamed) and event.anew:
            self.begin_anew()
        match event:
            case Prompted(dropped=dropped) if dropped:
                self.say(f"the oldest {dropped} messages are left out: the window is full")
            case Streamed(text=text) if self.throttle():
                self.draw(text)
            case Drafted(reply=reply):
                self.finish(reply)
            case Repairing():
                self.fold(event.round)
                self.alert(repair_line(event))
            case NotPutBack():
                self.say(left_line(event.left))
            case GoesOn():
                self.next()
            case Finished(outcome="worked" | "answered" | "inserted"):
                self.say(summary(event))

    def say(self, line: str) -> None:
        print(line, flush=True)

    def draw(self, text: str) -> None:
        raise NotImplementedError

    def finish(self, reply: Reply) -> None:
        raise NotImplementedError

    def begin_anew(self) -> None:
        """The text drawn so far is void."""

    def fold(self, round_: int) -> None:
        """Make the failed draft small, where that can be done."""

    def next(self) -> None:
        """What comes now stands below what has been shown."""

    def alert(self, line: str) -> None:
        raise NotImplementedError


class TerminalView(_Drawn):
    """Prints what is new."""

    def __init__(self) -> None:
        super().__init__()
        self._printed = 0

    def draw(self, text: str) -> None:
        sys.stdout.write(text[self._printed :])
        sys.stdout.flush()
        self._printed = len(text)

    def begin_anew(self) -> None:
        """What is printed stays; the reply begins again on a line of its own."""
        if self._printed:
            self.say("")
        self._printed = 0

    def finish(self, reply: Reply) -> None:
        self.draw(reply.text if reply.text.endswith("\n") else f"{reply.text}\n")
        self._printed = 0

    def alert(self, line: str) -> None:
        self.say(f"\x1b[31m{line}\x1b[0m" if sys.stdout.isatty() else line)


class KernelView(_Drawn):
    """Updates one display per reply."""

    def __init__(self) -> None:
        super().__init__()
        self._handle: Any = None
        self._reply = Reply("")

    def draw(self, text: str) -> None:
        self._update(words(text))

    def finish(self, reply: Reply) -> None:
        self._reply = reply
        if reply.text.strip():
            self.draw(as_markdown(reply))

    def fold(self, round_: int) -> None:
        if self._handle is not None:
            text = as_markdown(self._reply)
            said = f"<summary>draft {round_}</summary>\n\n{inert(text)}\n\n"
            folded = f"<details>{said}</details>"
            self._update({"text/markdown": folded, "text/plain": text})
            self._handle = None

    def next(self) -> None:
        self._handle = None

    def alert(self, line: str) -> None:
        from IPython.display import display

        red = f'<span style="color: #c62828">{html.escape(line)}</span>'
        display({"text/html": red, "text/plain": line}, raw=True)

    def _update(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def view_for(shell: Any) -> View:
    """The view that suits the shell: a kernel's displays or printed text."""
    return KernelView() if getattr(shell, "kernel", None) is not None else TerminalView()


def words(text: str) -> dict[str, str]:
    """MIME type → data of what a model says: Markdown in which no HTML and no script is any."""
    return {"text/markdown": inert(text), "text/plain": text}


def inert(markdown: str) -> str:
    """Markdown as it reads, but a page finds neither a tag nor a link that runs something in it.

    A front end trusts what a cell shows. U+2060, which is not seen, parts what would make them.
    """
    return _ACTIVE.sub(lambda found: f"{found[0]}\u2060", markdown)


def as_markdown(reply: Reply) -> str:
    """A reply with all of its code in fences, also where the model wrote bare code."""
    cells = reply.cells
    if len(cells) == 1 and cells[0].kind == "code" and "```" not in reply.text:
        return code_block(cells[0].source)
    return reply.text


def failure_line(failure: Failure) -> str:
    """`KeyError: 'Umsatz' · line 3: df["Umsatz"]`, one line of at most `WIDTH` characters."""
    line = failure.facts.line.strip()
    where = f" · line {failure.facts.lineno}: {one_line(line, 60)}" if line else ""
    error = f"{failure.name}: {failure.message}" if failure.message else failure.name
    return one_line(error, WIDTH - len(where)) + where


def repair_line(event: Repairing) -> str:
    """`KeyError: 'Umsatz' · repairing (2/3), sampling`"""
    way = f", {event.way}" if event.way else ""
    return f"{failure_line(event.failure)} · repairing ({event.round}/{event.rounds}){way}"


def left_line(left: Sequence[str]) -> str:
    """`not put back: model (LinearRegression), big (ndarray, 2,100 MB)`; "" for nothing."""
    return one_line(f"not put back: {', '.join(left)}") if left else ""


def stay_line(names: Sequence[str]) -> str:
    """`df, notes stay as a later cell left them`; "" for nothing."""
    if not names:
        return ""
    stays = "stays as a later cell left it" if len(names) == 1 else "stay as a later cell left them"
    return f"{', '.join(names)} {stays}"


def summary(event: Finished) -> str:
    """`worked after 1 repair · 132 tokens/s · 2.1 s`"""
    said = {"inserted": "written, not run"}.get(event.outcome, event.outcome)
    if event.repairs and event.outcome == "worked":
        said += f" after {event.repairs} repair{'' if event.repairs == 1 else 's'}"
    speed = event.usage.tokens_per_second
    pace = f"{speed:.0f} tokens/s" if speed else ""
    checks = [f"✔ {_held(check)}" for check in event.checks]
    told = [said, *checks, *event.changes, event.reason, pace, f"{event.seconds:.1f} s"]
    return " · ".join(filter(None, told))


def _held(check: str) -> str:
    return one_line(check.removeprefix("assert "), 60)


def one_line(text: str, width: int = WIDTH) -> str:
    """`text` on one line, its end cut off where it is longer than `width` characters."""
    text = " ".join(text.split())
    return text if len(text) <= width else f"{text[: width - 3]}..."
