"""The held-out tasks of the bundled model as cell problems: the same tasks, faithfully."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

import pandas as pd

from oci_magic.evaluation.cell_judging import CellJudge
from oci_magic.evaluation.problems import read
from oci_magic.prompting.feedback import execution_result
from oci_magic.training import held_out
from oci_magic.training.score import trials
from oci_magic.types import Execution

pytestmark = pytest.mark.timeout(280)
MUTANT = '{}\nopen("more.csv", "w").close()\n"something else"'


def test_references_pass_mutants_fail_and_failures_are_told_alike(tmp_path: Path) -> None:
    """On 20 tasks, each code of which runs in a process of its own and, when made, in this one."""
    path, everything = tmp_path / "held-out.jsonl", list(trials(20, 40))
    path.write_text("\n".join(json.dumps(held_out.row(trial)) for trial in everything))
    judge, failed = CellJudge(), 0
    for trial, problem in zip(everything, read(path), strict=True):
        task = trial.task
        assert (problem.request, problem.context) == (task.request, task.context)
        assert judge.judge(problem, problem.reference).judgement.passed
        assert not judge.judge(problem, MUTANT.format(problem.reference)).judgement.passed
        for attempt in task.attempts[:-1]:
            failure = judge.judge(problem, attempt.code).failure
            assert failure and attempt.failure
            assert execution_result(Execution((), failure)) == task.feedback(attempt.failure)
            failed += 1
    assert failed


def test_table_must_be_called_what_the_request_says() -> None:
    asked = 0
    for trial in trials(60, 300):
        name = trial.task.names[0] if trial.task.names else ""
        code = trial.task.attempts[-1].code
        if name and f"{name} = pd.read" in code:
            asked += 1
            wrong = re.sub(rf"\b{name}\b(?![\w.-]*\")", "df", code)
            trial.take(f"```python\n{wrong}\n```")
            assert not trial.right and not trial.rounds[0].feedback
            trial.take(f"```python\n{code}\n```")
            assert trial.right
    assert asked > 2


def test_command_writes_the_tasks_of_the_score(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    held_out.main(["--count", "3", "--start", "7", "--out", str(path)])
    assert [each.request for each in read(path)] == [each.task.request for each in trials(3, 7)]


def test_setup_makes_the_same_tables() -> None:
    frame = pd.DataFrame({
        "a": pd.Series([1, None, "x", float("nan"), True], dtype=object),
        "b é\n": pd.to_datetime(["2020-01-02", None, "2021-01-01", None, "2022-01-01"]),
        '"c"': [0.1, float("nan"), 1e300, -0.0, 1 / 3],
        "d": pd.Series([1, 2, 3, 4, 2**62], dtype="int64"),
        "e": ["ä", "'", '"', "\\", None],
    })  # fmt: skip
    namespace = {"t": frame, "n": 3, "pd": pd, "x": {"a": [1]}}
    made: dict[str, object] = {}
    exec(held_out._setup(namespace), made)
    del made["__builtins__"]
    assert list(made) == list(namespace)
    assert all(held_out._same(value, made[name]) for name, value in namespace.items())
    assert not held_out._same(frame, frame.astype({"d": "int32"}))
    assert not held_out._same(frame, frame.set_index("d"))


def test_what_cannot_be_written_is_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = next(trials(1, 40))
    odd.namespace["odd"] = object()
    monkeypatch.setattr(held_out, "trials", lambda *_: iter([odd]))
    assert not list(held_out.rows(1))
    assert "left out: its setup does not run" in capsys.readouterr().err
