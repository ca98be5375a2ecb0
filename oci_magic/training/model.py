"""The shape of `micro`, its training-time forward pass, its loss, and its export.

The forward pass computes what `LlamaForCausalLM` computes from the same parameters (a test
compares them) without masks, caches and positions that training does not need.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from .tokenizer import END, PAD, WINDOW, save_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from .batches import Batch

Weights = Mapping[str, Tensor]
THETA = 10000.0
EPSILON = 1e-6
BLOCK = 128
_MLP = ("gate", "up", "down")
_LAYER = re.compile(r"model\.layers\.(\d+)\.(.*)")
_ADDING = ("self_attn.o_proj.weight", "mlp.down_proj.weight")
"""What a layer adds to the residual comes out of these."""


@dataclass(frozen=True)
class Shape:
    """Layers, width (a multiple of heads), attention heads, inner width of the MLP."""

    layers: int = 6
    width: int = 192
    heads: int = 4
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


def grown(weights: Weights, layers: int) -> dict[str, Tensor]:
    """The weights of a deeper model, of `layers` in all, that computes the same.

    The further layers stand among the old ones. Each begins as the layer before it, which has
    learned what is worth looking at, but adds nothing to the residual until it is trained.
    """
    old = 1 + max(int(found[1]) for found in map(_LAYER.match, weights) if found)
    made = {name: tensor.clone() for name, tensor in weights.items() if not _LAYER.match(name)}
    for number in range(layers):
        source = number * old // layers
        added = number > 0 and source == (number - 1) * old // layers
        for name, tensor in weights.items():
            found = _LAYER.match(name)
            if found and int(found[1]) == source:
                silent = added and found[2] in _ADDING
                made[f"model.layers.{number}.{found[2]}"] = (
                    torch.zeros_like(tensor) if silent else tensor.clone()
                )
    return made


def averaged(old: Weights, new: Weights, share: float) -> dict[str, Tensor]:
    """The weights between `old` and `new`, at `share` (0 to 1) of the way.

    They keep what the old ones could and have most of what was learned since (Wortsman et al.
    2022, arXiv 2109.01903).
    """
    return {
        name: tensor.lerp(new[name].float(), share)
        for name, tensor in ((name, old[name].to(new[name].device).float()) for name in old)
    }


def product_type(device: torch.device) -> torch.dtype:
    """bfloat16 where `device` multiplies it faster than float32."""
    fast = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def weights_of(parameters: Weights, dtype: torch.dtype) -> Weights:
    """Copies of a model's parameters, to take gradients of: the layers' matrices in `dtype`.

    Norms and embeddings stay in float32: theirs are sums over many tokens.
    """
    return {
        name: parameter.detach().to(dtype if is_matrix(name) else torch.float32).requires_grad_()
        for name, parameter in parameters.items()
    }


def is_matrix(name: str) -> bool:
    """Whether the parameter is a matrix of a layer."""
    return name.endswith("_proj.weight")


def hidden(weights: Weights, shape: Shape, ids: torch.Tensor, compiled: bool = False) -> Tensor:
    """States (batch, length, width) before the last norm for right-padded ids (batch, length)."""
    enter, leave = (_compiled(_enter), _compiled(_leave)) if compiled else (_enter, _leave)
    matrices = weights["model.layers.0.mlp.up_proj.weight"].dtype
    x = functional.embedding(ids, weights["model.embed_tokens.weight"]).to(matrices)
    turn = _rotation(ids.shape[1], shape.width // shape.heads, x)
    for number in range(shape.layers):
        layer = f"model.layers.{number}."
        norms = [weights[f"{layer}{name}_layernorm.weight"] for name in ("input", "post_attention")]
        q, k, v, o = (weights[f"{layer}self_attn.{name}_proj.weight"] for name in "qkvo")
        gate, up, down = (weights[f"{layer}mlp.{name}_proj.weight"] for name in _MLP)
        mixed = _attention(*enter(x, norms[0], torch.cat([q, k, v]), *turn))
        x = leave(x, mixed, o, norms[1], torch.cat([gate, up]), down)
    return x


def loss(
    weights: Weights, shape: Shape, batch: Batch, compiled: bool = False
) -> tuple[Tensor, Tensor]:
    """The weighted sum of the next tokens' losses, and the plain sum over the assistant's."""
    states = hidden(weights, shape, batch.ids[:, :-1], compiled)
    columns = (states, batch.ids[:, 1:], batch.weights[:, 1:], batch.said[:, 1:])
    states, ids, factors, said = (column.flatten(0, 1) for column in columns)
    if (at := batch.counted) is not None:
        states, ids, factors, said = (column[at] for column in (states, ids, factors, said))
    norm, embeddings = weights["model.norm.weight"], weights["model.embed_tokens.weight"]
    each = (_compiled(losses) if compiled else losses)(states, norm, embeddings, ids)
    return (each * factors).sum(), (each.detach() * said).sum()


def export(weights: Weights, shape: Shape, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a folder for `from_pretrained`: bfloat16 safetensors, configs, tokenizer."""
    from safetensors.torch import save_file

    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    save_tokenizer(tokenizer, fresh)
    kept = {
        name: tensor.detach().to("cpu", torch.bfloat16).contiguous()
        for name, tensor in weights.items()
        if name != "lm_head.weight"
    }
    save_file(kept, str(fresh / "model.safetensors"), metadata={"format": "pt"})
    settings = config(shape, tokenizer)
    ends = {key: settings[key] for key in ("eos_token_id", "pad_token_id")}
    _write(fresh / "config.json", settings)
    _write(fresh / "generation_config.json", {"do_sample": False, **ends})
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _norm(x: Tensor, weight: Tensor) -> Tensor:
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + EPSILON) * weight).to(x.dtype)


