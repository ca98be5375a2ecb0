"""A notebook cell judged in a process of its own: outcomes, forged ones, limits, failures."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

from oci_magic.errors import OciError
from oci_magic.evaluation import cell_judging
from oci_magic.evaluation.cell_judging import LIMITS, CellJudge, CellVerdict
from oci_magic.evaluation.cells import CellProblem
from oci_magic.evaluation.problems import Unfit
from oci_magic.prompting.feedback import execution_result
from oci_magic.running.cells import outcome_in
from oci_magic.running.process import Limits, Process
from oci_magic.types import Execution

pytestmark = pytest.mark.timeout(280)
SETUP = 'import pandas as pd\nsales = pd.DataFrame({"city": ["B", "R"], "price": [1.5, 2.0]})'
TOTAL = CellProblem("c/0", "total price", setup=SETUP, reference='sales["price"].sum()')
FILE = 'open("out.csv", "w").write("a,b\\n")'
DRAWN = 'import matplotlib.pyplot as plt\nplt.bar(sales["city"], sales["price"])'


def judged(code: str, problem: CellProblem = TOTAL, limits: Limits = LIMITS) -> CellVerdict:
    return CellJudge(limits).judge(problem, code)


@pytest.mark.parametrize(
    "code", ['sales["price"].sum()', "sales.price.iloc[0] + 2", "x = 3.5\nx", "print(1)\n3.5"]
)
def test_same_shown_value_passes(code: str) -> None:
    assert judged(code).judgement.passed


@pytest.mark.parametrize(
    "code", ["print(3.5)", "3.4", "x = 3.5", f"{FILE}\n3.5", f"{DRAWN}\n3.5", '"passed"']
)
def test_other_outcome_is_a_wrong_answer(code: str) -> None:
    found = judged(code)
    assert found.judgement.kind == "wrong answer" and found.failure is None
    assert found.judgement.expected == "value: 3.5"


@pytest.mark.parametrize("reference, other", [
    (FILE, 'open("out.csv", "w").write("a;b\\n")'),
    (DRAWN, 'import matplotlib.pyplot as plt\nplt.bar(sales["city"], sales["price"] + 1)'),
])  # fmt: skip
def test_drawings_and_files_are_compared(reference: str, other: str) -> None:
    problem = CellProblem("c", "", setup=SETUP, reference=reference)
    assert judged(f"{reference}\nNone", problem).judgement.passed
    assert judged(other, problem).judgement.kind == "wrong answer"


NAMED = CellProblem(
    "c", "call the expensive ones data", setup=f"{SETUP}\ndata = sales",
    reference="data = sales[sales.price > 1.6]\ndata", names=("data",),
)  # fmt: skip


@pytest.mark.parametrize("code, passed", [
    ("data = sales.tail(1)\ndata.head()", True),
    ("data = sales.tail(1)\nsales.tail(1)", True),
    ("df = sales.tail(1)\ndf", False),
    ("data.tail(1)", False),
    ("data = data\nsales.tail(1)", True),
    ("x = data\nsales.tail(1)", False),
    ("del data\nsales.tail(1)", False),
    ("import pandas as data\nsales.tail(1)", True),
])  # fmt: skip
def test_names_that_are_wanted_must_be_given(code: str, passed: bool) -> None:
    assert judged(code, NAMED).judgement.passed == passed


def test_name_that_is_missing_is_told() -> None:
    found = judged("df = sales.tail(1)\ndf", NAMED).judgement
    assert "named: ('data',)" in found.expected and "named" not in found.actual


FORGED = {
    "prints": 'print("passed")\nprint({"outcome": 3.5})',
    "name": '__name__ = "__main__"\n__file__ = "passed"\nNone',
    "equal to everything": """
class Same:
    def __eq__(self, other): return True
    def __hash__(self): return 0
    def __str__(self): return "passed"
Same()
""",
    "a float of its own": """
class Same(float):
    def __eq__(self, other): return True
Same(0.0)
""",
    "patches comparison": """
pd.DataFrame.equals = pd.DataFrame.__eq__ = pd.Series.__eq__ = lambda *_: True
import builtins
builtins.bool = lambda *_: True
0.0
""",
    "patches the outcome": """
import sys
module = sys.modules["oci_magic.running.outcome"]
module.Outcome.matches = lambda *_: True
module.plain = lambda value: "passed"
0.0
""",
    "speaks on the line": """
import gc, os
for number in range(3, 64):
    try:
        os.write(number, b'{"outcome": [true, [], []]}\\n{"outcome": "passed"}\\n')
    except OSError:
        pass
0.0
""",
    "tells a number that equals nothing": """
