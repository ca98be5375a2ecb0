"""The decode loop: next tokens of a transformers model, its KV cache kept between calls.

Covers prefill of what is new, one token per step, greedy choice and sampling. Knows no
text and no stop token. Does not speculate.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Sequence
from typing import Any

from . import Sampling

PREFILL = 512
"""Prompt tokens per forward pass: bounds memory, and the time until a Ctrl-C is seen."""
SERIAL = 50_000_000
"""Below this many parameters a step is too short to be shared among CPU threads: waiting for
each other costs them more than the work (with a busy core, many times more)."""
COLD = 1e-3
"""Below this temperature the choice is greedy; dividing by less overflows."""
_CROPPABLE = {"full_attention", "sliding_attention"}


class Decoder:
    """Generates with one model. A prompt that begins like the last one costs only its rest.

    `serial` says that one core computes its steps: several would wait for each other.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._kept: list[int] = []
        self._cache: Any = None
        self._croppable = _is_croppable(model)
        self._cache_name = "cache" if _takes(model, "cache") else "past_key_values"
        # Keeps a model from computing logits for the whole prompt.
        self._last_only = {"logits_to_keep": 1} if _takes(model, "logits_to_keep") else {}
        small = sum(p.numel() for p in model.parameters()) < SERIAL
        self.serial = small and model.device.type == "cpu"

    def tokens(
        self, prompt: Sequence[int], pick: Callable[[Any], int]
    ) -> Generator[int, None, None]:
        """Yields token ids without end; the caller stops by closing the iterator.

        `prompt` holds at least one id, `pick` chooses from logits of shape (vocabulary,).
        After an exception in a forward pass, KeyboardInterrupt too, nothing is kept.
        """
        cache, done = self._resume(prompt)
        fed, pending = list(prompt[:done]), list(prompt[done:])
        whole = False
        try:
            while True:
                cache, logits = self._feed(pending, cache)
                fed += pending
                pending = [pick(logits)]
                whole = True
                yield pending[0]
                whole = False
        finally:
            if whole:
                self._kept, self._cache = fed, cache

    def close(self) -> None:
        """End what runs beside the callers: here nothing."""

    def _resume(self, prompt: Sequence[int]) -> tuple[Any, int]:
        """Takes the kept cache, cropped to what it shares with `prompt`, and that length."""
        kept, cache = self._kept, self._cache
        self._kept, self._cache = [], None
        done = common_prefix(kept, prompt[:-1])
        surplus = len(kept) - done
        if done and not surplus:
            return cache, done
        if not done or not self._croppable:
            return self._fresh(), 0
        cache.crop(-surplus)
        return cache, done

    def _fresh(self) -> Any:
        """A cache that holds every position; None lets the model make the one it needs."""
        from transformers import DynamicCache

        return DynamicCache() if self._croppable else None

    def _feed(self, tokens: list[int], cache: Any) -> tuple[Any, Any]:
        import torch

        threads = torch.get_num_threads()
        serial = self.serial and len(tokens) == 1 and threads > 1
        try:
            if serial:
                torch.set_num_threads(1)
            with torch.inference_mode():
                for start in range(0, len(tokens), PREFILL):
                    output = self._forward(tokens[start : start + PREFILL], cache)
                    cache = _cache_of(output)
                return cache, output.logits[0, -1]
        finally:
            if serial:
                torch.set_num_threads(threads)

    def _forward(self, tokens: list[int], cache: Any) -> Any:
        import torch

        ids = torch.tensor([tokens], device=self._model.device)
        named = {self._cache_name: cache, **self._last_only}
        return self._model(ids, use_cache=True, **named)


class Sampler:
    """Picks a token from logits of shape (vocabulary,): greedy, or sampled on the CPU.

    The random numbers come from a generator of its own, so a seed gives the same picks on
    every device, up to rounding of the logits, and the notebook's random state is not touched.
    """

    def __init__(self, sampling: Sampling) -> None:
        import torch

        self._sampling = sampling
        self._random = torch.Generator()
        if sampling.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(sampling.seed)

    def __call__(self, logits: Any) -> int:
        if self._sampling.temperature < COLD:
            return int(logits.argmax())
        import torch

        scaled = logits.float().cpu() / self._sampling.temperature
        chances, order = torch.softmax(scaled, dim=-1).sort(descending=True)
        before = chances.cumsum(dim=-1) - chances
        chances[before >= self._sampling.top_p] = 0
        return int(order[torch.multinomial(chances, 1, generator=self._random)])


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    for length, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return length
    return min(len(one), len(other))


def _is_croppable(model: Any) -> bool:
    """Whether the model's state is keys and values alone, from which the end can be cut."""
    config = model.config.get_text_config()
    return set(getattr(config, "layer_types", None) or ()) <= _CROPPABLE


def _takes(model: Any, argument: str) -> bool:
    """Whether the model names this argument; families and versions of transformers differ."""
    return argument in inspect.signature(model.forward).parameters


def _cache_of(output: Any) -> Any:
    """The cache in a model's output: `cache` in transformers 5.24, `past_key_values` in 4.51.

    A folder's own code may take the old name and give back transformers' new output.
    """
    return output.cache if hasattr(output, "cache") else output.past_key_values
