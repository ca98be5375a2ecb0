"""The local engine as its users meet it: stopping, limits, noise, other people's torch.

Runs on random weights; a hook dictates tokens where the answer matters.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import pytest
from families import FAMILIES, build, change_json, dictate

from oci_magic.engines import Sampling, open_engine
from oci_magic.engines.decoding import Decoder
from oci_magic.engines.loading import choose_dtype, dtype_argument
from oci_magic.engines.local import LARGEST_WINDOW, LocalEngine, window
from oci_magic.errors import EngineError, NoMemory
from oci_magic.types import Message

ASK = [Message("user", "load the csv")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build("qwen2", tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def engine(folder):
    return LocalEngine(str(folder), max_new_tokens=20)


def said(engine, **sampling):
    chosen = replace(engine.sampling, **sampling)
    return "".join(chunk.text for chunk in engine.stream(ASK, sampling=chosen))


def one_line(error):
    text = str(error.value)
    return "\n" not in text and 20 < len(text) < 450


def interrupt_at(engine, number):
    """Ctrl-C in the middle of a forward pass: the first layer's cache has grown already."""
    calls = []

    def interrupt(_module, _args):
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt

    return engine.model.model.layers[1].register_forward_pre_hook(interrupt)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_ctrl_c_is_swallowed_or_breaks_the_engine(engine, number):
    before = said(engine)
    hook = interrupt_at(engine, number)
    chunks = []
    with pytest.raises(KeyboardInterrupt):
        deque(map(chunks.append, engine.stream(ASK)), maxlen=0)
    hook.remove()
    assert chunks[-1].finish_reason == "interrupted"
    assert chunks[-1].usage.completion_tokens == number - 1
    assert before.startswith("".join(chunk.text for chunk in chunks).rstrip())
    assert said(engine) == before


def test_closing_early_or_two_streams_at_once_change_the_answer(engine):
    before = said(engine)
    abandoned = engine.stream(ASK)
    next(abandoned)
    other = engine.stream([*ASK, Message("assistant", "x"), Message("user", "y")])
    next(other)
    assert said(engine) == before
    abandoned.close()
    assert said(engine) == before
    other.close()
    assert said(engine) == before


def test_torch_state_of_the_notebook_is_changed_between_chunks(engine):
    import torch

    torch.manual_seed(7)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    stream = engine.stream(ASK, sampling=Sampling(temperature=1.0, max_new_tokens=9))
    next(stream)
    assert not torch.is_inference_mode_enabled()
    assert torch.is_grad_enabled()
    list(stream)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_engine_sampling_is_ignored(folder):
    engine = open_engine(str(folder), sampling=Sampling(max_new_tokens=3))
    assert list(engine.stream(ASK))[-1].usage.completion_tokens == 3
    engine.sampling = replace(engine.sampling, max_new_tokens=2)
    assert list(engine.stream(ASK))[-1].usage.completion_tokens == 2


def test_prompt_beyond_the_window_is_sent(engine):
    with pytest.raises(EngineError) as error:
        next(engine.stream([Message("user", "x " * 50_000)]))
    assert one_line(error)
    assert "512" in str(error.value)


def test_answer_grows_out_of_the_window(engine):
    room = 512 - engine.count(ASK)
    with dictate(engine, [40] * room):
        last = list(engine.stream(ASK, sampling=Sampling(max_new_tokens=10_000)))[-1]
    assert last.finish_reason == "length"
    assert last.usage.completion_tokens == room


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, 2048),
        ({"max_position_embeddings": 4096}, 4096),
        ({"n_positions": 1024}, 1024),
        ({"max_position_embeddings": 10**9}, LARGEST_WINDOW),
        ({"max_position_embeddings": None}, 2048),
    ],
    ids=str,
)
def test_window_is_taken_from_a_strange_config(config, expected):
    from transformers import PretrainedConfig

    assert window(PretrainedConfig(**config)) == expected


def test_end_of_turn_outside_the_generation_config_does_not_stop(tmp_path):
    build("deepseek", tmp_path)
    engine = LocalEngine(str(tmp_path))
    ends = engine._tokenizer.convert_tokens_to_ids(["<|EOT|>", FAMILIES["deepseek"].eos])
    for end in ends:
        with dictate(engine, [50, end]):
            assert list(engine.stream(ASK))[-1].finish_reason == "stop"


