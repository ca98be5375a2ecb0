"""Training of `micro`: tokenizer, examples, batches, optimizer, resuming and export."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from oci_magic.errors import OciError
from oci_magic.training.batches import Batches, cut, padded
from oci_magic.training.card import card
from oci_magic.training.copying import copy_task
from oci_magic.training.curriculum import STAGES, repeat, stage_at
from oci_magic.training.examples import Example, Shards, encode, text_of
from oci_magic.training.generate import generate
from oci_magic.training.model import Shape, _attention, grown, hidden, loss, new_model, weights_of
from oci_magic.training.optim import orthogonal, schedule
from oci_magic.training.parallel import Gradients
from oci_magic.training.resident import Packed, Resident
from oci_magic.training.retrain import main as retrain
from oci_magic.training.splits import halves_of, rarer
from oci_magic.training.tokenizer import save_tokenizer, train_tokenizer
from oci_magic.training.train import Plan, Run, open_run, runs_of, save, take_step, train
from oci_magic.types import Message

SMALL = Shape(layers=2, width=32, heads=2, inner=48)


def _conversations(count: int, seed: int = 0) -> list[list[Message]]:
    random = Random(seed)
    return [copy_task(random) for _ in range(count)]


def _write(path: Path, conversations: list[list[Message]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        for number, messages in enumerate(conversations):
            turns = [{"role": m.role, "content": m.content} for m in messages]
            line = {"id": str(number), "messages": turns}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _plan(tokens: int = 60_000) -> Plan:
    return Plan(tokens=tokens, shape=SMALL, vocabulary=400)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(map(text_of, _conversations(300)), 600)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    _write(folder / "a.jsonl", _conversations(40))
    return folder


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("run")
    (folder / "data").mkdir()
    _write(folder / "data" / "a.jsonl", _conversations(40))
    yield train(folder / "data", folder / "out", _plan(), say=lambda _: None)


@given(text=st.text())
@settings(deadline=None)
def test_tokenizer_gives_back_any_text(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text


@given(word=st.text(st.characters(categories=["L"]), min_size=1, max_size=12))
@settings(deadline=None)
def test_a_word_has_the_same_tokens_with_and_without_a_blank(
    tokenizer: Tokenizer, word: str
) -> None:
    assert tokenizer.encode(" " + word).tokens == ["Ġ", *tokenizer.encode(word).tokens]


def test_no_merge_joins_a_blank_and_a_letter(tokenizer: Tokenizer) -> None:
    joined = [t for t in tokenizer.get_vocab() if "Ġ" in t and any(c.isalnum() for c in t)]
    assert [token for token in joined if token.replace("Ġ", "").isalnum()] == []


def test_digits_stand_alone(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("1234.50").tokens == list("1234.50")


def test_indentation_is_merged(tokenizer: Tokenizer) -> None:
    indented = train_tokenizer(["if x:\n    y = 1\n    z = 2\n"] * 50, 300)
    assert len(indented.encode("\n   ").ids) < 4 <= len(tokenizer.encode("1234").ids)


def test_transformers_tokenizer_agrees_with_the_examples(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    save_tokenizer(tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    messages = [Message("system", "left out"), *_conversations(1)[0]]
    turns = [{"role": m.role, "content": m.content} for m in messages]
    text = theirs.apply_chat_template(turns, tokenize=False)
    assert text.startswith("<|user|>") and text.endswith("<|end|>") and "left out" not in text
    assert theirs(text)["input_ids"] == encode(tokenizer, [messages])[0].ids
    assert (theirs.eos_token, theirs.pad_token, theirs.bos_token) == ("<|end|>", "<|pad|>", None)
    assert theirs.model_max_length == 2048


def test_template_opens_the_answer(tokenizer: Tokenizer, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    save_tokenizer(tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    turns = [{"role": "user", "content": " a\n"}]
    text = theirs.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text == "<|user|> a\n<|end|><|assistant|>"


def test_only_what_the_assistant_says_counts_in_full(tokenizer: Tokenizer) -> None:
    messages = [Message("user", "ab"), Message("assistant", "cd"), Message("user", "e")]
    (example,) = encode(tokenizer, [messages])
    said = [tokenizer.id_to_token(i) for i, s in zip(example.ids, example.said, strict=True) if s]
    assert "".join(said) == "cd<|end|>"
    batch = padded([example, Example([5], [0])], 3, Random(0))
    weights = batch.weights[0].tolist()
    for weight, learned in zip(weights, example.said, strict=False):
        assert weight == 1.0 if learned else weight in (0.0, pytest.approx(0.4))
    assert not any(weights[len(example.said) :]) and not any(batch.weights[1].tolist()[1:])


def test_an_answer_marked_as_a_mistake_is_not_learned(tokenizer: Tokenizer, tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "ab"},
        {"role": "assistant", "content": "wrong", "train": False},
        {"role": "user", "content": "no"},
        {"role": "assistant", "content": "cd"},
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": turns}) + "\n")
    (example,) = encode(tokenizer, list(Shards(tmp_path).news()))
    said = [i for i, s in zip(example.ids, example.said, strict=True) if s]
    assert tokenizer.decode(said) == "cd"


def test_half_written_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    _write(path, _conversations(2))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    shards = Shards(tmp_path)
    assert len(list(shards.news())) == 1
    path.write_bytes(whole)
    assert [len(list(shards.news())) for _ in range(2)] == [1, 0]


def test_examples_not_seen_yet_come_first(tokenizer: Tokenizer, data: Path) -> None:
    batches = Batches(tokenizer, Shards(data), Random(0))
    batches.next(1.0)
    while batches.queue or 0 in batches.uses:
        batches.next(1.0)
        assert max(batches.uses) <= min(batches.uses) + 1


@given(lengths=st.lists(st.integers(1, 300), max_size=60).map(sorted))
def test_batches_keep_every_example_and_the_token_limit(lengths: list[int]) -> None:
    batches = cut([Example([4] * n, [0] * n) for n in lengths], 256)
    assert [len(example.ids) for batch in batches for example in batch] == lengths
    assert all(len(b) == 1 or padded(b, 3, Random(0)).ids.numel() <= 256 for b in batches)


def test_only_repeats_are_shown_until_the_model_copies() -> None:
    assert stage_at(0.0, False).repeats == 1.0
    assert stage_at(0.05, True).repeats < 1.0
    assert stage_at(0.5, False).repeats < 1.0
    assert stage_at(1.0, True) == STAGES[-1]


@given(seed=st.integers(0, 10_000))
def test_a_repeat_says_what_stands_in_its_prompt(seed: int) -> None:
    example = repeat(Random(seed), (0, 1, 2), 400)
    at = example.said.index(1)
    prompt, part = example.ids[1 : at - 2], example.ids[at:-1]
    assert any(prompt[i : i + len(part)] == part for i in range(len(prompt)))
    assert example.ids[-1] == 2 and example.said[at:] == [1] * (len(part) + 1)


def test_copy_tasks_can_be_answered_from_the_prompt_alone() -> None:
    for user, assistant in _conversations(500):
        code = assistant.content.split("```python\n")[1].removesuffix("\n```")
        strings = code.split('"')[1::2]
        assert strings or any(c.isdigit() for c in code)
        assert all(text in user.content for text in strings)


def test_orthogonal_update_has_singular_values_near_one() -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(3, 48, 32)))
    assert float(values.min()) > 0.5 and float(values.max()) < 1.3


def test_schedule_warms_up_and_ends_at_nought() -> None:
    values = [schedule(step / 1000) for step in range(1001)]
    assert values[0] < 0.1 and max(values) == 1.0 and values[-1] == 0.0
    assert all(later <= earlier for earlier, later in pairwise(values[20:]))


def test_training_forward_is_that_of_llama(tokenizer: Tokenizer) -> None:
    torch.manual_seed(0)
    model = new_model(SMALL, tokenizer)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    ids = torch.randint(0, tokenizer.get_vocab_size(), (2, 40))
    states = hidden(weights_of(dict(model.named_parameters()), torch.float32), SMALL, ids)
    ours = model.lm_head(model.model.norm(states))
    torch.testing.assert_close(ours, model(input_ids=ids).logits, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("layers", [2, 3, 5])
def test_a_grown_model_answers_as_before(tokenizer: Tokenizer, layers: int) -> None:
    torch.manual_seed(0)
    models = [new_model(replace(SMALL, layers=count), tokenizer) for count in (2, layers)]
    for parameter in models[0].parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    models[1].load_state_dict(grown(models[0].state_dict(), layers))
    ids = torch.randint(0, tokenizer.get_vocab_size(), (2, 40))
    assert torch.equal(*(model(input_ids=ids).logits for model in models))


@pytest.mark.parametrize("length", [1, 128, 300])
def test_attention_by_blocks_is_that_of_the_whole(length: int) -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 2, length, 16).to(torch.bfloat16)
    whole = torch.nn.functional.scaled_dot_product_attention(
        q.float(), k.float(), v.float(), is_causal=True
    )
    torch.testing.assert_close(_attention(q, k, v).float(), whole, rtol=0.02, atol=0.02)


def test_padding_does_not_change_the_loss(tokenizer: Tokenizer) -> None:
    torch.manual_seed(0)
    model = new_model(SMALL, tokenizer)
    (example,) = encode(tokenizer, _conversations(1))
    weights = weights_of(dict(model.named_parameters()), torch.float32)
    alone, _ = loss(weights, SMALL, padded([example], 3, Random(0)))
    batch = padded([example, Example([4] * 200, [0] * 200)], 3, Random(0))
    batch.weights[1] = 0
    torch.testing.assert_close(loss(weights, SMALL, batch)[0], alone)


def test_gradients_of_parts_are_those_of_the_whole(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model = new_model(SMALL, tokenizer)
    batch = padded(encode(tokenizer, _conversations(5)), 3, Random(0))
    monkeypatch.setattr("oci_magic.training.parallel.product_type", lambda _: torch.float32)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    computed = Gradients(model, SMALL)
    said = computed.of(batch)
    assert len(computed._helpers) == 1
    computed.close()
    weights = weights_of(dict(model.named_parameters()), torch.float32)
    value, assistant = loss(weights, SMALL, batch)
    (value / batch.weights[:, 1:].sum()).backward()
    assert said == pytest.approx(float(assistant / batch.said.sum()))
    for whole, parameter in zip(weights.values(), model.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, whole.grad)


def test_end_of_a_helping_process_is_told(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    computed = Gradients(new_model(SMALL, tokenizer), SMALL)
    batch = padded(encode(tokenizer, _conversations(5)), 3, Random(0))
    computed.of(batch)
    computed._helpers[0]._process.kill()
    with pytest.raises(OciError, match="start it again"):
        computed.of(batch)
    computed.close()


def test_a_helping_process_that_computes_ends_quietly(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    computed = Gradients(new_model(SMALL, tokenizer), SMALL)
    assert computed._start() == 1
    helper = computed._helpers[0]
    helper.ask(padded(encode(tokenizer, _conversations(200)), 3, Random(0)))
    computed.close()
    assert helper._process.exitcode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_ctrl_c_does_not_reach_a_process_that_only_begins(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    computed = Gradients(new_model(SMALL, tokenizer), SMALL)
    assert computed._start() == 1
    for _ in range(20):
        os.kill(computed._helpers[0]._process.pid, signal.SIGINT)
        time.sleep(0.1)
    computed.of(padded(encode(tokenizer, _conversations(5)), 3, Random(0)))
    computed.close()


def test_bfloat16_gives_nearly_the_gradients_of_float32(tokenizer: Tokenizer) -> None:
    torch.manual_seed(0)
    model = new_model(SMALL, tokenizer)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    batch = padded(encode(tokenizer, _conversations(5)), 3, Random(0))
    grads = []
    for dtype in (torch.float32, torch.bfloat16):
        weights = weights_of(dict(model.named_parameters()), dtype)
        parts = torch.autograd.grad(loss(weights, SMALL, batch)[0], list(weights.values()))
        grads.append(torch.cat([part.flatten().float() for part in parts]))
    assert torch.nn.functional.cosine_similarity(*grads, dim=0) > 0.99


def test_a_tenth_of_the_weight_is_the_prompts() -> None:
    example = Example([4] * 9_000, [0] * 8_000 + [1] * 1_000)
    weights = padded([example], 3, Random(1)).weights[0]
    assert float(weights[:8_000].mean()) == pytest.approx(0.1, rel=0.1)
    assert weights[8_000:9_000].eq(1).all() and not weights[9_000:].any()


def test_a_run_goes_on_from_another_models_weights(
    data: Path, tmp_path: Path, exported: Path
) -> None:
    from safetensors.torch import load_file

    other = Shape(layers=3, width=48, heads=3, inner=64)
    run = open_run(data, tmp_path / "more", replace(_plan(), start=exported, shape=other))
    weights = load_file(exported / "model.safetensors")
    for name, tensor in weights.items():
        assert torch.equal(run.model.state_dict()[name], tensor.float())
    assert run.copies and run.step == 0 and run.plan.shape == SMALL
    assert len(run.batches.next(0.0).ids) > 0


def test_a_run_may_go_on_with_a_deeper_model(data: Path, tmp_path: Path, exported: Path) -> None:
    run = open_run(data, tmp_path / "deeper", replace(_plan(), start=exported, grow=3))
    assert len(run.model.model.layers) == 3
    added = run.model.model.layers[1].mlp.down_proj.weight
    assert not added.any()
    take_step(run)
    assert added.any()
    save(run)
    again = open_run(data, tmp_path / "deeper", replace(_plan(), start=exported, grow=3))
    assert torch.equal(again.model.model.layers[1].mlp.down_proj.weight, added)


def test_the_card_names_every_run_that_a_model_comes_from(
    data: Path, tmp_path: Path, exported: Path
) -> None:
    run = open_run(data, tmp_path / "more", replace(_plan(), start=exported))
    run.tokens, run.seconds = 300_000, 600.0
    save(run)
    history = json.loads((tmp_path / "more" / "model" / "training.json").read_text())
    assert len(history["runs"]) == 2
    history["runs"][0] = {"tokens": 2_500_000, "seconds": 120, "device": "one GPU"}
    made = "2.5 M tokens in 2 minutes on one GPU, then 0.3 M tokens in 10 minutes on"
    assert made in card(5_000_000, history, {}, 4)


def test_a_resumed_run_counts_no_run_twice(data: Path, tmp_path: Path, exported: Path) -> None:
    out = tmp_path / "more"
    run = open_run(data, out, replace(_plan(), start=exported))
    run.tokens = 300_000
    save(run)
    told = run.before
    again = open_run(data, out, replace(_plan(), start=out / "model"))  # it was put there meanwhile
    assert again.tokens == 300_000 and again.before == told
    assert open_run(data, out, _plan()).before == told


def test_a_model_may_lie_between_the_old_weights_and_the_new(
    data: Path, tmp_path: Path, exported: Path
) -> None:
    from safetensors.torch import load_file

    out, old = tmp_path / "more", load_file(exported / "model.safetensors")
    plan = replace(_plan(), start=exported, share=0.25)
    run = open_run(data, out, plan)
    take_step(run)
    save(run)
    save(open_run(data, out, replace(plan, start=out / "model")))  # it was put there meanwhile
    save(open_run(data, out, replace(plan, start=None)))
    made, new = load_file(out / "model" / "model.safetensors"), run.model.state_dict()
    for name, tensor in old.items():
        between = 0.75 * tensor.float() + 0.25 * new[name]
        assert torch.allclose(made[name].float(), between, atol=1e-3, rtol=1e-2)
    assert any(not torch.equal(made[name], old[name]) for name in old)
    history = json.loads((out / "model" / "training.json").read_text())
    assert [each.get("share") for each in history["runs"]] == [None, 0.25]
    assert runs_of(out / "model") == history["runs"]
    assert "25% of the new" in card(5, history, {}, 4)


def test_a_share_wants_a_start(data: Path, tmp_path: Path) -> None:
    new = ["--out", str(tmp_path / "new"), "--tasks", "1", "--workers", "1"]
    with pytest.raises(OciError, match="--start"):
        open_run(data, tmp_path / "new", replace(_plan(), share=0.5))
    with pytest.raises(OciError, match="--start"):
        retrain([*new, "--share", "0.5"])
    begun = tmp_path / "new" / "checkpoint.pt"
    begun.parent.mkdir(parents=True, exist_ok=True)
    begun.touch()
    with pytest.raises(OciError, match="--start"):
        retrain([*new, "--share", "0.5", "--fresh"])
    assert begun.exists() and not (tmp_path / "new" / "tasks").exists()
    for share in ("0", "1.5", "nan", "half"):
        with pytest.raises(SystemExit):
            retrain([*new, "--share", share])


def test_a_trained_model_goes_on_in_small_steps(data: Path, tmp_path: Path, exported: Path) -> None:
    def steps(run: Run) -> list[float]:
        rates = [group["initial_lr"] for each in run.optimizers for group in each.param_groups]
        return [*rates, run.batches.scale]

    new = steps(open_run(data, tmp_path / "new", _plan()))
    plan = replace(_plan(), start=exported)
    more = steps(open_run(data, tmp_path / "more", plan))
    assert more == pytest.approx([0.03 * new[0], 0.03 * new[1], 4 * new[2]])
    run = open_run(data, tmp_path / "given", replace(plan, lr=0.5, scale=2))
    assert steps(run) == pytest.approx([0.5 * new[0], 0.5 * new[1], 2 * new[2]])
    save(run)
    assert steps(open_run(data, tmp_path / "given", plan))[:2] == steps(run)[:2]
    for rate in ("-1", "nan", "inf", "fast"):
        with pytest.raises(SystemExit):
            retrain(["--out", str(tmp_path / "wrong"), "--lr", rate])


def test_what_a_run_began_with_is_needed_no_more(
    data: Path, tmp_path: Path, exported: Path
) -> None:
    start, out = tmp_path / "start", tmp_path / "more"
    shutil.copytree(exported, start)
    plan = replace(_plan(), start=start, grow=3, share=0.5)
    run = open_run(data, out, plan)
    first, old = run.batches.first, {name: tensor.clone() for name, tensor in run.old.items()}
    path = start / "model.safetensors"
    path.write_bytes(bytes(path.stat().st_size))  # another model is put there
    save(run)
    shutil.rmtree(start)
    again = open_run(data, out, plan)
    assert again.batches.first == first > 0 and again.plan.shape.layers == 3
    for name, tensor in old.items():
        assert torch.equal(again.old[name], tensor)


def test_a_start_that_was_not_trained_here_is_refused(
    data: Path, tmp_path: Path, exported: Path
) -> None:
    from safetensors.torch import load_file, save_file

    start = tmp_path / "start"
    shutil.copytree(exported, start)
    weights = load_file(start / "model.safetensors")
    save_file(weights | {"model.more": torch.zeros(1)}, start / "model.safetensors")
    with pytest.raises(OciError, match="no model that"):
        open_run(data, tmp_path / "more", replace(_plan(), start=start))
    del weights["model.norm.weight"]
    save_file(weights, start / "model.safetensors")
    with pytest.raises(OciError, match="no model that"):
        open_run(data, tmp_path / "more", replace(_plan(), start=start))


@pytest.mark.parametrize(
    "history", [None, "", "{}", '{"runs": []}', '{"runs": 3, "tokens": 5}', '{"runs": [1]}']
)
def test_model_of_an_unknown_past_is_no_start(
    history: str | None, data: Path, tmp_path: Path, exported: Path
) -> None:
    start = shutil.copytree(exported, tmp_path / "start")
    (start / "training.json").unlink()
    if history is not None:
        (start / "training.json").write_text(history)
    with pytest.raises(OciError, match=r"training\.json does not tell in which runs"):
        open_run(data, tmp_path / "more", replace(_plan(), start=start))
    assert not (tmp_path / "more").exists()


def test_a_start_brings_its_tokenizer_whatever_lay_there(
    data: Path, tmp_path: Path, exported: Path
) -> None:
    """Its weights mean nothing with another one."""
    out = tmp_path / "more"
    save_tokenizer(train_tokenizer(["none of its words"] * 9, 300), out / "tokenizer")
    open_run(data, out, replace(_plan(), start=exported))
    brought, own = (each / "tokenizer.json" for each in (out / "tokenizer", exported))
    assert brought.read_text(encoding="utf-8") == own.read_text(encoding="utf-8")


@pytest.fixture
def seemingly_compiled(monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan of a run that compiles, which takes a minute, but for the compiling."""
    monkeypatch.setattr("oci_magic.training.model._compiled", lambda function: function)
    return replace(_plan(8_000), compiled=True)


