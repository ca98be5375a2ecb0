"""Conversations in Code-Feedback form → token examples with a weight for each token.

Covers reading JSONL shards (also while they are still being written) and marking which
tokens the assistant says. Which examples stand together in a step is `batches`' work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..types import Message
from .tokenizer import ASSISTANT, END, USER, WINDOW, token_id

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class Example:
    """Token ids of one conversation; `said[i]` is 1 where token i is to be learned as said."""

    ids: list[int]
    said: list[int]


@dataclass(frozen=True)
class Told(Message):
    """What an assistant says in an example but shall not learn: an earlier reply, a mistake."""


@dataclass
class Shards:
    """The `*.jsonl` files of a folder, read on from where the last look ended.

    `parts` says what has been read, in order: file name, first byte, end.
    """

    folder: Path
    parts: list[tuple[str, int, int]] = field(default_factory=list)

    def news(self) -> Iterator[list[Message]]:
        """Conversations that were not there at the last call; a half-written line waits."""
        for path in sorted(self.folder.glob("*.jsonl")):
            start = max((end for name, _, end in self.parts if name == path.name), default=0)
            data = _lines(path, start, path.stat().st_size)
            if data:
                self.parts.append((path.name, start, start + len(data)))
                yield from map(messages_of, data.splitlines())

    def again(self) -> Iterator[list[Message]]:
        """The conversations of `parts`, in the order in which they were first read."""
        for name, start, end in self.parts:
            yield from map(messages_of, _lines(self.folder / name, start, end).splitlines())


def messages_of(line: bytes | str) -> list[Message]:
    """The conversation of one JSONL line."""
    return [
        (Message if m.get("train", True) else Told)(m["role"], m["content"])
        for m in json.loads(line)["messages"]
    ]


def text_of(conversation: Sequence[Message]) -> str:
    """The conversation's contents, for learning the tokenizer."""
    return "\n".join(m.content for m in conversation if m.role != "system")


def encode(tokenizer: Tokenizer, conversations: Sequence[Sequence[Message]]) -> list[Example]:
    """Token examples by the chat template; those longer than the window are left out."""
    spoken = [[m for m in c if m.role != "system"] for c in conversations]
    texts = [m.content for c in spoken for m in c]
    encoded = iter(tokenizer.encode_batch(texts, add_special_tokens=False))
    marks = {"user": token_id(tokenizer, USER), "assistant": token_id(tokenizer, ASSISTANT)}
    end = token_id(tokenizer, END)
    examples = [
        _joined([(_learned(m), marks[m.role], next(encoded).ids) for m in c], end) for c in spoken
    ]
    return [example for example in examples if len(example.ids) <= WINDOW]


def _learned(message: Message) -> bool:
    return message.role == "assistant" and not isinstance(message, Told)


def _lines(path: Path, start: int, end: int) -> bytes:
    """The whole lines between two byte positions."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(end - start)
    return data[: data.rfind(b"\n") + 1]


def _joined(turns: Sequence[tuple[bool, int, list[int]]], end: int) -> Example:
    ids: list[int] = []
    said: list[int] = []
    for learned, mark, content in turns:
        ids += [mark, *content, end]
        said += [0, *[int(learned)] * (len(content) + 1)]
    return Example(ids, said)
