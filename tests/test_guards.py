"""Repeats, endless text, and repairs that only hide the error."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic.guards import circles, hiding
from oci_magic.prompting.parse import parse
from oci_magic.types import Execution, Facts, Failure, Reply, Turn


def turn(code: str, error: str = "ValueError", line: str = "", request: str = "go") -> Turn:
    text = f"```python\n{code}\n```"
    failure = Failure(error, "no", facts=Facts(line=line, lineno=1))
    return Turn(request, Reply(text, tuple(parse(text))), Execution(failure=failure), "fed back")


def ways(*tried: Turn, history: bool = True) -> str | None:
    way = circles.way(tried, history=history)
    return way.name if way else None


def test_ways_change_with_each_repeat_and_come_to_an_end() -> None:
    a, b = turn("a(1)", line="a(1)"), turn("b(1)", line="b(1)")
    assert ways(a) == ways(a, b) == ""
    assert ways(a, a) == ways(a, b, b) == "asking afresh"
    assert ways(a, a, a) == "sampling"
    assert ways(a, a, a, a) == "sampling freely"
    assert ways(a, a, a, a, a) is None


def test_without_history_the_first_draft_is_not_asked_for_afresh() -> None:
    a, b = turn("a(1)", line="a(1)"), turn("b(1)", line="b(1)")
    assert ways(a, a, history=False) == "sampling"
    assert ways(a, b, b, history=False) == "asking afresh"


def test_layout_and_comments_make_no_other_code() -> None:
    first, other = turn("f(1,2)  # a"), turn("f(1, 3)")
    assert circles.same(turn("f( 1, 2 )"), [other, first]) is first
    assert circles.same(turn("%time f(1)"), [turn("%time f(2)")]) is None
    assert circles.same(turn("f(("), [turn("f((")]) is not None


def test_the_same_error_is_told_by_its_line() -> None:
    assert circles.repeats([turn("a(1)", line="x"), turn("b(1)", line="x")])
    assert not circles.repeats([turn("a(1)", line="x"), turn("b(1)", line="y")])
    assert not circles.repeats([turn("a(1)", "KeyError"), turn("b(1)", "ValueError")])


def test_the_best_draft_could_run() -> None:
    good, broken = turn("a(1)"), turn("a((", "SyntaxError")
    assert circles.best([good, broken]) is good
    assert circles.best([broken]) is broken


@pytest.mark.parametrize(
    "repair",
    [
        "try:\n    f(df)\nexcept:\n    pass",
        "try:\n    f(df)\nexcept Exception as e:\n    print(e)",
        "try:\n    f(df)\nexcept (KeyError, Exception):\n    x = 0",
        "import contextlib\nwith contextlib.suppress(Exception):\n    f(df)",
        "import sys\nsys.exit()\nf(df)",
        "exit()",
        "raise SystemExit",
        "df = 1\n# f(df)",
        "try:\n    f(df)\nexcept ValueError:\n    pass",
        "try:\n    x = f(df)\nexcept (ValueError, KeyError) as e:\n    x = None\n    print(e)",
        "E = Exception\ntry:\n    f(df)\nexcept E:\n    pass",
        "import builtins\ntry:\n    f(df)\nexcept builtins.Exception:\n    x = 0",
        "try:\n    f(df)\nexcept Exception:\n    if False: raise",
        "from contextlib import suppress\nwith suppress(ValueError):\n    f(df)",
        "if False:\n    f(df)",
        "if True:\n    pass\nelse:\n    f(df)",
        "def g():\n    try:\n        f(df)\n    finally:\n        return 0\ng()",
        "pass",
        "x = 0",
        "x = float('nan')  # f(df)",
        "#  f( df )\nprint('left out')",
        "# f(df)  # fails\npass",
    ],
)
def test_what_hides_the_error(repair: str) -> None:
    failed = turn("f(df)", line="f(df)")
    assert hiding.hidden(failed, turn(repair))
    for wordy in (*DATA, "try to sum the prices", "skip the header", "give the exceptional rows"):
        assert hiding.hidden(failed, turn(repair, request=wordy))
    for wish in WISHES:
        why = hiding.hidden(failed, turn(repair, request=wish))
        assert ("ValueError" in why) is False, "the error that was meant"
        assert "any error" not in why or "any" not in wish
    assert not hiding.hidden(turn(repair, line="f(df)"), turn(f"{repair}\nx = 1")) or "#" in repair


DATA = (
    "drop the failed transactions and sum the amounts",
    "drop rows with invalid dates, then sum the amounts",
    "skip the first 3 rows and compute the failure rate",
    "plot amount with error bars; handle missing values in errors",
    "show the skipped errors",
    "how many errors were caught by each inspector?",
    "sum the amounts of broken items, dropped rows excluded",
)
WISHES = (
    "ignore errors in f; else exit", "skip rows that fail", "use errors='coerce'",
    "use try / except", "catch any error", "catch the ValueError", "skip files that cannot be read",
)  # fmt: skip


@pytest.mark.parametrize("request_", DATA)
def test_words_of_data_are_no_wish(request_: str) -> None:
    failed = turn("total = df['amonut'].sum()", "KeyError", "total = df['amonut'].sum()")
    for takes in ("Exception", "KeyError"):
        repair = f"try:\n    total = df['amonut'].sum()\nexcept {takes}:\n    pass"
        assert hiding.hidden(failed, turn(repair, request=request_))


def test_a_wish_excuses_no_step_that_is_left_out_whatever_happens() -> None:
    failed = turn("f(df)", line="f(df)")
    once = turn("try:\n    f(df)\nexcept Exception:\n    pass", request="ignore errors")
    many = turn(
        "for d in dfs:\n    try:\n        f(df)\n    except Exception:\n        pass",
        request="ignore errors",
    )
    assert hiding.hidden(failed, once) and not hiding.hidden(failed, many)
    rows = many.reply.text.replace("Exception", "ValueError").strip("`").removeprefix("python\n")
    assert not hiding.hidden(failed, turn(rows, request="drop rows with invalid dates"))
    assert hiding.hidden(failed, turn(rows, request="drop the failed rows"))


@pytest.mark.parametrize(
    "repair",
    [
        "try:\n    f(df)\nexcept KeyError:\n    pass",
        "try:\n    f(df)\nexcept ValueError:\n    g(df)",
        "try:\n    x = f(df)\nexcept Exception:\n    x = g(df)",
        "# f(df)\nf(df.copy())",
        "x = g(df)  # f(df)",
        "def f(x):\n    try:\n        return g(x)\n    except ValueError:\n        return x\nf(1)",
        "try:\n    f(df)\nexcept Exception:\n    close()\n    raise",
        "# f needs a copy\nf(df.copy())",
        "f(1)",
        "def main():\n    return 1\nmain()",
    ],
)
def test_what_does_not_hide_it(repair: str) -> None:
    assert not hiding.hidden(turn("f(df)", line="f(df)"), turn(repair))


def test_a_check_that_failed_stays() -> None:
    asked = "set x; make sure that it is above 1"
    failed = turn("x = 1\nassert x > 1", "AssertionError", "assert x > 1")
    assert "check" in hiding.hidden(failed, turn("x = 1", request=asked))
    assert "check" in hiding.hidden(failed, turn("x = 1\nassert True", request=asked))
    assert not hiding.hidden(failed, turn("x = 2\nassert x > 1", request=asked))
    assert not hiding.hidden(failed, turn("x = 2\nif x < 2: raise ValueError", request=asked))


def test_a_check_of_the_data_stays_though_nobody_asked() -> None:
    failed = turn("assert len(df) == 5\nassert y", "AssertionError", "assert len(df) == 5")
    assert "check" in hiding.hidden(failed, turn("assert y"))
    assert not hiding.hidden(failed, turn("assert len(df) > 0"))
    line = "if len(df) != 5: raise ValueError('rows')"
    assert "check" in hiding.hidden(turn(line, line=line), turn("x = 1"))
    below = turn("if len(df) != 5:\n    raise ValueError('rows')", line="raise ValueError('rows')")
    assert "check" in hiding.hidden(below, turn("x = 1"))


def test_a_wrong_assert_of_the_draft_may_go() -> None:
    failed = turn("total = 3\nassert total == 4", "AssertionError", "assert total == 4")
    assert not hiding.hidden(failed, turn("total = 3"))


def test_what_was_left_to_do_is_no_check() -> None:
    failed = turn(
        "def f(x):\n    raise NotImplementedError\nf(1)", line="raise NotImplementedError"
    )
    assert not hiding.hidden(failed, turn("def f(x):\n    return x + 1\nf(1)"))


@pytest.mark.parametrize(
    ("line", "repair"),
    [
        ("print(totl)", "print(total)"),
        ("x = int('5x')", "x = int('5')"),
        ("x = d['k']", "x = d['a']"),
        ("import seaborn", "x = 0"),
        ("plt.style.use('seaborn')", "x = 0"),
        ("x = f(", "y = 0\nx = f(\n    y)"),
        ("1/0", "1/1"),
    ],
)
def test_an_honest_repair_may_do_without_the_line(line: str, repair: str) -> None:
    assert not hiding.hidden(turn(line, line=line), turn(repair))


def test_a_warning_is_not_switched_off() -> None:
    failed = turn("old()", "FutureWarning", "old()")
    for how in ("filterwarnings('ignore')", "simplefilter('ignore')"):
        repair = turn(f"import warnings\nwarnings.{how}\nold()")
        assert "warning" in hiding.hidden(failed, repair)
        assert not hiding.hidden(turn("old()", line="old()"), repair)


def test_what_a_check_calls_is_not_made_anew() -> None:
    failed = turn("r = []", "CheckFailed")
    failed = replace(failed, execution=Execution(failure=Failure("CheckFailed", "len(r) > 0")))
    assert "len" in hiding.hidden(failed, turn("r = []\nlen = lambda _: 99"))
    assert not hiding.hidden(failed, turn("r = []\nmax = 3\nr = [1]"))


def test_a_circle_of_two_errors_is_a_repeat() -> None:
    codes = [turn(f"x{n} = 1\nf()", ("KeyError", "ValueError")[n % 2]) for n in range(5)]
    assert ways(*codes[:2]) == ""
    assert ways(*codes[:3]) == "asking afresh"
    assert ways(*codes) == "sampling freely"


ROW = "    [" + "0, " * 19 + "0],\n"
LABEL = '    "control",\n'
LONG = "# " + "one and the same thing is said here over and over again, " * 4 + "is it not?\n"
FUNCTION = "def plot(df):\n" + "".join(f"    ax.set_{n}('Revenue by region')\n" for n in range(6))


def cut(text: str) -> int | None:
    """Where a text that comes bit by bit is cut off."""
    starts = (circles.loop_start(text[:end]) for end in range(300, len(text) + 300, 300))
    return next((start for start in starts if start is not None), None)


@pytest.mark.parametrize(
    "text",
    [
        "```python\ngrid = [\n" + ROW * 20 + "]\n```",
        "```python\ny = [\n" + LABEL * 100 + "]\n```",
        '```python\nprint("""\n' + ("." * 40 + "\n") * 20 + '""")\n```',
    ],
)
def test_rows_of_data_are_no_loop(text: str) -> None:
    assert cut(text) is None


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("", LONG), ("```python\n", FUNCTION), ("```python\nx = [\n", ROW),
        ("```python\nx = [\n", LABEL), ("I don't (yet\n", "x = 1\n"),
    ],
)  # fmt: skip
def test_what_does_not_end_is_cut(head: str, unit: str) -> None:
    start = cut(head + unit * 1000)
    assert start is not None and start <= len(head) + len(unit)


@pytest.mark.parametrize(
    "text", ["", "x = 1\n" * 7, "0, " * 900, "ab" * 1400, "-" * 80 + "\n" + "-" * 80]
)
def test_short_repeats_are_no_loop(text: str) -> None:
    assert circles.loop_start(text) is None


@given(st.text(max_size=60), st.text(min_size=1, max_size=40))
def test_of_a_loop_one_copy_stays(before: str, unit: str) -> None:
    text = before + unit * 4000
    start = circles.loop_start(text)
    assert start is not None
    assert text[:start] in (before + unit * 2) and len(text[:start]) <= len(before) + len(unit)


@given(st.text(max_size=3000))
def test_any_text(text: str) -> None:
    start = circles.loop_start(text)
    assert start is None or start < len(text)