def test_a_run_that_compiles_goes_on_as_if_it_had_not_stopped(
    data: Path, tmp_path: Path, seemingly_compiled: Plan
) -> None:
    train(data, tmp_path / "straight", seemingly_compiled, say=lambda _: None)
    for until in (0.5, 1.0):
        train(data, tmp_path / "stopped", seemingly_compiled, lambda _: None, until)
    models = [tmp_path / name / "model" / "model.safetensors" for name in ("straight", "stopped")]
    assert models[0].read_bytes() == models[1].read_bytes()


def test_checkpoint_of_another_kind_of_run_is_told(data: Path, tmp_path: Path) -> None:
    save(open_run(data, tmp_path / "out", _plan()))
    path = tmp_path / "out" / "checkpoint.pt"
    good = torch.load(path)
    earlier = {name: kept for name, kept in good.items() if name != "mean_loss"}
    other = {**good, "batches": {"parts": [], "uses": torch.zeros(3)}}
    for state in (earlier, other, {**good, "model": {}}, {**good, "counts": {"step": 1}}):
        torch.save(state, path)
        with pytest.raises(OciError, match="start anew with --fresh"):
            open_run(data, tmp_path / "out", _plan())


def test_no_example_short_enough_gives_the_shortest(tokenizer: Tokenizer, tmp_path: Path) -> None:
    long = [[Message("user", "a b " * count), Message("assistant", "c")] for count in (400, 300)]
    _write(tmp_path / "a.jsonl", long)
    sizes = sorted(len(e.ids) for e in encode(tokenizer, long))
    assert len(sizes) == 2 and sizes[0] > STAGES[0].longest
    batches = Batches(tokenizer, Shards(tmp_path), Random(0))
    resident = Resident(tokenizer, Shards(tmp_path), 0, 1, torch.device("cpu"))
    for each in (batches, resident):
        assert each.look() == 2
        stage = replace(STAGES[0], repeats=0.0, copies=0.0)
        (only,) = each._window(stage)
        assert len(only if isinstance(only, list) else only[0]) == 1


