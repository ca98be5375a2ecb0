"""Crews in processes of their own: the same attempts, and ends of all kinds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from oci_magic.__main__ import main
from oci_magic.errors import EngineError
from oci_magic.evaluation.attempts import Options
from oci_magic.evaluation.crew import Crew
from oci_magic.evaluation.helpers import Helper, started
from oci_magic.evaluation.problems import Problem, read

OWN = Path(__file__).with_name("problems.jsonl")
OPTIONS = Options(new_tokens=60)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="judging wants WSL there")


def problems(number: int) -> list[Problem]:
    """Some, each with a first line and name of its own."""
    known = cycle(each for each in read(OWN) if isinstance(each, Problem))
    return [
        replace(each, task_id=str(n), prompt=f"# {n}\n{each.prompt}")
        for n, each in enumerate(islice(known, number))
    ]


def told(helpers: int) -> dict[str, list[tuple[str, str]]]:
    with Crew("micro", None, OPTIONS, 8, helpers=helpers) as crew:
        made = crew.attempts((each, 0) for each in problems(12))
        return {each.task_id: [(r.text, r.base.kind) for r in each.rounds] for each in made}


def test_attempts_of_helpers_are_those_of_one_process() -> None:
    made = told(1)
    assert len(made) == 12 and made == told(0)


def test_helpers_are_for_models_that_one_core_computes(tmp_path: Path) -> None:
    from families import build

    with Crew("micro", None, OPTIONS, 3, helpers=4) as crew:
        assert crew.side == 3 and not crew._helpers
    with Crew(str(build("starcoder2", tmp_path)), None, OPTIONS, 9, helpers=4) as crew:
        assert [type(each).__name__ for each in crew._helpers] == ["Helper"]
        assert crew._model._rows and crew._model._rows.size == 5


def test_end_of_a_helper_is_told() -> None:
    with Crew("micro", None, OPTIONS, 8, helpers=1) as crew:
        os.kill(_pid(crew), signal.SIGKILL)
        with pytest.raises(EngineError, match="the same command goes on"):
            list(crew.attempts((each, 0) for each in problems(12)))


def test_helper_that_does_not_begin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[Helper] = []
    begin = Helper.__init__

    def one_of_two(helper: Helper, model: str, *rest: Any) -> None:
        began.append(helper)
        begin(helper, model if len(began) == 1 else "no/such-folder", *rest)

    monkeypatch.setattr(Helper, "__init__", one_of_two)
    with pytest.raises(EngineError, match=r"could not begin: .*no/such-folder") as told:
        started(2, "micro", OPTIONS, 4, 1)
    assert "\n" not in str(told.value)
    assert all(_ends(each._manager._process.pid) for each in began)  # type: ignore[attr-defined]


def test_helper_that_is_killed_while_it_begins_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(manager: Any, *_: object) -> None:
        os.kill(manager._process.pid, signal.SIGKILL)
        raise EOFError

    monkeypatch.setattr("oci_magic.evaluation.helpers._Manager.crew", killed)
    with pytest.raises(EngineError, match="the same command goes on"):
        started(1, "micro", OPTIONS, 4, 1)


def test_run_with_fewer_problems_than_it_has_goes_on(tmp_path: Path) -> None:
    file, run = tmp_path / "some.jsonl", tmp_path / "run"
    rows = OWN.read_text(encoding="utf-8").splitlines()[:3]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = ["eval", str(file), "--model", "micro", "--max-new-tokens", "8", "--out", str(run)]
    assert main(command) == 0
    attempts = run / "attempts.jsonl"
    head, *lines = attempts.read_text(encoding="utf-8").splitlines()
    first = json.loads(rows[0])["task_id"]
    others = [line for line in lines if json.loads(line)["task_id"] != first]
    assert len(lines) == 3 and len(others) == 2
    attempts.write_text("\n".join([head, *others]) + "\n", encoding="utf-8")
    assert main([*command, "--limit", "1"]) == 0
    assert json.loads(attempts.read_text(encoding="utf-8").splitlines()[3])["task_id"] == first


def test_helper_ends_with_the_process_that_was_killed() -> None:
    code = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_helpers import *
from test_helpers import _pid
if __name__ == "__main__":
    crew = Crew("micro", None, OPTIONS, 8, helpers=1)
    print(_pid(crew), flush=True)
    list(crew.attempts((each, 0) for each in problems(400)))
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    helper = int(parent.stdout.readline())
    time.sleep(1)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _ends(helper)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("start", ["started(1, 'micro', OPTIONS, 4, 1)", "of_training()"])
def test_ctrl_c_does_not_reach_a_process_in_its_first_moments(start: str) -> None:
    code = f"""
import psutil, sys, threading, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_helpers import *
from test_helpers import of_training
if __name__ == "__main__":
    threading.Thread(target=lambda: {start}, daemon=True).start()
    while True:
        for child in psutil.Process().children():
            if any("spawn_main" in part for part in child.cmdline()):
                status = Path(f"/proc/{{child.pid}}/status").read_text()
                print(status.partition("SigBlk:")[2].split()[0], flush=True)
                time.sleep(0.1)
                os._exit(0)
        time.sleep(0.005)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert int(found.stdout, 16) & 1 << (signal.SIGINT - 1), found


def of_training() -> None:
    import torch

    from oci_magic.training.model import Shape
    from oci_magic.training.parallel import Gradients

    torch.set_num_threads(2)
    model: Any = torch.nn.Linear(2, 2)
    model.device = torch.device("cpu")
    Gradients(model, Shape())._start()


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0, 14.0])
def test_ctrl_c_is_one_line_and_leaves_no_process(tmp_path: Path, seconds: float) -> None:
    file = tmp_path / "many.jsonl"
    rows = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    many = [{**row, "task_id": str(n)} for n, row in enumerate(islice(cycle(rows), 300))]
    file.write_text("".join(json.dumps(row) + "\n" for row in many), encoding="utf-8")
    command = [sys.executable, "-m", "oci_magic", "eval", str(file), "--model", "micro"]
    running = subprocess.Popen(
        [*command, "--out", str(tmp_path / "run")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    if seconds > 1:  # before, Python itself may not have begun
        assert running.returncode == 130 and "Traceback" not in errors, errors
    assert _ends(-running.pid)  # with all of its group


def _pid(crew: Crew) -> int:
    pid = crew._helpers[0]._manager._process.pid  # type: ignore[attr-defined]
    assert isinstance(pid, int)
    return pid


def _ends(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
