"""Answers for many conversations at once, for scoring a model.

Batches are padded on the left and share one key-value cache. The product answers one
conversation at a time and streams: that is `engines.local`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..types import Message


def generate(
    model: Any,
    tokenizer: Any,
    conversations: Sequence[Sequence[Message]],
    max_new_tokens: int = 300,
    batch_size: int = 64,
    temperature: float = 0.0,
) -> list[str]:
    """The answer to each conversation, in order, without special tokens.

    `model` and `tokenizer` are transformers objects; `temperature` 0 is greedy. Prompts of
    similar length share a batch.
    """
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in conversation],
            add_generation_prompt=True,
            tokenize=False,
        )
        for conversation in conversations
    ]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        texts = _answers(
            model, tokenizer, [prompts[i] for i in chosen], max_new_tokens, temperature
        )
        for index, text in zip(chosen, texts, strict=True):
            answers[index] = text
    return answers


def _answers(
    model: Any, tokenizer: Any, prompts: list[str], max_new_tokens: int, temperature: float
) -> list[str]:
    import torch

    sampled = {"do_sample": True, "temperature": temperature, "top_k": 0}

    batch = tokenizer(
        prompts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False
    ).to(model.device)
    with torch.inference_mode():
        ids = model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=max_new_tokens,
            **(sampled if temperature else {"do_sample": False}),
        )
    new = ids[:, batch["input_ids"].shape[1] :]
    return list(tokenizer.batch_decode(new, skip_special_tokens=True))
