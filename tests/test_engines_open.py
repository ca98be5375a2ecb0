"""From a name to an engine: what a person may type, and everything that may be wrong with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from families import build, change_json

from oci_magic.engines import hub, loading, memory, open_engine
from oci_magic.errors import EngineError, ModelNotFound
from oci_magic.types import Message

REPORT = """\
import sys
from oci_magic.engines import open_engine
from oci_magic.engines.models import on_disk
from oci_magic.errors import OciError
from oci_magic.types import Message
try:
    engine = open_engine(sys.argv[1], notify=print)
    print(engine.count([Message("user", "x")]), on_disk())
except OciError as error:
    print(f"{type(error).__name__}: {error}")
"""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return build("qwen2", tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def broken(checkpoint, tmp_path):
    for file in checkpoint.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def server(checkpoint):
    script = Path(__file__).with_name("hub_server.py")
    process = subprocess.Popen([sys.executable, script, checkpoint], stdout=subprocess.PIPE)
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.kill()
    process.wait()


def refusal(name, kind=EngineError, **options):
    with pytest.raises(kind) as error:
        open_engine(str(name), **options)
    text = str(error.value)
    assert "\n" not in text
    assert 20 < len(text) < 450
    return text


def report(name, tmp_path, **environment):
    """What a fresh process prints on opening `name`, as lines, and its stderr."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, name],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HOME": str(tmp_path), **environment},
    )
    return done.stdout.splitlines(), done.stderr


def cut(file, size=-100):
    file.write_bytes(file.read_bytes()[:size])


def name_shard(folder):
    (folder / "model.safetensors").unlink()
    index = '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}'
    (folder / "model.safetensors.index.json").write_text(index)


def drop_tensor(folder):
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    tensors = load_file(file)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, file, metadata={"format": "pt"})


DAMAGES = {
    "no config": lambda f: (f / "config.json").unlink(),
    "no JSON": lambda f: cut(f / "config.json", 20),
    "no model_type": lambda f: change_json(f / "config.json", lambda c: c.pop("model_type")),
    "unknown model_type": lambda f: change_json(
        f / "config.json", lambda c: c.update(model_type="abacus", architectures=["Abacus"])
    ),
    "other shapes": lambda f: change_json(
        f / "config.json", lambda c: c.update(intermediate_size=80)
    ),
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "weights cut short": lambda f: cut(f / "model.safetensors"),
    "weights empty": lambda f: cut(f / "model.safetensors", 0),
    "weights no safetensors": lambda f: (f / "model.safetensors").write_bytes(b"<html>" * 99),
    "shard missing": name_shard,
    "index damaged": lambda f: (
        name_shard(f),
        (f / "model.safetensors.index.json").write_text("[]"),
    ),
    "tensor missing": drop_tensor,
    "no tokenizer": lambda f: (f / "tokenizer.json").unlink(),
    "tokenizer damaged": lambda f: cut(f / "tokenizer.json", 200),
    "tokenizer of nothing": lambda f: (f / "tokenizer.json").write_text("{}"),
    "bin of nothing": lambda f: (
        (f / "model.safetensors").unlink(),
        (f / "pytorch_model.bin").write_bytes(b"x" * 1000),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_folder_opens_or_gives_a_traceback(broken, damage, capfd):
    DAMAGES[damage](broken)
    text = refusal(broken)
    assert str(broken) in text
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "no model is named"),
        ("./nowhere", "no such folder"),
        ("/nowhere/at/all", "no such folder"),
        ("a/b/c", "no such folder"),
        ("what is this", "no such folder"),
        ("oci-ds-6.7", "oci-ds-6.7b"),
        ("mikro", "micro"),
        ("scripted:nowhere.json", "no such file"),
    ],
)
def test_name_of_nothing_is_opened(name, said):
    assert said in refusal(name, ModelNotFound)


def test_unknown_dtype_gives_a_traceback(checkpoint):
    assert "float32" in refusal(checkpoint, dtype="float5")
    assert "float32" in refusal(checkpoint, dtype="int8")


def test_name_with_blanks_around_it_is_not_found(checkpoint):
    engine = open_engine(f"  {checkpoint}\n")
    assert engine.count([Message("user", "x")]) > 0


def test_model_beyond_memory_is_loaded(checkpoint, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda _: 1000)
    monkeypatch.setattr(loading, "_load_model", None)
    assert "smaller model" in refusal(checkpoint)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError("CUDA out of memory. Tried to allocate"),
        MemoryError(),
    ],
    ids=["cpu", "cuda", "python"],
)
def test_memory_that_runs_out_while_loading_gives_a_traceback(checkpoint, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(loading, "_load_model", fail)
    assert "memory" in refusal(checkpoint)


def test_model_with_its_own_code_runs_it_unasked(broken):
    (broken / "evil.py").write_text("raise SystemExit('ran')")
    auto_map = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    change_json(broken / "config.json", lambda c: c.update(model_type="evil", auto_map=auto_map))
    assert "trust_remote_code" in refusal(broken)


def test_model_on_the_hub_is_not_downloaded_or_not_kept(server, tmp_path):
    lines, errors = report("someone/tiny", tmp_path, HF_ENDPOINT=server)
    assert lines[0].startswith("someone/tiny is not on disk: downloading 0.0")
    assert "CachedModel(repo='someone/tiny'" in lines[1]
    assert "Loading weights" not in errors
    again = report("someone/tiny", tmp_path, HF_HUB_OFFLINE="1")
    assert again == (lines[1:], "")


def test_interrupted_download_is_taken_for_a_model(server, tmp_path):
    report("someone/tiny", tmp_path, HF_ENDPOINT=server)
    next(tmp_path.glob("hub/models*/snapshots/*/model.safetensors")).unlink()
    lines, _ = report("someone/tiny", tmp_path, HF_ENDPOINT=server)
    assert "downloading" in lines[0]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("someone/gated", "EngineError", "hf auth login"),
        ("someone/nothing", "ModelNotFound", "no such model"),
        ("oci-ds-1.3b", "ModelNotFound", "m-a-p/OpenCodeInterpreter-DS-1.3B"),
    ],
)
def test_refusal_of_the_hub_gives_a_traceback(server, tmp_path, name, kind, said):
    lines, errors = report(name, tmp_path, HF_ENDPOINT=server)
    assert lines[-1].startswith(kind)
    assert said in lines[-1]
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "network"),
    ],
    ids=["offline", "no network"],
)
def test_no_network_is_told_late_or_with_a_traceback(tmp_path, environment, said):
    begin = time.monotonic()
    lines, _ = report("oci-ds-1.3b", tmp_path, **environment)
    assert len(lines) == 1
    assert lines[0].startswith("ModelNotFound: m-a-p/OpenCodeInterpreter-DS-1.3B is not on disk")
    assert said in lines[0]
    assert time.monotonic() - begin < 60


def test_download_that_cannot_fit_is_begun(monkeypatch):
    class Info:
        id = "someone/huge"
        safetensors = None
        siblings = [type("File", (), {"rfilename": "model.safetensors", "size": 10**13})]  # noqa: RUF012

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: Info)
    monkeypatch.setattr(hub, "_cached", lambda _: None)
    assert "smaller model" in refusal("someone/huge", notify=pytest.fail)
