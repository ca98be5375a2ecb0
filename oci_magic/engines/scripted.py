"""An engine that replays written replies: unit tests and the examples of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from ..errors import EngineError, ModelNotFound
from ..types import Chunk, Message, Usage
from . import Sampling

PIECE = 16
CHARACTERS_PER_TOKEN = 4


class ScriptedEngine:
    """Replays `replies` in order, a few characters at a time; `sampling` changes nothing.

    A token is taken to be four characters. Raises `EngineError` when no reply is left.
    """

    def __init__(self, replies: Sequence[str], name: str = "scripted") -> None:
        self.name = name
        self.window = 1_000_000
        self.sampling = Sampling()
        self._replies = list(replies)
        self._next = 0

    @classmethod
    def from_file(cls, name: str) -> Self:
        """`name` is `scripted:FILE`; FILE holds a JSON list of texts."""
        return cls(_read(Path(name.removeprefix("scripted:")).expanduser()), name)

    def count(self, messages: Sequence[Message]) -> int:
        return sum(map(_tokens, (message.content for message in messages)))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        draft: str | None = None,  # noqa: ARG002  part of the Engine protocol
    ) -> Iterator[Chunk]:
        text = self._take()
        for start in range(0, len(text), PIECE):
            yield Chunk(text[start : start + PIECE])
        yield Chunk("", "stop", Usage(self.count(messages), _tokens(text)))

    def _take(self) -> str:
        if self._next >= len(self._replies):
            raise EngineError(
                f"{self.name} holds {len(self._replies)} replies and all are used: "
                "add one to the file, or open it again to start over"
            )
        self._next += 1
        return self._replies[self._next - 1]


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _read(path: Path) -> list[str]:
    if not path.is_file():
        raise ModelNotFound(
            f"scripted:{path}: there is no such file; it holds a JSON list of texts"
        )
    try:
        replies = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EngineError(f"scripted:{path} is not JSON in UTF-8: {error}") from error
    if not isinstance(replies, list) or not all(isinstance(reply, str) for reply in replies):
        raise EngineError(f"scripted:{path} must hold a JSON list of texts, one per reply")
    return replies
