"""What model servers listen on this machine, on the ports they usually take.

Covers 127.0.0.1 alone, with the standard library: no proxy is asked, no key is sent, and what
answers nonsense is passed over. A server that wants a key is not found; its address can be set.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Thread
from typing import Any

from ..errors import EngineError, ModelNotFound
from .local import LARGEST_WINDOW

USUAL = (
    (8000, "vLLM or transformers serve"),
    (8080, "llama.cpp"),
    (1234, "LM Studio"),
    (11434, "Ollama"),
)
SECONDS = 1.0
"""In which a port must have answered."""
LARGEST = 4_000_000
"""Bytes of an answer that are read."""


@dataclass(frozen=True)
class Listening:
    """A server that has told its models; `program` is what usually has this port."""

    program: str
    url: str
    models: tuple[str, ...]


def listening(ports: Sequence[tuple[int, str]] | None = None) -> tuple[Listening, ...]:
    """The model servers on these ports (default: `USUAL`), asked all at once."""
    ports = USUAL if ports is None else ports
    found: dict[int, Listening] = {}
    asking = [Thread(target=_ask, args=(*each, found), daemon=True) for each in ports]
    for thread in asking:
        thread.start()
    end = time.monotonic() + SECONDS
    for thread in asking:
        thread.join(max(0.0, end - time.monotonic()))
    return tuple(found[port] for port, _ in ports if port in found)


def serving(model: str) -> str:
    """The address of the first such server that has `model`. Raises `EngineError`, one line."""
    there = listening()
    for server in there:
        if is_listed(model, server.models):
            return server.url
    if not there:
        ports = ", ".join(str(port) for port, _ in USUAL)
        raise EngineError(
            f"no model server answers on 127.0.0.1, ports {ports}: start one, or say where it is "
            "with %config OCIMagics.server_url = 'http://HOST:PORT/v1'"
        )
    raise ModelNotFound(no_such_model(model, [name for each in there for name in each.models]))


def is_listed(model: str, names: Sequence[str]) -> bool:
    """Whether the model is among those; Ollama lists `x` as `x:latest`."""
    return model in names or f"{model}:latest" in names


def no_such_model(model: str, names: Sequence[str], where: str = "this machine") -> str:
    """One line that says what there is instead, each as it is typed."""
    missing = f"no server on {where} has the model {model}" if model else "no model is named"
    return f"{missing}; there is {some(names)}: write %oci model NAME"


def some(names: Sequence[str]) -> str:
    """The first eight of these models, each as it is typed."""
    known = ", ".join(f"server:{name}" for name in names[:8]) or "no model at all"
    return f"{known} and {len(names) - 8} more" if len(names) > 8 else known


def names_of(listed: Any) -> tuple[str, ...]:
    """The names in an answer to `/v1/models`, () where it is none."""
    return tuple(str(entry["id"]) for entry in entries(listed) if entry.get("id"))


def entries(listed: Any) -> list[dict[str, Any]]:
    """The entries of an answer to `/v1/models`, [] where it is none."""
    data = listed.get("data") if isinstance(listed, dict) else None
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []


def told_window(listed: Any, model: str) -> int:
    """The window that an entry of `/v1/models` tells, 0 if none does, 131,072 at most.

    vLLM tells `max_model_len`, llama.cpp `n_ctx_train` (of the model: what the server was
    started with may be less) in `meta`, others `context_length`.
    """
    for entry in entries(listed):
        if not is_listed(model, (str(entry.get("id")),)):
            continue
        meta = entry.get("meta")
        facts = {**(meta if isinstance(meta, dict) else {}), **entry}
        for name in ("max_model_len", "n_ctx", "context_length", "n_ctx_train"):
            value = facts.get(name)
            if isinstance(value, int) and value > 0:
                return min(value, LARGEST_WINDOW)
    return 0


def _ask(port: int, program: str, found: dict[int, Listening]) -> None:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
            connection.request("GET", "/v1/models", headers={"Accept": "application/json"})
            models = names_of(json.loads(connection.getresponse().read(LARGEST)))
    except (OSError, HTTPException, ValueError, RecursionError):
        return
    if models:
        found[port] = Listening(program, f"http://127.0.0.1:{port}/v1", models)
