"""From a model's name to a folder on disk, downloading it where it must be.

Covers aliases, folders, the hub cache and downloads by huggingface_hub with its progress
bar. Every way in which a name leads nowhere ends in one line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import EngineError, ModelNotFound
from .memory import check_fits, gigabytes
from .models import by_alias, micro_folder, near_aliases
from .weights import missing_weights, one_line

Notify = Callable[[str], None]
TIMEOUT = 5.0
"""Seconds for the first answer of the hub: no network must be told quickly."""
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_FILES = ["*.json", "*.jinja", "*.txt", "*.model", "*.py"]


def locate(name: str, device: str, notify: Notify) -> Path:
    """The folder of the model called `name`; downloads it if it is not on disk.

    Raises `ModelNotFound` if there is none, `EngineError` if it is gated or does not fit
    into the memory of `device`.
    """
    if name == "micro":
        return micro_folder()
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return folder
    _check_name(name)
    model = by_alias(name)
    repo = model.repo if model else name
    return _cached(repo) or _download(repo, device, notify)


def _check_name(name: str) -> None:
    if not name:
        raise ModelNotFound("no model is named: %oci models lists what there is")
    if name.startswith((".", "/", "~")) or not _NAME.fullmatch(name):
        raise ModelNotFound(f"{name}: there is no such folder; %oci models lists what there is")
    if "/" not in name and by_alias(name) is None and (near := near_aliases(name)):
        raise ModelNotFound(f"{name}: no such model; did you mean {' or '.join(near)}?")


def _cached(repo: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(
            snapshot_download(repo, local_files_only=True, allow_patterns=["config.json"])
        )
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    complete = (folder / "config.json").is_file() and not missing_weights(folder)
    return folder if complete else None


def _download(repo: str, device: str, notify: Notify) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    try:
        info = HfApi().model_info(repo, files_metadata=True, timeout=TIMEOUT)
        patterns, size = _wanted(info)
        check_fits(repo, _loaded_bytes(info, size), device)
        notify(f"{repo} is not on disk: downloading {gigabytes(size)} from the Hugging Face hub")
        return Path(snapshot_download(repo, allow_patterns=patterns))
    except EngineError:
        raise
    except Exception as error:
        # Which library's network errors come through differs between versions of huggingface_hub.
        raise _explained(repo, error) from error


def _wanted(info: Any) -> tuple[list[str], int]:
    """Patterns of the files to fetch and the bytes of the weights among them."""
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    for pattern in (r"model.*\.safetensors", r"pytorch_model.*\.bin"):
        weights = [name for name in sizes if re.fullmatch(pattern, name)]
        if weights:
            return [*_FILES, *weights], sum(sizes[name] for name in weights)
    raise EngineError(
        f"{info.id} has no weights that transformers can read: choose another model (%oci models)"
    )


def _loaded_bytes(info: Any, size: int) -> int:
    """Bytes of the weights in bf16; the size on the hub where it tells no parameter count."""
    parameters = getattr(info.safetensors, "total", 0)
    return min(size, 2 * parameters) if parameters else size


def _explained(repo: str, error: Exception) -> EngineError:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return EngineError(
            f"{repo} is gated: accept its licence at https://huggingface.co/{repo}, then log in "
            "with `hf auth login`"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return ModelNotFound(
            f"{repo}: the hub has no such model (or it is private: `hf auth login`); "
            "%oci models lists what there is"
        )
    if isinstance(error, errors.OfflineModeIsEnabled):
        return ModelNotFound(
            f"{repo} is not on disk and HF_HUB_OFFLINE is set: unset it to download the model, "
            "or choose one on disk (%oci models)"
        )
    if isinstance(error, OSError) and error.errno is not None and error.filename:
        return EngineError(f"{repo} cannot be stored: {one_line(error)}; free or change HF_HOME")
    return ModelNotFound(
        f"{repo} is not on disk and cannot be fetched from the hub ({type(error).__name__}: "
        f"{one_line(error)}): check the network, or choose a model on disk (%oci models)"
    )
