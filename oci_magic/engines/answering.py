"""One answer of a server as it comes: its text without thoughts, its cost, and what is new of it.

Covers `<think>` at the head of an answer, split among pieces in any way, and an answer that begins
again after its stream broke: what was told already is not told twice. Thoughts whose beginning
the server keeps to itself (only `</think>` comes) are taken for text.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ..types import Chunk, FinishReason, Usage
from .refusals import BrokenStream

BEGIN, END = "<think>", "</think>"


class Thoughts:
    """Takes what stands between `<think>` and `</think>` off the head of a text."""

    def __init__(self) -> None:
        self._held, self.over = "", False
        self.any = False

    def push(self, piece: str) -> str:
        """What of `piece`, and of what was held back before it, is text."""
        if self.over:
            return piece
        self._held += piece
        start = self._held.lstrip()
        if BEGIN.startswith(start):
            return ""
        if not start.startswith(BEGIN):
            return self.rest()
        self.any = True
        text = start.partition(END)[2].lstrip()
        self.over = bool(text)
        return text

    def rest(self) -> str:
        """What was held back and is no thought: nothing more comes, or all that comes is text."""
        self.over, held = True, self._held
        return "" if self.any else held


class Answer:
    """What has come of an answer, in one try or several; `prompt` is the estimate of its tokens.

    It is cut off after `limit` pieces: each is a token or several, and no server is trusted to end.
    """

    def __init__(self, prompt: int, limit: int) -> None:
        self.usage, self._limit = Usage(prompt), limit
        self.reason: FinishReason | None = None
        self.text = ""
        """Of this try."""
        self.thought = False
        self.counted = 0
        """Tokens of the prompt as the server counts them, 0 if it does not."""
        self._told = ""
        self._seconds, self._since = 0.0, time.perf_counter()

    @property
    def in_mid_line(self) -> bool:
        """Whether what was told ends within a line."""
        return bool(self._told) and not self._told.endswith("\n")

    def pieces(self, events: Iterator[Any]) -> Iterator[Chunk]:
        """The text of one try. Raises `BrokenStream` when it ends without being finished."""
        self.text, self.reason, thoughts = "", None, Thoughts()
        made, counted = 0, None
        for event in events:
            counted = getattr(event, "usage", None) or counted
            for choice in (getattr(event, "choices", None) or [])[:1]:
                piece, thought = _said(choice.delta)
                made += bool(piece or thought)
                if made > self._limit:
                    break
                self.reason = _reason(choice.finish_reason) or self.reason
                yield from self._new(thoughts.push(piece))
                self.thought = self.thought or thought or thoughts.any
            if made > self._limit:
                self.reason = "length"
                break
            self.counted, completion = _counts(counted)
            self.usage = Usage(self.counted or self.usage.prompt_tokens, completion or made)
        if self.reason is None:
            raise BrokenStream("it ended before it was finished")
        if not thoughts.over:
            yield from self._new(thoughts.rest())

    def end(self, reason: FinishReason | None = None) -> Chunk:
        """The last chunk; a try that came out shorter than what was told before replaces it."""
        self._pause()
        usage = Usage(self.usage.prompt_tokens, self.usage.completion_tokens, self._seconds)
        shorter = reason is None and self.text != self._told
        return Chunk(self.text if shorter else "", reason or self.reason, usage, shorter)

    def _new(self, piece: str) -> Iterator[Chunk]:
        """What is new in this try; all of it, `anew`, where it goes another way than before."""
        self.text += piece
        if self._told.startswith(self.text):
            return
        anew = not self.text.startswith(self._told)
        new = self.text if anew else self.text[len(self._told) :]
        self._told = self.text
        self._pause()
        yield Chunk(new, anew=anew)
        self._since = time.perf_counter()

    def _pause(self) -> None:
        now = time.perf_counter()
        self._seconds += now - self._since
        self._since = now


def _said(delta: Any) -> tuple[str, bool]:
    """The text in a piece of the stream, and whether it holds a thought."""
    thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
    return getattr(delta, "content", None) or "", bool(thought)


def _reason(told: str | None) -> FinishReason | None:
    """`length` where the answer was cut off; every other reason that a server gives is an end."""
    if told is None:
        return None
    return "length" if told == "length" else "stop"


def _counts(usage: Any) -> tuple[int, int]:
    """Tokens of prompt and answer as the server counts them, 0 where it does not."""
    counts = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    prompt, completion = (count if isinstance(count, int) else 0 for count in counts)
    return prompt, completion
