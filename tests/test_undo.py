"""What `%oci undo` leaves: all that later cells have changed, in place too."""

from __future__ import annotations

import warnings
import weakref
from typing import Any

import pytest
from test_magics import Notebook, code, notebook

from oci_magic.runner import InTurn
from oci_magic.running.checkpoint import Checkpoint

__all__ = ["notebook"]  # a fixture

MADE = {
    "[1]": "made.append(2)",
    "{'a': [1]}": "made['a'].append(2)",
    "([1],)": "made[0].append(2)",
    "bytearray(b'a')": "made.extend(b'b')",
    "np.zeros(3)": "made[0] = 1",
    "pd.DataFrame({'a': [1, 2]})": "made['b'] = [5, 6]",
    "pd.DataFrame({'a': [1], 'o': [[1]]})": "made['o'].iloc[0].append(2)",
    "pd.Series([1, 2])": "made.iloc[0] = 7",
    "[pd.DataFrame({'a': [1]})]": "made[0].index.name = 'i'",
}


def names() -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    return {"np": np, "pd": pd, "made": "before", "held": [], "In": []}


@pytest.mark.parametrize("new", sorted(MADE))
@pytest.mark.parametrize("later", [False, True])
def test_what_the_answer_has_made_stays_once_a_later_cell_has_changed_it(
    new: str, later: bool
) -> None:
    namespace = names()
    answer = f"made = {new}\nheld.append(made)\nother = 1"
    checkpoint = Checkpoint(namespace, answer)
    exec(answer, namespace)
    made = namespace["made"]
    checkpoint.done()
    exec(MADE[new] if later else "len(made), repr(made)", namespace)
    assert checkpoint.undo() == (("held", "made") if later else ())
    assert (namespace["made"] is made) == later
    assert (namespace["held"] == []) != later
    assert "other" not in namespace


def test_what_was_there_before_goes_on_as_it_is() -> None:
    old = [1]
    namespace: dict[str, Any] = {"old": old, "held": []}
    checkpoint = Checkpoint(namespace, "held.append(old); alias = old")
    exec("held.append(old); alias = old", namespace)
    checkpoint.done()
    old.append(2)
    assert checkpoint.undo() == ()
    assert namespace["old"] == [1, 2] and namespace["held"] == [] and "alias" not in namespace


@pytest.mark.parametrize(
    ("cells", "stay"),
    [
        ([], ()),
        (["x = 1", "get_ipython().run_line_magic('oci', 'undo')"], ()),
        (["get_ipython().run_cell_magic('time', '', 'x = 1')"], ()),
        (["made.send(None)"], ("made",)),
        (["use()"], ("made",)),
        (["get_ipython().run_cell_magic('time', '', 'next(made)')"], ("made",)),
        (None, ("made",)),
    ],
)
def test_what_cannot_be_compared_stays_if_a_later_cell_can_reach_it(
    cells: list[str] | None, stay: tuple[str, ...]
) -> None:
    namespace: dict[str, Any] = {"In": ["made = iter([1])"]}
    exec("def use(): next(made)", namespace)
    checkpoint = Checkpoint(namespace, "made = iter([1])")
    namespace["made"] = iter([1])
    checkpoint.done()
    if cells is None:
        del namespace["In"]
    else:
        namespace["In"] += cells
    assert checkpoint.undo() == stay
    assert ("made" in namespace) == bool(stay)


def test_what_an_answer_goes_on_with_is_no_later_cell() -> None:
    namespace: dict[str, Any] = {"In": []}
    first = Checkpoint(namespace, "it = iter([1])")
    namespace["it"] = iter([1])
    first.done()
    second = Checkpoint(namespace, "n = next(it)")
    namespace["In"].append("n = next(it)")
    namespace["n"] = 1
    second.done()
    first.goes_on()
    assert InTurn(first, second).undo() == ()
    assert "it" not in namespace and "n" not in namespace


