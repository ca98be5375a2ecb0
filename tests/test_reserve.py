"""What the person keeps back of the notebook is not told of failures either."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from test_magics import Notebook, code, notebook

from oci_magic.prompting.feedback import failure_text
from oci_magic.running.evidence import failure_of
from oci_magic.running.reserve import NOTHING, Reserve

__all__ = ["notebook"]  # a fixture
TABLES = (
    "import pandas as pd\nsalaries = pd.DataFrame({'pay': ['12k', 'n/a']})\n"
    "sales = pd.DataFrame({'a': [1]})"
)


def told_of(book: Notebook, source: str, options: str) -> str:
    """What a model is told of the failure of `source`."""
    replies = book.replies(code(source), code("x = 1"), name=f"replies{len(options)}.json")
    book.type(f"%%oci {replies} --new {options}\ngo")
    return str(book.magics.session.exchanges[-1][0].feedback)


@pytest.mark.parametrize(
    "source",
    [
        "salarie.head()",
        "print(total)",
        "pd.to_numeric(salaries['pay'])",
        "salaries['Pay']",
        "def f(t):\n    return t['Pay']\nf(salaries)",
    ],
)
def test_a_variable_that_is_left_out_is_no_evidence(notebook: Notebook, source: str) -> None:
    notebook.type(TABLES)
    said = told_of(notebook, source, "-x salaries")
    assert "Error" in said and "salaries 2x1" not in said and "t 2x1" not in said
    assert "Near salarie: salaries" not in said and " holds " not in said
    assert "salaries 2x1" in told_of(notebook, source, "")


def test_of_a_context_of_none_that_alone_is_told_that_the_code_names(notebook: Notebook) -> None:
    notebook.type(TABLES)
    said = told_of(notebook, "print(salez)", "--context none")
    assert said.splitlines()[-1] == "NameError: name 'salez' is not defined"
    assert 'sales 2x1: "a"' not in said
    assert 'Near "A": "a"' in told_of(notebook, "sales['A']", "--context  none")


@pytest.mark.parametrize("options", ["-x sales -x salaries", "--context none"])
def test_a_check_keeps_to_it(notebook: Notebook, options: str) -> None:
    notebook.type(TABLES)
    said = told_of(notebook, "x = 1", f'{options} --check "len(salez) > 0"')
    assert said.endswith("NameError: name 'salez' is not defined")


def test_a_fix_of_the_persons_own_cell_keeps_to_it(notebook: Notebook) -> None:
    notebook.type(TABLES)
    notebook.type(f"%config OCIMagics.model = '{notebook.replies(code('x = 1')).split()[1]}'")
    notebook.type("%config OCIMagics.context = 'none'")
    notebook.type("print(salez)")
    notebook.type("%oci fix")
    assert "sales" not in notebook.magics.session.exchanges[-1][0].feedback


def test_code_that_waited_keeps_to_it(notebook: Notebook) -> None:
    notebook.type(TABLES)
    replies = notebook.replies(code("print(salez)"))
    notebook.type(f"%%oci {replies} --confirm --context none\ngo")
    notebook.type("print(salez)")
    assert "sales" not in notebook.magics.session.exchanges[-1][0].feedback


def said(source: str, names: dict[str, Any], reserve: Reserve = NOTHING) -> str:
    try:
        exec(source, names)
    except Exception as error:
        return failure_text(failure_of(error, source, names, "<string>", reserve))
    raise AssertionError("nothing was raised")


def test_a_secret_that_is_left_out_is_taken_out_all_the_same() -> None:
    names = {"password": "hunter2!", "x": 1}
    assert "hunter" not in said("float(password)", names, Reserve(frozenset(("password",))))


def test_the_name_of_a_secret_is_not_near() -> None:
    names = {"password": "hunter2!", "api_key": "k", "pasta": pd.DataFrame({"a": [1]})}
    assert "password" not in said("print(pasword)", names)
    assert "api_key" not in said("print(api_kee)", names)
