"""Attempts side by side: batches say what single answers say, a stop ends all, a cluster judges."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oci_magic.__main__ import main
from oci_magic.engines import open_engine
from oci_magic.engines.local import LocalEngine
from oci_magic.errors import EngineError
from oci_magic.evaluation.attempts import Attempt
from oci_magic.evaluation.batching import batched
from oci_magic.evaluation.records import attempts
from oci_magic.evaluation.side_by_side import Work, side_by_side
from oci_magic.types import Message

pytestmark = pytest.mark.timeout(240)
OWN = Path(__file__).with_name("problems.jsonl")
REQUESTS = [
    'df 12x3: "Region" str, "Umsatz" float64\n\nmean Umsatz by Region',
    "sort df by Umsatz",
    'Tables:\nsales 900x2: "day" datetime64[ns], "price" float64\n\nplot price by day',
    "drop the rows without a price",
    "how many rows are there?",
]


@pytest.fixture(scope="module")
def micro() -> LocalEngine:
    engine = open_engine("micro")
    assert isinstance(engine, LocalEngine)
    return engine


def answer(engine: LocalEngine, request: str) -> tuple[str, str | None, int]:
    chunks = list(engine.stream([Message("user", request)]))
    last = chunks[-1]
    assert last.usage
    text = "".join(chunk.text for chunk in chunks)
    return text, last.finish_reason, last.usage.completion_tokens


def test_answers_of_a_batch_are_those_given_alone(micro: LocalEngine) -> None:
    alone = [answer(micro, request) for request in REQUESTS]
    assert batched(micro, 4) == 4
    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(lambda request: answer(micro, request), REQUESTS))
    assert together == alone


def test_answer_that_is_broken_off_leaves_the_others(micro: LocalEngine) -> None:
    batched(micro, 4)
    whole = answer(micro, REQUESTS[0])
    with ThreadPoolExecutor(3) as pool:
        cut = pool.submit(lambda: next(micro.stream([Message("user", REQUESTS[2])])))
        others = [pool.submit(answer, micro, REQUESTS[0]) for _ in range(2)]
        assert cut.result().text and [each.result() for each in others] == [whole] * 2


def test_error_in_a_batch_reaches_every_row(micro: LocalEngine) -> None:
    batched(micro, 4)
    decoder = micro.decoder
    decoder._logits = lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory"))  # type: ignore[attr-defined]
    with ThreadPoolExecutor(2) as pool:
        told = [pool.submit(answer, micro, REQUESTS[0]) for _ in range(2)]
        for each in told:
            with pytest.raises(EngineError, match="ran out of memory"):
                each.result()


def works(number: int, work: Work) -> Iterator[Work]:
    return (work for _ in range(number))


def test_no_more_are_under_way_than_threads() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def work(stop: threading.Event) -> Attempt:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        stop.wait(0.01)
        with lock:
            under_way -= 1
        return Attempt("a", "b")

    assert len(list(side_by_side(works(40, work), 4))) == 40 and most == 4


def test_error_in_one_asks_the_others_to_stop_and_starts_no_more() -> None:
    stopped, started = [], []

    def work(stop: threading.Event) -> Attempt:
        started.append(1)
        if len(started) == 3:
            raise EngineError("gone")
        stop.wait()
        stopped.append(1)
        return Attempt("a", "b")

    with pytest.raises(EngineError, match="gone"):
        list(side_by_side(works(40, work), 3))
    assert len(stopped) == 2 and len(started) == 3


def test_evaluation_in_batches_by_command_line(tmp_path: Path) -> None:
    options = ["--model", "micro", "--max-new-tokens", "40", "--out", str(tmp_path), "--batch", "3"]
    assert main(["eval", str(OWN), *options]) == 0
    found = list(attempts(tmp_path / "attempts.jsonl"))
    assert {each.task_id for each in found} == {"Own/0", "Own/1", "Own/2"}
    assert all(len(each.rounds) == 2 or each.rounds[0].passed for each in found)


def test_ctrl_c_ends_an_evaluation_in_batches(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "oci_magic", "eval", str(OWN), "--model", "micro"]
    command += ["--max-new-tokens", "1900", "--samples", "8", "--out", str(tmp_path)]
    running = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background
    )  # fmt: skip
    while not (tmp_path / "attempts.jsonl").exists():
        time.sleep(0.1)
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    assert running.wait() == 130
    assert running.stderr and "Traceback" not in running.stderr.read()
