"""A model on a server, in a notebook: a server that dies, what leaves the machine, what is listed.

The kernel is a real one; the server is `model_server`'s, which the test takes away and brings back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from frontend import Notebook, panel, text
from kernels import Kernel, code, value
from model_server import HANG, SLOW, ModelServer, page, refuse, say
from model_server import code as told
from rich.console import Console

from oci_magic.__main__ import main
from oci_magic.engines import listening, refusals
from oci_magic.engines.addresses import Server
from oci_magic.events import Streamed
from oci_magic.notebook import models
from oci_magic.notebook.display import TerminalView
from oci_magic.notebook.models import ModelShelf
from oci_magic.notebook.settings import Settings
from oci_magic.notebook.transcript import Transcript
from oci_magic.types import Reply

pytest.importorskip("openai", reason="pip install 'oci_magic[server]'")
pytestmark = pytest.mark.timeout(180)
SECRET = "hunter2-hunter2"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(refusals.KEY, SECRET)
        started = Kernel(tmp_path_factory.mktemp("notebook"))
    started.run("from oci_magic.engines import refusals\nrefusals.WAITS = (0.01,) * 3")
    yield started
    started.close()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(told("x = 1")) as started:
        yield started


@pytest.fixture
def book(kernel: Kernel, server: ModelServer) -> Notebook:
    kernel.run("%reset -f")
    kernel.run("%oci new")
    kernel.run(f"%config OCIMagics.server_url = {server.url!r}")
    return Notebook(kernel)


def asked(book: Notebook, words: str) -> tuple[str, Any]:
    """A new prompt cell, run; its id and the kernel's reply."""
    cell = book.add(f"%%oci -m server:tiny\n{words}")
    return cell, book.run(cell)


def test_a_server_that_dies_costs_one_line_and_works_when_it_is_back(
    book: Notebook, server: ModelServer
) -> None:
    kept, reply = asked(book, "one")
    assert reply["status"] == "ok" and value(book.kernel, "x") == "1"
    book.kernel.run("mine = [1, 2]")
    server.stop()
    prompt, reply = asked(book, "two")
    assert (reply["status"], reply["ename"]) == ("error", "EngineError")
    assert len(reply["traceback"]) == 1 and "\n" not in reply["evalue"]
    assert "connection refused" in reply["evalue"]
    assert [c["source"] for c in book.below(kept)] == ["x = 1"] and book.below(prompt) == []
    assert (value(book.kernel, "x"), value(book.kernel, "mine")) == ("1", "[1, 2]")
    server.answers = [told("x = x + 1")]
    server.start()
    assert book.run(prompt)["status"] == "ok"
    assert value(book.kernel, "x") == "2"
    assert "one" in str(server.asked[-1]["messages"])


def test_a_server_that_dies_in_mid_answer_leaves_the_answer_of_before(
    book: Notebook, server: ModelServer
) -> None:
    prompt, _ = asked(book, "one")
    server.answers = [say("```python\nx = 5\n", cut=True)]
    book[prompt]["source"] += " more"
    reply = book.run(prompt)
    assert reply["ename"] == "EngineError" and "broke the answer off" in reply["evalue"]
    assert [c["source"] for c in book.below(prompt)] == ["x = 1"]
    assert value(book.kernel, "x") == "1"
    server.answers = [told("x = 7")]
    assert book.run(prompt)["status"] == "ok"
    assert [c["source"] for c in book.below(prompt)] == ["x = 7"]


def test_a_server_that_dies_before_a_repair_ends_the_prompt_in_one_line(
    book: Notebook, server: ModelServer
) -> None:
    book.kernel.run("x = 'before'")
    server.answers = [told("x = 1 / 0"), refuse(500, "out of memory")]
    _, reply = asked(book, "divide")
    assert reply["ename"] == "Unrepaired" and "out of memory" in reply["evalue"]
    assert "\n" not in reply["evalue"] and value(book.kernel, "x") == "'before'"


def test_a_stream_that_begins_anew_leaves_no_cell_of_the_first(
    book: Notebook, server: ModelServer
) -> None:
    first = [code("x = 1"), "\n", code("y = 2"), "\n"]
    server.answers = [say(*first, cut=True), say("No.\n", code("x = 3"))]
    prompt, reply = asked(book, "two cells, then one")
    assert reply["status"] == "ok"
    assert [c["source"] for c in book.below(prompt)] == ["x = 3"]
    assert "asking again" in text(book[prompt]) and "No." in text(book[prompt])


@pytest.mark.parametrize("answer", [say("writing\n", SLOW), say("writing\n", HANG)])
def test_an_interrupt_closes_the_request(book: Notebook, server: ModelServer, answer: Any) -> None:
    server.answers = [answer]
    cell = "%%oci -m server:tiny\nwrite on"
    reply, _ = book.kernel.run(cell, stop_at="writing", cell="stopped")
    assert (reply["status"], reply["ename"]) == ("error", "Stopped")
    assert server.gone.wait(20)
    server.answers = [told("x = 9")]
    assert asked(book, "again")[1]["status"] == "ok"


