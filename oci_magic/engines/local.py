"""The local engine: any causal language model of transformers, in this process.

Covers prompt text, streaming, stop tokens, limits and counts. Finding a model is `hub`'s
work, loading it `loading`'s, generating tokens `decoding`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

from ..errors import EngineError, NoAnswer
from ..types import Chunk, FinishReason, Message, Usage
from . import Sampling
from .decoding import Decoder, Sampler
from .hub import locate
from .libraries import import_libraries
from .loading import choose_device, load, out_of_memory
from .streaming import TextStream
from .templates import render

END_OF_TURN = (
    "<|EOT|>",
    "<|im_end|>",
    "<|end|>",
    "<end_of_turn>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|end_of_turn|>",
    "<|endoftext|>",
    "<｜end▁of▁sentence｜>",  # noqa: RUF001  DeepSeek spells it with full-width bars
)
DEFAULT_WINDOW, LARGEST_WINDOW = 2048, 131_072


class LocalEngine:
    """A model by alias, hub name or folder; `Sampling` explains how its tokens are chosen.

    `device` ("cuda", "mps", "cpu") and `dtype` ("bfloat16", ...) are chosen if None.
    `window` is the model's number of positions. `decoder` may be replaced by one that does more
    (`evaluation.batching`); it works with `model` and ends at `stops`. Raises `EngineError` with
    one line when the model is missing, gated, damaged or too large for the memory that is free.
    """

    def __init__(
        self,
        name_or_path: str,
        *,
        device: str | None = None,
        dtype: str | None = None,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
        max_new_tokens: int = 1024,
        trust_remote_code: bool = False,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        tell = notify or _silent
        self.name = str(name_or_path)
        self.sampling = Sampling(temperature, top_p, seed, max_new_tokens)
        import_libraries()
        device = choose_device(device)
        folder = locate(self.name, device, tell)
        self.model, self._tokenizer = load(
            folder, self.name, device, dtype, trust_remote_code, tell
        )
        self.decoder = Decoder(self.model)
        self.stops = stop_tokens(self.model, self._tokenizer)
        self.window = window(self.model.config)

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt that `messages` become, template included."""
        return len(self._prompt(messages))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        draft: str | None = None,  # noqa: ARG002  part of the Engine protocol
        sampling: Sampling | None = None,
    ) -> Iterator[Chunk]:
        """Yields the answer as it is generated; `sampling` overrides the engine's own.

        `draft` is not used yet. On KeyboardInterrupt the last chunk says "interrupted" and the
        exception goes on from the next step; the engine stays usable. Raises `NoAnswer` at the
        first step when the prompt leaves no room in the window, `EngineError` when memory runs
        out.
        """
        sampling = sampling or self.sampling
        prompt = self._prompt(messages)
        limit = min(sampling.max_new_tokens, self._room(prompt))
        answer = _Answer(TextStream(self._tokenizer), self.stops, limit)
        try:
            with closing(self.decoder.tokens(prompt, Sampler(sampling))) as tokens:
                yield from answer.pieces(tokens)
        except KeyboardInterrupt:
            yield answer.end(len(prompt), "interrupted")
            raise
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise EngineError(
                f"{self.name} ran out of memory at {len(prompt)} tokens of prompt: shorten the "
                "conversation or choose a smaller model (%oci models)"
            ) from error
        yield answer.end(len(prompt))

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        text = render(self._tokenizer, messages)
        ids = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return [int(token) for token in ids]

    def _room(self, prompt: list[int]) -> int:
        room = self.window - len(prompt)
        if not prompt or room < 1:
            raise NoAnswer(
                f"the prompt is {len(prompt)} tokens long and {self.name} takes {self.window}, "
                "answer included: shorten it or begin a new conversation"
            )
        return room


class _Answer:
    """One answer under way: its text, its length, its time without the reader's."""

    def __init__(self, text: TextStream, stops: frozenset[int], limit: int) -> None:
        self._text, self._stops, self._limit = text, stops, limit
        self._made = 0
        self._seconds, self._since = 0.0, time.perf_counter()
        self._reason: FinishReason = "length"

    def pieces(self, tokens: Iterator[int]) -> Iterator[Chunk]:
        for token in tokens:
            self._made += 1
            if token in self._stops:
                self._reason = "stop"
                return
            if piece := self._text.push(token):
                self._pause()
                yield Chunk(piece)
                self._since = time.perf_counter()
            if self._made >= self._limit:
                return

    def end(self, prompt_tokens: int, reason: FinishReason | None = None) -> Chunk:
        self._pause()
        usage = Usage(prompt_tokens, self._made, self._seconds)
        return Chunk(self._text.rest(), reason or self._reason, usage)

    def _pause(self) -> None:
        now = time.perf_counter()
        self._seconds += now - self._since
        self._since = now


def stop_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end an answer: the model's own, and known end-of-turn names in its vocabulary."""
    own = getattr(model.generation_config, "eos_token_id", None)
    ids = {*(own if isinstance(own, list | tuple) else [own]), tokenizer.eos_token_id}
    known = tokenizer.convert_tokens_to_ids(list(END_OF_TURN))
    ids |= {found for found in known if found != tokenizer.unk_token_id}
    return frozenset(int(token) for token in ids if token is not None)


def window(config: Any) -> int:
    """Positions of the model, 2,048 where the config has none, 131,072 at most.

    The bound keeps a config that promises millions from being taken at its word.
    """
    text = config.get_text_config()
    for field in ("max_position_embeddings", "n_positions", "max_sequence_length"):
        value = getattr(text, field, None)
        if isinstance(value, int) and value > 0:
            return min(value, LARGEST_WINDOW)
    return DEFAULT_WINDOW


def _silent(_: str) -> None:
    """Nobody listens."""