def test_resumed_run_equals_one_that_never_stopped(data: Path, tmp_path: Path) -> None:
    straight = open_run(data, tmp_path / "straight", _plan())
    stopped = open_run(data, tmp_path / "stopped", _plan())
    for _ in range(2):
        take_step(straight), take_step(stopped)
    save(stopped)
    resumed = open_run(data, tmp_path / "stopped", _plan())
    assert (resumed.step, resumed.tokens) == (straight.step, straight.tokens)
    for _ in range(3):
        assert take_step(straight) == take_step(resumed)
    for ours, theirs in zip(straight.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_resumed_run_knows_which_examples_it_has_seen(data: Path, tmp_path: Path) -> None:
    run = open_run(data, tmp_path / "out", _plan())
    take_step(run)
    _write(data / "0-sorts-first.jsonl", _conversations(30, seed=9))
    run.batches.look()
    save(run)
    resumed = open_run(data, tmp_path / "out", _plan())
    assert resumed.batches.pool == run.batches.pool
    assert resumed.batches.uses == run.batches.uses


def test_training_lowers_the_loss(data: Path, tmp_path: Path) -> None:
    run = open_run(data, tmp_path / "out", _plan(600_000))
    run.copies = True
    losses = [take_step(run) for _ in range(30)]
    assert sum(losses[-5:]) < 0.95 * sum(losses[:5])


def test_no_data_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(OciError, match="No conversation"):
        train(tmp_path, tmp_path / "out", _plan())


def test_exported_folder_opens_in_transformers_and_answers(exported: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(exported).float().eval()
    tokenizer = AutoTokenizer.from_pretrained(exported)
    conversations = [c[:1] for c in _conversations(5, seed=3)]
    together = generate(model, tokenizer, conversations, max_new_tokens=8)
    alone = [generate(model, tokenizer, [c], max_new_tokens=8)[0] for c in conversations]
    assert together == alone


def test_exported_weights_are_the_trained_ones(exported: Path) -> None:
    from safetensors.torch import load_file

    kept = torch.load(exported.parent / "checkpoint.pt", weights_only=True)["model"]
    weights = load_file(exported / "model.safetensors")
    assert set(kept) - set(weights) == {"lm_head.weight"}
    for name, tensor in weights.items():
        assert torch.equal(tensor, kept[name].to(torch.bfloat16))


@pytest.mark.timeout(900)
def test_one_command_makes_tasks_trains_scores_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    shape = [*("--layers", "2", "--width", "32", "--heads", "2", "--inner", "48")]
    command = ["--out", str(tmp_path), "--tasks", "40", "--workers", "2", *shape]
    command += ["--vocabulary", "400", "--tokens", "20000", "--score", "4"]
    assert retrain(command) == 0
    written = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "On 4 tasks of unseen" in written and "M tokens in" in written
    assert {"model.safetensors", "tokenizer.json"} <= {
        path.name for path in (tmp_path / "model").iterdir()
    }
    made = (tmp_path / "tasks" / "tasks-0.jsonl").read_bytes()
    capsys.readouterr()
    assert retrain(command) == 0  # all is there: no task is made anew, no step is taken
    assert (tmp_path / "tasks" / "tasks-0.jsonl").read_bytes() == made
    assert "going on at 100%" in capsys.readouterr().out


@pytest.fixture
def resident(tokenizer: Tokenizer, data: Path, monkeypatch: pytest.MonkeyPatch) -> Resident:
    monkeypatch.setattr("oci_magic.training.resident.STORE", 50)
    monkeypatch.setattr("oci_magic.training.resident.AT_ONCE", 16)
    monkeypatch.setattr("oci_magic.training.splits.COMMON", 40)
    made = Resident(tokenizer, Shards(data), 0, 2, torch.device("cpu"))
    assert made.look() == made.count == 40
    return made


def test_a_gpu_is_shown_every_example_before_any_again(
    resident: Resident, tokenizer: Tokenizer, data: Path
) -> None:
    everything = {tokenizer.decode(e.ids) for e in encode(tokenizer, list(Shards(data).news()))}
    shown: list[str] = []
    while len(shown) < 80:
        batch = resident.next(1.0)
        assert batch.ids.numel() <= 2 * STAGES[-1].tokens and not batch.ids.shape[1] % 16
        assert batch.size == int((batch.ids != 3).sum())
        weights = batch.weights[batch.said == 0].unique().tolist()
        assert weights in ([0.0], [0.0, pytest.approx(0.4)])
        assert (batch.weights[batch.said > 0] == 1).all() and not batch.weights[
            batch.ids == 3
        ].any()
        shown += tokenizer.decode_batch(batch.ids.tolist())
    assert len(shown) == 80 and set(shown[:40]) == set(shown[40:]) == everything


def test_a_gpu_is_shown_repeats_first_and_then_copies_too(resident: Resident) -> None:
    assert resident.next(0.0, copies=False).ids.shape[1] <= 48
    chosen = torch.cat([each for each, _, _ in resident._window(STAGES[0])])
    kinds = [int(((chosen >= a) & (chosen < b)).sum()) for a, b in ((0, 40), (40, 90), (90, 140))]
    assert 0 < kinds[1] < kinds[0] and 0 < kinds[2] < kinds[0]


def test_on_a_gpu_tokens_are_split_as_elsewhere(
    resident: Resident, tokenizer: Tokenizer, data: Path
) -> None:
    examples = encode(tokenizer, list(Shards(data).news()))
    halves = rarer(halves_of(tokenizer), examples)
    split_here = 0
    for _ in range(5):
        rows = resident._pool.rows(torch.arange(40), 600)
        for example, ids, said, there in zip(examples, *rows, strict=True):
            told: dict[int, int] = {}
            spelt: dict[int, tuple[int, ...]] = {}
            rest, marks = ids[there].tolist(), said[there].int().tolist()
            for number, learned in zip(example.ids, example.said, strict=True):
                first = told.setdefault(number, learned)
                width = 1 if rest[0] == number else 2
                way = spelt.setdefault(number, tuple(rest[:width]))
                assert tuple(rest[:width]) == way and marks[:width] == [learned] * width
                assert width == 1 or (not first and way in halves[number])
                rest, marks = rest[width:], marks[width:]
            assert not rest
            split_here += sum(len(way) == 2 for way in spelt.values())
        resident._spell()
    assert split_here > 20


def test_the_loss_of_all_tokens_is_that_of_those_that_count(tokenizer: Tokenizer) -> None:
    model = new_model(SMALL, tokenizer)
    batch = padded(encode(tokenizer, _conversations(6)), 3, Random(0))
    weights = weights_of(dict(model.named_parameters()), torch.float32)
    some, every = (loss(weights, SMALL, each) for each in (batch, replace(batch, counted=None)))
    torch.testing.assert_close(some, every)


def test_a_run_on_a_gpu_goes_on_with_what_was_not_shown(
    resident: Resident, tokenizer: Tokenizer, data: Path
) -> None:
    everything = [tokenizer.decode(e.ids) for e in encode(tokenizer, list(Shards(data).news()))]
    resident._queue = resident._window(replace(STAGES[-1], tokens=100))
    queued = len(resident._queue)
    assert queued > 2
    batch = resident.next(1.0)
    shown = {everything.index(text) for text in tokenizer.decode_batch(batch.ids.tolist())}
    _write(data / "0-sorts-first.jsonl", _conversations(30, seed=9))
    again = Resident(tokenizer, Shards(data), 0, 2, torch.device("cpu"))
    again.restore(resident.state())
    assert again.count == 70
    assert {n for n, uses in enumerate(again._uses.tolist()) if uses} == shown
    assert len(shown) < 40


def test_the_spelling_changes_with_every_epoch_of_what_a_stage_shows(resident: Resident) -> None:
    spelt = []
    long = int(resident._sizes[:40].sort().values[9])
    fitting = resident._sizes[:40] <= long
    note = lambda: spelt.append(int(resident._uses[fitting].min()))  # noqa: E731
    resident._spell = note  # type: ignore[method-assign]
    for _ in range(30):
        resident._least_used(3 * long, long)
    assert spelt == [*range(1, len(spelt) + 1)] and len(spelt) > 5


def test_packed_examples_are_small(resident: Resident) -> None:
    empty = Packed.of([])
    for packed in (resident._pool, empty, Packed.of([Example([1, 2], [0, 1])])):
        types = (packed.ids.dtype, packed.said.dtype, packed.sizes.dtype)
        assert types == (torch.int32, torch.bool, torch.int64)
