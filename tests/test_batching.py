"""Answers in batches are those given alone: families, windows, conversations that go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from families import FAMILIES, build

from oci_magic.engines.local import LocalEngine
from oci_magic.errors import EngineError
from oci_magic.evaluation import batching
from oci_magic.evaluation.attention import Scratch
from oci_magic.evaluation.batching import batched
from oci_magic.evaluation.keys import Keys
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
def test_conversations_in_a_batch_are_those_held_alone(
    engine: LocalEngine, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "PREFILL", 16)
    alone = [conversation(engine, request) for request in REQUESTS]
    assert batched(engine, number) == number
    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(lambda request: conversation(engine, request), REQUESTS))
    assert together == alone


@pytest.mark.parametrize(("free", "number"), [(2**40, 32), (0, 1)])
def test_as_many_are_answered_beside_each_other_as_memory_allows(
    engine: LocalEngine, free: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "free_memory", lambda _: free)
    assert batched(engine) == number


def test_rows_take_a_third_of_the_memory_that_is_free(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = engine.model.config
    size = config.hidden_size // config.num_attention_heads
    token = 2 * 4 * config.num_hidden_layers * config.num_key_value_heads * size
    each = token * min(engine.window, 2048)
    monkeypatch.setattr(batching, "free_memory", lambda _: 3 * (5 * each + 1))
    assert batched(engine) == 5


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


def test_prompts_that_begin_alike_are_computed_once(tmp_path: Path, computed: list[int]) -> None:
    engine = LocalEngine(str(build("deepseek", tmp_path)), max_new_tokens=40)
    requests = [Message("user", f"{REQUESTS[1]} {end}") for end in ("here", "here", "there")]
    alone = [answer(engine, each) for each in requests]
    batched(engine, 3)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda each: answer(engine, each), requests)) == alone
    whole, *rest = sorted((each for each in computed if each > 1), reverse=True)
    assert whole in {engine.count([each]) for each in requests}
    assert sum(rest) < whole / 2


def test_next_round_begins_where_it_ended_though_another_sample_came_between(
    tmp_path: Path, computed: list[int]
) -> None:
    engine = LocalEngine(str(build("deepseek", tmp_path, max_position_embeddings=512)))
    batched(engine, 3)
    decoder: Any = engine.decoder
    prompt = [50 + n % 200 for n in range(100)]
    samples = []
    for first in (20, 30):
        picked = iter(range(first, 400))
        tokens = decoder.tokens(prompt, lambda _, picked=picked: next(picked))
        samples.append([next(tokens) for _ in range(60)])
        tokens.close()
        while len(decoder._idle) < len(samples):
            time.sleep(0.01)
    computed.clear()
    again = decoder.tokens([*prompt, *samples[0], 7, 7, 7], lambda _: 5)
    next(again)
    assert max(computed) <= 20
    again.close()
    decoder.close()


def test_prefix_for_whose_copy_memory_is_short_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = LocalEngine(str(build("starcoder2", tmp_path)), max_new_tokens=40)
    alone = answer(engine, Message("user", "how many rows?"))
    batched(engine, 2)
    answer(engine, Message("user", "how many?"))

    def short_of_memory(*_: Any) -> Any:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(Keys, "copy", short_of_memory)
    assert answer(engine, Message("user", "how many rows?")) == alone


@pytest.mark.parametrize("default", [torch.float32, torch.bfloat16])
def test_attention_converts_whatever_torch_is_set_to(default: torch.dtype) -> None:
    key, value = (torch.full((2, length, 4), 3.0, dtype=torch.bfloat16) for length in (5, 5))
    scratch = Scratch()
    torch.set_default_dtype(default)
    try:
        with torch.inference_mode():
            scratch.exact([key], [value], torch.float32)
        with torch.no_grad():
            made = scratch.exact([key[:1]], [value[:1]], torch.float32)
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(each.dtype == torch.float32 and (each == 3).all() for each in made)


def test_answer_given_up_while_it_waits_costs_nothing(tmp_path: Path, computed: list[int]) -> None:
    engine = LocalEngine(str(build("starcoder2", tmp_path)), max_new_tokens=40)
    batched(engine, 2)
    decoder: Any = engine.decoder
    given_up = batching._Row([7] * 90, lambda logits: int(logits.argmax()))
    given_up.done = True
    decoder._waiting.put(given_up)
    answer(engine, Message("user", "how many?"))
    assert 90 not in computed


def test_memory_of_ended_rows_is_given_up_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = LocalEngine(str(build("starcoder2", tmp_path)), max_new_tokens=40)
    batched(engine, 2)
    decoder: Any = engine.decoder
    whole = answer(engine, Message("user", "how many?"))
    while not decoder._idle:
        time.sleep(0.01)
    forward = batching.forward

    def short_of_memory(*given: Any, **named: Any) -> Any:
        if decoder._idle:
            raise RuntimeError("CUDA out of memory")
        return forward(*given, **named)

    decoder._idle[0].tokens[:] = [0]  # another conversation's
    monkeypatch.setattr(batching, "forward", short_of_memory)
    assert answer(engine, Message("user", "how many?")) == whole
    decoder.close()


def test_closed_decoder_has_no_threads_and_says_that_it_is_closed(tmp_path: Path) -> None:
    engine = LocalEngine(str(build("starcoder2", tmp_path)), max_new_tokens=400)
    batched(engine, 8)
    number = torch.get_num_threads()
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(answer, engine, Message("user", text)) for text in REQUESTS * 2]
        time.sleep(0.2)
        engine.decoder.close()
        ended = [each.exception() for each in asked]
    assert any(isinstance(each, EngineError) and "stopped" in str(each) for each in ended)
    assert not engine.decoder._thread.is_alive()  # type: ignore[attr-defined]
    assert torch.get_num_threads() == number
    with pytest.raises(EngineError, match="stopped"):
        answer(engine, Message("user", "more"))


def test_answer_that_fills_the_window_leaves_the_others(tmp_path: Path) -> None:
    """Learned positions end with the window, and tokens are handed over a few at a time."""
    if version("transformers") < "4.53":
        pytest.skip("transformers' GPT-2 takes no cache object there")
    positions = {"n_layer": 2, "n_head": 4, "n_positions": 120}
    engine = own(tmp_path, "GPT2Config", positions)
    engine.sampling = replace(engine.sampling, max_new_tokens=200)
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
    monkeypatch.setattr(batching, "_IDLE_BYTES", 2**30)
    for number in range(10):
        answer(engine, Message("user", f"{number} pears" * 9))
    assert len(engine.decoder._idle) <= 6  # type: ignore[attr-defined]


OWN_WAYS = {
    "no common interface": ("BloomConfig", {"n_layer": 2, "n_head": 4}),
    "positions turned by the longest row": (
        "LlamaConfig",
        {
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "rope_scaling": {"rope_type": "dynamic", "factor": 2.0},
        },
    ),
}


@pytest.mark.parametrize("name", OWN_WAYS)
def test_model_with_a_way_of_its_own_answers_one_by_one(tmp_path: Path, name: str) -> None:
    engine = own(tmp_path, *OWN_WAYS[name])
    alone = conversation(engine, REQUESTS[0])
    assert batched(engine, 3) == 1
    assert conversation(engine, REQUESTS[0]) == alone


def test_window_that_stands_in_the_mask_alone_is_kept(tmp_path: Path) -> None:
    if version("transformers") < "4.53":
        pytest.skip("transformers makes such masks itself there")
    sizes = {"moe_intermediate_size": 32, "shared_expert_intermediate_size": 32, "num_experts": 4}
    layers = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    windows = {"use_sliding_window": True, "sliding_window": 12, "max_window_layers": 0}
    engine = own(tmp_path, "Qwen2MoeConfig", {**sizes, **layers, **windows})
    alone = [conversation(engine, request) for request in REQUESTS]
    assert batched(engine, 3) == 3
    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(lambda request: conversation(engine, request), REQUESTS)) == alone


def own(folder: Path, name: str, settings: dict[str, Any]) -> LocalEngine:
    """A model of another family, with the tokenizer of one of ours."""
    build("starcoder2", folder)
    size = len(transformers.AutoTokenizer.from_pretrained(folder))
    given = {"vocab_size": size, "hidden_size": 32, "initializer_range": 0.5, **settings}
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, name)(**given))
    model.save_pretrained(folder)
    return LocalEngine(str(folder), max_new_tokens=40)
