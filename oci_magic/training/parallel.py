"""The gradients of a step, computed by one thread for each core.

Two threads with half of the examples each took 1.2 times as many tokens a second as one
with both cores for every operation (5 layers x 192). A GPU takes the whole batch.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch

from .model import loss

if TYPE_CHECKING:
    from .batches import Batch


def gradients(model: Any, batch: Batch, device: torch.device) -> float:
    """Set `grad` of every parameter; returns the mean loss on the assistant's tokens."""
    parameters = list(model.parameters())

    def part(batch: Batch) -> tuple[tuple[torch.Tensor, ...], float]:
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            value, assistant = loss(model, batch.to(device))
        return torch.autograd.grad(value, parameters), float(assistant)

    if device.type == "cpu":
        threads = torch.get_num_threads()
        done = list(_pool(threads).map(part, batch.parts(threads)))
    else:
        done = [part(batch)]
    weight = batch.weights[:, 1:].sum().to(device)
    for parameter, *each in zip(parameters, *(grads for grads, _ in done), strict=True):
        parameter.grad = torch.stack(each).sum(0) / weight
    return sum(assistant for _, assistant in done) / max(1.0, float(batch.said.sum()))


@lru_cache(1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads whose operations use a single core each."""
    return ThreadPoolExecutor(threads, initializer=lambda: torch.set_num_threads(1))
