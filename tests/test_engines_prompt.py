"""What goes in and how the next token is chosen: chat templates and sampling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from families import FAMILIES, build, change_json, train_tokenizer

from oci_magic.engines import Sampling
from oci_magic.engines.local import LocalEngine
from oci_magic.errors import EngineError
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


def test_seed_does_not_repeat_the_answer(engine):
    assert said(engine, temperature=1.5, seed=1) == said(engine, temperature=1.5, seed=1)
    assert len({said(engine, temperature=1.5, seed=seed) for seed in range(5)}) > 1
    assert len({said(engine, temperature=1.5) for _ in range(5)}) > 1


def test_tiny_top_p_differs_from_greedy(engine):
    assert said(engine, temperature=2.0, top_p=1e-6) == said(engine)


def test_top_p_lets_an_unlikely_token_through():
    import torch

    from oci_magic.engines.decoding import Sampler

    sampler = Sampler(Sampling(temperature=1.0, top_p=0.7, seed=0))
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    assert {sampler(logits) for _ in range(300)} == {0, 1}


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}, {"max_new_tokens": 0}, {"seed": -1}],
    ids=str,
)
def test_sampling_out_of_range_is_accepted(wrong):
    with pytest.raises(EngineError) as error:
        Sampling(**wrong)
    assert one_line(error)


def test_tokenizer_without_template_has_no_fallback(tmp_path):
    build("qwen2", tmp_path)
    tokenizer = train_tokenizer(replace(FAMILIES["qwen2"], template=""))
    (tmp_path / "chat_template.jinja").unlink(missing_ok=True)
    tokenizer.save_pretrained(tmp_path)
    change_json(tmp_path / "tokenizer_config.json", lambda c: c.pop("chat_template", None))
    engine = LocalEngine(str(tmp_path))
    turns = [Message("system", "Be brief."), *ASK, Message("assistant", "ok"), *ASK]
    assert engine._tokenizer.decode(engine._prompt(turns)) == (
        "<|endoftext|>Be brief.\n\n### Instruction:\nload the csv\n\n### Response:\nok<|im_end|>"
        "\n\n### Instruction:\nload the csv\n\n### Response:\n"
    )


def test_template_that_drops_the_system_text_loses_it(engine):
    template = "{% for m in messages if m['role'] == 'user' %}U: {{ m['content'] }}\n{% endfor %}"
    kept, engine._tokenizer.chat_template = engine._tokenizer.chat_template, template
    text = engine._tokenizer.decode(engine._prompt([Message("system", "Be brief."), *ASK]))
    engine._tokenizer.chat_template = kept
    assert text == "U: Be brief.\n\nload the csv\n"


def test_template_that_always_fails_gives_a_traceback(engine):
    kept = engine._tokenizer.chat_template
    engine._tokenizer.chat_template = "{{ raise_exception('no\nway') }}"
    with pytest.raises(EngineError) as error:
        engine.count(ASK)
    engine._tokenizer.chat_template = kept
    assert one_line(error)
