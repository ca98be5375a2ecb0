"""Repeats, endless text, and repairs that only hide the error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic import guards
from oci_magic.prompting.parse import parse
from oci_magic.types import Execution, Facts, Failure, Reply, Turn


def turn(code: str, error: str = "ValueError", line: str = "", request: str = "go") -> Turn:
    text = f"```python\n{code}\n```"
    failure = Failure(error, "no", facts=Facts(line=line, lineno=1))
    return Turn(request, Reply(text, tuple(parse(text))), Execution(failure=failure), "fed back")


def ways(*tried: Turn, history: bool = True) -> str | None:
    way = guards.way(tried, history=history)
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
    assert guards.same(turn("f( 1, 2 )"), [other, first]) is first
    assert guards.same(turn("%time f(1)"), [turn("%time f(2)")]) is None
    assert guards.same(turn("f(("), [turn("f((")]) is not None


def test_the_same_error_is_told_by_its_line() -> None:
    assert guards.repeats([turn("a(1)", line="x"), turn("b(1)", line="x")])
    assert not guards.repeats([turn("a(1)", line="x"), turn("b(1)", line="y")])
    assert not guards.repeats([turn("a(1)", "KeyError"), turn("b(1)", "ValueError")])


def test_the_best_draft_could_run() -> None:
    good, broken = turn("a(1)"), turn("a((", "SyntaxError")
    assert guards.best([good, broken]) is good
    assert guards.best([broken]) is broken


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
    ],
)
def test_what_hides_the_error(repair: str) -> None:
    failed = turn("f(df)", line="f(df)")
    assert guards.hidden(failed, turn(repair))
    assert not guards.hidden(failed, turn(repair, request="ignore errors in f; else exit"))
    assert not guards.hidden(turn(repair, line="f(df)"), turn(f"{repair}\nx = 1")) or "#" in repair


@pytest.mark.parametrize(
    "repair",
    [
        "try:\n    f(df)\nexcept KeyError:\n    pass",
        "try:\n    f(df)\nexcept Exception:\n    close()\n    raise",
        "# f needs a copy\nf(df.copy())",
        "f(1)",
        "def main():\n    return 1\nmain()",
    ],
)
def test_what_does_not_hide_it(repair: str) -> None:
    assert not guards.hidden(turn("f(df)", line="f(df)"), turn(repair))


def test_a_check_that_failed_stays() -> None:
    failed = turn("x = 1\nassert x > 1", "AssertionError", "assert x > 1")
    assert "check" in guards.hidden(failed, turn("x = 1"))
    assert not guards.hidden(failed, turn("x = 2\nassert x > 1"))


@pytest.mark.parametrize(
    "text", ["", "x = 1\n" * 7, "0, " * 900, "ab" * 1400, "-" * 80 + "\n" + "-" * 80]
)
def test_short_repeats_are_no_loop(text: str) -> None:
    assert guards.loop_start(text) is None


@given(st.text(max_size=60), st.text(min_size=1, max_size=40))
def test_of_a_loop_one_copy_stays(before: str, unit: str) -> None:
    text = before + unit * 4000
    start = guards.loop_start(text)
    assert start is not None
    assert text[:start] in (before + unit * 2) and len(text[:start]) <= len(before) + len(unit)


@given(st.text(max_size=3000))
def test_any_text(text: str) -> None:
    start = guards.loop_start(text)
    assert start is None or start < len(text)
