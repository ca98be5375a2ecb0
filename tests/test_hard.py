"""Hard example mining keeps what the model would not have said, and a share of the rest."""

from __future__ import annotations

import json
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
import torch

from oci_magic.__main__ import main as cli
from oci_magic.training import hard
from oci_magic.training.batches import padded
from oci_magic.training.data import examples
from oci_magic.training.examples import encode, messages_of
from oci_magic.training.hard import HARD, Miner, worst
from oci_magic.training.model import shape_of, weights_of
from oci_magic.training.retrain import MICRO
from oci_magic.training.tokenizer import load_tokenizer

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Tasks of the training side, and a reply that nobody would give."""
    odd = {"id": "odd", "messages": [{"role": "user", "content": "load a.csv"},
                                     {"role": "assistant", "content": "Zebras!"}]}  # fmt: skip
    made = [each for each in islice(examples(40_000), 40) if len(str(each)) < 1500]
    made = [*made[:23], odd]
    return [json.dumps(each, ensure_ascii=False) + "\n" for each in made]


@cache
def model() -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(MICRO).float()


def likely(line: str) -> float:
    """By transformers: the likelihood of the token said that is least expected."""
    (example,) = encode(load_tokenizer(MICRO), [messages_of(line)])
    with torch.no_grad():
        told = model()(torch.tensor([example.ids])).logits[0, :-1].softmax(-1)
    said = torch.tensor(example.said)[1:] > 0
    return float(told.gather(1, torch.tensor(example.ids)[1:, None])[:, 0][said].min())


def test_the_worst_loss_is_that_of_the_model_as_it_is_used(lines: list[str]) -> None:
    from safetensors.torch import load_file

    weights = weights_of(load_file(MICRO / "model.safetensors"), torch.float32)
    some = [lines[0], lines[-1]]
    batch = padded(
        encode(load_tokenizer(MICRO), [messages_of(each) for each in some]), 0, hard.Random(0)
    )
    told = worst(weights, shape_of(MICRO), batch)
    expected = -torch.tensor([likely(each) for each in some]).log()
    torch.testing.assert_close(told, expected, atol=0.01, rtol=0.01)


def test_what_is_known_is_left_out(lines: list[str]) -> None:
    kept = Miner(MICRO, known=0).chosen(lines)
    assert lines[-1] in kept
    assert 0 < len(kept) < len(lines) - 5
    for line in lines:
        probability = likely(line)
        if abs(probability - 0.74) > 0.1:  # bfloat16 is near
            assert (line in kept) == (-torch.tensor(probability).log() > HARD)
    assert Miner(MICRO, known=1).chosen(lines) == lines
    assert len(kept) < len(Miner(MICRO, known=0.5).chosen(lines)) < len(lines)


def test_command_shares_the_lines_among_its_workers(
    lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(hard, "CHUNK", 5)
    for number in range(2):
        half = "".join(lines[number * 12 : number * 12 + 12])
        half += lines[0][:40]  # still being written
        (tmp_path / "data" / f"tasks-{number}.jsonl").write_text(half, encoding="utf-8")
    command = [str(MICRO), "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    for worker in "01":
        hard.main([*command, "--known", "1", "--workers", "2", "--worker", worker])
    written = [path.read_text(encoding="utf-8").splitlines(keepends=True)
               for path in sorted((tmp_path / "out").glob("*.jsonl"))]  # fmt: skip
    assert [len(each) for each in written] == [12, 12]
    assert sorted(chain(*written)) == sorted(lines)


def test_missing_model_or_data_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for model, data, told in (
        (tmp_path, tmp_path, f"No trained model in {tmp_path}"),
        (MICRO, tmp_path / "no", f"No shards in {tmp_path}"),
    ):
        command = ["hard", str(model), "--data", str(data), "--out", str(tmp_path / "out")]
        assert cli(command) == 1
        error = capsys.readouterr().err
        assert told in error and error.count("\n") == 1
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [(["--out", "x", "--workers", "0"], "--workers is 1 or more"), (["--out", "y"], "--out must")],
)
def test_options_that_cannot_be_are_told(
    more: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        hard.main([str(MICRO), "--data", "y", *more])
    assert told in capsys.readouterr().err
