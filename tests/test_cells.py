"""Cell problems: a request in a notebook, judged by what its cell comes to."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

import pandas as pd

from oci_magic.__main__ import main
from oci_magic.engines import Sampling
from oci_magic.engines.scripted import ScriptedEngine
from oci_magic.errors import OciError
from oci_magic.evaluation import crew
from oci_magic.evaluation.attempts import Attempt
from oci_magic.evaluation.cell_judging import CellJudge
from oci_magic.evaluation.cells import CellProblem
from oci_magic.evaluation.crew import Elsewhere
from oci_magic.evaluation.problems import read
from oci_magic.evaluation.records import attempts
from oci_magic.prompting.prompts import SYSTEM
from oci_magic.types import Chunk, Message

pytestmark = pytest.mark.timeout(280)
OWN = Path(__file__).with_name("problems.jsonl")
SETUP = 'import pandas as pd\nsales = pd.DataFrame({"city": ["B", "R"], "price": [1.5, 2.0]})'
CONTEXT = 'Tables:\nsales 2x2: "city" str, "price" float64'
CSV = base64.b64encode(b"a;b\n1;2\n").decode()
ROWS: list[dict[str, Any]] = [
    {"task_id": "c/0", "request": "total price", "context": CONTEXT, "setup": SETUP,
     "reference": 'sales["price"].sum()', "families": ["total"]},
    {"task_id": "c/1", "request": "load x.csv", "context": 'Files: "x.csv"',
     "files": {"x.csv": CSV}, "reference": 'import pandas as pd\npd.read_csv("x.csv", sep=";")',
     "families": ["load", "inspect"], "dirty": True},
    {"task_id": "c/2", "request": "sing", "outside": True},
]  # fmt: skip
TOTAL = CellProblem("c/0", "total price", setup=SETUP, reference='sales["price"].sum()')


def block(code: str) -> str:
    return f"So.\n```python\n{code}\n```"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cells.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


def attempted(
    monkeypatch: pytest.MonkeyPatch, file: Path, out: Path, replies: Sequence[str], *more: str
) -> list[Attempt]:
    engine = ScriptedEngine(replies)
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: engine)
    assert main(["eval", str(file), "--model", "m", "--out", str(out), *more]) == 0
    return list(attempts(out / "attempts.jsonl"))


@pytest.mark.parametrize("change, part", [
    ({"reference": None}, "no reference"), ({"files": {"../x": ""}}, "working folder"),
    ({"files": {"x": "no base64!"}}, "problem 1"), ({"files": ["x"]}, "problem 1"),
    ({"setup": "1 +"}, "problem 1"), ({"names": "df"}, "a list of variables' names"),
    ({"names": [1]}, "a list"), ({"names": ["class"]}, "'class' is no variable's name"),
    ({"names": ["my table"]}, "no variable's name"),
])  # fmt: skip
def test_row_of_no_cell_is_told_in_one_line(
    change: dict[str, Any], part: str, tmp_path: Path
) -> None:
    row = {key: value for key, value in {**ROWS[1], **change}.items() if value is not None}
    (tmp_path / "x.jsonl").write_text(json.dumps({**row, "reference": row.get("reference", "")}))
    with pytest.raises(OciError, match=part):
        list(read(tmp_path / "x.jsonl"))


def test_session_is_the_notebooks(
    monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path
) -> None:
    class Heard(ScriptedEngine):
        told: ClassVar[list[list[Message]]] = []

        def stream(
            self, messages: Sequence[Message], *, draft: str | None = None
        ) -> Iterator[Chunk]:
            self.told.append(list(messages))
            return super().stream(messages, draft=draft)

    engine = Heard([block('sales["prices"].sum()'), block('sales["price"].sum()')])
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: engine)
    out = str(tmp_path / "out")
    assert main(["eval", str(file), "--model", "m", "--out", out, "--limit", "1"]) == 0
    system, asked, said, result = engine.told[1]
    assert (system.content, asked.content) == (SYSTEM, f"{CONTEXT}\n\ntotal price")
    assert said.content == block('sales["prices"].sum()')
    assert result.content == (
        "Execution result:\nline 1: sales[\"prices\"].sum()\nKeyError: 'prices'\n"
        f'sales 2x2: "city" {pd.Series(["B"]).dtype}, "price" float64\nNear "prices": "price"'
    )
    assert engine.sampling == Sampling(max_new_tokens=1024)
    found = next(attempts(tmp_path / "out" / "attempts.jsonl"))
    assert [each.passed for each in found.rounds] == [False, True]
    assert found.marks == ("cell",)


def test_rates_rounds_and_going_on(
    monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load = 'import pandas as pd\npd.read_csv("x.csv"{})'
    replies = [block("1"), block(load.format(', sep="')), block(load.format(', sep=";"')), "No."]
    out = tmp_path / "out"
    made = attempted(monkeypatch, file, out, replies[:1], "--rounds", "3", "--limit", "1")
    assert len(made) == 1 and len(made[0].rounds) == 1, "code that runs ends the attempt"
    made = attempted(monkeypatch, file, out, replies[1:], "--rounds", "3")
    assert [[r.passed for r in each.rounds] for each in made] == [[False], [False, True], [True]]
    cells = json.loads((out / "scores.json").read_text())["suites"]["cells"]["cells"]
    assert {name: (each["rate"], each["of"]) for name, each in cells.items()} == {
        "first answer": (0, 1), "after repairs": (50, 2), "outside refused": (100, 1),
        "data-dependent failures repaired": (100, 1), "failed first answers repaired": (100, 1),
        "inside wrongly refused": (0, 2),
    }  # fmt: skip
    assert "after repairs: 50.0% of 2" in capsys.readouterr().out
    assert main(["eval", "--compare", str(out), str(out)]) == 0
    assert "after repairs" in capsys.readouterr().out


def test_repair_that_hides_its_error_and_refusals_are_not_right(
    monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path
) -> None:
    hidden = "try:\n    sales.nothing\nexcept Exception:\n    pass\n3.5"
    replies = [block("sales.nothing\n3.5"), block(hidden), "I cannot.", "I cannot.", block("1")]
    made = attempted(monkeypatch, file, tmp_path / "out", replies, "--rounds", "3")
    kinds = [[each.base.kind for each in attempt.rounds] for attempt in made]
    assert kinds == [["exception", "exception", "wrong answer"], ["wrong answer"], ["wrong answer"]]
    assert made[0].rounds[1].base.message.startswith("Refused: the repair only hides the error")
    again = ["--solutions", str(tmp_path / "out" / "attempts.jsonl"), "--out", str(tmp_path / "b")]
    assert main(["eval", str(file), *again]) == 0, "judged again, what never ran stays refused"
    found = attempts(tmp_path / "b" / "attempts.jsonl")
    assert [[each.base for each in attempt.rounds] for attempt in found] == [
        [each.base for each in attempt.rounds] for attempt in made
    ]


def test_cells_and_functions_in_one_run_with_samples(
    monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path
) -> None:
    own, out = str(Path(__file__).with_name("problems.jsonl")), tmp_path / "out"
    more = ["--samples", "2", "--limit", "1", "--rounds", "1"]
    quarter = block("def quarter(x):\n    return x / 4")
    replies = [quarter, "", block("3.5"), block("1")]
    engine = ScriptedEngine(replies)
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: engine)
    assert main(["eval", own, str(file), "--model", "m", "--out", str(out), *more]) == 0
    suites = json.loads((out / "scores.json").read_text())["suites"]
    assert suites["cells"]["pass@1 by round"] == [{"base": 50.0}]
    assert suites["problems"]["pass@1 by round"] == [{"base": 50.0}]
    assert suites["cells"]["cells"]["first answer"] == {"rate": 50.0, "of": 2}
    assert suites["problems"]["cells"] == {}


def test_annotations_of_a_cell_are_looked_up() -> None:
    code = "def f(x: Missing):\n    return x\nf(3.5)"
    assert CellJudge().judge(TOTAL, code).judgement.message.startswith("NameError")


def test_cells_are_judged_elsewhere_and_from_solutions(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        there = SimpleNamespace(executor=pool, answer=lambda judging, _: judging.result())
        found = Elsewhere(cast("Any", there), threading.Event()).judge(TOTAL, "3.5")
        assert found.judgement.passed
    rows = [{"task_id": row["task_id"], "solution": row.get("reference", "")} for row in ROWS]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    given = ["--solutions", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "out")]
    assert main(["eval", str(file), *given]) == 0
    assert "pass@1, round 1: 100.0" in capsys.readouterr().out


def test_mentor_of_cells_is_refused(
    monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crew, "open_engine", lambda *_, **__: ScriptedEngine([]))
    human = ["--feedback", "human", "--mentor", "m", "--out", str(tmp_path / "out")]
    assert main(["eval", str(file), "--model", "m", *human]) == 1
    said = capsys.readouterr().err
    assert "mentors guide on functions only: leave out --feedback human" in said
    both = [str(OWN), str(file), "--model", "m", *human]
    assert main(["eval", *both]) == 1, "before a model is asked"
