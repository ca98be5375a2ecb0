"""What a request tells of a front end that has our extension: who asks, and what is below."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .panel import Action

NAME = "oci_magic"
PROTOCOL = 1
MOST_ROUNDS = 20
_RECORD = ("hash", "asked", "answer", "feedback", "rounds", "folded")
"""What a prompt cell's metadata hold of its last answer."""


@dataclass(frozen=True)
class Made:
    """A cell below a prompt that an earlier answer to it made, as it is now.

    `code` is the digest of what was generated, `mark` all that the cell's metadata say of it.
    """

    id: str
    source: str
    code: str
    mark: Mapping[str, Any] = field(default_factory=dict)

    @property
    def edited(self) -> bool:
        return digest(self.source) != self.code


@dataclass(frozen=True)
class Client:
    """Who asks: a front end's connection, its prompt cell, and what stands below it.

    `asking` is the cell whose request this is, which with `%oci retry` is not the prompt's own.
    `record` is what the prompt cell's metadata hold of its last answer, `seen` the last answer that
    the front end was told of. `action` is what a button of the prompt's panel says, `text` the
    words that go with it (for `repair` the source of the failed cell). `path` is the notebook's.
    `stands` are the ids of all generated cells in it, None if they are not told. `shown` is what
    the prompt has shown so far: data by MIME type, of each of our outputs.
    """

    id: str
    prompt: str
    record: Mapping[str, Any] = field(default_factory=dict)
    made: tuple[Made, ...] = ()
    action: Action | None = None
    text: str = ""
    asking: str = ""
    seen: str = ""
    path: str = ""
    stands: frozenset[str] | None = None
    shown: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def told(cls, metadata: Mapping[str, Any]) -> Client | None:
        """The client that a request's metadata tell of; None if we do not speak its protocol."""
        said: Any = metadata.get("oci_magic_client")
        prompt = str(metadata.get("cellId") or "")
        try:
            if said["protocol"] != PROTOCOL or not prompt:
                return None
            below = said.get("made") or {}
            made = tuple(map(_made, below.get("cells", ())))
            action = said.get("action") or {}
            noted = mark(below.get("record"))
            record = {key: noted[key] for key in _RECORD if key in noted}
            kind, text = action.get("kind"), str(action.get("text", ""))
            seen = str(below.get("seen") or "")
            path = str(said.get("path") or "")
            there = said.get("stands")
            stands = None if there is None else frozenset(map(str, there))
            asks, shown = str(said["client"]), tuple(map(mark, below.get("shown") or ()))
            return cls(asks, prompt, record, made, kind, text, prompt, seen, path, stands, shown)
        except (TypeError, KeyError, AttributeError, ValueError):
            return None

    @property
    def recorded(self) -> str:
        """The hash of the prompt that was answered, "" if its answer is not to be kept."""
        return str(self.record.get("hash") or "")

    @property
    def asked(self) -> str:
        """The hash of the prompt that was asked last, "" if none is known."""
        return str(self.record.get("asked") or "")

    @property
    def feedback(self) -> list[str]:
        """What the person has said of the answers to this prompt."""
        said = self.record.get("feedback")
        return [words for words in said if isinstance(words, str)] if isinstance(said, list) else []

    @property
    def rounds(self) -> int | None:
        """The number of repairs that the person has set in the panel."""
        said = self.record.get("rounds")
        return said if isinstance(said, int) and 0 <= said <= MOST_ROUNDS else None


def _made(cell: Mapping[str, Any]) -> Made:
    """What is `theirs`, such as a merged or a locked cell, or of another kind, counts as edited."""
    mark = dict(cell["metadata"])
    kind = mark.get("kind", "code")
    ours = cell.get("kind", kind) == kind and not cell.get("theirs")
    code = str(mark.get("code")) if ours else "theirs"
    return Made(cell["id"], cell["source"], code, mark)


def mark(said: Any) -> Mapping[str, Any]:
    """What a cell's metadata say of us; {} if that is no object, for others write there too."""
    return said if isinstance(said, Mapping) else {}


def digest(source: str) -> str:
    """What tells whether a person has edited a generated cell."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
