"""The shape of `micro`, its training-time forward pass, its loss, and its export.

The forward pass computes what `LlamaForCausalLM` computes from the same parameters (a test
compares them) without masks, caches and positions that training does not need.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from .tokenizer import END, PAD, WINDOW, save_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from .batches import Batch

THETA = 10000.0
EPSILON = 1e-6


@dataclass(frozen=True)
class Shape:
    """Layers, width (a multiple of heads), attention heads, inner width of the MLP."""

    layers: int = 5
    width: int = 192
    heads: int = 6
    inner: int = 512


def new_model(shape: Shape, tokenizer: Tokenizer) -> Any:
    """A `LlamaForCausalLM` with fresh float32 weights; what adds to the residual begins at 0."""
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(LlamaConfig(**config(shape, tokenizer)))
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    # Muon's layers soon say much: embeddings of HF's 0.02 would drown in the first of them,
    # and with them which token it was. The last norm makes up for it in the tied head.
    torch.nn.init.normal_(model.model.embed_tokens.weight)
    torch.nn.init.constant_(model.model.norm.weight, 0.07)
    return model.float()


def config(shape: Shape, tokenizer: Tokenizer) -> dict[str, Any]:
    """The content of `config.json`, with the spellings of transformers 4 and 5."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": shape.width // shape.heads,
        "hidden_act": "silu",
        "max_position_embeddings": WINDOW,
        "rms_norm_eps": EPSILON,
        "rope_theta": THETA,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "initializer_range": 0.02,
        "bos_token_id": None,
        "eos_token_id": tokenizer.token_to_id(END),
        "pad_token_id": tokenizer.token_to_id(PAD),
        "torch_dtype": "bfloat16",
    }


def shape_of(folder: Path) -> Shape:
    """The shape of a model that `export` wrote."""
    kept = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    names = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size")
    return Shape(*(kept[name] for name in names))


def hidden(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Final normed states (batch, length, width) for right-padded ids (batch, length)."""
    size = model.config.hidden_size // model.config.num_attention_heads
    turn = _rotation(ids.shape[1], size, ids.device)
    x = model.model.embed_tokens(ids)
    for layer in model.model.layers:
        x = x + _attention(layer.self_attn, _norm(x, layer.input_layernorm), size, turn)
        x = x + _mlp(layer.mlp, _norm(x, layer.post_attention_layernorm))
    return _norm(x, model.model.norm)


def loss(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """The weighted sum of the next tokens' losses, and the plain sum over the assistant's."""
    states = hidden(model, batch.ids[:, :-1])
    weights = batch.weights[:, 1:]
    counted = weights > 0
    logits = functional.linear(states[counted], model.model.embed_tokens.weight)
    each = functional.cross_entropy(logits.float(), batch.ids[:, 1:][counted], reduction="none")
    weights, said = weights[counted], batch.said[:, 1:][counted]
    return (each * weights).sum(), (each.detach() * said).sum()


def export(model: Any, shape: Shape, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a folder for `from_pretrained`: bfloat16 safetensors, configs, tokenizer."""
    from safetensors.torch import save_file

    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    save_tokenizer(tokenizer, fresh)
    weights = {
        name: tensor.detach().to("cpu", torch.bfloat16).contiguous()
        for name, tensor in model.state_dict().items()
        if name != "lm_head.weight"
    }
    save_file(weights, str(fresh / "model.safetensors"), metadata={"format": "pt"})
    settings = config(shape, tokenizer)
    ends = {key: settings[key] for key in ("eos_token_id", "pad_token_id")}
    _write(fresh / "config.json", settings)
    _write(fresh / "generation_config.json", {"do_sample": False, **ends})
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _norm(x: torch.Tensor, norm: Any) -> torch.Tensor:
    return functional.rms_norm(x, (x.shape[-1],), norm.weight, EPSILON)


def _attention(
    attention: Any, x: torch.Tensor, size: int, turn: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    def heads(projection: Any) -> torch.Tensor:
        projected: torch.Tensor = projection(x)
        return projected.view(*x.shape[:2], -1, size).transpose(1, 2)

    q, k = _turned(heads(attention.q_proj), turn), _turned(heads(attention.k_proj), turn)
    v = heads(attention.v_proj)
    mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    output: torch.Tensor = attention.o_proj(mixed.transpose(1, 2).flatten(2))
    return output


def _mlp(mlp: Any, x: torch.Tensor) -> torch.Tensor:
    output: torch.Tensor = mlp.down_proj(functional.silu(mlp.gate_proj(x)) * mlp.up_proj(x))
    return output


def _rotation(length: int, size: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    rates = THETA ** -(torch.arange(0, size, 2, device=device) / size)
    angles = torch.outer(torch.arange(length, device=device), rates)
    return angles.cos(), angles.sin()


def _turned(x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    cos, sin = (part.to(x.dtype) for part in turn)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
