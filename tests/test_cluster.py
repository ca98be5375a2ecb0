"""Judging on a Dask cluster: real schedulers and workers on loopback, whole, half and lost ones."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from oci_magic.__main__ import main
from oci_magic.errors import OciError
from oci_magic.evaluation import cluster, given
from oci_magic.evaluation.records import NAME, attempts

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
OWN = Path(__file__).with_name("problems.jsonl")
SLOW = "import time\n\n\ndef quarter(x):\n    time.sleep(0.02)\n    return x / 4"
EVENS = "def evens(numbers):\n    return"


class Running:
    """A scheduler, and workers that may come and go."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.file = folder / "scheduler.json"
        self.scheduler = self._started("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        wait_for(self.file.exists)
        self.address = json.loads(self.file.read_text())["address"]
        self.workers = [self.worker() for _ in range(workers)]

    def worker(self) -> subprocess.Popen[bytes]:
        return self._started("dask_worker", "--no-nanny", "--nthreads", "1")

    def _started(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{kind}", "--no-dashboard", *options]
        return subprocess.Popen(
            [*command, "--scheduler-file", str(self.file)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def end(self) -> None:
        for each in (*self.workers, self.scheduler):
            each.kill()
            each.wait()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    found = Running(tmp_path)
    yield found
    found.end()


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it did not come to that in a minute")


def lines(path: Path) -> int:
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def slow_run(folder: Path, count: int = 40) -> list[str]:
    """The command that judges `count` solutions of half a second each, one task for each."""
    rows = [
        json.loads(OWN.read_text().splitlines()[0]) | {"task_id": f"S/{n}"} for n in range(count)
    ]
    solved = [{"task_id": f"S/{n}", "solution": SLOW} for n in range(count)]
    for name, content in (("many.jsonl", rows), ("s.jsonl", solved)):
        (folder / name).write_text("\n".join(map(json.dumps, content)))
    solutions = ["--solutions", str(folder / "s.jsonl"), "--out", str(folder / "out")]
    return ["eval", str(folder / "many.jsonl"), *solutions]


def test_two_workers_judge(
    running: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replies, there = tmp_path / "replies.json", ["--cluster", running.address]
    odd = f"{EVENS} [n for n in numbers if n % 2 == 0]"
    replies.write_text(json.dumps([SLOW, f"{EVENS} numbers", odd]))
    options = ["--model", f"scripted:{replies}", "--limit", "2", "--out", str(tmp_path / "out")]
    assert main(["eval", str(OWN), *options, *there]) == 0
    recorded = ["--solutions", str(tmp_path / "out" / NAME)]
    with pytest.MonkeyPatch.context() as here:
        here.setattr(given, "ProcessPoolExecutor", lambda *_: pytest.fail("judged here"))
        again = [*recorded, "--out", str(tmp_path / "again"), *there]
        assert main(["eval", str(OWN), *again]) == 0
    first, second = (list(attempts(tmp_path / name / NAME)) for name in ("out", "again"))
    assert [[each.passed for each in a.rounds] for a in first] == [[True], [False, True]]
    assert [each.rounds for each in second] == [each.rounds for each in first]
    running.end()
    capsys.readouterr()
    for answering in (options[:2], recorded):
        gone = [*answering, "--out", str(tmp_path / "other"), *there]
        assert main(["eval", str(OWN), *gone]) == 1
        assert "no Dask scheduler answers" in capsys.readouterr().err


def test_run_goes_on_after_its_scheduler_was_lost(running: Running, tmp_path: Path) -> None:
    command, kept = slow_run(tmp_path), tmp_path / "out" / NAME
    there = [sys.executable, "-m", "oci_magic", *command, "--cluster", running.address]
    judging = subprocess.Popen(there, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: lines(kept) > 3)
    running.end()
    said = judging.communicate(timeout=120)[1].splitlines()
    assert judging.returncode == 1
    (told,) = [line for line in said if not line.startswith("[")]
    begin = f"oci-magic: the Dask cluster at {running.address} was lost ("
    assert told.startswith(begin) and told.endswith("): give the same command to go on")
    assert 3 < lines(kept) < 41
    assert main(command) == 0, "here, without the cluster"
    assert len({each.task_id for each in attempts(kept)}) == 40 == lines(kept) - 1


def test_scheduler_that_tells_nothing_is_lost(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that was on its way then never comes, for Dask fails in a callback of its own."""
    there, never = cluster.Cluster(running.address), Future[int]()
    monkeypatch.setattr(there._client, "scheduler_info", dict)
    with pytest.raises(OciError, match=r"was lost \(its scheduler\): give the same"):
        there.answer(never, threading.Event())
    there.close()


def test_workers_that_go_are_waited_for(
    running: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    command, kept = slow_run(tmp_path, 12), tmp_path / "out" / NAME
    monkeypatch.setattr(cluster, "_LOOK", 0.5)
    told: list[str] = []
    monkeypatch.setattr(cluster, "print", lambda line, **_: told.append(line), raising=False)

    def lose() -> None:
        wait_for(lambda: lines(kept) > 2)
        for each in running.workers:
            each.kill()
        wait_for(lambda: told)
        running.workers.append(running.worker())

    loser = threading.Thread(target=lose)
    loser.start()
    assert main([*command, "--cluster", running.address]) == 0
    loser.join()
    assert cluster.Cluster(running.address).cores == 1
    assert told == [f"the cluster at {running.address} has no workers: start one, it is waited for"]
    assert "pass@1, round 1: 100.0" in capsys.readouterr().out


def test_cluster_with_another_version_is_refused(
    running: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    command = [*slow_run(tmp_path, 2), "--cluster", running.address]
    monkeypatch.setattr(cluster, "__version__", "9.9")
    assert main(command) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"the cluster at {running.address} has oci_magic " in said
    assert said.endswith("install 9.9 where its scheduler and workers run")
    monkeypatch.setattr(cluster, "_VERSION", "there_is_no_such_package:x")
    assert main(command) == 1
    assert "has oci_magic none: install" in capsys.readouterr().err
