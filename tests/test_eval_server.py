"""`oci-magic eval` of a model on a server: what one prompt costs, what ends a run, and a stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from model_server import HANG, SLOW, Answer, ModelServer, code, delta, refuse, say

from oci_magic.__main__ import main
from oci_magic.engines import refusals
from oci_magic.engines.connecting import Connections
from oci_magic.evaluation import served
from oci_magic.evaluation.attempts import Attempt
from oci_magic.evaluation.records import attempts
from oci_magic.evaluation.wording import in_shell

pytest.importorskip("openai", reason="pip install 'oci_magic[server]'")
pytestmark = pytest.mark.timeout(120)
OWN = str(Path(__file__).with_name("problems.jsonl"))
QUARTER = code("def quarter(x):\n    return x / 4")
EVENS = code("def evens(numbers):\n    return [n for n in numbers if not n % 2]")
INITIALS = code("def initials(name):\n    return ''.join(w[0] for w in name.split()).upper()")
WRONG = code("def evens(numbers):\n    return None")
EMPTY = say("")
THOUGHT = say(delta(reasoning_content="hm"), reason="length", usage=(7, 9))
LONG = refuse(400, "This model's maximum context length is 30 tokens")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "WAITS", (0.01, 0.01, 0.01))
    monkeypatch.delenv(refusals.KEY, raising=False)


def run(server: ModelServer, out: Path, *options: str) -> int:
    """One prompt after the other, if no `--batch` is given."""
    where = ["--model", "server:tiny", "--server-url", server.url, "--out", str(out)]
    return main(["eval", OWN, *where, "--batch", "1", *options])


def kept(out: Path) -> list[Attempt]:
    return list(attempts(out / "attempts.jsonl"))


@pytest.mark.parametrize(
    ("answer", "note", "tokens"),
    [(EMPTY, "an empty answer", [3]), (THOUGHT, "thought until its 9 tokens", [9])],
)
def test_an_answer_without_text_is_a_round_without_code(
    answer: Answer, note: str, tokens: list[int], tmp_path: Path
) -> None:
    with ModelServer(QUARTER, answer, INITIALS) as server:
        assert run(server, tmp_path) == 0
    first, empty, last = kept(tmp_path)
    assert first.rounds[0].passed and last.rounds[0].passed and not first.note
    assert [each.usage.completion_tokens for each in empty.rounds] == tokens
    assert note in empty.note and not empty.rounds[0].code and not empty.rounds[0].passed


def test_a_prompt_too_long_for_the_server_is_an_attempt_without_rounds(tmp_path: Path) -> None:
    with ModelServer(LONG) as server:
        assert run(server, tmp_path, "--limit", "1") == 0
    (attempt,) = kept(tmp_path)
    assert not attempt.rounds and "too long" in attempt.note


@pytest.mark.parametrize("answer", [EMPTY, LONG])
def test_what_was_answered_before_stands_where_a_repair_is_not(
    answer: Answer, tmp_path: Path
) -> None:
    with ModelServer(QUARTER, WRONG, answer) as server:
        assert run(server, tmp_path, "--limit", "2") == 0
    _, attempt = kept(tmp_path)
    assert "None" in attempt.rounds[0].code and attempt.note
    assert not attempt.rounds[-1].passed


@pytest.mark.parametrize("answer", [EMPTY, LONG])
def test_a_mentor_without_an_answer_leaves_the_execution_result(
    answer: Answer, tmp_path: Path
) -> None:
    with ModelServer(answer) as other, ModelServer(QUARTER, WRONG, EVENS) as server:
        server.answers[2:2] = [*other.answers]
        options = ["--feedback", "human", "--mentor", "server:tiny", "--limit", "2"]
        assert run(server, tmp_path, *options) == 0
    _, attempt = kept(tmp_path)
    assert [each.passed for each in attempt.rounds] == [False, True]
    assert attempt.note.startswith("the mentor: ")


def test_a_cell_that_is_not_answered_is_one_attempt(tmp_path: Path) -> None:
    cells = tmp_path / "cells.jsonl"
    cells.write_text(
        '{"task_id": "c/0", "request": "twice 21", "reference": "42"}\n'
        '{"task_id": "c/1", "request": "half of 84", "reference": "42"}\n'
    )
    for number, answer in enumerate((EMPTY, LONG)):
        with ModelServer(answer, code("42")) as server:
            out = tmp_path / str(number)
            where = ["--model", "server:tiny", "--server-url", server.url, "--batch", "1"]
            assert main(["eval", str(cells), *where, "--out", str(out)]) == 0
        assert kept(out)[0].note and len(kept(out)) == 2


def test_a_prompt_that_a_server_refuses_fails_alone(tmp_path: Path) -> None:
    filtered = refuse(400, "the prompt triggers our content filter")
    with ModelServer(QUARTER, filtered, say("Hello"), INITIALS) as server:
        assert run(server, tmp_path) == 0
    _, refused, last = kept(tmp_path)
    assert "content filter" in refused.note and not refused.rounds and last.rounds[0].passed


def test_a_server_that_refuses_whatever_it_is_asked_ends_the_run(tmp_path: Path) -> None:
    with ModelServer(QUARTER, refuse(400, "temperature is not supported")) as server:
        assert run(server, tmp_path) == 1
    assert len(kept(tmp_path)) == 1


def test_a_server_that_fails_ends_the_run(tmp_path: Path) -> None:
    for broken in (refuse(500), refuse(401), refuse(404, "model tiny does not exist")):
        with ModelServer(QUARTER, broken) as server:
            assert run(server, tmp_path / str(broken.status)) == 1
        assert len(kept(tmp_path / str(broken.status))) == 1


@pytest.mark.parametrize("answer", [Answer(silent=True), say("x", HANG), say("x", SLOW)])
def test_a_model_that_is_gone_ends_what_a_silent_server_is_asked(
    answer: Answer, tmp_path: Path
) -> None:
    with ModelServer(answer, refuse(401)) as server:
        assert run(server, tmp_path, "--batch", "2") == 1
        assert server.gone.wait(20)


@pytest.mark.parametrize("answer", [Answer(silent=True), refuse(429, Retry_After="50")])
def test_ctrl_c_ends_a_run_while_a_server_keeps_it_waiting(answer: Answer, tmp_path: Path) -> None:
    def interrupt() -> None:
        while len(server.asked) < 2:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    with ModelServer(answer) as server:
        threading.Thread(target=interrupt, daemon=True).start()
        assert run(server, tmp_path, "--batch", "2") == 130


def test_a_server_is_asked_as_many_at_a_time_as_the_batch_has(tmp_path: Path) -> None:
    with ModelServer(code("def evens(numbers):\n    return None")) as server:
        assert run(server, tmp_path, "--batch", "2", "--samples", "8") == 0
        assert server.most <= 2 and len(server.asked) == 48


def test_too_many_requests_are_waited_for_longer_than_in_a_notebook(tmp_path: Path) -> None:
    with ModelServer(*[refuse(429)] * 6, refuse(503), QUARTER) as server:
        assert run(server, tmp_path, "--limit", "1") == 0
        assert len(server.asked) == 8
    assert kept(tmp_path)[0].rounds[0].passed


@pytest.mark.parametrize("asked", [0, 3])
def test_a_server_that_says_how_long_to_wait_is_asked_again_little_later(
    asked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(refusals, "WAITS", (1.0, 2.0, 4.0))
    monkeypatch.setattr(Connections, "wait", lambda _, seconds: waited.append(seconds))
    with ModelServer(*[refuse(429, Retry_After=str(asked))] * 20, QUARTER) as server:
        assert run(server, tmp_path, "--limit", "1") == 0
    waits = [each for each in waited if each]
    assert len(waits) == 20 and waits == sorted(waits) and waits[0] < waits[1]
    assert all(asked < each <= asked + 3 for each in waits) and waits[0] < asked + 0.1
    assert f"asking again in {asked}.05 s" in capsys.readouterr().err


@pytest.mark.parametrize("asked", ["0", "3600"])
def test_patience_ends_in_words_of_the_command_line(
    asked: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(served, "PATIENCE", 0.5)
    with ModelServer(refuse(429, "slow down", Retry_After=asked)) as server:
        assert run(server, tmp_path) == 1
        assert len(server.asked) == (10 if asked == "0" else 1)
    last = capsys.readouterr().err.splitlines()[-1]
    assert "slow down" in last and last.endswith("then run the command again")


@pytest.mark.parametrize("answer", [LONG, refuse(401), refuse(404), refuse(422), refuse(500)])
def test_no_line_tells_of_what_only_a_notebook_has(
    answer: Answer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ModelServer(answer) as server:
        run(server, tmp_path)
    told = capsys.readouterr().err
    assert not [word for word in ("%oci", "OCIMagics", "Jupyter", "cell") if word in told]
    assert run(server, tmp_path / "gone") == 1
    assert "oci-magic models shows" in capsys.readouterr().err


def test_words_of_a_notebook_become_those_of_the_command_line() -> None:
    line = "nothing is here: set %config OCIMagics.server_url = 'http://H/v1', or %oci model NAME"
    assert in_shell(line) == "nothing is here: set --server-url 'http://H/v1', or --model NAME"


def test_a_model_that_is_not_listed_is_told_once_for_each_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ModelServer(QUARTER, models=["other"]) as server:
        for number in range(2):
            more = ["--batch", "3", "--rounds", "1", "--samples", "4", "--limit", "1"]
            assert run(server, tmp_path / str(number), *more) == 0
            assert capsys.readouterr().err.count("does not list tiny; it has server:other") == 1
            assert sum(path == "/v1/models" for path, *_ in server.requests) > 1
