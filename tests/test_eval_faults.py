"""What goes wrong around `oci-magic eval`: files, disks, processes, problems; and judging again."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_evaluation import ATTEMPTS, OWN, RIGHT, RUN, Model, kept, model, run, scores_in

from oci_magic.__main__ import main
from oci_magic.errors import EngineError, OciError
from oci_magic.evaluation import crew, records
from oci_magic.evaluation import given as from_file
from oci_magic.evaluation.problems import read
from oci_magic.evaluation.records import Records, attempts

__all__ = ["model"]  # a fixture
pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize(
    "harm",
    [
        lambda whole: whole[:-20],
        lambda whole: whole[:40] + bytes([whole[40] ^ 255]) + whole[41:],
        lambda _: b'{"task_id": 1}',
    ],
)
def test_harmed_gzip_is_told_in_one_line(harm: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(harm(gzip.compress(Path(OWN).read_bytes())))
    with pytest.raises(OciError, match=r"p\.jsonl\.gz.* cannot be read to its end") as told:
        list(read(path))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("which", ["p.jsonl", "s.jsonl"])
def test_file_that_may_not_be_read_is_told_in_one_line(
    which: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.jsonl").write_bytes(Path(OWN).read_bytes())
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, SOLUTIONS)))
    opened = Path.open

    def closed(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == which:  # root may read what has no rights
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", closed)
    solutions = ["--solutions", str(tmp_path / "s.jsonl")]
    assert main(["eval", str(tmp_path / "p.jsonl"), *solutions, "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"{which} cannot be read (Permission denied)" in said and said.count("\n") == 1


@pytest.mark.parametrize("text", ["[" * 5000, '{"task_id": "Own/0", "solution": ' + "[" * 5000])
def test_solutions_that_are_nested_without_end_are_told_in_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.jsonl").write_text(text)
    call = ["eval", OWN, "--solutions", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "out")]
    assert main(call) == 1
    assert "is not JSON" in capsys.readouterr().err


def limited(out: Path, *, files: int = resource.RLIM_INFINITY) -> subprocess.CompletedProcess[str]:
    """A run of solutions that are given, in a process of its own."""
    rows = [{"task_id": "Own/0", "solution": RIGHT["quarter"]} for _ in range(20)]
    (out.parent / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    call = [sys.executable, "-m", "oci_magic", "eval", OWN, "--out", str(out)]
    return subprocess.run(
        [*call, "--solutions", str(out.parent / "s.jsonl")], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (files, files)),
    )  # fmt: skip


def test_full_disk_is_told_in_one_line_and_the_next_run_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = limited(out, files=2000)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert f"oci-magic: cannot write {out / 'attempts.jsonl'}" in ended.stderr.splitlines()[-1]
    there = len(kept(out))
    assert 0 < there < 20 and limited(out).returncode == 0 and len(kept(out)) == 20


def test_scores_that_cannot_be_written_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Records(tmp_path, RUN) as opened:
        opened.add(ATTEMPTS[0])
    (tmp_path / "scores.json").mkdir()
    assert main(["eval", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"oci-magic: cannot write {tmp_path / 'scores.json'}")


def test_judging_process_that_is_killed_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise BrokenExecutor

    class Broken(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            return super().submit(broken)

    monkeypatch.setattr(from_file, "ProcessPoolExecutor", lambda *_: Broken(1))
    (tmp_path / "s.jsonl").write_text(json.dumps({"task_id": "Own/0", "solution": "x"}))
    call = ["eval", OWN, "--solutions", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "out")]
    assert main(call) == 1
    assert "ended from outside" in capsys.readouterr().err.splitlines()[-1]


def test_reader_of_the_scores_may_stop_reading(tmp_path: Path) -> None:
    with Records(tmp_path, RUN) as opened:
        for each in ATTEMPTS:
            opened.add(each)
    reading, writing = os.pipe()
    os.close(reading)
    call = [sys.executable, "-m", "oci_magic", "eval", "--out", str(tmp_path)]
    ended = subprocess.run(call, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.usefixtures("model")
def test_recorded_attempts_are_judged_again_round_by_round_without_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path, "--rounds", "3", "--samples", "2") == 0
    made = kept(tmp_path)
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: pytest.fail("a model was opened"))
    rows = [json.loads(line) for line in Path(OWN).read_text().splitlines()]
    rows[0]["test"] = "def check(candidate):\n    assert candidate(4) == 2.0\n"
    rows[0]["canonical_solution"] = "    return half(x)\n"
    (tmp_path / "mended.jsonl").write_text("\n".join(map(json.dumps, rows)))
    again, solutions = tmp_path / "again", str(tmp_path / "attempts.jsonl")
    call = ["eval", str(tmp_path / "mended.jsonl"), "--solutions", solutions, "--out", str(again)]
    assert main(call) == 0
    found = kept(again)
    assert [[(r.text, r.code, r.usage) for r in each.rounds] for each in found] == [
        [(r.text, r.code, r.usage) for r in each.rounds] for each in made
    ]
    assert {each.key: [r.passed for r in each.rounds] for each in found} == {
        ("mended", f"Own/{n}", k): [False, n > 0] for n in range(3) for k in range(2)
    }
    by_round = scores_in(again)["suites"]["mended"]["pass@1 by round"]
    assert [round(each["base"]) for each in by_round] == [0, 67, 67]


def test_run_that_has_made_no_attempt_leaves_its_folder_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise EngineError("there is no such model")

    monkeypatch.setattr(crew, "open_engine", gone)
    assert run(tmp_path) == 1 and kept(tmp_path) == []
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: Model())
    assert run(tmp_path, "--rounds", "3") == 0
    assert scores_in(tmp_path)["run"]["rounds"] == 3


@pytest.mark.parametrize(
    "text", ["not ours", '{"task_id": "x"}', "not ours\nat all", "[1]\n{", '{"run": 5}\n']
)
def test_file_that_is_none_of_attempts_stays_as_it_is(text: str, tmp_path: Path) -> None:
    path = tmp_path / "attempts.jsonl"
    path.write_text(text)
    with pytest.raises(OciError, match="no file of attempts"):
        Records(tmp_path, RUN)
    assert path.read_text() == text


@pytest.mark.parametrize("long", ["", "x" * 200_000])
def test_last_attempt_without_an_end_of_line_is_kept(long: str, tmp_path: Path) -> None:
    made = [replace(each, note=long) for each in ATTEMPTS]
    with Records(tmp_path, RUN) as opened:
        for each in made[:3]:
            opened.add(each)
    path = tmp_path / "attempts.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert list(attempts(path)) == made[:3]
    with Records(tmp_path, RUN) as opened:
        assert len(opened.done) == 3
        opened.add(made[3])
    assert list(attempts(path)) == made


def test_time_of_a_run_adds_up_over_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(records.time, "monotonic", lambda: now)
    for part in (ATTEMPTS[:2], ATTEMPTS[2:]):
        now += 1000  # nothing runs
        with Records(tmp_path, RUN) as made:
            for each in part:
                now += 2.5
                made.add(each)
    assert main(["eval", "--out", str(tmp_path)]) == 0
    assert "time: 10.0 s" in capsys.readouterr().out
    assert scores_in(tmp_path)["seconds of the run"] == 10.0


SOLUTIONS = [{"task_id": f"Own/{n}", "solution": code} for n, code in enumerate(RIGHT.values())]


@pytest.fixture
def unfit(tmp_path: Path) -> Path:
    """Only the third is fit: there is an object in a test, and a canonical that fails."""
    rows = [json.loads(line) for line in Path(OWN).read_text().splitlines()]
    rows[0]["test"] = "def check(candidate):\n    candidate(len)\n"
    rows[1] |= {"base_input": [[[1]]], "canonical_solution": "    return 1 / 0\n"}
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, SOLUTIONS)))
    return tmp_path / "some.jsonl"


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("given", [False, True])
def test_problem_that_cannot_be_judged_is_left_out_and_the_run_goes_on(
    given: bool, unfit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who = ["--solutions", str(tmp_path / "s.jsonl")] if given else ["--model", "model"]
    call = ["eval", str(unfit), *who, "--out", str(tmp_path / "out")]
    assert main(call) == 0 and main(call) == 0, "what is left out is not tried again"
    made = kept(tmp_path / "out")
    assert [each.unfit for each in made] == [True, True, False]
    found = scores_in(tmp_path / "out")
    assert found["suites"]["some"]["problems"] == 1
    assert found["suites"]["some"]["pass@1 by round"][-1] == {"base": 100.0}
    assert [each["task_id"] for each in found["left out"]] == ["Own/0", "Own/1"]
    said = capsys.readouterr().out.splitlines()
    at = said.index("left out, for nothing can be judged by them")
    assert said[at + 1].startswith("  Own/0: its tests call the function with an object")
    assert (
        said[at + 2]
        == "  Own/1: its own solution fails (ZeroDivisionError: division by zero for [[1]])"
    )


@pytest.mark.usefixtures("model")
def test_run_of_nothing_but_unfit_problems_ends_with_their_names(
    unfit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["eval", str(unfit), "--model", "model", "--limit", "2", "--out", str(tmp_path / "out")]
    assert main(call) == 0
    assert "  Own/1: its own solution fails" in capsys.readouterr().out
    assert main(["eval", "--compare", *[str(tmp_path / "out")] * 2]) == 0


def test_task_that_is_twice_in_a_file_is_told_before_a_model_answers(
    model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "twice.jsonl").write_text(Path(OWN).read_text() * 2)
    call = ["eval", str(tmp_path / "twice.jsonl"), "--model", "model", "--out", str(tmp_path)]
    assert main(call) == 1 and not model.told
    said = capsys.readouterr().err
    assert "problem 4: an earlier one has its task_id, Own/0" in said and said.count("\n") == 1


def test_progress_counts_solutions_and_those_of_no_problem_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = [{"task_id": f"Own/{n}", "solution": "x"} for n in range(10, 22)]
    given = [*SOLUTIONS[:1] * 3, *SOLUTIONS[1:2], *strange]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, given)))
    call = ["eval", OWN, "--solutions", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "out")]
    assert main(call) == 0
    said = capsys.readouterr().err
    listed = ", ".join(f"Own/{n}" for n in range(10, 20))
    assert f"s.jsonl: no problems here, not counted: 12 ({listed}, ...)\n" in said
    assert "s.jsonl: without a solution, not counted: 1 (Own/2)\n" in said
    assert [line.split()[0] for line in said.splitlines() if line[0] == "["] == [
        f"[{n}/4]" for n in range(1, 5)
    ]
