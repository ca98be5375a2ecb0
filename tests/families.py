"""Random-weight checkpoints of the model families behind the OpenCodeInterpreter series.

Each is what a real folder is (config, safetensors, tokenizer.json, chat template of the
published shape), a few hundred kilobytes large. Random weights prove the plumbing alone:
what such a model says means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chat_templates import CHATML, CODE_LLAMA, DEEPSEEK, GEMMA, STARCODER

TEXT = [
    "import pandas as pd\ndf = pd.read_csv('sales.csv', sep=';', encoding='latin-1')\n",
    "def mean(values):\n    return sum(values) / len(values)\n\nprint(mean([1, 2, 3]))\n",
    "Grüße aus Köln: 12,50 € für den Käse. Façade, naïve, señor.",
    "売上を月別に集計してください。数据分析很有意思。",
    "done 😀 👩‍👩‍👧 🇩🇪",
    "You are a helpful assistant. ### Instruction: load the table ### Response: here it is",
]


@dataclass(frozen=True)
class Family:
    """`end` ends a turn in `template`; `tokenizer` is trained with `special` tokens on top."""

    config: str
    template: str
    special: tuple[str, ...]
    bos: str
    eos: str
    end: str
    pieces: Literal["", "plain", "prefixed"] = ""
    """SentencePiece-like (spaces as ▁, bytes as <0xE2>; prefixed: a ▁ before the text) instead
    of byte-level BPE."""


# DeepSeek spells these with full-width bars.
_DEEPSEEK_BOS = "<｜begin▁of▁sentence｜>"  # noqa: RUF001
_DEEPSEEK_EOS = "<｜end▁of▁sentence｜>"  # noqa: RUF001
FAMILIES = {
    "deepseek": Family(
        "LlamaConfig",
        DEEPSEEK,
        (_DEEPSEEK_BOS, _DEEPSEEK_EOS, "<|EOT|>"),
        _DEEPSEEK_BOS,
        _DEEPSEEK_EOS,
        "<|EOT|>",
    ),
    "codellama": Family(
        "LlamaConfig",
        CODE_LLAMA,
        ("<unk>", "<s>", "</s>"),
        "<s>",
        "</s>",
        "</s>",
        pieces="prefixed",
    ),
    "gemma": Family(
        "GemmaConfig",
        GEMMA,
        ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"),
        "<bos>",
        "<eos>",
        "<end_of_turn>",
        pieces="plain",
    ),
    "starcoder2": Family(
        "Starcoder2Config",
        STARCODER,
        ("<|endoftext|>",),
        "<|endoftext|>",
        "<|endoftext|>",
        "<|endoftext|>",
    ),
    "qwen2": Family(
        "Qwen2Config",
        CHATML,
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        "<|endoftext|>",
        "<|im_end|>",
        "<|im_end|>",
    ),
}


def build(family: str, folder: Path, **config: Any) -> Path:
    """Writes a checkpoint of `family` into `folder`; `config` overrides its configuration."""
    import torch
    import transformers

    shape = FAMILIES[family]
    tokenizer = train_tokenizer(shape)
    size = len(tokenizer)
    torch.manual_seed(0)
    settings = {
        "vocab_size": size,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": tokenizer.convert_tokens_to_ids(shape.bos),
        "eos_token_id": tokenizer.convert_tokens_to_ids(shape.eos),
        **({"head_dim": 8} if family == "gemma" else {}),
        # Larger than usual, or a random model repeats one token for ever.
        "initializer_range": 0.5,
        **config,
    }
    made = getattr(transformers, shape.config)(**settings)
    model = transformers.AutoModelForCausalLM.from_config(made)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _as_published(folder, family)
    return folder


def train_tokenizer(shape: Family) -> Any:
    """A tokenizer of a few hundred tokens with the family's special tokens and template."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = (_train_pieces if shape.pieces else _train_bytes)(shape)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=shape.bos,
        eos_token=shape.eos,
        unk_token="<unk>" if shape.pieces else None,
        chat_template=shape.template,
    )


def change_json(file: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Applies `change` to the object in a JSON file."""
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def _train_bytes(shape: Family) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(shape.special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def _train_pieces(shape: Family) -> Any:
    """What the small alphabet lacks falls back to bytes, as most emoji do in Llama and Gemma."""
    from tokenizers import Tokenizer, models, normalizers, trainers

    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    bytes_ = [f"<0x{value:02X}>" for value in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=[*shape.special, *bytes_],
        limit_alphabet=90,
        show_progress=False,
    )
    trained.train_from_iterator(TEXT, trainer)
    return _with_byte_fallback(json.loads(trained.to_str())["model"], shape)


def _with_byte_fallback(trained: dict[str, Any], shape: Family) -> Any:
    """A tokenizer anew, because the trainer would leave the bytes marked as special."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

    merges = [tuple(pair) for pair in trained["merges"]]
    tokenizer = Tokenizer(
        models.BPE(trained["vocab"], merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    spaces = [normalizers.Replace(" ", "▁")]
    if shape.pieces == "prefixed":
        steps.append(decoders.Strip(" ", 1, 0))
        spaces.insert(0, normalizers.Prepend("▁"))
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.normalizer = normalizers.Sequence(spaces)
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in shape.special])
    return tokenizer


def _as_published(folder: Path, family: str) -> None:
    """DeepSeek's folder names a tokenizer class that does not fit its byte-level file."""
    if family == "deepseek":
        change_json(
            folder / "tokenizer_config.json",
            lambda config: config.update(tokenizer_class="LlamaTokenizerFast"),
        )


@contextmanager
def dictate(engine: Any, tokens: list[int]) -> Iterator[None]:
    """Makes the model of a `LocalEngine` choose these tokens, whatever its weights say."""
    left = iter(tokens)

    def choose(_module: Any, _args: Any, output: Any) -> Any:
        output.logits[0, -1, next(left)] = 1e9
        return output

    hook = engine.model.register_forward_hook(choose)
    try:
        yield
    finally:
        hook.remove()