def _enter(
    x: Tensor, norm: Tensor, qkv: Tensor, cos: Tensor, sin: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Turned queries, turned keys and values, (batch, heads, length, size) each."""
    projected = functional.linear(_norm(x, norm), qkv)
    q, k, v = projected.view(*x.shape[:2], 3, -1, 2 * cos.shape[-1]).unbind(2)
    turned = (_turned(q, cos, sin), _turned(k, cos, sin), v)
    q, k, v = (part.transpose(1, 2).contiguous() for part in turned)
    return q, k, v


def _attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention. In bfloat16 on a CPU, plain products took half of the fused one's time.

    There the queries go by blocks, each with the keys up to its end: from 350 tokens on that took
    0.5 to 0.6 of the time of all with all.
    """
    if q.device.type != "cpu" or q.dtype != torch.bfloat16:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    length = q.shape[2]
    mask = torch.full((length, length), -torch.inf, dtype=q.dtype).triu(1)
    flat = [part.flatten(0, 1) for part in (q, k, v)]
    blocks = []
    for start in range(0, length, BLOCK):
        end = min(length, start + BLOCK)
        queries, keys, values = flat[0][:, start:end], flat[1][:, :end], flat[2][:, :end]
        scores = torch.baddbmm(mask[start:end, :end], queries, keys.mT, alpha=q.shape[3] ** -0.5)
        blocks.append(torch.bmm(torch.softmax(scores, -1), values))
    return torch.cat(blocks, 1).view(q.shape)


def _leave(
    x: Tensor, mixed: Tensor, output: Tensor, norm: Tensor, gate_up: Tensor, down: Tensor
) -> Tensor:
    """The rest of a layer: what attention found is added, then what the MLP makes of it."""
    x = x + functional.linear(mixed.transpose(1, 2).flatten(2), output)
    gate, up = functional.linear(_norm(x, norm), gate_up).chunk(2, -1)
    return x + functional.linear(functional.silu(gate) * up, down)


def losses(states: Tensor, norm: Tensor, embeddings: Tensor, ids: Tensor) -> Tensor:
    """The loss of each next token (tokens,) from the states before the last norm."""
    logits = functional.linear(_norm(states, norm), embeddings.to(states.dtype))
    return functional.cross_entropy(logits.float(), ids, reduction="none")


def _rotation(length: int, size: int, like: Tensor) -> tuple[Tensor, Tensor]:
    rates = THETA ** -(torch.arange(0, size, 2, device=like.device) / size)
    angles = torch.outer(torch.arange(length, device=like.device), rates)[:, None]
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    compiled: Callable[..., Any] = torch.compile(function, dynamic=True)
    return compiled


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
