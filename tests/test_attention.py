"""Attention of rows beside each other, and of prompts by blocks, against attention written out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from oci_magic.evaluation import attention

SIZES = pytest.mark.parametrize("groups", [1, 3])
WINDOWS = pytest.mark.parametrize("window", [None, 5, 200])


def written_out(query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
    """Of (heads, new, size) to (fewer heads, length, size), token by token, in float64."""
    heads, new, size = query.shape
    key, value = (each.double().repeat_interleave(heads // len(key), 0) for each in (key, value))
    made = torch.empty(heads, new, value.shape[2], dtype=torch.float64)
    for place in range(new):
        end = key.shape[1] - new + place + 1
        seen = slice(max(0, end - window) if window else 0, end)
        scores = (key[:, seen] @ query[:, place].double()[..., None])[..., 0] * size**-0.5
        made[:, place] = (scores.softmax(-1)[:, None] @ value[:, seen])[:, 0]
    return made


def attended(
    query: Tensor, keys: list[Tensor], values: list[Tensor], groups: int, window: int | None
) -> Tensor:
    module = SimpleNamespace(num_key_value_groups=groups)
    made, _ = attention.attend(module, query, keys, values, sliding_window=window)
    return made.transpose(1, 2)


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape).bfloat16()


@SIZES
@WINDOWS
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_beside_each_other_attend_to_their_own(
    groups: int, window: int | None, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    lengths = [7, 300, 1, 41, 12, 300, 90]
    query = drawn(len(lengths), 2 * groups, 1, 8).to(dtype)
    keys, values = ([drawn(2, length, 8).to(dtype) for length in lengths] for _ in "kv")
    made = attended(query, keys, values, groups, window)
    for row in zip(made, query, keys, values, strict=True):
        expected = written_out(*row[1:], window)
        assert torch.allclose(row[0].double(), expected, atol=0.02)


def test_a_row_without_numbers_spoils_no_other() -> None:
    torch.manual_seed(0)
    lengths = [20, 30, 40, 50]
    query, keys = drawn(4, 6, 1, 8), [drawn(2, length, 8) for length in lengths]
    before = attended(query, keys, keys, 3, None)
    broken = [*keys[:3], torch.full_like(keys[3], torch.nan)]
    for _ in range(2):
        after = attended(query, broken, broken, 3, None)
        assert torch.equal(after[:3], before[:3]) and after[3].isnan().all()


@SIZES
@WINDOWS
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("new, length", [(2, 2), (128, 128), (300, 300), (130, 391), (3, 700)])
def test_prompt_attends_up_to_each_token(
    groups: int, window: int | None, fast: bool, new: int, length: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(attention, "cpu_has_bf16", lambda: fast)
    torch.manual_seed(0)
    query, key, value = drawn(2 * groups, new, 8), drawn(2, length, 8), drawn(2, length, 8)
    made = attended(query[None], [key], [value], groups, window)
    assert torch.allclose(made[0].double(), written_out(query, key, value, window), atol=0.05)


def test_attention_that_is_told_more_is_refused() -> None:
    query, keys = drawn(1, 2, 1, 8), [drawn(2, 4, 8)]
    with pytest.raises(NotImplementedError, match="softcap"):
        attention.attend(SimpleNamespace(), query, keys, keys, softcap=30.0)
