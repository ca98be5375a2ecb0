"""`oci-magic eval` as a person uses it: rounds, feedback, scores, going on after a kill."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oci_magic.__main__ import main
from oci_magic.engines import Sampling
from oci_magic.errors import EngineError, OciError
from oci_magic.evaluation import crew
from oci_magic.evaluation.attempts import Attempt, Round
from oci_magic.evaluation.mentor import guidance
from oci_magic.evaluation.problems import problem, read
from oci_magic.evaluation.records import Records, attempts
from oci_magic.evaluation.scores import figure, pass_at_k, score
from oci_magic.evaluation.solutions import solution
from oci_magic.evaluation.verdicts import PASSED, Judgement
from oci_magic.types import Chunk, Message, Usage

pytestmark = pytest.mark.timeout(240)
OWN = str(Path(__file__).with_name("problems.jsonl"))
RIGHT = {
    "quarter": "def quarter(x):\n    return x / 4",
    "evens": "def evens(numbers):\n    return [n for n in numbers if not n % 2]",
    "initials": "def initials(name):\n    return ''.join(w[0] for w in name.split()).upper()",
}
WRONG = {name: f"def {name}(*args, **kwargs):\n    return None" for name in RIGHT}


class Model:
    """Answers by what it is asked: wrong at first, right once `cured` is in what it is told."""

    name, window = "model", 100_000

    def __init__(self, cured: str = "Execution result:", broken: int | None = None) -> None:
        self.sampling, self.told, self.cured, self.broken = Sampling(), [], cured, broken
        self.samplings: list[Sampling] = []

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) for message in messages)

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        del draft
        self.told.append(list(messages))
        self.samplings.append(self.sampling)
        if self.broken is not None and len(self.told) > self.broken:
            raise EngineError("the server is gone: start it again")
        text = "\n".join(message.content for message in messages)
        name = next(name for name in RIGHT if f"def {name}" in text)
        code = (RIGHT if self.cured in text else WRONG)[name]
        yield Chunk(f"Here it is.\n```python\n{code}\n```", "stop", Usage(7, 5, 0.5))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    found = Model()
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: found)
    return found


def run(out: Path, *options: str) -> int:
    return main(["eval", OWN, "--model", "model", "--out", str(out), *options])


def scores_in(out: Path) -> Any:
    return json.loads((out / "scores.json").read_text())


def kept(out: Path) -> list[Attempt]:
    return list(attempts(out / "attempts.jsonl"))


@pytest.mark.usefixtures("model")
def test_second_round_repairs_what_the_first_got_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path) == 0
    by_round = scores_in(tmp_path)["suites"]["problems"]["pass@1 by round"]
    assert by_round == [{"base": 0.0}, {"base": 100.0}]
    said = capsys.readouterr()
    assert "pass@1, round 1: 0.0" in said.out and "pass@1, round 2: 100.0" in said.out
    assert "[3/3] Own/2: passed in round 2" in said.err


def test_feedback_has_input_expected_and_actual_and_protocols_marks(
    model: Model, tmp_path: Path
) -> None:
    run(tmp_path, "--limit", "1")
    first, second = (messages for messages in model.told)
    assert len(first) == len(second) == 1 and first[0].role == "user"
    assert first[0].content.startswith("You are an exceptionally intelligent coding assistant")
    assert first[0].content.endswith("\n\n@@ Response")
    assert "def quarter(x):" in first[0].content
    assert second[0].content == (
        f"{first[0].content}\nHere it is.\n```python\n{WRONG['quarter']}\n```\n\n"
        "@@ Instruction\nExecution result: \nThe results aren't as expected.\n"
        "Input: [4]\nExpected Output: 1.0\nActual Output: None\n"
    )
    assert {s.temperature for s in model.samplings} == {0.0}
    assert {s.max_new_tokens for s in model.samplings} == {1024}


def test_chat_form_asks_in_turns(model: Model, tmp_path: Path) -> None:
    run(tmp_path, "--limit", "1", "--form", "chat")
    assert [message.role for message in model.told[1]] == ["user", "assistant", "user"]
    assert "@@" not in model.told[1][0].content


def test_without_feedback_there_is_one_round(model: Model, tmp_path: Path) -> None:
    run(tmp_path, "--feedback", "none", "--rounds", "5")
    assert len(model.told) == 3
    assert scores_in(tmp_path)["suites"]["problems"]["pass@1 by round"] == [{"base": 0.0}]


def test_mentor_sees_the_solution_only_as_oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, options, seen in (("a", [], False), ("b", ["--oracle"], True)):
        solver, mentor = Model(cured="Divide by four"), Mentor()
        engines = {"model": solver, "mentor": mentor}
        monkeypatch.setattr(crew, "open_engine", lambda n, **_: engines[n])  # noqa: B023
        human = ["--feedback", "human", "--mentor", "mentor", "--limit", "1"]
        assert run(tmp_path / name, *human, *options) == 0
        asked = mentor.told[0].content
        assert ("return half(half(x))" in asked) == seen and "Actual Output: None" in asked
        alone = "\n\n@@ Instruction\nDivide by four. It is. One more.\n"
        assert solver.told[1][0].content.endswith(alone), "as in the paper, without the result"
        scored = scores_in(tmp_path / name)["suites"]["problems"]
        assert scored["pass@1 by round"] == [{"base": 0.0}, {"base": 100.0}]
        assert scored["mentor_tokens"] == 9
        assert "tokens written, 9 by the mentor" in capsys.readouterr().out


class Mentor(Model):
    """Says more than it may."""

    said = "Divide by four. It is.\n```python\nx / 4\n```\nOne more. Too much."

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        del draft
        self.told += messages
        yield Chunk(self.said, "stop", Usage(70, 9))


def guided(said: str) -> str:
    mentor = Mentor()
    mentor.said = said
    return guidance(mentor, next(read(Path(OWN))), "code", "result").text


def test_guidance_is_three_sentences_without_code() -> None:
    assert guided(Mentor.said) == "Divide by four. It is. One more."


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("1. Divide it.\n2. think of e.g. zero. ok?\n3. no",
         "Divide it. think of e.g. zero. ok?"),
        ("- one\n- two\n* three\n\u2022 four", "one two three"),
        ("The loop ends\ntoo early. (It is `n - 1`.) Why? So.",
         "The loop ends too early. (It is `n - 1`.) Why?"),
        ("def f(x):\n    return x / 4", ""),
        ("Look:\n\n    y = x\n    return y\n\nand tell.", "Look: and tell."),
        ("for n in x:\n    print(n)\nThat is all.", "That is all."),
        ("```\nhalf a block", ""),
        ("~~~\nx = 1\n~~~\nFine.", "Fine."),
        ("Write `return x / 4`. Take `x`. Use `sorted(x, key=len)`. It is None.",
         "Take `x`. It is None."),
        ("The function returns `None` for `f(0)`. For `[1, 2]`, `f([1,2])` is 3, not `4`.",
         "The function returns `None` for `f(0)`. For `[1, 2]`, `f([1,2])` is 3, not `4`."),
        ("- def f(x): return x / 4\n1. return [n for n in x]\n> return x\n**return x / 4**", ""),
        ("Change it to return [n for n in x if n]. Use lambda x: x. Better: `[n for n in x]`.", ""),
        ("<think>I would write x / 4.</think><code>return x</code>\nelif x:\nprint(x)\nDo it.",
         "Do it."),
        ("````\nx = 1\n````\nOne\nTwo\nThree\nFour", "One Two Three"),
        ("\u597d\u3002\u5bf9\u3002\u597d\u3002\u4e0d\u3002",
         "\u597d\u3002 \u5bf9\u3002 \u597d\u3002"),
        ("return half of it instead. import what you need first.",
         "return half of it instead. import what you need first."),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_left_of_guidance(said: str, kept: str) -> None:
    assert guided(said) == kept


@pytest.mark.parametrize(
    "sentence",
    [
        "The function should return [] when the list is empty.",
        "You should return (0, 0) if no pair is found.",
        "When n = 1 the loop never runs, so the result stays None.",
        "You need to handle `n = 0`.",
        "Add a `break` once the match has been found.",
        "You forgot the `return` statement at the end.",
        "You return max(nums), but the task asks for the second largest.",
        "Return a non-empty list and/or True, never -1, for an even n.",
        "Look at f(0): it returns 1, while 0 is expected.",
        "If the list is empty: nothing should be returned.",
    ],
)
def test_what_a_person_would_say_stays(sentence: str) -> None:
    assert guided(sentence) == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "You should return n * (n + 1) // 2.",
        "Return a if a > b else b.",
        "Write for i in range(1, n + 1): total+=i.",
        "Use if n%2==0: return True else: return False.",
        "Set y=x+1 before the loop.",
        "Just return [x for x in nums if x % 2] at the end.",
        "You need return -1 if not nums else max(nums) - min(nums).",
    ],
)
def test_code_in_a_sentence_takes_it_out(sentence: str) -> None:
    assert guided(f"{sentence} Do it.") == "Do it."


SENTENCES = ["Do it.", "Think of e.g. this.", "Then stop!"]
CODE = ["x = f(1)", "```python\nx = f(1)\n```", "    return f(1)", "for n in f(1):\n    print(n)"]


@given(st.lists(st.sampled_from([*SENTENCES, *CODE, "- Take `x`.", ""])), st.sampled_from("\n "))
def test_guidance_in_any_order_has_no_code(parts: list[str], between: str) -> None:
    said = guided("\n".join(f"{part}{between}" for part in parts))
    assert "f(1)" not in said and "print" not in said
    assert sum(map(said.count, [*SENTENCES, "Take `x`."])) <= 3


def test_samples_are_drawn_apart_and_give_pass_at_k(model: Model, tmp_path: Path) -> None:
    run(tmp_path, "--samples", "10", "--limit", "1", "--rounds", "1")
    assert [s.seed for s in model.samplings] == list(range(10))
    assert {s.temperature for s in model.samplings} == {0.8}
    assert scores_in(tmp_path)["suites"]["problems"]["pass@k"] == {"base": {"1": 0.0, "10": 0.0}}


def test_pass_at_k_is_told_for_as_many_samples_as_there_are() -> None:
    right, wrong = (Round("", "", each) for each in (PASSED, Judgement("wrong answer")))
    made = [Attempt("a/0", "A", n, (right if n == 3 else wrong,)) for n in range(12)]
    for samples, ks in ((1, ["1"]), (5, ["1", "5"]), (12, ["1", "10", "12"])):
        found = score(lambda n=samples: made[:n], {"rounds": 1})["suites"]["A"]["pass@k"]["base"]
        assert list(found) == ks
        assert found[str(samples)] == (100.0 if samples > 3 else 0.0)


@pytest.mark.parametrize("n, c, k, chance", [(5, 0, 1, 0), (5, 5, 1, 1), (4, 1, 1, 0.25),
                                             (5, 2, 2, 0.7), (10, 1, 10, 1)])  # fmt: skip
def test_pass_at_k_is_the_unbiased_estimator(n: int, c: int, k: int, chance: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(chance)


def test_scores_count_plus_only_with_base_and_average_over_files() -> None:
    wrong = Judgement("wrong answer")
    made = [
        Attempt("a/0", "A", 0, (Round("", "", PASSED, wrong), Round("", "", PASSED, PASSED))),
        Attempt("a/1", "A", 0, (Round("", "", PASSED, PASSED),)),
        Attempt("a/2", "A", 0, (Round("", "", wrong, PASSED),)),
        Attempt("a/3", "A", 0, (), note="too long"),
        Attempt("b/0", "B", 0, (Round("", "", wrong, wrong),)),
    ]
    found = score(lambda: made, {"rounds": 2})
    assert found["suites"]["A"]["pass@1 by round"] == [
        {"base": 50.0, "plus": 25.0},
        {"base": 50.0, "plus": 50.0},
    ]
    assert found["average"] == [{"base": 25.0, "plus": 12.5}, {"base": 25.0, "plus": 25.0}]
    assert figure(found["average"][1]) == "25.0 (25.0)" and figure({"base": 65.24}) == "65.2"


@pytest.mark.usefixtures("model")
def test_run_that_is_done_asks_nothing_and_scores_again(tmp_path: Path, model: Model) -> None:
    run(tmp_path, "--limit", "2")
    told, lines = len(model.told), (tmp_path / "attempts.jsonl").read_bytes()
    (tmp_path / "scores.json").unlink()
    assert run(tmp_path, "--limit", "2") == 0 and main(["eval", "--out", str(tmp_path)]) == 0
    assert len(model.told) == told and (tmp_path / "attempts.jsonl").read_bytes() == lines
    assert scores_in(tmp_path)["suites"]["problems"]["problems"] == 2
    assert run(tmp_path) == 0 and len(model.told) > told, "the limit may grow"


@pytest.mark.usefixtures("model")
def test_other_options_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "--limit", "1")
    assert run(tmp_path, "--limit", "1", "--rounds", "3") == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "another rounds" in said and "--out" in said


def test_broken_model_ends_the_run_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for broken, code in ((3, 1), (None, 0)):
        model = Model(broken=broken)
        monkeypatch.setattr(crew, "open_engine", lambda *_, m=model, **__: m)
        assert run(tmp_path) == code
    assert "the server is gone" in capsys.readouterr().err
    assert [each.task_id for each in kept(tmp_path)] == ["Own/0", "Own/1", "Own/2"]
    assert scores_in(tmp_path)["suites"]["problems"]["pass@1 by round"][1] == {"base": 100.0}


def test_problem_longer_than_the_window_is_counted_as_failed(model: Model, tmp_path: Path) -> None:
    model.window = 400
    run(tmp_path)
    assert all(not each.rounds and "tokens" in each.note for each in kept(tmp_path))
    assert scores_in(tmp_path)["suites"]["problems"]["not answered"] == 3


@pytest.mark.parametrize(
    "options, part",
    [
        ([], "--out"),
        (["--out", "OUT"], "--model"),
        (["--out", "OUT", "--model", "m", "--feedback", "human"], "--mentor"),
        (["--out", "OUT", "--model", "m", "--oracle"], "--mentor"),
        (["--out", "OUT", "--model", "m", "--samples", "2", "--temperature", "0"], "greedy"),
        (["--out", "OUT", "--solutions", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--compare", "OUT", "OUT"], "oci-magic eval"),
    ],
)
def test_mistake_is_one_line_that_says_what_to_do(
    options: list[str], part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(tmp_path / "out") if each == "OUT" else each for each in options]
    assert main(["eval", *([] if "--compare" in given else [OWN]), *given]) == 1
    said = capsys.readouterr().err
    assert part in said and said.count("\n") == 1 and "Traceback" not in said


def test_lists_on_several_lines_and_one_to_a_line_are_read(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in Path(OWN).read_text().splitlines()]
    (tmp_path / "p.jsonl").write_text("".join(f"{json.dumps([row])}\n" for row in rows))
    (tmp_path / "q.jsonl").write_text(f"\n{json.dumps(rows, indent=1)}\n")
    expected = [each.task_id for each in read(Path(OWN))]
    for name in ("p", "q"):
        assert [each.task_id for each in read(tmp_path / f"{name}.jsonl")] == expected
    (tmp_path / "q.jsonl").write_text(json.dumps(rows, indent=1)[:-2] + ",\n]")
    with pytest.raises(OciError, match=r"q\.jsonl is not JSON: .* line \d\d") as told:
        list(read(tmp_path / "q.jsonl"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text, part",
    [
        ("no json", "line 1 is not JSON"),
        ('{"a": 1}', "lacks 'task_id'"),
        ("[1, 2]", "is no problem"),
        ('{"task_id": "x/1", "prompt": "", "entry_point": "f", "canonical_solution": "", '
         '"base_input": []}', "has no tests"),
        ('{"task_id": 1, "text": "", "code": "x = 1", "test_list": ["assert 1"]}', "no function"),
        ('{"task_id": "x/1", "prompt": "", "entry_point": "f", "canonical_solution": "", '
         '"base_input": [5]}', "base_input is no list of lists"),
        ('{"task_id": "Mbpp/1", "prompt": "", "entry_point": "f", "canonical_solution": "", '
         '"base_input": [[5]], "plus_input": {"a": 1}}', "plus_input is no list of lists"),
        ("[" * 5000, "is not JSON"),
        ('{"a": ' * 5000, "line 1 is not JSON"),
        ('{"task_id": 1, "text": "", "code": "' + "-" * 9999 + '1", "test_list": []}', "problem 1"),
    ],
)  # fmt: skip
def test_file_of_no_known_form_is_told_in_one_line(text: str, part: str, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(text)
    with pytest.raises(OciError, match=part) as told:
        list(read(tmp_path / "p.jsonl"))
    assert "\n" not in str(told.value)


def test_forms_of_mbpp_give_the_function_and_show_the_tests() -> None:
    full = {"task_id": 1, "text": "Add.", "code": "def add(a, b):\n    return a + b",
            "test_list": ["assert set([add(1, 2)]) == {3}"], "test_setup_code": ""}  # fmt: skip
    sanitized = {"task_id": 1, "prompt": "Add.", "code": full["code"], "test_imports": [],
                 "test_list": full["test_list"]}  # fmt: skip
    for row in (full, sanitized):
        found = problem(row)
        assert (found.task_id, found.entry_point, found.suite) == ("Mbpp/1", "add", "mbpp")
        assert "Add.\nassert set([add(1, 2)])" in found.prompt
    plus = problem({**sanitized, "task_id": "Mbpp/2", "entry_point": "add", "atol": 0,
                    "base_input": [[[1], [2]]], "plus_input": [[[3], [4]]],
                    "canonical_solution": full["code"]})  # fmt: skip
    assert plus.base == ([(1,), (2,)],) and plus.plus == ([(3,), (4,)],) and not plus.test


PROBLEM = next(read(Path(OWN)))


@pytest.mark.parametrize(
    "reply, code",
    [
        ("```python\ndef quarter(x):\n    return 1\n\nprint(quarter(2))\n```",
         "def quarter(x):\n    return 1"),
        ("First:\n```python\nquarter(1)\n```\nThen:\n```python\ndef quarter(x):\n    return 1\n```",
         "def quarter(x):\n    return 1"),
        ("```python\nimport sys\nassert 1\ndef quarter(x):\n    return 1\n"
         "if __name__ == '__main__':\n    quarter(1)\n```",
         "import sys\n\ndef quarter(x):\n    return 1"),
        ("```python\n    return x / 4\n```", f"{PROBLEM.prompt.rstrip()}\n    return x / 4"),
        ("I cannot.", "I cannot."),
        ("", ""),
    ],
)  # fmt: skip
def test_solution_is_found_in_a_reply(reply: str, code: str) -> None:
    assert solution(reply, PROBLEM) == code


def test_given_solutions_are_judged_in_order_and_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"task_id": "Own/1", "solution": WRONG["evens"]},
        {"task_id": "Own/0", "completion": "    return x * 0.25\n"},
        {"task_id": "Own/1", "solution": RIGHT["evens"]},
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    call = ["eval", OWN, "--solutions", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "out")]
    assert main(call) == 0 and main(call) == 0
    found = [(each.task_id, each.sample, each.rounds[0].passed) for each in kept(tmp_path / "out")]
    assert found == [("Own/0", 0, True), ("Own/1", 0, False), ("Own/1", 1, True)]
    assert "pass@1, round 1: 75.0" in capsys.readouterr().out


def test_judging_of_given_solutions_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    """The workers hold the error stream, which ends with the last of them."""
    row = {"task_id": "Own/1", "solution": "while True:\n    pass"}
    (tmp_path / "s.jsonl").write_text(json.dumps(row))
    call = ["eval", OWN, "--solutions", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "out")]
    run = subprocess.Popen(
        [sys.executable, "-m", "oci_magic", *call], stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)}, start_new_session=True,
    )  # fmt: skip
    try:
        while not any(f"-{run.pid}-" not in each.name for each in tmp_path.glob("oci_magic-*")):
            assert run.poll() is None
            time.sleep(0.01)
        run.kill()
        assert run.communicate(timeout=20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)


def test_comparison_names_what_only_one_solves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, cured in (("a", "Execution result:"), ("b", "never")):
        model = Model(cured)
        monkeypatch.setattr(crew, "open_engine", lambda *_, m=model, **__: m)
        run(tmp_path / name, "--limit", "2")
    capsys.readouterr()
    assert main(["eval", "--compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    said = capsys.readouterr().out
    assert f"only {tmp_path / 'a'} solves 2: Own/0, Own/1" in said
    assert f"only {tmp_path / 'b'} solves 0" in said and "problems, round 2" in said


RUN = {"model": "m"}
ATTEMPTS = [Attempt(f"x/{n}", "x", 0, (Round("t\n", "c", PASSED),)) for n in range(4)]


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 10_000), then=st.integers(0, 10_000))
def test_file_cut_anywhere_goes_on_without_a_lost_or_repeated_attempt(cut: int, then: int) -> None:
    """A kill leaves a beginning of the file: any length of it, twice."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length in (cut, then, None):
            path = folder / "attempts.jsonl"
            whole = path.read_bytes() if path.exists() else b""
            if length is not None:
                path.write_bytes(whole[: length % (len(whole) + 1)])
            before = {a.key for a in attempts(path)} if b"\n" in path.read_bytes() else set()
            with Records(folder, RUN) as made:
                assert made.done == before
                for each in ATTEMPTS:
                    if each.key not in made.done:
                        made.add(each)
            assert list(attempts(path)) == ATTEMPTS


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    with Records(tmp_path, RUN), pytest.raises(OciError, match="another run"):
        Records(tmp_path, RUN)