def test_the_key_goes_to_the_server_and_nowhere_else(book: Notebook, server: ModelServer) -> None:
    prompt, _ = asked(book, "one")
    assert server.requests[-1][1]["authorization"] == f"Bearer {SECRET}"
    server.answers = [refuse(401, f"key {SECRET} is unknown")]
    _, reply = asked(book, "two")
    assert "does not accept the key" in reply["evalue"]
    assert SECRET not in str((book.cells, reply, panel(book[prompt]))) + str(server.asked)


def test_status_tells_where_the_model_is(book: Notebook, server: ModelServer) -> None:
    book.kernel.run("%oci model server:tiny")
    _, shown = book.kernel.run("%oci")
    assert f"at {server.url}, window of 4,096 tokens" in str(shown)
    book.kernel.run("%oci model micro")


# Where prompts go


@pytest.fixture
def shelf() -> ModelShelf:
    settings = Settings()
    settings.session = None
    return ModelShelf(settings)


def test_another_machine_is_named_once_and_this_one_never(
    shelf: ModelShelf, server: ModelServer, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    shelf.settings.server_url = server.url
    shelf.engine("server:tiny")
    assert capsys.readouterr().out == ""
    monkeypatch.setattr("oci_magic.engines.server.is_here", lambda _: False)
    shelf.settings.server_timeout = 9.0
    shelf.engine("server:tiny")
    line = capsys.readouterr().out
    host = f"127.0.0.1:{server.port}"
    assert line.startswith(f"prompts go to {host}, another machine, not encrypted (http)")
    assert line.count("\n") == 1 and not server.asked
    shelf.settings.server_timeout = 8.0
    shelf.engine("server:tiny")
    assert capsys.readouterr().out == ""


def test_a_change_of_the_address_opens_the_model_there(
    shelf: ModelShelf, server: ModelServer
) -> None:
    shelf.settings.server_url = server.url
    first = shelf.engine("server:tiny")
    assert shelf.engine("server:tiny") is first and shelf.is_loaded("server:tiny")
    with ModelServer(say("x"), models=("tiny",)) as other:
        shelf.settings.server_url = other.url
        assert not shelf.is_loaded("server:tiny")
        assert shelf.engine("server:tiny").url == other.url  # type: ignore[attr-defined]


def test_every_trait_reaches_the_engine(shelf: ModelShelf, server: ModelServer) -> None:
    shelf.settings.server_url = server.url
    shelf.settings.server_timeout, shelf.settings.server_window = 7.5, 640
    engine = shelf.engine("server:tiny")
    assert engine.server == Server(server.url, 7.5, 640)  # type: ignore[attr-defined]
    assert engine.window == 640


def test_encrypted_servers_are_named_without_the_warning() -> None:
    assert "encrypted" not in models.goes_to("h:1", "https://h:1/v1")


# What is listed, and what is typed


def test_models_of_servers_are_listed_with_the_name_to_type(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ModelServer(say("x"), models=page()) as nonsense:
        usual = ((nonsense.port, "LM Studio"), (server.port, "Ollama"))
        monkeypatch.setattr(listening, "USUAL", usual)
        assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert f"server:tiny  at 127.0.0.1:{server.port}, the port of Ollama" in said
    assert "LM Studio" not in said and "micro" in said


def test_a_notebook_runs_by_a_server_from_the_command_line(
    server: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    monkeypatch.setenv(refusals.KEY, SECRET)
    broken = say("One.\n", "```python\nx = 'no'\n", cut=True)
    server.answers = [broken, say("Two.\n", code("x = 'yes'"))]
    sources = ("%load_ext oci_magic", "%%oci\nask", "print(x)")
    nbformat.write(new_notebook(cells=list(map(new_code_cell, sources))), tmp_path / "nb.ipynb")
    path = str(tmp_path / "nb.ipynb")
    assert main(["run", path, "--model", "server:tiny", "--server-url", server.url]) == 0
    said, done = capsys.readouterr().out, (tmp_path / "nb.executed.ipynb").read_text()
    assert said.count("x = 'yes'") == 1 and "\nTwo." in said
    assert "x = 'yes'" in done and "x = 'no'" not in done and SECRET not in done + said


def test_a_terminal_begins_a_new_reply_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    view = TerminalView()
    view.throttle = lambda: True  # type: ignore[assignment]
    view.show(Streamed("one two", "one two"))
    view.show(Streamed("un", "un", anew=True))
    view.show(Streamed(" deux", "un deux"))
    view.finish(Reply("un deux"))
    assert capsys.readouterr().out == "one two\nun deux\n"


def test_a_transcript_begins_a_new_reply_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    transcript = Transcript(Console(highlight=False))
    transcript.show({"kind": "streamed", "text": "one two", "anew": False})
    transcript.show({"kind": "streamed", "text": "un", "anew": True})
    assert capsys.readouterr().out == "one two\nun"


def test_help_and_options_name_servers(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert "--server-url" in capsys.readouterr().out
