"""Attention of several answers at once, each to its own keys and values (`keys`).

Covers one new token of every row, and many of one row (a prompt, or what a round adds to it);
windows; heads that share keys and values. A CPU attends from one token in float32, in which torch
is twice as fast as in bfloat16, and from many in bfloat16 where it multiplies that.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from ..engines.loading import cpu_has_bf16

GROWTH = 256
"""Tokens for which a buffer gets room at a time."""
_SIDE = 4
"""Rows whose tokens attend in one product where heads share keys and values: on two cores 0.7 of
the time of one by one. Where they do not, the rows' keys and values would outgrow the caches."""
_BLOCK = 128
"""Tokens of a prompt that attend in one product, to the keys up to the last of them."""
_KNOWN = {"dropout", "is_causal", "position_ids", "cache_position", "use_cache", "layer_idx"}
"""What attention may be told besides and needs not know."""


def attend(
    module: Any, query: Tensor, key: Any, value: Any, attention_mask: Any = None,
    scaling: float | None = None, sliding_window: int | None = None, **more: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Attention of (rows, heads, new, size) to each row's own keys; (rows, new, heads, size).

    `key` and `value` are lists. Raises NotImplementedError for what is more than causal.
    """
    if attention_mask is not None and attention_mask.numel() == 1:
        sliding_window = int(attention_mask)
    told = {name for name, each in more.items() if each is not None and each is not False}
    if unknown := told - _KNOWN:
        raise NotImplementedError(f"attention with {', '.join(sorted(unknown))}")
    groups = getattr(module, "num_key_value_groups", 1)
    if query.shape[2] == 1:
        made = _from_one(query, key, value, groups, scaling, sliding_window)
    else:
        of_one = _by_blocks if _multiplies(query) else _from_many
        rows = zip(query, key, value, strict=True)
        made = torch.stack([of_one(*row, groups, scaling, sliding_window) for row in rows])
    return made.transpose(1, 2).to(query.dtype).contiguous(), None


class Scratch(threading.local):
    """Where a thread puts keys and values in the dtype of attention.

    The same place every time stays in the processor's cache: in new ones attention took up to
    twice as long, once much had been allocated and freed.
    """

    def __init__(self) -> None:
        self._key = self._value = torch.empty(0, 0, 0, 0)

    def exact(
        self, keys: Sequence[Tensor], values: Sequence[Tensor], dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """Rows' keys and values (heads, length, size) beside each other, until the next ones.

        In `dtype`; what is shorter than the longest has zeros behind it.
        """
        if len(keys) == 1 and keys[0].dtype == values[0].dtype == dtype:
            return keys[0][None], values[0][None]
        self._key = _room_for(self._key, keys, dtype)
        self._value = _room_for(self._value, values, dtype)
        return _copied(self._key, keys), _copied(self._value, values)


def _room_for(scratch: Tensor, given: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
    """`scratch` if it has room for what is given, or a new one."""
    heads, _, size = given[0].shape
    length = max(each.shape[1] for each in given)
    alike = scratch.dtype == dtype and scratch.device == given[0].device
    kept = scratch.shape if alike and scratch.shape[1::2] == (heads, size) else (0, 0, 0, 0)
    if kept[0] >= len(given) and kept[2] >= length:
        return scratch
    rows, length = max(kept[0], len(given)), max(kept[2], -(-length // GROWTH) * GROWTH)
    with torch.inference_mode(False):  # a model may be called without it too
        return torch.empty(rows, heads, length, size, dtype=dtype, device=given[0].device)


def _copied(scratch: Tensor, given: Sequence[Tensor]) -> Tensor:
    if len(given) == 1:
        return scratch[:1, :, : given[0].shape[1]].copy_(given[0])
    longest = max(each.shape[1] for each in given)
    for place, each in zip(scratch, given, strict=False):
        length = each.shape[1]
        place[:, :length].copy_(each)
        if length < longest:  # what a row left there might be no number
            place[:, length:longest].zero_()
    return scratch[: len(given), :, :longest]


SCRATCH = Scratch()


def _from_one(
    query: Tensor, keys: Sequence[Tensor], values: Sequence[Tensor],
    groups: int, scale: float | None, window: int | None,
) -> Tensor:  # fmt: skip
    """Of one token for every row."""
    if window:
        keys = [each[:, -window:] for each in keys]
        values = [each[:, -window:] for each in values]
    exact = torch.float32 if _on_cpu(query) else query.dtype
    query = query.to(exact)
    if groups == 1 or not _on_cpu(query):
        rows = zip(torch.split(query, 1), keys, values, strict=True)
        return torch.cat([_side_by_side(q, [k], [v], groups, scale) for q, k, v in rows])
    order = sorted(range(len(keys)), key=lambda row: keys[row].shape[1])
    parts = [order[start : start + _SIDE] for start in range(0, len(order), _SIDE)]
    sides = zip(torch.split(query[order], _SIDE), parts, strict=True)
    made = torch.cat(
        [
            _side_by_side(q, [keys[r] for r in part], [values[r] for r in part], groups, scale)
            for q, part in sides
        ]
    )
    return made[sorted(range(len(order)), key=order.__getitem__)]


def _side_by_side(
    query: Tensor,
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    groups: int,
    scale: float | None,
) -> Tensor:
    """Of one token for each of a few rows, in one product."""
    rows, heads, _, size = query.shape
    key, value = SCRATCH.exact(keys, values, query.dtype)
    mask = _own_only(tuple(each.shape[1] for each in keys)) if rows > 1 else None
    if groups > 1:
        query = query.reshape(rows, -1, groups, size)
    made = scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)
    return made.reshape(rows, heads, 1, -1)


@lru_cache(maxsize=64)  # every layer asks for the same
def _own_only(lengths: tuple[int, ...]) -> Tensor | None:
    """What keeps rows of these lengths from what stands behind their keys."""
    if len(set(lengths)) == 1:
        return None
    with torch.inference_mode(False):
        mask = torch.zeros(len(lengths), 1, 1, max(lengths), dtype=torch.float32)
        for row, length in enumerate(lengths):
            mask[row, ..., length:] = -torch.inf
    return mask


def _from_many(
    query: Tensor, key: Tensor, value: Tensor, groups: int, scale: float | None, window: int | None
) -> Tensor:
    """Of many tokens of a row, in float32 on a CPU."""
    seen = _seen(query.shape[1], key.shape[1], window, query.device)
    exact = torch.float32 if _on_cpu(query) else query.dtype
    keys, values = SCRATCH.exact([key], [value], exact)
    # Of three dimensions, torch would take the plain way on a CPU, three times as long.
    made = scaled_dot_product_attention(
        query[None].to(exact), keys.repeat_interleave(groups, 1),
        values.repeat_interleave(groups, 1), attn_mask=seen, scale=scale,
    )  # fmt: skip
    return made[0]


def _by_blocks(
    query: Tensor, key: Tensor, value: Tensor, groups: int, scale: float | None, window: int | None
) -> Tensor:
    """Of many tokens of a row, as plain products: half of the time of torch's own attention."""
    heads, new, size = query.shape
    seen = _seen(new, key.shape[1], window, query.device)
    query = (query * (size**-0.5 if scale is None else scale)).view(-1, groups, new, size)
    blocks = []
    for start in range(0, new, _BLOCK):
        block = query[:, :, start : start + _BLOCK]
        count, last = block.shape[2], key.shape[1] - new + start + block.shape[2]
        first = max(0, last - count - window + 1) if window else 0
        scores = torch.bmm(block.reshape(len(key), -1, size), key[:, first:last].mT)
        scores = scores.view(heads, count, -1)
        scores.masked_fill_(~seen[start : start + count, first:last], -torch.inf)
        shares = torch.softmax(scores, -1).view(len(key), groups * count, -1)
        found = torch.bmm(shares, value[:, first:last])
        blocks.append(found.view(heads, count, -1))
    return torch.cat(blocks, 1)


def _seen(new: int, length: int, window: int | None, device: torch.device) -> Tensor:
    """Which of `length` keys each of the last `new` tokens sees."""
    seen = torch.ones(new, length, dtype=torch.bool, device=device).tril(length - new)
    return seen.triu(length - new - window + 1) if window else seen


def _multiplies(query: Tensor) -> bool:
    return _on_cpu(query) and query.dtype == torch.bfloat16 and cpu_has_bf16()


def _on_cpu(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu"
