"""What `oci-magic eval` reads and leaves: files of solutions, runs that are not done, options."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_evaluation import OWN, RIGHT, WRONG, kept

from oci_magic.__main__ import main

pytestmark = pytest.mark.timeout(240)
SOLUTIONS = [{"task_id": f"Own/{n}", "solution": code} for n, code in enumerate(RIGHT.values())]
LINES = "\n".join(map(json.dumps, SOLUTIONS)).encode()


def judge(solutions: Path, out: Path, *options: str, problems: str = OWN) -> int:
    return main(["eval", problems, "--solutions", str(solutions), "--out", str(out), *options])


@pytest.mark.parametrize(
    "name, content",
    [
        ("blank.jsonl", b"\n" + LINES.replace(b"\n", b"\r\n\r\n") + b"\n \n"),
        ("mark.jsonl", b"\xef\xbb\xbf" + LINES),
        ("packed.jsonl.gz", gzip.compress(LINES)),
        ("list.json", json.dumps(SOLUTIONS).encode()),
        ("list.jsonl", b"\xef\xbb\xbf\n" + json.dumps(SOLUTIONS, indent=1).encode()),
    ],
)
def test_solutions_are_read_in_every_form_that_problems_have(
    name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert judge(tmp_path / name, tmp_path / "out") == 0
    assert [each.rounds[0].passed for each in kept(tmp_path / "out")] == [True] * 3
    with (tmp_path / "out" / "attempts.jsonl").open("rb") as file:
        (tmp_path / "old.jsonl.gz").write_bytes(gzip.compress(file.read()))
    assert judge(tmp_path / "old.jsonl.gz", tmp_path / "again") == 0
    assert [each.rounds[0].passed for each in kept(tmp_path / "again")] == [True] * 3


def test_numbers_of_mbpp_are_names_of_its_problems(tmp_path: Path) -> None:
    row = {"task_id": 2, "prompt": "Add.", "code": "def add(a, b):\n    return a + b",
           "test_list": ["assert add(1, 2) == 3"]}  # fmt: skip
    (tmp_path / "mbpp.jsonl").write_text(json.dumps(row))
    given = [{"task_id": task, "solution": row["code"]} for task in (2, "2", "Mbpp/2")]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, given)))
    out = tmp_path / "out"
    assert judge(tmp_path / "s.jsonl", out, problems=str(tmp_path / "mbpp.jsonl")) == 0
    assert [(each.key, each.rounds[0].passed) for each in kept(out)] == [
        (("mbpp", "Mbpp/2", number), True) for number in range(3)
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"task_id": "Own/1", "solution": None},
        {"task_id": "Own/1", "completion": ["    return 1", "    return 2"]},
        {"task_id": None, "solution": "x"},
        {"task_id": "Own/1"},
        5,
    ],
)
@pytest.mark.parametrize("whole, place", [(False, "line 2"), (True, "entry 2")])
def test_solution_that_is_none_is_told_by_its_place(
    odd: Any, whole: bool, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [SOLUTIONS[0], odd]
    text = json.dumps(given) if whole else "\n".join(map(json.dumps, given))
    (tmp_path / "s.jsonl").write_text(text)
    assert judge(tmp_path / "s.jsonl", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert f"s.jsonl: {place} is no solution" in said and said.count("\n") == 1


@pytest.mark.parametrize("harm", [lambda whole: whole[:-9], lambda _: b"none"])
@pytest.mark.parametrize("whole", [LINES, b'{"run": {}}\n'])
def test_harmed_gzip_of_solutions_is_told_in_one_line(
    harm: Callable[[bytes], bytes], whole: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.jsonl.gz").write_bytes(harm(gzip.compress(whole)))
    assert judge(tmp_path / "s.jsonl.gz", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "s.jsonl.gz cannot be read to its end" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    "content, options, why",
    [
        ("", [], "s.jsonl has no solutions of "),
        (json.dumps({"task_id": "Own/9", "solution": WRONG["quarter"]}), [], "has no solutions of"),
        (json.dumps(SOLUTIONS[0]), ["--limit", "0"], "there are no problems in "),
    ],
)
def test_run_of_nothing_says_what_is_missing(
    content: str, options: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.jsonl").write_text(content)
    assert judge(tmp_path / "s.jsonl", tmp_path / "out", *options) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert why in said and "problems.jsonl" in said and not (tmp_path / "out").exists()
