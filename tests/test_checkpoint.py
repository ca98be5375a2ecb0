"""Bindings are put back, whatever was done to them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from oci_magic.running.checkpoint import Checkpoint
from oci_magic.running.shell import ShellExecutor
from oci_magic.types import Cell

NAMES = st.sampled_from(["a", "b", "c", "df", "_private", "__dunder__", "exit", "In"])
STEPS = st.lists(st.tuples(NAMES, st.sampled_from(["bind", "delete", "swap"])), max_size=30)


def apply(namespace: dict[str, object], steps: list[tuple[str, str]]) -> None:
    for name, step in steps:
        if step == "bind":
            namespace[name] = [name]
        elif step == "delete":
            namespace.pop(name, None)
        else:
            namespace[name] = next(iter(namespace.values()), None)


@given(before=STEPS, after=STEPS)
def test_restore_leaves_the_bindings_identical(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    namespace: dict[str, object] = {}
    apply(namespace, before)
    expected = {name: id(value) for name, value in namespace.items()}
    checkpoint = Checkpoint(namespace)
    apply(namespace, after)
    differing = {
        name
        for name in expected.keys() | namespace.keys()
        if name not in namespace or expected.get(name) != id(namespace[name])
    }
    assert set(checkpoint.restore()) == differing
    assert {name: id(value) for name, value in namespace.items()} == expected
    assert checkpoint.restore() == ()


@given(before=STEPS, ran=STEPS, later=STEPS)
def test_undo_takes_back_the_run_and_nothing_later(
    before: list[tuple[str, str]], ran: list[tuple[str, str]], later: list[tuple[str, str]]
) -> None:
    namespace: dict[str, object] = {}
    apply(namespace, before)
    old = dict(namespace)
    checkpoint = Checkpoint(namespace)
    apply(namespace, ran)
    left = dict(namespace)
    checkpoint.done()
    apply(namespace, later)
    new = dict(namespace)
    stay = checkpoint.undo()
    gone = object()
    for name in old.keys() | left.keys() | new.keys():
        was, then, now = (each.get(name, gone) for each in (old, left, new))
        undone = was is not then and then is now
        assert namespace.get(name, gone) is (was if undone else now), name
        assert (name in stay) == (was is not then and then is not now), name


def test_an_equal_but_other_object_is_put_back() -> None:
    value = [1]
    namespace: dict[str, object] = {"x": value}
    checkpoint = Checkpoint(namespace)
    namespace["x"] = [1]
    assert checkpoint.restore() == ("x",)
    assert namespace["x"] is value


def test_values_that_refuse_comparison_are_put_back() -> None:
    class Awkward:
        def __eq__(self, other: object) -> bool:
            raise ValueError("ambiguous")

        __hash__ = None  # type: ignore[assignment]  # as tables and arrays are

    first = Awkward()
    namespace: dict[str, object] = {"x": first}
    checkpoint = Checkpoint(namespace)
    namespace["x"] = Awkward()
    checkpoint.restore()
    assert namespace["x"] is first


def test_names_that_ipython_sets_are_left_alone() -> None:
    namespace: dict[str, object] = {"_": 1, "_i": "a"}
    checkpoint = Checkpoint(namespace)
    latest: dict[str, object] = {"_": 2, "__": 1, "_3": 2, "_i": "b", "_i3": "b", "_exit_code": 0}
    namespace.update(latest)
    assert checkpoint.restore() == ()
    assert namespace == latest


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()


def test_a_failed_cell_in_a_shell_leaves_no_name_behind(shell: InteractiveShell) -> None:
    shell.run_cell("kept = [1]; gone = 2", store_history=True)
    kept = shell.user_ns["kept"]
    checkpoint = Checkpoint(shell.user_ns)
    source = "kept = 5\ndel gone\nimport math\nopen = quit = None\nnew = 1\n1/0"
    assert ShellExecutor(shell).run(Cell(source)).failure is not None
    assert checkpoint.restore() == ("gone", "kept", "math", "new", "open", "quit")
    assert shell.user_ns["kept"] is kept and shell.user_ns["gone"] == 2
    assert type(shell.user_ns["quit"]).__name__ == "ExitAutocall"


def test_a_cell_that_changes_nothing_is_seen_as_such(shell: InteractiveShell) -> None:
    shell.run_cell("x = 1", store_history=True)
    checkpoint = Checkpoint(shell.user_ns)
    shell.run_cell("x\n!true", store_history=True)
    assert checkpoint.restore() == ()


def test_what_python_notes_of_a_warning_goes_so_that_a_repair_is_warned_too() -> None:
    namespace: dict[str, object] = {"warnings": warnings}
    checkpoint = Checkpoint(namespace)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        exec("warnings.warn('one')", namespace)
    assert "__warningregistry__" in namespace
    checkpoint.restore()
    assert "__warningregistry__" not in namespace
