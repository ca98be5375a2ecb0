"""Runs of `oci-magic eval` side by side and unfinished ones, and options that do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from test_evaluation import OWN, Model, scores_in

from oci_magic.__main__ import main
from oci_magic.evaluation import crew
from oci_magic.evaluation.attempts import Attempt, Round
from oci_magic.evaluation.records import Records
from oci_magic.evaluation.verdicts import PASSED, Judgement
from oci_magic.types import Chunk, Message

pytestmark = pytest.mark.timeout(240)


def run_of(folder: Path, passed: dict[str, list[bool]], **header: Any) -> None:
    """Attempts as they are after a run, some of which are right."""
    kinds = {True: PASSED, False: Judgement("wrong answer")}
    with Records(folder, {"model": "m", "rounds": 1, **header}) as records:
        for task, samples in passed.items():
            for number, right in enumerate(samples):
                records.add(Attempt(task, "x", number, (Round("t", "c", kinds[right]),)))


def test_comparison_is_of_problems_and_shows_pass_at_k(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_of(tmp_path / "a", {"T/0": [True, False], "T/1": [True, True], "T/2": [False, False]})
    run_of(tmp_path / "b", {"T/0": [False, False], "T/1": [False, True], "T/3": [True, True]})
    assert main(["eval", "--compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    said = capsys.readouterr().out
    assert f"only {tmp_path / 'a'} solves 1: T/0\n" in said
    assert f"only {tmp_path / 'b'} solves 0\n" in said
    assert "2 problems have no counterpart in the other run" in said
    assert "solved here: by one sample or more" in said
    rows = {line[:33].strip(): line[33:].split() for line in said.splitlines()}
    assert rows["x, round 1"] == ["50.0", "50.0"] and rows["x, pass@2"] == ["66.7", "66.7"]


def test_comparison_leaves_out_a_problem_that_one_sample_shows_to_be_unfit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_of(tmp_path / "a", {"T/0": [True], "T/1": [True]})
    run_of(tmp_path / "b", {"T/0": [False, False], "T/1": [True]})
    with Records(tmp_path / "b", {"model": "m", "rounds": 1}) as records:
        records.add(Attempt("T/0", "x", 2, unfit=True, note="no"))
    assert main(["eval", "--compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert f"only {tmp_path / 'a'} solves 0\n" in capsys.readouterr().out


def test_comparison_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        run_of(tmp_path / name, {"T/0": [True]})

    def closed(path: Path, *_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_text", closed)  # root may write what has no rights
    assert main(["eval", "--compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert "x, round 1" in capsys.readouterr().out
    assert not list(tmp_path.glob("*/scores.json*"))


def test_columns_of_a_comparison_do_not_run_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [f"HumanEvalPlus{n}.jsonl.gz {n:012}" for n in range(3)]
    run_of(tmp_path / "a", {"T/0": [True]}, problems=files, model="m" * 26)
    run_of(tmp_path / "b", {"T/0": [True]}, problems=files[:2], model="n" * 26)
    assert main(["eval", "--compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    said = capsys.readouterr().out.splitlines()
    at = said.index("problems")
    assert said[at + 1 : at + 3] == [f"  {', '.join(files)}", f"  {', '.join(files[:2])}"]
    model = next(line for line in said if line.startswith("model"))
    assert model.split() == ["model", "m" * 26, "n" * 26]


class Stopping(Model):
    """Ctrl-C comes when it is asked for the third time."""

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        if len(self.told) == 2:
            raise KeyboardInterrupt
        yield from super().stream(messages, draft=draft)


def test_scores_of_a_run_that_was_stopped_say_so_until_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: Stopping())
    call = ["eval", OWN, "--model", "model", "--out", str(tmp_path)]
    assert main(call) == 130
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == "stopped, 1 of 3 attempts are done: the same command goes on"
    assert main(["eval", "--out", str(tmp_path)]) == 0
    told = "not finished: 1 of 3 attempts; the same command goes on"
    assert capsys.readouterr().out.splitlines()[0] == told
    assert (scores_in(tmp_path)["attempts"], scores_in(tmp_path)["of"]) == (1, 3)
    assert main(["eval", "--compare", str(tmp_path), str(tmp_path)]) == 0
    assert "1 of 3" in capsys.readouterr().out
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: Model())
    assert main(call) == 0
    assert "not finished" not in capsys.readouterr().out
    assert (scores_in(tmp_path)["attempts"], scores_in(tmp_path)["of"]) == (3, 3)
    assert main([*call, "--limit", "1"]) == 0, "a lower limit has nothing to do"
    assert "not finished" not in capsys.readouterr().out


def test_attempts_of_an_earlier_version_are_scored(tmp_path: Path) -> None:
    run_of(tmp_path, {"T/0": [True]})
    path = tmp_path / "attempts.jsonl"
    path.write_text(path.read_text().replace(', "of": 0', ""))
    assert main(["eval", "--out", str(tmp_path)]) == 0 and '"of"' not in path.read_text()


@pytest.mark.parametrize(
    "options, said",
    [
        (["eval", "--rounds", "x"], "argument --rounds: 'x' is no whole number"),
        (["eval", "--batch", "0"], "argument --batch: 0 is less than 1"),
        (["eval", "--limit", "1.5"], "argument --limit: '1.5' is no whole number"),
        (["eval", "--limit", "-1"], "argument --limit: -1 is less than 0"),
        (["run", "a.ipynb", "--rounds", "x"], "argument --rounds: 'x' is no whole number"),
        (["run", "a.ipynb", "--timeout", "x"], "argument --timeout: x is not a number of seconds"),
    ],
)
def test_number_that_is_none_is_told_in_plain_words(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(options)
    assert capsys.readouterr().err.splitlines()[-1].endswith(said)


@pytest.mark.parametrize(
    "options, said",
    [
        (["--compare", "A", "B", "--out", "O", "--max-new-tokens", "9"],
         "--compare shows two runs as they are: leave out --out, --max-new-tokens"),
        ([OWN, "--compare", "A", "B"],
         "--compare shows two runs as they are: leave out PROBLEMS"),
        (["--model", "m", "--out", "O"],
         "without files of problems, attempts are only scored again: leave out --model"),
        ([OWN, "--solutions", "s", "--out", "O", "--model", "m", "--rounds", "3", "--limit", "1"],
         "--solutions are judged as they stand: leave out --model, --rounds"),
        ([OWN, "--model", "m", "--out", "O", "--server-url", "http://127.0.0.1:1/v1"],
         "--server-url is where server: models are: leave it out"),
    ],
)  # fmt: skip
def test_options_that_would_do_nothing_are_told(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", *options]) == 1
    assert capsys.readouterr().err == f"oci-magic: {said}\n"
