"""From token ids to text as they come, without ever showing half a character."""

from __future__ import annotations

from typing import Any

UNFINISHED = "\N{REPLACEMENT CHARACTER}"
LONGEST = 64
"""Tokens held back at most: no character takes that many, so they are not text."""


class TextStream:
    """Decodes tokens one by one; the pieces joined are the text of all of them.

    A window of the last two pieces is decoded, not the whole text: the first of them keeps
    the tokenizer from treating the second as the beginning of a text.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._window: list[int] = []
        self._shown = 0

    def push(self, token: int) -> str:
        """The text that `token` completes, "" while a character is unfinished."""
        self._window.append(token)
        text = self._decode(self._window)
        held = len(self._window) - self._shown
        if text.endswith(UNFINISHED) and held < LONGEST:
            return ""
        return self._advance(text)

    def rest(self) -> str:
        """What was held back, without an unfinished character at its end."""
        return self._advance(self._decode(self._window).rstrip(UNFINISHED))

    def _advance(self, text: str) -> str:
        piece = text[len(self._decode(self._window[: self._shown])) :]
        if piece:
            self._window = self._window[self._shown :]
            self._shown = len(self._window)
        return piece

    def _decode(self, tokens: list[int]) -> str:
        if not tokens:
            return ""
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text
