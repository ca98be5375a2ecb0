"""Keys and values of several answers at once, each as long as it is.

Covers a forward pass over answers of different lengths without padding: every answer has buffers
of its own, into which a token is written, where a cache of transformers copies all tokens before
it. Attention that is more than causal, of a window or not, is refused: `fits` tries a model before
it is trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AttentionInterface, DynamicCache

from .attention import GROWTH, attend

_NAME = "oci_rows"


class Keys:
    """The keys and values of an answer's tokens, layer by layer; `tokens` are those computed."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def bytes(self) -> int:
        return sum(each.nbytes for pair in self._layers.values() for each in pair)

    def crop(self, length: int) -> None:
        """Forget all but the first tokens."""
        del self.tokens[length:]

    def copy(self, length: int) -> Keys:
        """New ones that hold the first tokens."""
        made = Keys()
        made.tokens = self.tokens[:length]
        for layer, (key, value) in self._layers.items():
            made._layers[layer] = (
                self._room(key[:, :length], key, length + 1),
                self._room(value[:, :length], value, length + 1),
            )
        return made

    def write(
        self, layer: int, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add those of new tokens, (heads, new, size); those of all, as views of the buffers."""
        start = len(self.tokens)
        end = start + key.shape[1]
        kept = self._layers.get(layer)
        if kept is None or kept[0].shape[1] < end:
            self._layers[layer] = kept = (
                self._room(kept and kept[0], key, end),
                self._room(kept and kept[1], value, end),
            )
        kept[0][:, start:end], kept[1][:, start:end] = key, value
        return kept[0][:, :end], kept[1][:, :end]

    def _room(self, old: torch.Tensor | None, like: torch.Tensor, end: int) -> torch.Tensor:
        length = -(-end // GROWTH) * GROWTH
        made = like.new_empty(like.shape[0], length, like.shape[2])
        if old is not None:
            made[:, : old.shape[1]] = old
        return made


class _Rows(DynamicCache):  # type: ignore[misc]
    """What a model takes for its cache: it hands the rows' keys and values on to `attend`."""

    def __init__(self, rows: Sequence[Keys]) -> None:
        super().__init__()
        self._rows = rows

    def update(self, key_states: Any, value_states: Any, layer_idx: int, *_: Any, **__: Any) -> Any:
        pairs = zip(self._rows, key_states, value_states, strict=True)
        written = [row.write(layer_idx, key, value) for row, key, value in pairs]
        return [key for key, _ in written], [value for _, value in written]

    def get_seq_length(self, layer_idx: int = 0) -> int:  # noqa: ARG002  transformers' signature
        return max(len(row.tokens) for row in self._rows)

    def get_mask_sizes(self, query_length: Any, layer_idx: int = 0) -> tuple[int, int]:  # noqa: ARG002
        length = query_length if isinstance(query_length, int) else len(query_length)
        return self.get_seq_length() + length, 0


def forward(
    model: Any, rows: Sequence[Keys], tokens: Sequence[Sequence[int]], **named: Any
) -> torch.Tensor:
    """The logits after each row's new `tokens`, as many for every row: (rows, vocabulary).

    `model` is one that `fits`; `named` are arguments of its own, the name of its cache among them
    with None as value.
    """
    device = model.device
    places = [range(len(row.tokens), len(row.tokens) + len(tokens[0])) for row in rows]
    with torch.inference_mode():
        output = model(
            torch.tensor(tokens, device=device),
            position_ids=torch.tensor([list(each) for each in places], device=device),
            use_cache=True,
            **{name: _Rows(rows) if given is None else given for name, given in named.items()},
        )
    for row, new in zip(rows, tokens, strict=True):
        row.tokens += new
    logits: torch.Tensor = output.logits[:, -1]
    return logits


def fits(model: Any, **named: Any) -> bool:
    """Let a model attend to rows, if it computes the same with them; else it stays as it is."""
    config = model.config.get_text_config()
    if _turns_by_length(config):
        return False
    before, fit = config._attn_implementation, False
    tried = [[0, 1, 2, 3], [4, 5, 6, 7, 6, 5]]
    with torch.inference_mode():
        alone = [model(torch.tensor([ids], device=model.device)).logits[0, -1] for ids in tried]
    _register()
    try:
        config._attn_implementation = _NAME
        fit = _near(_trial(model, tried, named), torch.stack(alone))
    except Exception:  # models' own code: whatever it is, they are not computed in this way
        fit = False
    finally:
        if not fit:
            config._attn_implementation = before
    return fit


def token_bytes(model: Any, **named: Any) -> int:
    """What the keys and values of a token take, for a model that `fits`."""
    row = Keys()
    forward(model, [row], [[0]], **named)
    return row.bytes // GROWTH


def _turns_by_length(config: Any) -> bool:
    """Whether the rotation of positions depends on the longest row of a batch."""
    told = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    kinds = [told, *(each for each in told.values() if isinstance(each, dict))]
    names = {each.get(name) for each in kinds for name in ("rope_type", "type")}
    return not names.isdisjoint({"longrope", "dynamic"})


def _trial(model: Any, tried: list[list[int]], named: dict[str, Any]) -> torch.Tensor:
    """Logits after each prompt: parts of it first, a part again, then the rows together."""
    rows = [Keys() for _ in tried]
    for row, ids in zip(rows, tried, strict=True):
        forward(model, [row], [ids[:2]], **named)
        forward(model, [row], [ids[2:]], **named)
        row.crop(len(ids) - 1)
    return forward(model, rows, [ids[-1:] for ids in tried], **named)


def _near(found: torch.Tensor, expected: torch.Tensor) -> bool:
    allowed = (1e-3 if expected.dtype == torch.float32 else 0.05) * float(expected.abs().max())
    return torch.allclose(found, expected, rtol=0.0, atol=allowed)


def _register() -> None:
    AttentionInterface.register(_NAME, attend)
    try:
        from transformers import AttentionMaskInterface
    except ImportError:  # before transformers 4.53, which makes a mask that `attend` leaves alone
        return
    AttentionMaskInterface.register(_NAME, _window)


def _window(*_: Any, local_size: int | None = None, **__: Any) -> torch.Tensor | None:
    """In place of a mask, the window that some models tell to their masks alone."""
    return None if local_size is None else torch.full((1, 1, 1, 1), local_size)
