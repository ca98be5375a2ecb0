"""Answers of which others came later: they are taken back, edited and deleted like the last one."""

from __future__ import annotations

import json
import time

import pytest
from frontend import Notebook, panel, text
from kernels import code
from test_lab_cells import asked_last, book, kernel, value

__all__ = ["book", "kernel"]  # fixtures


def said(book: Notebook, line: str) -> str:
    """All that a cell of this line shows, its error too."""
    cell = book.add(line)
    reply = book.run(cell)
    return text(book[cell]) + str(reply.get("evalue", ""))


def change(book: Notebook, prompt: str, source: str) -> None:
    """Edit the cell of a prompt and run it."""
    (made,) = book.below(prompt)
    made["source"] = source
    book.run(made["id"])


@pytest.mark.parametrize("options", ["-r 0", "--confirm", "-n"])
def test_undo_takes_away_what_left_nothing_and_then_the_answer_before(
    book: Notebook, options: str
) -> None:
    first = book.ask(code("a = 1"), prompt="first")
    second = book.ask(code("b = 2\n1 / 0"), options=options, prompt="second")
    line = said(book, "%oci undo")
    assert "taken away: second (no variable changes); %oci undo again takes back: first" in line
    assert book.below(second) == [] and value(book, "a") == "1"
    assert "undone: first" in said(book, "%oci undo")
    assert book.below(first) == [] and value(book, "'a' in globals()") == "False"
    assert "nothing to undo" in said(book, "%oci undo")


def test_revert_takes_back_the_accepted_answer_from_before_one_that_failed(book: Notebook) -> None:
    first = book.ask(code("a = 1"), prompt="first")
    second = book.ask(code("1 / 0"), code("c = 3"), options="-r 0", prompt="second")
    assert book.command(first, "%oci undo", "undo")["status"] == "ok"
    assert book.below(first) == [] and len(book.below(second)) == 1
    assert value(book, "'a' in globals()") == "False"
    book.run(second, "fix")  # goes on with the conversation
    assert [cell["source"] for cell in book.below(second)] == ["c = 3"]
    told = asked_last(book)
    assert "a = 1" not in told and "c = 3" in told


def test_an_answer_that_waits_still_does_after_the_one_before_is_reverted(book: Notebook) -> None:
    first = book.ask(code("a = 1"), prompt="first")
    second = book.ask(code("b = 2"), options="--confirm", prompt="second")
    book.command(first, "%oci undo", "undo")
    (made,) = book.below(second)
    book.run(made["id"])
    assert panel(made)["line"] == "worked"
    assert "undone: second" in said(book, "%oci undo")


def test_the_answer_before_a_failed_one_to_the_same_prompt_returns_and_has_its_revert(
    book: Notebook,
) -> None:
    prompt = book.ask(code("a = 1"), code("1 / 0"), options="-r 0")
    book[prompt]["source"] += " on"
    book.run(prompt)
    book.command(prompt, "%oci undo", "undo")
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 1"]
    assert "undo" in panel(book[prompt])["actions"]
    book.command(prompt, "%oci undo", "undo")
    assert book.below(prompt) == [] and value(book, "'a' in globals()") == "False"
    assert "undo" not in panel(book[prompt])["actions"]


def test_edits_of_earlier_answers_are_told(book: Notebook) -> None:
    first = book.ask(code("rate = 0.1"), prompt="first")
    second = book.ask(code("tax = 100 * rate"), prompt="second")
    change(book, first, "rate = 0.25")
    book.ask(code("z = 1"), prompt="third")
    told = asked_last(book)
    assert "rate = 0.25" in told and "rate = 0.1" not in told and "tax = 100 * rate" in told
    book.delete(book.below(first)[0]["id"])
    told = asked_last(book)
    assert "rate = 0.25" not in told and "has deleted code" in told and "tax = 100" in told
    change(book, second, "tax = 7")
    assert "tax = 7" in asked_last(book)


def test_an_edit_that_is_taken_back_by_hand_is_told_so(book: Notebook) -> None:
    prompt = book.ask(code("z = 1"))
    for source in ("z = 50", "z = 1"):
        change(book, prompt, source)
    told = asked_last(book)
    assert "z = 1" in told and "z = 50" not in told


def test_an_emptied_cell_is_told_as_deleted(book: Notebook) -> None:
    prompt = book.ask(code("z = 1"))
    change(book, prompt, "z = 50")
    change(book, prompt, "")
    told = asked_last(book)
    assert "z = 1" not in told and "z = 50" not in told and "has deleted code" in told
    (made,) = book.below(prompt)
    made["source"] = "z = 7"  # the person's own from now on
    book.run(made["id"])
    assert asked_last(book).count("z = 7") == 1


def test_cells_that_another_answer_replaced_are_not_deleted_by_the_person(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("a = 2"))
    book.run(prompt, "feedback", "two")
    told = asked_last(book)
    assert "a = 1" in told and "a = 2" in told and "has deleted" not in told


def test_what_comes_while_other_prompts_are_queued_was_not_deleted(book: Notebook) -> None:
    prompts = [book.ask(code(f"{name} = 1"), prompt=name) for name in "abc"]
    for prompt in prompts:
        book[prompt]["source"] += " on"
    book.run_all()
    told = asked_last(book)
    assert "has deleted" not in told and told.count("a = 1") == 2
    book.delete(book.below(prompts[0])[0]["id"])
    assert "has deleted" in asked_last(book)


def test_a_cell_is_found_below_an_answer_that_took_several_drafts_and_went_on(
    book: Notebook,
) -> None:
    failed = f"{code('x = 1')}\n{code('1 / 0')}\n{code('2')}"
    prompt = book.ask(failed, code("x = 2"), code("y = 3"), options="--steps 1")
    last = book.below(prompt)[-1]
    last["source"] = "y = 30"
    book.run(last["id"])
    told = asked_last(book)
    assert "x = 2" in told and "y = 30" in told and "y = 3\n" not in told


def test_a_trial_names_what_was_not_taken_back(book: Notebook) -> None:
    value(book, "class Count:\n    n = 0\nheld, it, listed = Count(), iter(range(9)), []")
    waits = book.ask(code("waited = 1"), options="--confirm")
    fixed = "held.n += 1\nlisted.append(next(it))\nopen('made.txt', 'w').close()"
    name = f"replies-{time.time_ns()}.json"
    (book.kernel.folder / name).write_text(json.dumps([code(fixed)]), encoding="utf-8")
    value(book, f"%oci model scripted:{name}")
    book.run(book.add("held.n += 1\nundefined_name"))
    asks = book.add("%oci fix")
    book.run(asks)
    line = panel(book[asks])["line"]
    assert line.startswith("this repair works · not put back: held (Count), it (range_iterator)")
    assert line.endswith("new file made.txt")
    assert value(book, "(listed, held.n)") == "([], 2)"
    (made,) = book.below(waits)
    book.run(made["id"])
    assert panel(made)["line"] == "worked"
    assert "undone" in said(book, "%oci undo")