import os
for number in range(3, 64):
    try:
        os.write(number, b'{"outcome": [{"Decimal": "sNaN"}, {"tuple": []}, {"tuple": []}]}\\n')
    except OSError:
        pass
0.0
""",
    "says that the setup fails": """
import os
for number in range(3, 64):
    try:
        os.write(number, b'{"failed": "x"}\\n')
    except OSError:
        pass
0.0
""",
    "exits": "import os\nos._exit(0)",
    "is a stop": "raise KeyboardInterrupt",
    "looks for the reference": """
import gc
texts = [each for each in gc.get_objects() if isinstance(each, dict) and "reference" in each]
bool(texts)
""",
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_outcome_does_not_pass(name: str) -> None:
    found = judged(FORGED[name])
    assert found.judgement.kind in ("wrong answer", "exception")
    assert found.failure is None or not found.failure.stopped


def test_cell_finds_the_packages_of_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "own-packages"
    packages.mkdir()
    (packages / "of_the_person.py").write_text("three = 3.5")
    monkeypatch.syspath_prepend(str(packages))
    assert judged("import of_the_person\nof_the_person.three").judgement.passed


@pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")
def test_cell_writes_in_its_folder_only(tmp_path: Path) -> None:
    found = judged(f"open({str(tmp_path / 'x')!r}, 'w').write('x')\n3.5")
    assert found.failure and found.failure.name == "PermissionError"
    assert not list(tmp_path.iterdir())


def test_limits_are_verdicts_and_told_as_in_a_notebook() -> None:
    limits = Limits(load=120, call=2, memory=4 << 30)
    slow = judged("while True: pass", limits=limits)
    assert slow.judgement.kind == "timed out" and slow.failure
    assert slow.failure.message == "the cell ran longer than 2 s"
    assert judged("bytearray(1 << 40)").judgement.kind == "out of memory"
    assert judged("1 +").judgement.kind == "syntax error"
    left = judged("import sys\nsys.exit(0)")
    assert left.judgement.kind == "exception" and left.failure
    assert left.failure.name == "SystemExit"


@pytest.mark.parametrize("form", [
    {}, {"outcome": [1]}, {"outcome": {"no": 1}}, {"failure": "x"}, {"failure": {"name": 1}},
    {"failure": {"name": "E", "message": "", "traceback": "", "facts": {"line": 1}}},
])  # fmt: skip
def test_what_tells_of_no_outcome_is_no_answer(form: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        outcome_in(form)


@pytest.mark.parametrize("change, part", [
    ({"reference": "sales.nothing"}, "its reference fails"),
    ({"reference": "x = 1"}, "it shows, draws and writes nothing"),
    ({"reference": "a = 1\na", "names": ("a", "b")}, r"it does not make b\)"),
    ({"setup": "1 / 0"}, "its setup fails"),
])  # fmt: skip
def test_problem_that_cannot_be_judged_is_told(change: dict[str, str], part: str) -> None:
    problem = CellProblem(**{"task_id": "c/9", "request": "", "setup": SETUP, **change})
    with pytest.raises(OciError, match=part):
        judged("1", problem)


@pytest.mark.parametrize("code", ["1 / 0", "while True: pass", "1 +", "import os; os._exit(0)", ""])
def test_broken_reference_is_found_whatever_the_cell_does(code: str) -> None:
    problem = CellProblem("c/8", "", setup=SETUP, reference="sales.nothing")
    with pytest.raises(Unfit, match="its reference fails"):
        judged(code, problem)


@pytest.mark.parametrize("reference, starts", [("6 * 7", 3), ("6 / 0", 1)])
def test_reference_runs_once_for_a_problem(
    reference: str, starts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []

    class Counted(Process):
        def __init__(self, *given: Any) -> None:
            started.append(given)
            super().__init__(*given)

    monkeypatch.setattr(cell_judging, "Process", Counted)
    for code in ("42", "41"):
        with suppress(Unfit):  # another judge, and a problem that is read anew, as elsewhere
            judged(code, CellProblem("c/once", "", reference=reference))
    assert len(started) == starts


def test_failure_that_cannot_be_told_is_told_barely() -> None:
    code = """
import sys
module = sys.modules["oci_magic.running.cells"]
told = module.asdict
def forged(failure):
    return {**told(failure), "facts": {**told(failure)["facts"], "notes": [["unknown", ["x"]]]}}
module.asdict = forged
sales.nothing
"""
    failure = judged(code).failure
    assert failure and failure.name == "AttributeError" and not failure.facts.notes
    assert "AttributeError" in execution_result(Execution((), failure))
