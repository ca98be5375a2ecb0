"""What `oci-magic eval` reads and keeps: files of solutions, replies to problems left out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_evaluation import OWN, RIGHT, WRONG, Model, kept, model, scores_in

from oci_magic.__main__ import main
from oci_magic.engines import open_engine
from oci_magic.evaluation.attempts import NOT_JUDGED, Attempt, Options, Round, unjudged
from oci_magic.evaluation.cell_attempts import attempt_cell
from oci_magic.evaluation.cell_judging import CellJudge
from oci_magic.evaluation.cells import CellProblem
from oci_magic.evaluation.problems import Unfit
from oci_magic.evaluation.scores import score
from oci_magic.evaluation.verdicts import PASSED, Judgement
from oci_magic.types import Usage

__all__ = ["model"]  # a fixture
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


def broken(folder: Path) -> Path:
    """Own problems whose first solution is wrong: nothing can be judged by it."""
    rows = [json.loads(line) for line in Path(OWN).read_text().splitlines()]
    rows[0]["canonical_solution"] = "    return x\n"
    (folder / "broken.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "broken.jsonl"


@pytest.mark.parametrize("again", [False, True])
def test_replies_to_a_problem_left_out_are_kept_for_a_mended_one(
    again: bool, model: Model, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call = ["eval", str(broken(tmp_path)), "--model", "model", "--samples", "2", "--out", str(out)]
    assert main(call) == 0
    replies = [[found.text for found in each.rounds] for each in kept(out)]
    assert list(map(len, replies)) == [1, 1, 2, 2, 2, 2] and len(model.told) == 10
    if again:  # judged by the broken file once more, they are still there
        assert judge(out / "attempts.jsonl", tmp_path / "b", problems=str(broken(tmp_path))) == 0
        out = tmp_path / "b"
    first = kept(out)[0]
    assert first.unfit and first.rounds[0].base == NOT_JUDGED and first.rounds[0].code
    assert scores_in(out)["suites"]["broken"]["problems"] == 2
    assert judge(out / "attempts.jsonl", tmp_path / "mended") == 0
    found = kept(tmp_path / "mended")
    assert [[each.text for each in made.rounds] for made in found] == replies
    assert not any(made.unfit or made.note for made in found)
    assert found[0].rounds[0].base.kind == "wrong answer"
    assert scores_in(tmp_path / "mended")["suites"]["problems"]["problems"] == 3


def test_replies_of_the_mentored_and_of_cells_are_kept_too(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    human = ["--feedback", "human", "--mentor", "model", "--limit", "1"]
    call = ["eval", str(broken(tmp_path)), "--model", "model", "--out", str(tmp_path / "out")]
    assert main([*call, *human]) == 0
    assert kept(tmp_path / "out")[0].rounds[0].code and len(model.told) == 1

    cell = CellProblem("C/0", "mean", reference="1 / 0", source="c")
    unfit = Unfit("C/0: its reference fails (ZeroDivisionError)")
    monkeypatch.setattr(CellJudge, "judge", lambda *_: (_ for _ in ()).throw(unfit))
    engine = open_engine(scripted(tmp_path, ["```python\n1 / 0\n```"]))
    made = attempt_cell(cell, engine, CellJudge(), Options())
    assert made.unfit and made.note == "its reference fails (ZeroDivisionError)"
    assert [(each.code, each.base) for each in made.rounds] == [("1 / 0", NOT_JUDGED)]


def scripted(folder: Path, replies: list[str]) -> str:
    (folder / "replies.json").write_text(json.dumps(replies))
    return f"scripted:{folder / 'replies.json'}"


def test_nothing_counts_of_a_problem_that_one_sample_shows_to_be_unfit() -> None:
    answer = Round("t", "c", PASSED, usage=Usage(7, 5))
    made = [
        Attempt("a/0", "A", 0, (answer,), seconds=2.0),
        Attempt("b/0", "A", 0, (answer,), seconds=1.0),
        unjudged(Attempt("a/0", "A", 1, (answer,), seconds=2.0), Unfit("a/0: no")),
    ]
    found = score(lambda: made, {"rounds": 1})
    suite = found["suites"]["A"]
    assert (suite["problems"], suite["samples"], suite["seconds of attempts"]) == (1, 1, 1.0)
    assert suite["verdicts"] == {"passed": 1} and suite["completion_tokens"] == 5
    assert found["left out"] == [{"source": "A", "task_id": "a/0", "why": "no"}]


def test_refused_cell_of_a_problem_left_out_stays_refused() -> None:
    refused = Round("t", "pass", Judgement("exception", "Refused: it hides the error"))
    made = unjudged(Attempt("c/0", "c", 0, (replace(refused, base=PASSED), refused)), Unfit("no"))
    assert [each.base for each in made.rounds] == [NOT_JUDGED, refused.base]
