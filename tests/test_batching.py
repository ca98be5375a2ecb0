"""Answers in batches are those given alone: families, windows, conversations that go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from families import FAMILIES, build

from oci_magic.engines.local import LocalEngine
from oci_magic.evaluation import batching
from oci_magic.evaluation.batching import batched
from oci_magic.types import Message

WINDOWS = {
    "starcoder2": {"sliding_window": 6},
    "qwen2": {"use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1},
}
REQUESTS = [
    "sort df",
    "the mean price of every product, and a bar chart of it, largest first",
    "売上 of 2024",
    "drop rows without a price",
    "how many?",
]


@pytest.fixture(params=[*FAMILIES, *(f"{name}, a window" for name in WINDOWS)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> LocalEngine:
    name, _, window = request.param.partition(",")
    if window and name == "qwen2" and version("transformers") < "4.53":
        pytest.skip("transformers gives every layer the window there")
    folder = build(name, tmp_path, **(WINDOWS[name] if window else {}))
    return LocalEngine(str(folder), max_new_tokens=40)


def conversation(engine: LocalEngine, request: str) -> list[str]:
    """Two answers, the second to a feedback on the first."""
    first = answer(engine, Message("user", request))
    said = Message("assistant", first), Message("user", "shorter, please")
    return [first, answer(engine, Message("user", request), *said)]


def answer(engine: LocalEngine, *messages: Message) -> str:
    return "".join(chunk.text for chunk in engine.stream(messages))


@pytest.mark.parametrize("number", [3, 16])
def test_conversations_in_a_batch_are_those_held_alone(engine: LocalEngine, number: int) -> None:
    alone = [conversation(engine, request) for request in REQUESTS]
    assert batched(engine, number) == number
    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(lambda request: conversation(engine, request), REQUESTS))
    assert together == alone


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many tokens each row of each pass brought."""
    seen: list[int] = []
    forward = batching.forward

    def counted(model: Any, rows: Any, tokens: Any, **named: Any) -> Any:
        seen.extend(len(each) for each in tokens)
        return forward(model, rows, tokens, **named)

    monkeypatch.setattr(batching, "forward", counted)
    yield seen


def test_next_round_computes_only_what_is_new(tmp_path: Path, computed: list[int]) -> None:
    engine = LocalEngine(str(build("deepseek", tmp_path)), max_new_tokens=40)
    batched(engine, 3)
    asked = Message("user", REQUESTS[1])
    said = Message("assistant", answer(engine, asked)), Message("user", "ok")
    while not engine.decoder._idle:  # type: ignore[attr-defined]
        time.sleep(0.01)
    computed.clear()
    answer(engine, asked, *said)
    assert max(computed) <= engine.count([asked, *said]) - engine.count([asked])


def test_answer_that_fills_the_window_leaves_the_others(tmp_path: Path) -> None:
    """Learned positions end with the window, and tokens are handed over a few at a time."""
    if version("transformers") < "4.53":
        pytest.skip("transformers' GPT-2 takes no cache object there")
    folder = build("starcoder2", tmp_path)
    config = transformers.GPT2Config(
        vocab_size=len(transformers.AutoTokenizer.from_pretrained(folder)),
        n_embd=32, n_layer=2, n_head=4, n_positions=120, initializer_range=0.5,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    engine = LocalEngine(str(folder), max_new_tokens=200)
    alone = [answer(engine, Message("user", request)) for request in REQUESTS]
    assert batched(engine, 3) == 3
    with ThreadPoolExecutor(5) as pool:
        asked = (Message("user", request) for request in REQUESTS)
        assert list(pool.map(lambda message: answer(engine, message), asked)) == alone


def test_what_ended_rows_hold_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = LocalEngine(str(build("starcoder2", tmp_path)), max_new_tokens=8)
    batched(engine, 3)
    monkeypatch.setattr(batching, "_IDLE_BYTES", 300_000)
    held = []
    for number in range(20):
        answer(engine, Message("user", f"{number} apples" * 9))
        held.append(sum(each.bytes for each in engine.decoder._idle))  # type: ignore[attr-defined]
    assert 0 < max(held) <= 300_000


def test_model_that_attends_in_a_way_of_its_own_answers_one_by_one(tmp_path: Path) -> None:
    folder = build("gemma", tmp_path)
    size = len(transformers.AutoTokenizer.from_pretrained(folder))
    config = transformers.BloomConfig(vocab_size=size, hidden_size=32, n_layer=2, n_head=4)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    engine = LocalEngine(str(folder), max_new_tokens=20)
    alone = conversation(engine, REQUESTS[0])
    assert batched(engine, 3) == 1
    assert conversation(engine, REQUESTS[0]) == alone