class Foreign:
    """A model whose code, the folder's own, names the cache as transformers 4.51 did.

    Its cache is the ids it has seen; its next token is how many they are.
    """

    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(layer_types=["mamba"]))

    def __init__(self, output):
        import torch

        self.output, self.device = output, torch.device("cpu")

    def parameters(self):
        return iter(())

    def forward(self, ids, past_key_values=None, use_cache=None):  # noqa: ARG002  as models do
        import torch

        seen = [*(past_key_values or ()), *ids[0].tolist()]
        logits = torch.zeros(1, 1, 50)
        logits[0, 0, len(seen)] = 1
        return SimpleNamespace(logits=logits, **{self.output: seen})

    __call__ = forward


@pytest.mark.parametrize("output", ["cache", "past_key_values"])
def test_model_with_the_old_name_of_the_cache_loses_it(output):
    tokens = Decoder(Foreign(output)).tokens([7, 8, 9], lambda logits: int(logits.argmax()))
    assert list(islice(tokens, 4)) == [3, 4, 5, 6]


def test_list_of_end_tokens_in_the_generation_config_is_ignored(tmp_path):
    build("qwen2", tmp_path)
    change_json(tmp_path / "generation_config.json", lambda c: c.update(eos_token_id=[60, 61]))
    engine = LocalEngine(str(tmp_path))
    with dictate(engine, [50, 61]):
        assert list(engine.stream(ASK))[-1].finish_reason == "stop"


def test_memory_that_runs_out_while_generating_gives_a_traceback(engine):
    import torch

    def fail(_module, _args):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    hook = engine.model.register_forward_pre_hook(fail)
    with pytest.raises(EngineError) as error:
        list(engine.stream(ASK))
    hook.remove()
    assert one_line(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [("CUDA out of memory. Tried to allocate 2.00 GiB", NoMemory), ("bad shape", EngineError)],
)
def test_load_that_fails_is_told_as_something_else(folder, monkeypatch, error, kind):
    from oci_magic.engines import loading

    def fail(*_):
        raise RuntimeError(error)

    monkeypatch.setattr(loading, "_load_model", fail)
    with pytest.raises(EngineError) as told:
        open_engine(str(folder))
    assert type(told.value) is kind
    assert one_line(told)


def test_loading_and_answering_write_to_stderr(folder):
    code = (
        "from oci_magic.engines import open_engine\n"
        "from oci_magic.types import Message\n"
        f"engine = open_engine({str(folder)!r})\n"
        "print(engine.count([Message('user', 'x ' * 3000)]))\n"
        "list(engine.stream([Message('user', 'x')]))\n"
        "from transformers.utils import logging\n"
        "assert logging.is_progress_bar_enabled()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_import_of_engines_imports_torch():
    code = (
        "import sys, oci_magic.engines, oci_magic.engines.local, oci_magic.engines.models\n"
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_dtype_argument_is_wrong_for_a_version():
    assert dtype_argument("4.51.3") == dtype_argument("4.55.0.dev0") == "torch_dtype"
    assert dtype_argument("4.56.0") == dtype_argument("5.0.0rc1") == "dtype"


def test_dtype_of_a_cpu_ignores_size_memory_or_hardware(monkeypatch):
    from oci_magic.engines import loading

    monkeypatch.setattr(loading, "free_memory", lambda _: 16e9)
    monkeypatch.setattr(loading, "cpu_has_bf16", lambda: False)
    assert choose_dtype("cpu", 3_000_000) == "float32"
    assert choose_dtype("cpu", 1_350_000_000) == "float32"
    assert choose_dtype("cpu", 6_740_000_000) == "bfloat16"
    monkeypatch.setattr(loading, "cpu_has_bf16", lambda: True)
    assert choose_dtype("cpu", 3_000_000) == "float32"
    assert choose_dtype("cpu", 101_000_000) == "bfloat16"
    assert choose_dtype("cpu", 1_350_000_000) == "bfloat16"


@pytest.mark.heavy
def test_three_million_parameters_make_under_100_tokens_a_second(tmp_path):
    """Needs an idle core; the other CPU threads may be busy."""
    shape = {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 6}
    build("deepseek", tmp_path, **shape, max_position_embeddings=2048)
    engine = LocalEngine(str(tmp_path))
    engine.stops = frozenset()
    list(engine.stream(ASK))
    begin = time.perf_counter()
    usage = list(engine.stream(ASK, sampling=Sampling(max_new_tokens=300)))[-1].usage
    print(f"{usage.tokens_per_second:.0f} tokens/s")
    assert 300 / (time.perf_counter() - begin) > 100
