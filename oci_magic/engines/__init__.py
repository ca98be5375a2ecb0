"""Engines: the seam between the loop and a model, and how a model's name becomes one.

Imports neither torch nor transformers: what a name stands for is imported when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from ..errors import EngineError
from ..types import Chunk, Message
from .addresses import Server


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; `temperature` 0 is greedy.

    `top_p` keeps the likeliest tokens up to that probability mass, `seed` makes a sampled
    answer repeatable, `max_new_tokens` bounds it. Raises `EngineError` on values out of range.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    max_new_tokens: int = 1024

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise EngineError(f"temperature is {self.temperature}: use 0 (greedy) to about 1")
        if not 0 < self.top_p <= 1:
            raise EngineError(f"top_p is {self.top_p}: use a number above 0 and up to 1")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise EngineError(f"seed is {self.seed}: use a number from 0 to 2**63 - 1")
        if self.max_new_tokens < 1:
            raise EngineError(f"max_new_tokens is {self.max_new_tokens}: use 1 or more")


class Engine(Protocol):
    """A chat model.

    `name` is what the person typed, `window` the number of tokens that prompt and answer
    share, `count` the number of tokens a conversation takes in it. `sampling` may be replaced
    between two calls. `stream` yields text as it is generated; the last chunk carries
    `finish_reason` and `usage`, and one that is `anew` makes those before it void. `draft` is the
    code being repaired: an engine may use it to be faster, never to change the answer.
    """

    name: str
    window: int
    sampling: Sampling

    def count(self, messages: Sequence[Message]) -> int: ...

    def stream(
        self, messages: Sequence[Message], *, draft: str | None = None
    ) -> Iterator[Chunk]: ...


@contextmanager
def warmed(engine: Engine, temperature: float, seed: int) -> Iterator[None]:
    """Sampling at least so warm meanwhile, and repeatable: `seed` is added to the engine's own."""
    own = getattr(engine, "sampling", None)
    if own is None or temperature <= own.temperature:
        yield
        return
    engine.sampling = replace(own, temperature=temperature, seed=seed + (own.seed or 0))
    try:
        yield
    finally:
        engine.sampling = own


def open_engine(
    name: str,
    *,
    sampling: Sampling | None = None,
    device: str | None = None,
    dtype: str | None = None,
    trust_remote_code: bool = False,
    server: Server | None = None,
    notify: Callable[[str], None] | None = None,
) -> Engine:
    """The engine that `name` stands for.

    `micro`, an alias of the catalogue (`oci-ds-6.7b`), a local folder, a hub name,
    `server:NAME` (on `server`, by default what listens here) or `scripted:FILE`. `notify` gets
    one-line messages such as the size of a coming download.
    Raises `EngineError` (`ModelNotFound` where nothing has that name), one line each.
    """
    name = name.strip()
    if name.startswith("scripted:"):
        from .scripted import ScriptedEngine

        return ScriptedEngine.from_file(name)
    if name.startswith("server:"):
        from .server import ServerEngine

        served = ServerEngine(name, server, notify)
        served.sampling = sampling or served.sampling
        return served
    from .local import LocalEngine

    engine = LocalEngine(
        name, device=device, dtype=dtype, trust_remote_code=trust_remote_code, notify=notify
    )
    engine.sampling = sampling or engine.sampling
    return engine
