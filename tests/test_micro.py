"""The bundled model: it is there, small, and opens as any other local model."""

from __future__ import annotations

import json

from oci_magic import open_engine
from oci_magic.engines.models import micro_folder
from oci_magic.types import Message

MEGABYTE = 1_000_000
REQUEST = 'Tables:\ndf 12x2: "Region" str, "Umsatz" float64\n\nshow the first 5 rows'


def test_micro_is_at_most_twelve_megabytes() -> None:
    assert sum(path.stat().st_size for path in micro_folder().iterdir()) <= 12 * MEGABYTE


def test_micro_has_a_card_and_says_what_it_cannot_do() -> None:
    card = (micro_folder() / "README.md").read_text(encoding="utf-8")
    assert "**Cannot**" in card
    assert "Held-out score" in card


def test_micro_reads_at_least_2048_tokens() -> None:
    assert open_engine("micro").window >= 2048


def test_micro_answers_table_work_with_code_and_stops_by_itself() -> None:
    engine = open_engine("micro")
    chunks = list(engine.stream([Message("user", REQUEST)]))
    text = "".join(chunk.text for chunk in chunks)
    assert chunks[-1].finish_reason == "stop"
    assert "```python" in text
    assert "<|" not in text


def test_micro_spells_a_name_the_same_with_and_without_a_blank() -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(micro_folder() / "tokenizer.json"))
    for name in ("Umsatz", "flipper_length", "Zorvik9", "Fläche", "x"):
        bare = tokenizer.encode(name, add_special_tokens=False).tokens
        after = tokenizer.encode(f" {name}", add_special_tokens=False).tokens
        assert after == ["Ġ", *bare]


def test_micro_tokenizer_is_one_that_llama_cpp_knows() -> None:
    data = json.loads((micro_folder() / "tokenizer.json").read_text(encoding="utf-8"))
    kinds = [part["type"] for part in data["pre_tokenizer"]["pretokenizers"]]
    assert kinds == ["Digits", "ByteLevel"]
    assert data["model"]["type"] == "BPE"


def test_micro_reads_in_the_product_what_it_was_trained_on() -> None:
    from transformers import PreTrainedTokenizerFast

    from oci_magic.engines.templates import render
    from oci_magic.prompting.conversation import conversation
    from oci_magic.training.tokenizer import ASSISTANT, END, USER

    _, messages = conversation([], "show the first 5 rows", 'Tables:\ndf 12x1: "Region" str')
    tokenizer = PreTrainedTokenizerFast.from_pretrained(micro_folder())
    asked = messages[-1].content
    assert messages[0].role == "system"
    assert render(tokenizer, messages) == f"{USER}{asked}{END}{ASSISTANT}"
