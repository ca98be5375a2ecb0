"""Columns that a request names, however it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic.prompting.context import Context
from oci_magic.prompting.linking import MOST, links
from oci_magic.types import Variable


def table(name: str, *columns: str, dtype: str = "str") -> Variable:
    return Variable(name, "DataFrame", (3, len(columns)), tuple((c, dtype) for c in columns))


def labels(request: str, *tables: Variable) -> list[str]:
    return [link.label for link in links(request, tables)]


@pytest.mark.parametrize(
    "typed",
    ["Population_2020", "population 2020", "POPULATION-2020", "population2020", "`Population_2020`",
     "'population_2020'", "the Population 2020s"],
)  # fmt: skip
def test_case_blanks_marks_and_plurals_do_not_count(typed: str) -> None:
    assert labels(f"plot {typed}, please", table("df", '"Population_2020"')) == [
        '"Population_2020"'
    ]


def test_parts_of_words_name_nothing() -> None:
    assert labels("plot the average pages of them", table("df", '"age"', '"plo"', '"them x"')) == []


def test_of_names_inside_each_other_the_longest_is_meant() -> None:
    df = table("df", '"Population"', '"Population density"')
    assert labels("sort by population density", df) == ['"Population density"']
    both = labels("population density against population", df)
    assert both == ['"Population density"', '"Population"']


def test_the_exact_spelling_wins() -> None:
    assert labels("mean of name", table("df", '"Name"', '"name"')) == ['"name"']
    assert labels("mean of NAME", table("df", '"Name"', '"name"')) == ['"Name"', '"name"']


def test_single_letters_are_meant_as_they_are_written() -> None:
    df = table("df", '"x"', '"a"', '"B"')
    assert labels("give me a plot of x against B", df) == ['"x"', '"B"']
    assert labels("give me X and b", df) == []


def test_numbers_are_labels_and_tuples_are_none() -> None:
    assert labels("the sum of 2020", table("df", "2020", "('a', 'b')")) == ["2020"]


def test_where_there_are_several_tables_they_are_named() -> None:
    context = Context((table("orders", '"id"', '"Total"'), table("people", '"id"')))
    lines = context.about("join on id, then sum the total").text().splitlines()
    assert lines[-1] == 'Named: "id" str in orders and people, "Total" str in orders'
    alone = Context((table("orders", '"id"', '"Total"'),)).about("sum the total").text()
    assert alone.endswith('\nNamed: "Total" str')
    assert "Named" not in Context((table("orders", '"id"'),)).about("sort it").text()


def test_what_is_named_in_a_wide_table_is_told_though_the_table_is_cut() -> None:
    wide = table("df", *(f'"c{n}"' for n in range(200)))
    context = Context((wide,)).about("plot C150")
    assert context.text().endswith('Named: "c150" str')
    fitted = context.fitted(len, 60)
    assert fitted.text().endswith('Named: "c150" str') and '"c9"' not in fitted.text()


names = st.text(max_size=8)


@given(st.text(max_size=80), st.lists(names, max_size=20))
def test_any_text_and_any_names(request: str, columns: list[str]) -> None:
    found = links(request, [table("df", *(repr(name) for name in columns))])
    assert len(found) <= MOST
    assert all(0 <= link.start < link.end <= len(request) for link in found)
    assert len({link.label for link in found}) == len(found)


@given(st.from_regex(r"[A-Za-z]{2,6}(_[A-Za-z]{2,6}){0,2}", fullmatch=True))
def test_a_name_typed_loosely_is_found(name: str) -> None:
    assert labels(f"now plot {name.lower().replace('_', ' ')}!", table("df", repr(name)))
