"""Code that waits for the person: confirmed, held, offered; and what they do with it."""

from __future__ import annotations

import json

from frontend import Notebook
from kernels import code
from test_lab_cells import book, kernel, value

from oci_magic.notebook.panel import MIME

__all__ = ["book", "kernel"]  # fixtures


def run_made(book: Notebook, prompt: str, at: int = 0) -> list[dict[str, object]]:
    """Run a generated cell as the person does; what the panel then shows, if it changed."""
    made = book.below(prompt)[at]["id"]
    book.run(made)
    updates = [m for m in book[made]["outputs"] if m["type"] == "update_display_data"]
    return [m["data"][MIME] for m in updates]


def again(book: Notebook, prompt: str, action: str = "", words: str = "") -> str:
    """Run the prompt cell; all that it shows as text."""
    book.run(prompt, action, words)
    return json.dumps(book[prompt]["outputs"])


def test_confirmed_code_waits_and_stops_run_all(book: Notebook) -> None:
    prompt = book.ask(code("x = 4"), code("x = 5"), options="--confirm")
    reply = book.run(prompt)
    assert reply["status"] == "error" and reply["ename"] == "Held"
    assert reply["evalue"] == "the code waits until you run it: it is in the cell below"
    assert [c["source"] for c in book.below(prompt)] == ["x = 5"]
    assert value(book, "'x' in globals()") == "False"


def test_confirmed_code_that_worked_is_kept_and_can_be_undone(book: Notebook) -> None:
    prompt = book.ask(code("x = 5"), options="--confirm")
    (shown,) = run_made(book, prompt)
    assert (shown["state"], shown["actions"]) == ("worked", ["keep", "undo", "retry", "feedback"])
    assert value(book, "x") == "5"
    assert "kept: 1 cell below" in again(book, prompt)
    value(book, "%oci undo")
    assert value(book, "'x' in globals()") == "False"
    assert book.below(prompt) == []


def test_confirmed_code_that_failed_leaves_the_names_and_can_be_fixed(book: Notebook) -> None:
    value(book, "x = 1")
    prompt = book.ask(code("x = 2\n1 / 0"), code("x = 3"), options="--confirm")
    (shown,) = run_made(book, prompt)
    assert shown["state"] == "unrepaired" and "fix" in shown["actions"]
    assert "ZeroDivisionError" in str(shown["line"])
    assert value(book, "x") == "1"
    again(book, prompt, "fix")
    assert [c["source"] for c in book.below(prompt)] == ["x = 3"]
    run_made(book, prompt)
    assert value(book, "x") == "3"


def test_oci_fix_repairs_what_waited_and_failed(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), code("x = 'mended'"), options="-n")
    run_made(book, prompt)
    assert value(book, "%oci fix") is not None
    assert value(book, "x") == "'mended'"


def test_cells_that_wait_run_one_by_one(book: Notebook) -> None:
    prompt = book.ask(code("a = 1") + "\n" + code("b = 1 / 0"), options="--confirm")
    assert run_made(book, prompt, 0) == []
    value(book, "mine = 1")
    (shown,) = run_made(book, prompt, 1)
    assert shown["state"] == "unrepaired"
    assert value(book, "(a, mine)") == "(1, 1)"  # neither the cell before nor mine is taken back


def test_code_that_was_edited_while_it_waited_is_the_persons(book: Notebook) -> None:
    prompt = book.ask(code("x = 2"), options="--confirm")
    book.below(prompt)[0]["source"] = "x = 'edited'"
    (shown,) = run_made(book, prompt)
    assert (shown["state"], shown["line"]) == ("worked", "works as you have edited it")
    assert "undo" not in shown["actions"]  # it was not watched
    assert value(book, "x") == "'edited'"
    assert "kept" in again(book, prompt)


def test_a_stop_of_code_that_waited_is_no_failure_to_fix(book: Notebook) -> None:
    prompt = book.ask(code("x = 2\nraise KeyboardInterrupt"), options="--confirm")
    assert run_made(book, prompt) == []
    assert value(book, "'x' in globals()") == "False"


