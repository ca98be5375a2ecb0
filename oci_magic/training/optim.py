"""Muon for the matrices of the layers, AdamW for the rest, and the schedule.

`torch.optim.Muon` orthogonalises one matrix at a time in bfloat16: on a CPU without bfloat16
instructions that took 4.4 s a step for 3 M parameters. This one does all matrices of a shape
together, in float32 there (0.13 s), and follows the same update (Keller Jordan's Muon).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch

from .model import is_matrix, product_type

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUINTIC = (3.4445, -4.7750, 2.0315)
WARMUP, HOLD = 0.01, 0.4
MUON_LR, ADAM_LR = 0.02, 3e-3


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised; for two-dimensional parameters only."""

    def __init__(
        self,
        params: Iterable[torch.nn.Parameter],
        lr: float = MUON_LR,
        momentum: float = 0.95,
        weight_decay: float = 0.05,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # takes none
        assert closure is None
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.Tensor]] = defaultdict(list)
            for param in group["params"]:
                if param.grad is not None:
                    shapes[param.shape].append(param)
            for params in shapes.values():
                self._step_alike(params, group)

    def _step_alike(self, params: list[torch.Tensor], group: dict[str, Any]) -> None:
        updates = orthogonal(torch.stack(self._momentum(params, group["momentum"])))
        rows, columns = params[0].shape
        rate = group["lr"] * max(1.0, rows / columns) ** 0.5
        torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(params, updates.unbind(), alpha=-rate)

    def _momentum(self, params: list[torch.Tensor], momentum: float) -> list[torch.Tensor]:
        """Nesterov's look ahead along the kept averages of gradients."""
        grads = [param.grad for param in params if param.grad is not None]
        for param, grad in zip(params, grads, strict=True):
            if "average" not in self.state[param]:
                self.state[param]["average"] = torch.zeros_like(grad)
        averages = [self.state[param]["average"] for param in params]
        torch._foreach_lerp_(averages, grads, 1 - momentum)
        return list(torch._foreach_lerp(grads, averages, momentum))


def orthogonal(stack: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Nearly orthogonal matrices (singular values about 0.7 to 1.2) for a (n, rows, columns) stack.

    Five steps of the quintic Newton-Schulz iteration (kellerjordan.github.io/posts/muon).
    """
    a, b, c = _QUINTIC
    tall = stack.size(1) > stack.size(2)
    x = (stack.mT if tall else stack).to(product_type(stack.device))
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(stack.dtype)


def optimizers(model: torch.nn.Module, factor: float = 1.0) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for embeddings and norms; their rates times `factor`."""
    muon_lr, adam_lr = factor * MUON_LR, factor * ADAM_LR
    matrices = [p for n, p in model.named_parameters() if is_matrix(n)]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    adam = torch.optim.AdamW(others, lr=adam_lr, betas=(0.9, 0.95), weight_decay=0.0)
    for group in (built := [Muon(matrices, lr=muon_lr), adam])[0].param_groups:
        group["initial_lr"] = muon_lr
    adam.param_groups[0]["initial_lr"] = adam_lr
    return list(built)


def schedule(progress: float) -> float:
    """The factor of the learning rate at `progress` (0 to 1): warm up, hold, fall to nought."""
    if progress < WARMUP:
        return max(progress / WARMUP, 0.02)
    return min(1.0, max(0.0, (1 - progress) / (1 - HOLD)))
