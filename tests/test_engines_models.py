"""The catalogue, what fits into memory and how much of it is free."""

from __future__ import annotations

import sys

import pytest

from oci_magic.engines import memory
from oci_magic.engines.models import CATALOGUE, by_alias, micro_folder, recommended
from oci_magic.errors import EngineError, ModelNotFound, NoMemory


def test_alias_of_the_series_is_missing():
    sizes = "ds-1.3b ds-6.7b ds-33b cl-7b cl-13b cl-34b cl-70b gm-7b sc2-3b sc2-7b sc2-15b"
    assert [model.alias for model in CATALOGUE] == [f"oci-{size}" for size in sizes.split()]
    assert by_alias("OCI-SC2-15b").repo == "m-a-p/OpenCodeInterpreter-SC2-15B"
    assert by_alias("oci-ds-2b") is None


def test_recommended_model_does_not_fit():
    assert recommended(1e9) == ()
    names = [model.alias for model in recommended(16e9)]
    assert (
        names
        == ["oci-sc2-7b", "oci-ds-6.7b", "oci-cl-7b", "oci-sc2-3b", "oci-ds-1.3b"][-len(names) :]
    )
    assert {"oci-ds-6.7b", "oci-sc2-3b"} <= set(names)
    assert recommended(1e12)[0].alias == "oci-cl-70b"


def test_empty_micro_folder_gives_a_traceback(tmp_path, monkeypatch):
    monkeypatch.setattr("oci_magic.engines.models.resources.files", lambda _: tmp_path)
    with pytest.raises(ModelNotFound, match="micro is not part"):
        micro_folder()


def test_free_memory_is_no_sensible_number():
    assert 10**8 < memory.free_memory() < 10**14


def test_model_larger_than_the_free_memory_is_let_in(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda _: 1.2e9)
    memory.check_fits("small", 1e9, "cpu")
    with pytest.raises(NoMemory, match=r"needs about 1\.3 GB of memory and about 1\.2 GB"):
        memory.check_fits("large", 1.1e9, "cpu")


def test_limit_of_a_container_is_ignored(tmp_path):
    for name, text in {
        "memory.max": "8000000000\n",
        "memory.current": "3000000000\n",
        "memory.stat": "anon 5\ninactive_file 1000000000\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert memory._cgroup(tmp_path) == 6_000_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._cgroup(tmp_path) == sys.maxsize


def test_vm_stat_of_macos_is_misread():
    listing = (
        "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:                               10000.\n"
        "Pages active:                             99999.\n"
        "Pages inactive:                           20000.\n"
        "Pages speculative:                         1000.\n"
    )
    assert memory.vm_stat_free(listing) == 31_000 * 16384
    assert memory.vm_stat_free("") == 0


@pytest.mark.parametrize("device", ["gpu", "cuda:999", "cpu:x", "cpu:1"])
def test_device_that_is_not_there_is_told_with_those_that_are(device: str) -> None:
    from oci_magic.engines.loading import choose_device

    assert choose_device("cpu") == "cpu"
    with pytest.raises(EngineError, match=r"no device of this machine: use cpu"):
        choose_device(device)


def test_tiny_temperature_is_greedy() -> None:
    import torch

    from oci_magic.engines import Sampling
    from oci_magic.engines.decoding import Sampler

    assert Sampler(Sampling(temperature=1e-40))(torch.tensor([1.0, 3.0, 2.0])) == 1
