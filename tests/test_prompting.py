"""What a model is told: the conversation that fits, the notebook, a result in words."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oci_magic.prompting import context as contexts
from oci_magic.prompting import feedback
from oci_magic.prompting.context import Context, quoted, table_line
from oci_magic.prompting.parse import parse
from oci_magic.prompting.prompts import SYSTEM, code_block, fit, request_message
from oci_magic.types import Cell, Execution, Facts, Failure, Message, Output, Variable


def words(messages: Sequence[Message]) -> int:
    return sum(len(message.content.split()) for message in messages)


def exchange(name: str, size: int = 1) -> list[Message]:
    return [
        Message("user", " ".join([f"{name}?"] * size)),
        Message("assistant", " ".join([f"{name}!"] * size)),
    ]


SYSTEM_MESSAGE = Message("system", "be brief")
REQUEST = Message("user", "do it")


def rounds(count: int) -> list[Message]:
    pairs = [
        (Message("assistant", f"code {i}"), Message("user", f"error {i}")) for i in range(count)
    ]
    return [SYSTEM_MESSAGE, REQUEST, *(message for pair in pairs for message in pair)]


def test_a_conversation_that_fits_is_left_whole() -> None:
    history = [exchange("a"), exchange("b")]
    messages, dropped = fit(history, rounds(2), words, 1000)
    assert messages == [SYSTEM_MESSAGE, *exchange("a"), *exchange("b"), *rounds(2)[1:]]
    assert dropped == 0


def test_oldest_exchange_is_left_out_first() -> None:
    history = [exchange("a", 50), exchange("b"), exchange("c")]
    messages, dropped = fit(history, rounds(1), words, 20)
    assert messages == [SYSTEM_MESSAGE, *exchange("b"), *exchange("c"), *rounds(1)[1:]]
    assert dropped == 2


def test_request_current_code_and_last_error_outlive_everything() -> None:
    messages, dropped = fit([exchange("a", 50)], rounds(4), words, 0)
    assert messages == [*rounds(1)[:2], Message("assistant", "code 3"), Message("user", "error 3")]
    assert dropped == 2 + 6


def test_one_exchange_larger_than_the_window_does_not_hang() -> None:
    huge = Message("user", "x " * 100_000)
    assert fit([], [SYSTEM_MESSAGE, huge], words, 10) == ([SYSTEM_MESSAGE, huge], 0)


def test_a_long_error_is_told_in_fewer_words_as_the_last_resort() -> None:
    error = "\n".join(f"line {n} of the error" for n in range(100)) + "\nlast"
    current = [*rounds(1)[:3], Message("user", error)]
    assert fit([], current, words, 100)[0] == current
    messages, dropped = fit([exchange("a")], current, words, 100, shorten=True)
    assert words(messages) <= 100 and dropped == 2 and messages[:3] == current[:3]
    assert messages[3].content.startswith("line 0 of") and messages[3].content.endswith("last")
    assert fit([], current, words, 1000, shorten=True)[0] == current


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), max_size=6), st.integers(0, 4), st.integers(0, 120))
def test_what_is_kept_is_in_order_and_no_more_is_dropped_than_needed(
    sizes: list[int], tries: int, limit: int
) -> None:
    history = [exchange(f"h{i}", size) for i, size in enumerate(sizes)]
    before = [message for each in history for message in each]
    whole = [SYSTEM_MESSAGE, *before, *rounds(tries)[1:]]
    messages, dropped = fit(history, rounds(tries), words, limit)
    places = [whole.index(message) for message in messages]
    assert places == sorted(set(places))
    assert len(messages) + dropped == len(whole)
    assert {*rounds(tries)[:2], *rounds(tries)[2:][-2:]} <= set(messages)
    kept_history = [message for message in messages if message in before]
    assert kept_history == before[len(before) - len(kept_history) :]
    if words(whole) <= limit:
        assert dropped == 0
    if dropped and kept_history:
        first = history[len(history) - len(kept_history) // 2 - 1]
        assert words(messages) + words(first) > limit


def test_fit_changes_none_of_its_arguments() -> None:
    history, current = [exchange("a", 50)], rounds(3)
    fit(history, current, words, 5)
    assert (history, current) == ([exchange("a", 50)], rounds(3))


def test_request_stands_below_its_context() -> None:
    assert request_message(" plot it \n").content == "plot it"
    assert request_message("plot it", "Files: a.csv").content == "Files: a.csv\n\nplot it"


def test_system_prompt_asks_for_a_fence_that_is_parsed() -> None:
    assert "```python" in SYSTEM


@pytest.mark.parametrize(
    "source",
    ["x = 1", 's = """\n```\na\n```\n"""', 's = """````python\nf()\n````"""', "%pip install a"],
)
def test_code_block_is_parsed_back_into_its_cell(source: str) -> None:
    assert parse(code_block(source)) == (Cell(source),)


TABLE = Variable("df", "DataFrame", (120, 2), (('"Region"', "str"), ('"Umsatz"', "float64")))
WHOLE = Context(
    (TABLE, Variable("n", "int"), Variable("a", "ndarray", (3, 4))), ("a.csv",), ("x = 1", "y = 2")
)


def test_context_names_everything_with_the_most_relevant_last() -> None:
    assert WHOLE.text() == (
        'Cells:\ny = 2\nx = 1\nFiles: "a.csv"\nTables:\n'
        'df 120x2: "Region" str, "Umsatz" float64\nVariables: n int, a ndarray 3x4'
    )
    assert Context().text() == ""


@pytest.mark.parametrize("budget", range(0, 200, 7))
def test_context_is_within_its_budget(budget: int) -> None:
    fitted = WHOLE.fitted(len, budget)
    assert len(fitted.text()) <= budget
    assert {v.name for v in fitted.variables} <= {v.name for v in WHOLE.variables}


def test_context_gives_up_cells_first_and_tables_last() -> None:
    seen = []
    for budget in range(len(WHOLE.text()), -1, -1):
        fitted = WHOLE.fitted(len, budget)
        kinds = "".join(
            letter
            for letter, there in [
                ("c", fitted.cells),
                ("v", len(fitted.variables) > 1),
                ("f", fitted.files),
                ("t", TABLE in fitted.variables),
            ]
            if there
        )
        seen += [kinds] if kinds not in seen else []
    assert [kinds for kinds in seen if kinds in ("cvft", "vft", "ft", "t", "")] == [
        "cvft", "vft", "ft", "t", "",
    ]  # fmt: skip
    assert all("t" in kinds for kinds in seen if kinds)


def test_cells_are_given_up_from_the_least_relevant() -> None:
    fitted = WHOLE.fitted(len, len(WHOLE.text()) - 1)
    assert fitted.cells == ("x = 1",)


def test_wide_table_is_one_bounded_line_that_tells_how_many_are_left_out() -> None:
    columns = tuple((f'"c{i}"', "int64") for i in range(500))
    line = table_line(Variable("df", "DataFrame", (3, 500), columns))
    assert line.count("int64") == contexts.MAX_COLUMNS
    assert line.endswith(f"and {500 - contexts.MAX_COLUMNS} more")
    assert table_line(Variable("df", "DataFrame", (3, 500), columns[:200])) == line


WIDE = Variable(
    "wide", "DataFrame", (9, 21), tuple((f'"a long column name {i}"', "int64") for i in range(21))
)


def test_wide_table_over_the_budget_keeps_its_first_columns() -> None:
    least = 'Tables:\nwide 9x21: "a long column name 0" int64, and 20 more'
    for budget in range(len(least), len(Context((WIDE,)).text())):
        text = Context((WIDE,)).fitted(len, budget).text()
        told = text.count("int64")
        assert text.startswith(least.partition(",")[0])
        assert text.endswith(f", and {21 - told} more")
        assert told == 19 or len(text) + len(', "a long column name 18" int64') > budget
    assert Context((WIDE,)).fitted(len, len(least) - 1) == Context()


def test_columns_go_from_the_least_relevant_table_first() -> None:
    context = Context((WIDE, replace(WIDE, name="other")))
    fitted = context.fitted(len, len(context.text()) - 100)
    assert fitted.variables[0] is WIDE
    assert fitted.variables[1].name == "other"
    assert 1 <= len(fitted.variables[1].columns) < 20


def test_thousand_variables_are_fitted_in_few_counts() -> None:
    context = Context(tuple(Variable(f"name{i}", "int") for i in range(1000)))
    texts: list[str] = []

    def count(text: str) -> int:
        texts.append(text)
        return len(text)

    fitted = context.fitted(count, 800)
    assert len(texts) <= 12
    assert fitted.variables == context.variables[: len(fitted.variables)]
    assert 800 - len(", name99 int") <= len(fitted.text()) <= 800


NAMES = st.text("ab_é", min_size=1, max_size=9)
COLUMNS = st.lists(st.tuples(NAMES, st.just("int64")), max_size=60).map(tuple)
VARIABLES = st.builds(Variable, NAMES, NAMES, st.none(), COLUMNS).map(
    lambda v: replace(v, shape=(7, len(v.columns))) if v.columns else v
)
CONTEXTS = st.builds(
    Context,
    st.lists(VARIABLES, max_size=6).map(tuple),
    st.lists(NAMES, max_size=4).map(tuple),
    st.lists(NAMES, max_size=4).map(tuple),
)
COUNTS = st.sampled_from([len, lambda text: len(text.split()), lambda text: hash(text) % 500])


def tables(context: Context) -> list[Variable]:
    return [variable for variable in context.variables if variable.columns]


def plain(context: Context) -> list[Variable]:
    return [variable for variable in context.variables if not variable.columns]


@settings(deadline=None)
@given(CONTEXTS, st.integers(0, 2000), COUNTS)
def test_any_context_is_within_any_budget_and_names_of_tables_go_last(
    whole: Context, budget: int, count: Callable[[str], int]
) -> None:
    fitted = whole.fitted(count, budget)
    assert not fitted.text() or count(fitted.text()) <= budget
    if not whole.text() or count(whole.text()) <= budget:
        assert fitted is whole
        return
    assert fitted.text() != whole.text()
    for of in (tables, plain):
        names = [variable.name for variable in of(whole)]
        assert [variable.name for variable in of(fitted)] == names[: len(of(fitted))]
    assert fitted.cells == whole.cells[: len(fitted.cells)]
    assert fitted.files == whole.files[: len(fitted.files)]
    if len(plain(fitted)) < len(plain(whole)):
        assert not fitted.cells
    if len(fitted.files) < len(whole.files):
        assert not fitted.cells and not plain(fitted)
    if tables(fitted) != tables(whole):
        assert not fitted.cells and not plain(fitted) and not fitted.files
    if len(tables(fitted)) < len(tables(whole)):
        assert all(len(table.columns) <= 2 for table in tables(fitted))


def test_columns_that_are_not_strings_stand_as_code_writes_them() -> None:
    columns = (("1", "int64"), ("('a', 2)", "str"), ("None", "object"), ('"it\'s"', "str"))
    assert table_line(Variable("t", "DataFrame", (1, 4), columns)) == (
        "t 1x4: 1 int64, ('a', 2) str, None object, \"it's\" str"
    )


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=("C", "Z"))), min_size=1))
def test_quoted_names_are_python_whatever_they_hold(names: list[str]) -> None:
    assert ast.literal_eval(f"[{quoted(names)}]") == names


def stream(text: str | list[str]) -> Output:
    return {"output_type": "stream", "name": "stdout", "text": text}


def result(text: str) -> Output:
    return {"output_type": "execute_result", "data": {"text/plain": text, "text/html": "<b>"}}


def failed(name: str, message: str = "", **facts: object) -> Execution:
    return Execution((), Failure(name, message, facts=Facts(**facts)))  # type: ignore[arg-type]  # the facts of one test


def test_output_is_told_without_ansi_codes() -> None:
    text = "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07 \x1b[?25l\x1b[2K."
    assert feedback.execution_result(Execution((stream(text),))) == (
        "Execution result:\nred link ."
    )


def test_outputs_are_joined_in_order_and_pictures_are_passed_over() -> None:
    picture: Output = {"output_type": "display_data", "data": {"image/png": "iVBOR"}}
    execution = Execution((stream(["a\n", "b\n"]), picture, result("3")))
    assert feedback.execution_result(execution) == "Execution result:\na\nb\n3"


@pytest.mark.parametrize("length", [1000, 1001, 5000])
def test_output_over_1000_characters_keeps_head_and_tail(length: int) -> None:
    text = "head" + "." * (length - 8) + "tail"
    told = feedback.output_text(Execution((stream(text),)))
    assert told.startswith("head") and told.endswith("tail")
    assert len(told) <= 1000
    assert (told == text) == (length <= 1000)


def test_a_shown_table_keeps_its_columns_below_their_names() -> None:
    table = "   a   b\n0  1  22\n1  3   4"
    assert feedback.output_text(Execution((stream(f"\n{table}\n\n"),))) == table


@given(st.text(), st.integers(20, 300))
def test_cut_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(feedback.cut(text * 9, limit)) <= limit


@pytest.mark.parametrize("outputs", [(), (stream(""),), (stream(" \n"),), (stream("\x1b[0m"),)])
def test_empty_result_has_a_sentence_of_its_own(outputs: tuple[Output, ...]) -> None:
    assert feedback.execution_result(Execution(outputs)) == feedback.EMPTY


def test_input_has_a_sentence_of_its_own() -> None:
    told = feedback.execution_result(failed("StdinNotImplementedError", "raw_input was called"))
    assert told == feedback.INPUT
    assert "input()" in told


def test_failure_is_told_with_its_line_and_facts() -> None:
    execution = failed(
        "KeyError", "\x1b[31m'umsatz'\x1b[0m", line="  df['umsatz']", lineno=3, tables=(TABLE,),
        files=("a.csv", 'b"c.csv'), headers=(('b"c.csv', "a;b"),),
    )  # fmt: skip
    assert feedback.execution_result(execution) == (
        "Execution result:\nline 3: df['umsatz']\nKeyError: 'umsatz'\n"
        'df 120x2: "Region" str, "Umsatz" float64\n'
        "Files: \"a.csv\", 'b\"c.csv'\nFirst line of 'b\"c.csv': a;b"
    )


def test_failure_without_message_or_facts_is_its_name() -> None:
    assert (
        feedback.execution_result(failed("AssertionError")) == "Execution result:\nAssertionError"
    )


def test_long_failure_message_is_cut() -> None:
    told = feedback.failure_text(Failure("ValueError", "x" * 50_000 + "\nadvice"))
    assert told.startswith("ValueError: xxx")
    assert len(told) < 1100