def test_evaluation_killed_at_random_points_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL, again and again, until a run comes to its end; what was there stays there."""
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: Model())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    options, draw, before, kills = ("--samples", "4"), random.Random(3), b"", 0
    assert run(undisturbed, *options) == 0
    while True:
        child = os.fork()
        if not child:
            os._exit(run(killed, *options))
        if kills < 12:
            time.sleep(draw.uniform(0, 0.5))
            os.kill(child, signal.SIGKILL)
            kills += 1
        _, status = os.waitpid(child, 0)
        path = killed / "attempts.jsonl"
        now = path.read_bytes() if path.exists() else b""
        assert now.startswith(before[: before.rfind(b"\n") + 1])
        before = now
        if os.WIFEXITED(status):
            break
    found, wanted = kept(killed), kept(undisturbed)
    assert [each.key for each in found] == [each.key for each in wanted]
    assert [each.rounds for each in found] == [each.rounds for each in wanted]
    assert len({each.key for each in found}) == 12
    assert not list(tmp_path.glob("oci_magic-*")), "what was killed leaves no folder"


def test_stop_by_the_person_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopping(Model):
        def stream(
            self, messages: Sequence[Message], *, draft: str | None = None
        ) -> Iterator[Chunk]:
            if len(self.told) == 3:
                raise KeyboardInterrupt
            yield from super().stream(messages, draft=draft)

    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: Stopping())
    assert run(tmp_path) == 130
    assert [each.task_id for each in kept(tmp_path)] == ["Own/0"]
