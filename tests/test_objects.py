"""What is said of an object by its type alone, on the objects that a real shell holds."""

from __future__ import annotations

import builtins

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.testing.globalipapp import start_ipython

from oci_magic.objects import is_builtin
from oci_magic.running.variables import variables


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    start_ipython()
    return InteractiveShell.instance()


def test_a_fresh_shell_holds_nothing_of_the_persons(shell: InteractiveShell) -> None:
    names = {variable.name for variable in variables(shell.user_ns)}
    assert "open" in shell.user_ns  # IPython's stand-in, which says that it is from io
    assert "open" not in names
    assert is_builtin("open", shell.user_ns["open"])


def test_a_persons_own_open_is_theirs() -> None:
    def open(path: str) -> str:
        return path

    assert not is_builtin("open", open)
    assert is_builtin("open", builtins.open)
    assert not is_builtin("fopen", builtins.open)