def test_what_a_package_keeps_is_no_work_of_the_persons() -> None:
    kept = "def made():\n    kept = {}\n    def use(): kept[1] = 1\n    return use\nuse = made()"
    package: dict[str, Any] = {"__name__": "package"}
    exec(kept, package)
    namespace: dict[str, Any] = {"__name__": "__main__", "In": []}
    checkpoint = Checkpoint(namespace, "from package import use")
    namespace["use"] = package["use"]
    checkpoint.done()
    namespace["use"]()
    assert checkpoint.undo() == () and "use" not in namespace


def test_more_than_the_limit_is_told_from_the_cells() -> None:
    import numpy as np

    namespace: dict[str, Any] = {"In": []}
    for later in ([], ["made[0] = 1"]):
        checkpoint = Checkpoint(namespace, "made = np.zeros(1000)", limit=4000)
        namespace["made"] = np.zeros(1000)
        checkpoint.done()
        namespace["In"] += later
        assert checkpoint.undo() == (("made",) if later else ())


def test_what_the_answer_has_left_alone_is_let_go() -> None:
    import numpy as np

    namespace: dict[str, Any] = {"big": np.zeros(3), "old": [1], "In": []}
    seen = weakref.ref(namespace["big"])
    checkpoint = Checkpoint(namespace, "old = big.sum()")
    namespace["old"] = namespace["big"].sum()
    checkpoint.done()
    del namespace["big"]
    assert seen() is None
    assert checkpoint.undo() == () and namespace["old"] == [1]


def test_what_python_notes_of_warnings_is_no_work_of_the_persons() -> None:
    namespace: dict[str, Any] = {"warnings": warnings, "In": []}
    checkpoint = Checkpoint(namespace, "warnings.warn('one')")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        exec("warnings.warn('one')", namespace)
        checkpoint.done()
        exec("warnings.warn('two')", namespace)
    assert checkpoint.undo() == ()


def test_a_persons_work_on_an_answer_is_left_and_named(notebook: Notebook) -> None:
    replies = notebook.replies(code("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\nn = 1"))
    notebook.type(f"%%oci {replies}\ngo")
    notebook.type("df['mine'] = 2")
    notebook.type("%oci undo")
    assert "undone: go; df stays as a later cell left it" in notebook.out
    assert list(notebook["df"].columns) == ["a", "mine"]
    assert "n" not in notebook.shell.user_ns


def results(notebook: Notebook) -> tuple[object, ...]:
    names, hook = notebook.shell.user_ns, notebook.shell.displayhook
    numbered = sorted(name for name in names if name[1:].isdigit())
    latest = [[space[name] for name in ("_", "__", "___")] for space in (names, vars(hook))]
    return dict(names["Out"]), numbered, *latest


def shown(notebook: Notebook) -> tuple[object, ...]:
    notebook.type("[7]")
    notebook.type("'eight'")
    return results(notebook)


@pytest.mark.parametrize("failing", ["1 / 0", "for _ in range(3):\n    1 / (1 - _)"])
def test_results_of_what_failed_are_not_kept(notebook: Notebook, failing: str) -> None:
    before = shown(notebook)
    replies = notebook.replies(code("made = [1]\nmade") + "\n" + code(failing))
    notebook.type(f"%%oci -r 0 {replies}\ngo")
    assert "ZeroDivisionError" in notebook.out and results(notebook) == before
    notebook.type("9")
    assert notebook["_"] == 9 and notebook["__"] == "eight"


def test_results_of_an_answer_are_taken_back_with_it(notebook: Notebook) -> None:
    before = shown(notebook)
    notebook.type(f"%%oci {notebook.replies(code('[9]'))}\ngo")
    assert notebook["_"] == [9]
    notebook.type("%oci undo")
    assert results(notebook) == before
    notebook.type(f"%%oci {notebook.replies(code('[9]'))}\ngo")
    notebook.type("10")
    notebook.type("%oci undo")
    assert notebook["_"] == 10 and [9] not in notebook["Out"].values()
