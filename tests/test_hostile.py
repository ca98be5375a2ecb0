"""Solutions of ill will: none passes, none hangs, none leaves a process, a file or a change."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import HOSTILE

from oci_magic.evaluation.judging import Judge
from oci_magic.evaluation.problems import Problem
from oci_magic.running.forking import _START, SERVER
from oci_magic.running.process import Limits, Process, missing_walls

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's"),
    pytest.mark.timeout(60),
]
LIMITS = Limits(load=5, call=2, total=15, memory=1 << 30, folder=16 << 20)
TEST = """
def check(candidate):
    assert candidate(2) == 4
    assert abs(candidate(2.5) - 5.0) < 1e-6
    assert candidate(-3) in (-6,)
check(candidate)
"""
BY_PROGRAM = Problem("Own/0", "humaneval", "", "double", test=TEST)
BY_INPUTS = Problem(
    "Own/0", "humaneval", "", "double", canonical="def double(x):\n    return 2 * x",
    base=((2,), (2.5,), (-3,)),
)  # fmt: skip
FORMS = pytest.mark.parametrize("problem", [BY_PROGRAM, BY_INPUTS], ids=["program", "inputs"])


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that no solution may touch; working folders stand beside it."""
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "work"))
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary.txt").write_text("alive")
    return folder


def below(number: str = "self") -> set[str]:
    """The processes that a process has started, and those that these have."""
    found = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{number}/task").iterdir():
            found |= set((thread / "children").read_text().split())
    return found.union(*map(below, found))


def working_in(folder: Path) -> list[str]:
    """Processes anywhere on the machine that stand in `folder` (or stood there when it went)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(str(folder)):
                found.append(process.name)
        except OSError:
            continue
    return found


def test_there_are_forty_and_more() -> None:
    assert len(HOSTILE) >= 40


@pytest.fixture(scope="module", autouse=True)
def walls() -> None:
    missing = missing_walls()
    if missing:
        pytest.skip(f"this system has no walls for {' and '.join(missing)}")


@FORMS
@pytest.mark.usefixtures("outside")
def test_an_honest_solution_passes_within_these_limits(problem: Problem) -> None:
    verdict, _ = Judge(LIMITS).judge(problem, "def double(x):\n    return x + x")
    assert verdict.passed, verdict


@pytest.mark.usefixtures("outside")
def test_an_honest_solution_finds_what_python_reads() -> None:
    code = """
import ctypes.util, hashlib, locale, mimetypes, sqlite3, ssl, time
hashlib.new("sha256", b"x"), ssl.create_default_context(), mimetypes.init(), time.localtime()
locale.setlocale(locale.LC_ALL, "")
def double(x):
    return x + x
"""
    assert Judge(LIMITS).judge(BY_INPUTS, code)[0].passed


@pytest.mark.usefixtures("outside")
def test_threads_are_counted_also_between_short_calls() -> None:
    """600 are more than may be, and fewer than a machine allows."""
    code = """
import threading, time
threading.stack_size(1 << 15)
def double(x):
    for _ in range(100 * (threading.active_count() < 600)):
        threading.Thread(target=time.sleep, args=(60,)).start()
    return x + x
"""
    many = replace(BY_INPUTS, base=((2,),) * 10_000)
    verdict = Judge(LIMITS).judge(many, code)[0]
    assert verdict.message == "it starts more than 512 threads"


@pytest.mark.usefixtures("outside")
def test_solution_is_ended_first_where_the_machine_has_no_memory() -> None:
    with Process({"role": "solution", "parts": [], "entry": ""}, LIMITS) as process:
        assert Path(f"/proc/{process._running.pid}/oom_score_adj").read_text() == "1000\n"


@FORMS
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_solution_gets_nowhere(name: str, problem: Problem, outside: Path) -> None:
    missing_walls()  # starts the server
    before = below()
    judge = Judge(LIMITS)
    verdict, _ = judge.judge(problem, HOSTILE[name].replace("OUTSIDE", str(outside)))
    assert not verdict.passed, verdict
    while not below() <= before:  # watchers that end
        pass
    assert not working_in(outside.parent)
    assert [each.name for each in outside.iterdir()] == ["canary.txt"]
    canary = outside / "canary.txt"
    assert canary.read_text() == "alive" and canary.stat().st_mode & 0o400
    assert canary.stat().st_mtime > 1000
    assert not list((outside.parent / "work").iterdir()), "its folder is gone"
    assert not list(Path("/dev/shm").glob("*oci_magic_left*"))


OPEN = (
    "deletes its folder", "deletes its folder and waits", "puts a link in the place of its folder",
    "nests folders without end", "nests folders and leaves", "closes a folder", "fills the disk",
    "fills the disk in folders", "makes and removes files", "one endless file", "endless loop",
    "leaves a daemon", "forges answers ahead", "kills the parent", "os._exit(0) in a finaliser",
)  # fmt: skip
"""Those that do no harm elsewhere where all files are open to them."""


@pytest.mark.parametrize("name", OPEN)
def test_hostile_solution_gets_nowhere_where_files_are_open(
    name: str, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = "from inside import landlock; landlock.confine = lambda _: False; del landlock; "
    start = _START.replace("from inside.fork_server", f"{opened}from inside.fork_server")
    monkeypatch.setattr("oci_magic.running.forking._START", start)
    SERVER.close()
    try:
        assert missing_walls() == ["files"]
        test_hostile_solution_gets_nowhere(name, BY_INPUTS, outside)
    finally:
        SERVER.close()


@pytest.mark.parametrize(
    "name, kind",
    [
        ("memory hog", "out of memory"),
        ("endless loop", "timed out"),
        ("ignores SIGTERM", "timed out"),
        ("no Python", "syntax error"),
        ("source that breaks the parser", "syntax error"),
        ("no function", "exception"),
        ("os._exit(0)", "exception"),
        ("equal to everything", "wrong answer"),
        ("a list equal to everything", "wrong answer"),
        ("fills the disk", "exception"),
        ("deletes its folder and waits", "exception"),
        ("a huge integer", "wrong answer"),
    ],
)
@pytest.mark.usefixtures("outside")
def test_verdict_says_what_it_was(name: str, kind: str) -> None:
    assert Judge(LIMITS).judge(BY_INPUTS, HOSTILE[name])[0].kind == kind


def test_judging_that_is_killed_leaves_no_process(outside: Path) -> None:
    """The solution ends with the process that judges it, though nobody is left to end it."""
    judging = os.fork()
    if not judging:
        Judge(Limits()).judge(BY_PROGRAM, HOSTILE["sleeps"])
        os._exit(1)
    while not working_in(outside.parent / "work"):
        pass
    os.kill(judging, signal.SIGKILL)
    os.waitpid(judging, 0)
    while working_in(outside.parent / "work"):
        pass
