"""The nouns of oci_magic: frozen dataclasses that every other room speaks in.

Covers what crosses a seam between rooms. Holds no behaviour beyond what a field
already says, imports nothing of ours, and knows no widget, path or kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "interrupted"]
Output = Mapping[str, Any]
"""One notebook output in nbformat 4 form (`output_type`, `data`, ...)."""


@dataclass(frozen=True)
class Message:
    """One entry of a conversation with a chat model."""

    role: Role
    content: str


@dataclass(frozen=True)
class Usage:
    """What a reply cost: token counts and generation time in seconds."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.seconds + other.seconds,
        )

    @property
    def tokens_per_second(self) -> float:
        return self.completion_tokens / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Chunk:
    """A piece of a streamed reply; the last one carries `finish_reason` and `usage`.

    With `anew` the reply begins again: the text of the chunks before it is void.
    """

    text: str
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    anew: bool = False


@dataclass(frozen=True)
class Cell:
    """A notebook cell: Python or IPython source, or Markdown."""

    source: str
    kind: Literal["code", "markdown"] = "code"


@dataclass(frozen=True)
class Reply:
    """A finished answer: its whole text and the cells it was parsed into."""

    text: str
    cells: tuple[Cell, ...] = ()
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)

    @property
    def code(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == "code")


@dataclass(frozen=True)
class Variable:
    """A name of the notebook as a model may see it: its type, never its data.

    `shape` is (rows, columns) for tables and the array shape for arrays;
    `columns` pairs each column's name (as Python would write it) with its dtype.
    """

    name: str
    type: str
    shape: tuple[int, ...] | None = None
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Facts:
    """What was true around a failure while the objects were alive.

    `line` is the failing source line, `lineno` its number (0: not known), `tables` the
    tables the failing code names, `files` the names in the folder near the missing one,
    `headers` pairs a file the code reads with the first line found in it, `values` a column
    that the failing line names with a few of its texts that are no numbers, `near` a name
    that was not found with those that resemble it, `parts` what a check that failed compares
    with its value, `notes` what else there is to tell of a failure of this kind, `bases` the names
    of the classes that the error's own comes from.
    """

    line: str = ""
    lineno: int = 0
    tables: tuple[Variable, ...] = ()
    files: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    near: tuple[tuple[str, tuple[str, ...]], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    bases: tuple[str, ...] = ()


EffectKind = Literal[
    "delete", "overwrite", "process", "install", "network", "deserialise", "exit", "session",
    "dynamic",
]  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """One thing the code would do, `detail` in few words, in line `lineno` (from 1)."""

    kind: EffectKind
    detail: str
    lineno: int


@dataclass(frozen=True)
class Failure:
    """Why a cell did not work. `traceback` is plain text, free of ANSI codes."""

    name: str
    message: str
    traceback: str = ""
    facts: Facts = field(default_factory=Facts)

    @property
    def stopped(self) -> bool:
        """True when the person interrupted the cell: nothing to repair."""
        return self.name == "KeyboardInterrupt"


@dataclass(frozen=True)
class Execution:
    """The result of running a cell; `failure is None` means that it worked."""

    outputs: tuple[Output, ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Turn:
    """One exchange: what was asked, what came back, how it ran, what was fed back.

    `feedback` holds the sentences that led from this turn to the next one, "" if none did.
    Where the turn `goes_on`, the request is not the person's but how the code before it ran.
    """

    request: str
    reply: Reply
    execution: Execution | None = None
    feedback: str = ""
    goes_on: bool = False
