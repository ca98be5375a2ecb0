"""Processes forked by a server: clean, apart from each other, ended with whoever asked for them."""

from __future__ import annotations

import math
import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from oci_magic.errors import OciError
from oci_magic.running import forking
from oci_magic.running.forking import SERVER, ForkServer
from oci_magic.running.process import Ended, Limits, Process

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="nothing is judged there"),
    pytest.mark.timeout(60),
]
LIMITS = Limits(load=5, call=5)


def solution(code: str, limits: Limits = LIMITS) -> Process:
    return Process({"role": "solution", "parts": [code], "entry": "f"}, limits)


def told(code: str) -> Any:
    with solution(code) as process:
        assert "value" in process.ask(None, 5)
        return process.call([], {}, 5)["value"]


def test_nothing_of_one_process_reaches_the_next() -> None:
    left = "import math, sys\nmath.pi = 3\nsys.left = 1\ndef f(): return math.pi"
    seen = "import math, sys\ndef f(): return [math.pi, hasattr(sys, 'left')]"
    assert told(left) == 3
    assert told(seen) == [math.pi, False]


def test_each_process_draws_numbers_of_its_own() -> None:
    code = "import random\ndef f(): return random.random()"
    assert told(code) != told(code)


def test_process_holds_no_descriptor_of_the_server() -> None:
    code = """
import os, stat
def f():
    kinds = []
    for number in range(64):
        try:
            kinds.append(stat.S_IFMT(os.fstat(number).st_mode))
        except OSError:
            pass
    return [len(kinds), any(map(stat.S_ISSOCK, kinds))]
"""
    assert told(code) == [6, False]  # standard ones, the channel, and where they lead


@pytest.mark.parametrize(
    "code, number", [("os._exit(7)", 7), ("os.kill(os.getpid(), 9)", -signal.SIGKILL)]
)
def test_exit_code_is_told(code: str, number: int) -> None:
    with solution(f"import os\n{code}") as process, pytest.raises(Ended) as ended:
        process.ask(None, 5)
    assert ended.value.code == number


def test_stopped_process_is_ended() -> None:
    with solution("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)") as process:
        with pytest.raises(Ended, match="timed out"):
            process.ask(None, 0.2)
        number = process._running.pid
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_many_threads_may_start_processes() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(told, [f"def f(): return {n}" for n in range(40)]))
    assert found == list(range(40))


def test_server_that_was_ended_is_started_again() -> None:
    assert told("def f(): return 1") == 1
    assert SERVER._running
    SERVER._running[0].kill()
    SERVER._running[0].wait()
    assert told("def f(): return 2") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it outlives its parent")
def test_process_that_loses_its_watcher_is_not_judged() -> None:
    with solution("import time\ntime.sleep(60)") as process:
        status = Path(f"/proc/{process._running.pid}/stat").read_text()
        os.kill(int(status.rpartition(")")[2].split()[1]), signal.SIGKILL)
        with pytest.raises(OciError, match="could not be judged"):
            process.ask(None, 10)


def test_a_server_that_does_not_start_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(OciError, match="no process to judge in has started"):
        ForkServer().fork(tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(OciError, match="no process to judge in has started"):
        ForkServer().fork(tmp_path)


def test_solution_recurses_as_deep_as_in_a_python_of_its_own() -> None:
    """Below its frames stand those of `inside.child` alone."""
    code = """
import sys
def f():
    frame, names = sys._getframe(), []
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names[-2:]
"""
    assert told(code) == ["main", "<module>"]


@pytest.mark.parametrize("code, number", [("sys.exit(3)", None), ("os._exit(0)", 0)])
def test_leaving_is_no_answer(code: str, number: int | None) -> None:
    with solution(f"import os, sys\n{code}\ndef f(): return 1") as process:
        if number is None:
            assert process.ask(None, 5)["raised"][0] == "SystemExit"
            return
        with pytest.raises(Ended) as ended:
            process.ask(None, 5)
    assert ended.value.code == number


def test_timeouts_of_sockets_are_this_process_own() -> None:
    SERVER.close()
    socket.setdefaulttimeout(0.001)
    try:
        assert told("def f(): return 1") == 1
    finally:
        socket.setdefaulttimeout(None)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_a_process_left_in_its_group_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no filter, as on macOS: it may start others."""
    start = forking._START.replace(
        "from inside.fork_server",
        "from inside import seccomp; seccomp.install = lambda: False; from inside.fork_server",
    )
    monkeypatch.setattr("oci_magic.running.forking._START", start)
    SERVER.close()
    code = """
import os, time
reading, writing = os.pipe()
number = os.fork()
if number:
    def f(): return [os.getpid(), number]
else:
    time.sleep(600)
"""
    try:
        with solution(code) as process:
            if "value" not in process.ask(None, 5):
                pytest.skip("this user may start no process")
            _, left = process.call([], {}, 5)["value"]
            os.kill(process._running.pid, signal.SIGKILL)
            assert process._running.wait(5) == -signal.SIGKILL
    finally:
        SERVER.close()
    for _ in range(500):
        try:
            state = Path(f"/proc/{left}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.01)
    pytest.fail("it lives on")
