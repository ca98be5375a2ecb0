"""The gradients of a step, computed by one process for each core.

Two processes with half of the examples each took 1.1 to 1.3 times as many tokens a second as two
threads of one (two cores, alternating, twice). On a CPU with bfloat16 instructions the products
are done in bfloat16. A GPU takes the whole batch, and is not waited for.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

import torch
from torch import multiprocessing

from ..errors import OciError
from .model import Shape, loss, product_type, weights_of

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from torch import Tensor

    from .batches import Batch

Parameters = dict[str, "Tensor"]
How = tuple[Shape, torch.dtype, bool]
"""Shape, type of the products, and whether operations are compiled."""
MOST = 8
"""Processes: a step has no more than some ten long examples."""


class Gradients:
    """Sets the gradients of a model's parameters; on a CPU a process helps for each further thread.

    The helpers read the parameters where they are, in shared memory, and see every update. They
    start at the first batch, and end with this process if nobody closes them.
    """

    def __init__(self, model: Any, shape: Shape, compiled: bool = False) -> None:
        self._parameters: Parameters = dict(model.named_parameters())
        self._device = model.device
        self._how = shape, product_type(model.device), compiled
        self._helpers: list[_Helper] = []
        if model.device.type == "cpu" and torch.get_num_threads() > 1:
            model.share_memory()

    def of(self, batch: Batch) -> Tensor:
        """Set `grad` of every parameter; returns the mean loss on the assistant's tokens, ().

        Raises OciError when a helping process has ended.
        """
        helpers = self._start()
        own, *others = batch.parts(1 + helpers) if helpers else [batch]
        asked = list(zip(self._helpers, others, strict=False))
        try:
            for helper, part in asked:
                helper.ask(part)
            with _one_thread(asked):
                mine = _sums(self._parameters, own, *self._how)
            answers = [helper.answer() for helper, _ in asked]
        except (EOFError, OSError) as error:
            raise OciError("A process of the training has ended: start it again.") from error
        sums, assistant = mine
        for further, told in answers:
            torch._foreach_add_(sums, further)
            assistant = assistant + told
        torch._foreach_div_(sums, batch.weights[:, 1:].sum())
        for parameter, grad in zip(self._parameters.values(), sums, strict=True):
            parameter.grad = grad
        return assistant / batch.said.sum().clamp(min=1)

    def _start(self) -> int:
        """Start the helping processes that are missing; returns how many there are."""
        wanted = min(MOST, torch.get_num_threads()) - 1 if self._device.type == "cpu" else 0
        while len(self._helpers) < wanted:
            self._helpers.append(_Helper(self._parameters, self._how))
        return wanted

    def close(self) -> None:
        """End the helping processes."""
        for helper in self._helpers:
            helper.close()
        self._helpers = []


class _Helper:
    """A process that computes sums of gradients; they come back in shared memory."""

    def __init__(self, parameters: Parameters, how: How) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._grads = [shared(torch.zeros_like(each)) for each in parameters.values()]
        given = (theirs, {name: p.detach() for name, p in parameters.items()}, self._grads, how)
        self._process = context.Process(target=_help, args=given, daemon=True)
        with _deaf():
            self._process.start()
        theirs.close()

    def ask(self, batch: Batch) -> None:
        self._connection.send(batch)

    def answer(self) -> tuple[list[Tensor], float]:
        return self._grads, self._connection.recv()

    def close(self) -> None:
        self._connection.close()
        self._process.join()


def _help(connection: Connection, parameters: Parameters, grads: list[Tensor], how: How) -> None:
    """Answer batches until the other side closes. Ctrl-C is the training's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    with suppress(EOFError, OSError):
        while True:
            sums, assistant = _sums(parameters, connection.recv(), *how)
            for mine, told in zip(sums, grads, strict=True):
                told.copy_(mine)
            connection.send(float(assistant))


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C does not reach what is started meanwhile, not even before it can say so itself."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # whoever starts it can hear Ctrl-C again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def shared(tensor: Tensor) -> Tensor:
    """The tensor, moved to memory that other processes see."""
    moved: Tensor = tensor.share_memory_()  # type: ignore[no-untyped-call]
    return moved


@contextmanager
def _one_thread(wanted: object) -> Iterator[None]:
    """If `wanted`: operations take one core meanwhile, for the others have work."""
    before = torch.get_num_threads()
    if wanted:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _sums(
    parameters: Parameters, batch: Batch, shape: Shape, dtype: torch.dtype, compiled: bool
) -> tuple[list[Tensor], Tensor]:
    """The sums of gradients over a batch in float32, and of the assistant's losses."""
    weights = weights_of(parameters, dtype)
    value, assistant = loss(weights, shape, batch, compiled)
    grads = torch.autograd.grad(value, list(weights.values()))
    return [grad.float() for grad in grads], assistant
