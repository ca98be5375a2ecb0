"""The bundled model as a GGUF file, for llama.cpp.

Written by the `gguf` package after the format's specification and what llama.cpp's own converter
does with Llama models: rows of the query and key weights in the order of its rotary embedding, the
vocabulary with merges, `starcoder` as the pre-tokenizer (digits one by one, then GPT-2's pattern,
which is what micro's tokenizer.json says).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NORMAL, CONTROL = 1, 3
NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    **{f"self_attn.{letter}_proj": f"attn_{letter}" for letter in "qkv"},
    "self_attn.o_proj": "attn_output",
    **{f"mlp.{way}_proj": f"ffn_{way}" for way in ("gate", "up", "down")},
}
OUTER = {"model.embed_tokens": "token_embd", "model.norm": "output_norm"}


def write(model: Path, out: Path) -> Path:
    """The model folder `model` as the GGUF file `out`, in float32."""
    import gguf

    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(str(out), "llama")
    _describe(writer, config)
    _add_tokenizer(writer, model, config)
    _add_weights(writer, model, config)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out


def _describe(writer: Any, config: dict[str, Any]) -> None:
    writer.add_name("micro")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(0)


def _add_tokenizer(writer: Any, model: Path, config: dict[str, Any]) -> None:
    whole = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))
    settings = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    special = {token["id"] for token in whole["added_tokens"] if token["special"]}
    ids = {number: token for token, number in whole["model"]["vocab"].items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("starcoder")
    writer.add_token_list([ids[number] for number in range(config["vocab_size"])])
    writer.add_token_types([CONTROL if n in special else NORMAL for n in range(len(ids))])
    writer.add_token_merges([" ".join(pair) for pair in whole["model"]["merges"]])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_bos_token_id(config["eos_token_id"])  # it has none; llama.cpp's default is a word
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(settings["chat_template"])


def _add_weights(writer: Any, model: Path, config: dict[str, Any]) -> None:
    from safetensors.torch import load_file

    for name, tensor in load_file(model / "model.safetensors").items():
        weights = tensor.float().numpy()
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            weights = _reordered(weights, config["num_attention_heads"])
        writer.add_tensor(_renamed(name), weights)


def _reordered(weights: Any, heads: int) -> Any:
    """The halves of each head's rows take turns."""
    rows, columns = weights.shape
    apart = weights.reshape(heads, 2, rows // heads // 2, columns)
    return apart.swapaxes(1, 2).reshape(rows, columns)


def _renamed(name: str) -> str:
    inner = name.removesuffix(".weight")
    if inner in OUTER:
        return f"{OUTER[inner]}.weight"
    _, _, number, part = inner.split(".", 3)
    return f"blk.{number}.{NAMES[part]}.weight"
