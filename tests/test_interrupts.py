"""Ctrl-C while the notebook is put back, accepted or undone: all of it is done, or nothing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from test_magics import Notebook, code, notebook

from oci_magic.running import shell
from oci_magic.running.checkpoint import Checkpoint
from oci_magic.running.interrupts import put_off
from oci_magic.types import Cell

__all__ = ["notebook"]  # a fixture


def press(times: int = 1) -> None:
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_waits_until_the_block_is_over() -> None:
    before, done = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt), put_off():
        with put_off():
            press(3)
            done.append("within")
        done.append("around")
    assert done == ["within", "around"]
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_touch_no_handler() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def look() -> None:
        with put_off():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_interrupts_that_were_put_off_come_once_when_they_are_let_through() -> None:
    with put_off() as let_through:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), let_through():
            pytest.fail("it was to come first")
        with let_through():
            pass


def test_a_part_of_the_block_can_be_interrupted() -> None:
    done = []
    with put_off() as let_through:
        with pytest.raises(KeyboardInterrupt), let_through():
            press()
        done.append("after")
    assert done == ["after"]


def test_a_second_stop_leaves_the_shell_as_it_was(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = shell._Watch.watching

    @contextmanager
    def pressed(self: shell._Watch) -> Iterator[None]:
        stack = ExitStack()
        stack.enter_context(watching(self))
        try:
            yield
        finally:
            press()
            stack.close()

    monkeypatch.setattr(shell._Watch, "watching", pressed)
    with pytest.raises(KeyboardInterrupt):
        shell.ShellExecutor(notebook.shell).run(Cell("raise KeyboardInterrupt"))
    assert "showtraceback" not in vars(notebook.shell)


def pressed_in(monkeypatch: pytest.MonkeyPatch, name: str, times: int) -> None:
    """Ctrl-C is pressed twice, before and after each of the first calls of a step."""
    step: Callable[..., Any] = getattr(Checkpoint, name)
    left = [times]

    def pressed(self: Checkpoint, *args: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            press()
        result = step(self, *args)
        if left[0] >= 0:
            press()
        return result

    monkeypatch.setattr(Checkpoint, name, pressed)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize(
    ("step", "last"),
    [("_put_back", "1 / 0"), ("restore", "1 / 0"), ("restore", "raise KeyboardInterrupt"),
     ("done", "n = 1")],
)  # fmt: skip
def test_a_stop_while_an_attempt_ends_leaves_no_half_of_it(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, step: str, last: str, times: int
) -> None:
    notebook.type("items, x = [1], 1")
    replies = notebook.replies(code(f"items.append(2)\nx = 2\n{last}"))
    pressed_in(monkeypatch, step, times)
    notebook.type(f"%%oci -r 0 {replies}\ngo")
    assert "topped" in notebook.out
    assert (notebook["items"], notebook["x"]) == ([1], 1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("step", ["_put_back", "undo"])
def test_a_stop_while_an_answer_is_undone_leaves_no_half_of_it(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    notebook.type("items, x = [1], 1")
    replies = notebook.replies(code("items.append(2)\nx = 2"))
    notebook.type(f"%%oci {replies}\ngo")
    pressed_in(monkeypatch, step, 1)
    notebook.type("%oci undo")
    assert "undone: go" in notebook.out
    assert (notebook["items"], notebook["x"]) == ([1], 1)
    notebook.type("%oci undo")
    assert "nothing to undo" in notebook.err + notebook.out


def test_a_stop_while_waiting_code_is_accepted_loses_nothing(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.type("items = [1]")
    replies = notebook.replies(code("items.append(2)"))
    notebook.type(f"%%oci --confirm {replies}\ngo")
    pressed_in(monkeypatch, "done", 1)
    notebook.type(str(notebook.next_input))
    notebook.type("%oci undo")
    assert "undone: go" in notebook.out and notebook["items"] == [1]
