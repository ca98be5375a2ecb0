"""The bundled model behind real servers: `transformers serve`, and llama.cpp's (heavy).

`pip install llama-cpp-python[server] gguf && pytest -m heavy tests/test_served.py` needs a
compiler. transformers before 4.54 has no such server; there the tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import micro_gguf
import nbformat
import pytest

import oci_magic
from oci_magic.__main__ import main
from oci_magic.engines import open_engine
from oci_magic.engines.addresses import Server
from oci_magic.engines.models import micro_folder
from oci_magic.errors import ModelNotFound
from oci_magic.types import Message

pytest.importorskip("openai", reason="pip install 'oci_magic[server]'")
pytestmark = pytest.mark.timeout(900)
EXAMPLES = Path(oci_magic.__file__).parents[1] / "examples"
ASK = ("load data/bundeslaender.csv", "average Preis per Stadt in df", "sort df by Umsatz")


@pytest.fixture(
    scope="module",
    params=["transformers", pytest.param("llama.cpp", marks=pytest.mark.heavy)],
)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The address of a server that has micro."""
    folder = tmp_path_factory.mktemp("server")
    start = _transformers if request.param == "transformers" else _llama
    yield from start(folder)


def _transformers(folder: Path) -> Iterator[str]:
    numbers = tuple(map(int, version("transformers").split(".")[:2]))
    if numbers < (4, 54):
        pytest.skip("transformers before 4.54 has no server")
    pytest.importorskip("uvicorn", reason="pip install -e .[test]")
    command = Path(sys.executable).with_name("transformers")
    variables = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "OMP_NUM_THREADS": "1"}
    arguments = ("serve", "--host", "127.0.0.1", "--port")
    model = folder / "micro"  # its name, where the server is started
    shutil.copytree(micro_folder(), model)
    yield from running([str(command), *arguments], folder, variables)


def _llama(folder: Path) -> Iterator[str]:
    pytest.importorskip("llama_cpp", reason="pip install llama-cpp-python[server]")
    pytest.importorskip("gguf", reason="pip install gguf")
    file = micro_gguf.write(micro_folder(), folder / "micro.gguf")
    model = ("--model", str(file), "--model_alias", "micro", "--n_threads", "1")
    command = [sys.executable, "-m", "llama_cpp.server", *model, "--host", "127.0.0.1", "--port"]
    yield from running(command, folder, {})


def running(command: list[str], folder: Path, variables: dict[str, str]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}/v1", folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, str(port)], cwd=folder, env={**os.environ, **variables},
            stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(url, process, log)
            yield url
        finally:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener, end = build_opener(ProxyHandler({})), time.monotonic() + 300
    while True:
        try:
            opener.open(f"{url}/models", timeout=10).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.2)


def test_it_answers_as_the_model_does_in_this_process(served: str) -> None:
    local, engine = open_engine("micro"), open_engine("server:micro", server=Server(served))
    for request in ASK:
        asked = [Message("system", "You write Python."), Message("user", request)]
        both = [list(each.stream(asked)) for each in (local, engine)]
        here, there = ("".join(chunk.text for chunk in chunks) for chunks in both)
        assert here == there
        assert [chunks[-1].finish_reason for chunks in both] == ["stop", "stop"]
        used = both[1][-1].usage
        assert used and used.prompt_tokens > 5
        assert used.completion_tokens > 5  # a server that does not count may send words, not tokens


def test_a_model_that_it_lacks_is_told(served: str) -> None:
    engine = open_engine("server:no-such-model", server=Server(served))
    try:
        list(engine.stream([Message("user", "x")]))
    except ModelNotFound as error:
        assert "no-such-model" in str(error) and "\n" not in str(error)
    else:  # llama.cpp answers to any name with the model that it has
        assert "micro" in str(engine._listed())  # type: ignore[attr-defined]


def test_a_stop_leaves_the_server_free_for_the_next_prompt(served: str) -> None:
    engine = open_engine("server:micro", server=Server(served))
    for _ in range(3):
        chunks = engine.stream([Message("user", ASK[0])])
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]  # a generator
    *_, last = engine.stream([Message("user", ASK[0])])
    assert last.finish_reason == "stop"


def test_it_drives_the_quickstart(
    served: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.ipynb"
    given = ["-o", str(out), "--model", "server:micro", "--server-url", served]
    code = main(["run", str(EXAMPLES / "quickstart.ipynb"), *given])
    said = capsys.readouterr().out
    assert code == 0, said
    assert "5 prompts answered" in said
    cells = nbformat.read(out, as_version=4).cells
    shown = str([cell.get("outputs") for cell in cells])
    assert "image/png" in shown and "Dichte" in shown and served not in out.read_text()


def test_an_evaluation_asks_it_side_by_side(served: str, tmp_path: Path) -> None:
    """Micro writes table code and solves none of these; each is asked twice and judged."""
    problems = Path(__file__).with_name("problems.jsonl")
    given = ["--model", "server:micro", "--server-url", served, "--max-new-tokens", "64"]
    assert main(["eval", str(problems), *given, "--batch", "3", "--out", str(tmp_path)]) == 0
    lines = (tmp_path / "attempts.jsonl").read_text(encoding="utf-8").splitlines()
    attempts = [json.loads(line) for line in lines]
    rounds = [attempt["rounds"] for attempt in attempts if "rounds" in attempt]
    assert len(rounds) == 3 and all(rounds)
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