def test_a_reverted_answer_gives_place_to_the_one_before(book: Notebook) -> None:
    prompt = book.ask(code("x = 1"), code("x = 2") + "\n" + code("y = 3"))
    earlier = book.below(prompt)[0]["id"]
    again(book, prompt, "feedback", "two")
    assert [c["source"] for c in book.below(prompt)] == ["x = 2", "y = 3"]
    assert "undone" in undo_by_button(book, prompt)
    assert [(c["id"], c["source"]) for c in book.below(prompt)] == [(earlier, "x = 1")]
    assert value(book, "(x, 'y' in globals())") == "(1, False)"
    assert "kept: 1 cell below" in again(book, prompt)


def test_an_edited_cell_stays_where_it_is_and_is_that_answers_again_by_a_revert(
    book: Notebook,
) -> None:
    prompt = book.ask(code("x = 1"), code("x = 2"))
    book.below(prompt)[0]["source"] = "x = 'mine'"
    again(book, prompt, "feedback", "two")
    undo_by_button(book, prompt)
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 'mine'"]
    assert book.sources().count("x = 'mine'") == 1


def undo_by_button(book: Notebook, prompt: str) -> str:
    source, book[prompt]["source"] = book[prompt]["source"], "%oci undo"
    said = again(book, prompt, "undo")
    book[prompt]["source"] = source
    return said


def test_the_trait_confirms_every_prompt(book: Notebook) -> None:
    value(book, "%config OCIMagics.confirm = True")
    prompt = book.ask(code("x = 'asked'"))
    value(book, "%config OCIMagics.confirm = False")
    assert value(book, "'x' in globals()") == "False"
    run_made(book, prompt)
    assert value(book, "x") == "'asked'"


def test_confirmed_code_is_checked_when_it_is_run(book: Notebook) -> None:
    prompt = book.ask(code("x = 5"), options='--confirm --check "x > 6"')
    (shown,) = run_made(book, prompt)
    assert shown["state"] == "unrepaired"
    assert str(shown["line"]).startswith("CheckFailed: x > 6")
    assert value(book, "'x' in globals()") == "False"


def test_confirmed_code_is_checked_by_its_own_checks(book: Notebook) -> None:
    prompt = book.ask(code("x = 5"), options='--confirm --check "x > 6"')
    book.ask("Words.", options='--check "x > 1"')
    (shown,) = run_made(book, prompt)
    assert (shown["state"], value(book, "'x' in globals()")) == ("unrepaired", "False")


def two_cells(book: Notebook, options: str = "--confirm") -> str:
    value(book, "items = [1]")
    cells = code("items.append(2)\na = 1") + "\n" + code("items.append(3)\nb = need")
    return book.ask(cells, options=options)


def test_all_cells_of_an_answer_are_undone_though_one_failed_in_between(book: Notebook) -> None:
    prompt = two_cells(book)
    run_made(book, prompt, 0)
    run_made(book, prompt, 1)
    assert value(book, "items") == "[1, 2]"
    value(book, "need = 5")
    (shown,) = run_made(book, prompt, 1)
    assert (shown["state"], value(book, "items")) == ("worked", "[1, 2, 3]")
    value(book, "%oci undo")
    assert value(book, "(items, 'a' in globals(), 'b' in globals())") == "([1], False, False)"
    assert value(book, "need") == "5" and book.below(prompt) == []
    value(book, "del need")


def test_all_cells_of_an_answer_are_undone_but_not_those_in_between(book: Notebook) -> None:
    value(book, "need = 5")
    prompt = two_cells(book)
    run_made(book, prompt, 0)
    value(book, "mine = len(items)")
    run_made(book, prompt, 1)
    value(book, "%oci undo")
    assert value(book, "(items, mine, 'a' in globals())") == "([1], 2, False)"
    value(book, "del need")


def test_the_cells_that_have_run_are_undone_where_others_still_wait(book: Notebook) -> None:
    prompt = two_cells(book)
    run_made(book, prompt, 0)
    value(book, "%oci undo")
    assert value(book, "(items, 'a' in globals())") == "([1], False)"
    assert book.below(prompt) == []


def test_a_check_that_fails_puts_back_all_cells_of_an_answer(book: Notebook) -> None:
    value(book, "need = 5")
    prompt = two_cells(book, '--confirm --check "len(items) > 9"')
    run_made(book, prompt, 0)
    run_made(book, prompt, 1)
    assert value(book, "(items, 'a' in globals(), 'b' in globals())") == "([1], False, False)"
    value(book, "del need")
