"""The tokenizer of `micro`: byte-level BPE with StarCoder's pre-tokenizer, and its chat template.

Covers learning the merges, the chat template and the folder that `AutoTokenizer` loads
(written by hand, so that transformers 4.51 and 5 both read it). Turning conversations into
training examples is `examples`' work. `micro` is trained without a system prompt: its
template leaves system messages out.

A name must be spelt by the same tokens wherever it stands, or copying it is not a copy, and by
like ones in capitals: people type "ship date" for SHIP_DATE. So the merges are learned with a
stricter pre-tokenizer than the one the tokenizer then uses: a blank before a letter, a quote after
punctuation and a capital letter stand alone and never enter a merge.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engines.templates import NO_SYSTEM

if TYPE_CHECKING:
    from tokenizers import Tokenizer

USER, ASSISTANT, END, PAD = "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>"
WINDOW = 2048
VOCABULARY = 2048
CHAT_TEMPLATE = (
    "{#- micro is trained without a system prompt: system messages are left out -#}"
    "{%- for message in messages if message['role'] != 'system' -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
# A byte of a non-ASCII symbol may also begin a letter, so those count as letters here.
_LONE_BLANK = r" (?=\p{L}|[^\x00-\x7F])"
_LONE_QUOTE = r"""(?<=[)\]}%.:?!#_$*/-])["'](?=.)"""
_CAPITAL = r"\p{Lu}"
_COMMON = 4


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """Learn a byte-level BPE of `vocabulary` tokens, the four special ones included.

    A word of at least 4 texts that occurs n times counts as sqrt(n): invented names, which
    stand in one text only, shall not take the merges.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = _learning_splits()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[USER, ASSISTANT, END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_damped(_pieces(texts)), trainer)
    tokenizer.pre_tokenizer = _starcoder_splits()
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the files that `AutoTokenizer.from_pretrained(folder)` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write(folder / "tokenizer_config.json", tokenizer_config())
    _write(folder / "special_tokens_map.json", {"eos_token": END, "pad_token": PAD})


def load_tokenizer(folder: Path) -> Tokenizer:
    """The bare `tokenizers` object of a folder that `save_tokenizer` wrote."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """The id of a special token, which every tokenizer made here has."""
    found = tokenizer.token_to_id(token)
    assert found is not None, token
    return found


def tokenizer_config() -> dict[str, Any]:
    """The content of `tokenizer_config.json`."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "model_max_length": WINDOW,
        "clean_up_tokenization_spaces": False,
        "padding_side": "left",
        "model_input_names": ["input_ids", "attention_mask"],
        NO_SYSTEM: True,
        "chat_template": CHAT_TEMPLATE,
    }


def _starcoder_splits() -> Any:
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    return Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])


def _learning_splits() -> Any:
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence, Split

    return Sequence(
        [
            Split(Regex(_LONE_BLANK), "isolated"),
            Split(Regex(_LONE_QUOTE), "isolated"),
            Split(Regex(_CAPITAL), "isolated"),
            Digits(individual_digits=True),
            ByteLevel(add_prefix_space=False),
        ]
    )


def _pieces(texts: Iterable[str]) -> Counter[str]:
    """How often each common piece between two splits occurs; merges never cross a split."""
    splits = _learning_splits()
    counts: Counter[str] = Counter()
    homes: Counter[str] = Counter()
    for text in texts:
        pieces = Counter(text[a:b] for _, (a, b) in splits.pre_tokenize_str(text))
        counts.update(pieces)
        homes.update(pieces.keys())
    return Counter({piece: n for piece, n in counts.items() if homes[piece] >= _COMMON})


def _damped(counts: Counter[str]) -> Iterator[str]:
    for piece, count in counts.items():
        for _ in range(math.isqrt(count)):
            yield piece


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
