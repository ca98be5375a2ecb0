"""The catalogue: `micro`, the OpenCodeInterpreter series, and what is in the hub cache.

Sizes of the series follow from the published configurations of its base models
(DeepSeek-Coder, Code Llama, Gemma, StarCoder2; arXiv 2402.14658 names them): parameters
times two bytes (bf16). Says nothing of quality.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import ModelNotFound
from .memory import fits


@dataclass(frozen=True)
class CatalogueModel:
    """A model with an alias; `parameters` in 10^9."""

    alias: str
    repo: str
    parameters: float

    @property
    def gigabytes(self) -> float:
        """Size of the weights in bf16, in 10^9 bytes."""
        return 2 * self.parameters


@dataclass(frozen=True)
class CachedModel:
    """A model in the local hub cache; `size` in bytes on disk."""

    repo: str
    size: int


def _series(alias: str, size: str, parameters: float) -> CatalogueModel:
    repo = f"m-a-p/OpenCodeInterpreter-{alias.upper()}-{size}"
    return CatalogueModel(f"oci-{alias}-{size.lower()}", repo, parameters)


CATALOGUE = (
    _series("ds", "1.3B", 1.35),
    _series("ds", "6.7B", 6.74),
    _series("ds", "33B", 33.34),
    _series("cl", "7B", 6.74),
    _series("cl", "13B", 13.02),
    _series("cl", "34B", 33.74),
    _series("cl", "70B", 68.98),
    _series("gm", "7B", 8.54),
    _series("sc2", "3B", 3.03),
    _series("sc2", "7B", 7.17),
    _series("sc2", "15B", 15.96),
)


def by_alias(name: str) -> CatalogueModel | None:
    return next((model for model in CATALOGUE if model.alias == name.lower()), None)


def near_aliases(name: str) -> list[str]:
    """Aliases that `name` may have meant, nearest first."""
    known = [model.alias for model in CATALOGUE]
    return difflib.get_close_matches(name.lower(), ["micro", *known], n=3, cutoff=0.6)


def recommended(free_bytes: float) -> tuple[CatalogueModel, ...]:
    """Models of the series whose bf16 weights fit into `free_bytes`, largest first."""
    fitting = [model for model in CATALOGUE if fits(model.gigabytes * 1e9, free_bytes)]
    return tuple(sorted(fitting, key=lambda model: -model.parameters))


def micro_folder() -> Path:
    """The bundled model's folder. Raises `ModelNotFound` when it is not in this install."""
    folder = Path(str(resources.files("oci_magic").joinpath("micro")))
    if not (folder / "config.json").is_file():
        raise ModelNotFound(
            "micro is not part of this installation: install oci_magic from a wheel that has "
            "it, or choose another model (%oci models)"
        )
    return folder


def on_disk() -> tuple[CachedModel, ...]:
    """Models in the local hub cache that have a config and weights, by name."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return ()
    found = (CachedModel(repo.repo_id, repo.size_on_disk) for repo in repos if _is_model(repo))
    return tuple(sorted(found, key=lambda model: model.repo.lower()))


def _is_model(repo: Any) -> bool:
    if repo.repo_type != "model":
        return False
    return any("config.json" in names and _has_weights(names) for names in _file_names(repo))


def _file_names(repo: Any) -> Iterator[set[str]]:
    for revision in repo.revisions:
        yield {file.file_name for file in revision.files}


def _has_weights(names: set[str]) -> bool:
    return any(name.endswith((".safetensors", ".bin")) for name in names)
