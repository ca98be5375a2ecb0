"""What a model folder holds, told before anything is loaded from it.

Reads the headers of safetensors files alone (format: github.com/huggingface/safetensors),
so size and damage are known without torch. Other weight files are counted by their size.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..errors import EngineError

_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_SINGLES = ("model.safetensors", "pytorch_model.bin")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")


def one_line(error: BaseException | str, limit: int = 200) -> str:
    """The first line of a message, cut to `limit` characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= limit else text[: limit - 3] + "..."


def parameters(folder: Path) -> int:
    """Number of parameters in a model folder.

    Raises `EngineError` when the folder has no config, tokenizer or weights, or when they
    are damaged.
    """
    _check_files(folder)
    return sum(map(_parameters, _weight_files(folder)))


def missing_weights(folder: Path) -> list[str]:
    """Names of the weight files that should lie in `folder` and do not."""
    try:
        names = _weight_names(folder)
    except EngineError:
        return list(_SINGLES[:1])
    return [name for name in names if not (folder / name).is_file()]


def _check_files(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise EngineError(f"{folder} has no config.json: name a folder that holds a model")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise EngineError(f"{folder}/config.json is damaged: get the model again") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise EngineError(f"{folder}/config.json names no model_type: get the model again")
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise EngineError(
            f"{folder} has no tokenizer (tokenizer.json): copy it there from the model's source"
        )


def _weight_files(folder: Path) -> list[Path]:
    names = _weight_names(folder)
    if gone := missing_weights(folder):
        raise EngineError(f"{folder} lacks {gone[0]}: get the model again")
    return [folder / name for name in names]


def _weight_names(folder: Path) -> list[str]:
    for name in _SINGLES:
        if (folder / name).is_file():
            return [name]
    for name in _INDEXES:
        if (folder / name).is_file():
            return _indexed(folder / name)
    raise EngineError(f"{folder} has no weights (model.safetensors): get the model again")


def _indexed(index: Path) -> list[str]:
    try:
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{index} is damaged: get the model again") from error


def _parameters(file: Path) -> int:
    if file.suffix != ".safetensors":
        return file.stat().st_size // 2
    return sum(math.prod(tensor["shape"]) for tensor in _tensors(file))


def _tensors(file: Path) -> list[dict[str, Any]]:
    """The entries of a safetensors header; raises `EngineError` if the file is damaged."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(min(length, size)))
        tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
        end = max(tensor["data_offsets"][1] for tensor in tensors)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{file} is damaged: get the model again") from error
    if 8 + length + end != size:
        raise EngineError(f"{file} is cut short or damaged: get the model again")
    return tensors
