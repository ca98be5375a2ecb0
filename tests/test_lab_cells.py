"""Cells below a prompt: what a kernel tells a front end that has our extension."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from copy import deepcopy

import pytest
from frontend import Notebook, panel, text
from kernels import Kernel, code

from oci_magic.notebook.panel import MIME

COUNT = "runs = globals().get('runs', 0) + 1"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel(tmp_path_factory.mktemp("notebook"))
    yield started
    started.close()


@pytest.fixture
def book(kernel: Kernel) -> Notebook:
    kernel.run("%reset -f")
    kernel.run("%oci new")
    return Notebook(kernel)


def value(book: Notebook, name: str) -> str:
    return text(book[_ran(book, name)])


def _ran(book: Notebook, source: str) -> str:
    cell = book.add(source)
    book.run(cell)
    return cell


def test_code_stands_in_cells_that_own_its_outputs(book: Notebook) -> None:
    both = f"First.\n{code('print(1)')}\nSecond.\n{code('2 + 2')}"
    prompt = book.ask(both)
    assert book.sources()[1:] == ["print(1)", "2 + 2"]
    first, second = book.below(prompt)
    assert (text(first), text(second)) == ("1\n", "4")
    assert "First." in text(book[prompt]) and "print(1)" not in text(book[prompt])


def test_counts_go_on_and_the_prompt_keeps_its_own(book: Notebook) -> None:
    before = book.run(book.add("0"))["execution_count"]
    prompt = book.ask(f"{code('1')}\n{code('2')}")
    counts = [cell["count"] for cell in (book[prompt], *book.below(prompt))]
    assert counts == [before + 1, before + 2, before + 3]
    assert book.run(book.add("In[-2]"))["execution_count"] == before + 4
    assert text(book.cells[-1]) == "'2'"


def test_a_repair_rewrites_the_cell_in_its_place(book: Notebook) -> None:
    prompt = book.ask(code("print('half')\n1 / 0"), code("x = 5\nx"))
    (cell,) = book.below(prompt)
    assert (cell["source"], text(cell)) == ("x = 5\nx", "5")
    assert book.operations.count("insert") == 1 and "delete" not in book.operations
    assert not any(output["type"] == "error" for output in cell["outputs"])


def test_what_stays_unrepaired_shows_its_error(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), options="-r 0")
    (cell,) = book.below(prompt)
    assert cell["outputs"][-1]["ename"] == "ZeroDivisionError"
    reply = book.run(prompt)
    assert reply["status"] == "error"  # asked again: nothing worked that could be kept


def test_a_repair_in_words_leaves_the_code_that_failed(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), "That cannot be done.")
    (made,) = book.below(prompt)
    assert (made["source"], made["outputs"][0]["ename"]) == ("1 / 0", "ZeroDivisionError")
    assert "That cannot be done." in text(book[prompt])


def test_a_shorter_repair_leaves_no_cell_over(book: Notebook) -> None:
    prompt = book.ask(f"{code('a = 1')}\n{code('1 / 0')}", code("b = 2"))
    assert [cell["source"] for cell in book.below(prompt)] == ["b = 2"]


def test_an_unchanged_prompt_asks_nothing_and_runs_nothing(book: Notebook) -> None:
    prompt = book.ask(code(COUNT))
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])
    assert book.operations == [] and value(book, "runs") == "1"


def test_again_asks_although_nothing_changed(book: Notebook) -> None:
    prompt = book.ask(code(COUNT), code(COUNT), options="--again")
    book.run(prompt)
    assert value(book, "runs") == "2"


def test_a_changed_prompt_replaces_its_own_cells_alone(book: Notebook) -> None:
    mine = book.add("mine = 1")
    prompt = book.ask(code(COUNT), code("runs = 10"))
    later = book.add("later = 1")
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert book.sources()[0] == "mine = 1" and book.sources()[2:] == ["runs = 10", "later = 1"]
    assert mine in book and later in book


def test_an_edited_cell_is_kept_and_told(book: Notebook) -> None:
    prompt = book.ask(code(COUNT), code("runs = 10"))
    (made,) = book.below(prompt)
    made["source"] = "runs = 3  # mine"
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert book.sources()[1:] == ["runs = 10", "runs = 3  # mine"]
    assert "kept: 1 cell that you edited" in text(book[prompt])
    book[prompt]["source"] += " and on"
    book.run(prompt)
    assert "runs = 3  # mine" in book.sources()


def test_run_all_after_an_edit_of_the_prompt_counts_once(book: Notebook) -> None:
    """All requests are queued before the prompt replaces the cell below it."""
    prompt = book.ask(code(COUNT), code(f"{COUNT}  # new"))
    (old,) = book.below(prompt)
    book[prompt]["source"] += " on"
    queued = book.deletions
    book.run(prompt)
    book.kernel.run(
        old["source"], cell=old["id"],
        oci_magic_client={"protocol": 1, "client": "me", "deletions": queued},
    )  # fmt: skip
    assert value(book, "runs") == "2"


def test_a_prompt_that_was_queued_twice_is_answered_once(book: Notebook) -> None:
    prompt = book.ask(code(COUNT), code("other = 1"))
    queued = book.told(prompt)
    book[prompt]["source"] += " on"
    book.run(prompt)
    book.run(prompt, told={**queued, "deletions": 0})
    assert [cell["source"] for cell in book.below(prompt)] == ["other = 1"]
    assert "kept: 1 cell below" in text(book[prompt])


def test_a_copy_of_a_generated_cell_is_the_persons(book: Notebook) -> None:
    prompt = book.ask(code(COUNT), code("other = 1"))
    (made,) = book.below(prompt)
    book.copy(made["id"], len(book.cells))
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert book.sources()[1:] == ["other = 1", COUNT]


@pytest.mark.parametrize("record", [None, "x", 7, [1], {"feedback": 7}, {"feedback": None}])
def test_a_spoiled_record_of_a_prompt_does_no_harm(book: Notebook, record: object) -> None:
    prompt = book.add("%%oci -m scripted:one.json\ngo")
    book[prompt]["metadata"]["oci_magic"] = record
    (book.kernel.folder / "one.json").write_text(json.dumps([code("x = 1")]), encoding="utf-8")
    book.kernel.run("%oci unload")
    book.run(prompt, "feedback", "more")
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 1"]
    assert book[prompt]["metadata"]["oci_magic"]["feedback"] == ["more"]


def test_what_the_person_types_in_mid_run_stays(book: Notebook) -> None:
    typed = {"source": "typed = 1"}
    book.meddle = lambda done: done == "done" and book.cells[-1].update(typed)
    prompt = book.ask(code("1 / 0"), code("x = 5"))
    assert [cell["source"] for cell in book.below(prompt)] == ["typed = 1"]
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert "typed = 1" in book.sources()


ENGINE = "get_ipython().magics_manager.registry['OCIMagics'].session.engine"


def breaks_off(book: Notebook, error: str) -> None:
    """From now on the model writes half an answer, then this is raised."""
    _ran(book, "from oci_magic.errors import EngineError\nfrom oci_magic.types import Chunk\n"
               f"engine = {ENGINE}\nstream = engine.stream\n"
               "def half(*_, **__):\n    yield Chunk('Now:\\n```python\\nhalf = 1')\n"
               f"    raise {error}\nengine.stream = half")  # fmt: skip


def goes_on(book: Notebook) -> None:
    _ran(book, "engine.stream = stream")


@pytest.mark.parametrize("error", ["EngineError('gone')", "KeyboardInterrupt"])
def test_an_answer_that_breaks_off_leaves_the_earlier_one(book: Notebook, error: str) -> None:
    prompt = book.ask(code(COUNT), code("runs = 10"))
    source, before = book[prompt]["source"], deepcopy(book.below(prompt))
    offered = panel(book[prompt])["actions"]
    breaks_off(book, error)
    book[prompt]["source"] += " on"
    reply = book.run(prompt)
    assert reply["status"] == "error" and book.below(prompt) == before
    shown = panel(book[prompt])
    assert shown["state"] == "stopped" and shown["actions"] == offered
    goes_on(book)
    book[prompt]["source"] = source
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert [cell["source"] for cell in book.below(prompt)] == ["runs = 10"]


def test_a_stop_tells_that_the_earlier_answer_stands_and_shows_the_half(book: Notebook) -> None:
    prompt = book.ask(code(COUNT))
    breaks_off(book, "KeyboardInterrupt")
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert "the earlier answer is below, as it was" in str(book[prompt]["outputs"])
    assert "half = 1" in text(book[prompt])
    goes_on(book)


def test_a_stop_while_cells_make_room_leaves_one_answer(book: Notebook) -> None:
    prompt = book.ask(code("x = 1"), code("x = 2"))
    _ran(book, "import signal\nfrom oci_magic.notebook.lab import LabPlace\n"
               "send = LabPlace._send\ndef stopped(place, operation, **values):\n"
               "    if operation == 'delete':\n"
               "        LabPlace._send = send\n        signal.raise_signal(signal.SIGINT)\n"
               "    send(place, operation, **values)\nLabPlace._send = stopped")  # fmt: skip
    book.run(prompt, "retry")
    assert panel(book[prompt])["state"] == "stopped"
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 2"]
    assert value(book, "x") == "1"


def test_a_stop_when_all_is_done_keeps_the_answer_and_stops_run_all(book: Notebook) -> None:
    prompt = book.ask(code("x = 1"), code("x = 2"))
    _ran(book, "import signal\nfrom oci_magic.notebook.lab import LabPlace\n"
               "take = LabPlace.take\ndef stopped(*given):\n    LabPlace.take = take\n"
               "    signal.raise_signal(signal.SIGINT)\n    take(*given)\n"
               "LabPlace.take = stopped")  # fmt: skip
    reply = book.run(prompt, "retry")
    assert reply["evalue"] == "stopped by you; the answer stands"
    assert panel(book[prompt])["state"] == "worked" and value(book, "x") == "2"
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 2"]
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


STOPPED_AT = """
import signal, sys, time
from oci_magic.notebook.display import Throttle
from oci_magic.notebook.lab_view import LabView
from oci_magic.types import Chunk
def pieces(*_, **__):
    for piece in ("Now:\\n```python\\na = 1\\n", "b = 2", "2\\nc", " = 3\\n"):
        yield Chunk(piece)
    time.sleep(5)
def trace(frame, event, _):
    global lines
    lines += event == "line"
    if event == "line" and lines == at:
        signal.raise_signal(signal.SIGINT)
    return trace
def show(view, event):
    global lines
    if getattr(event, "text", "").endswith("22\\nc"):
        lines = 0
        sys.settrace(trace)
    shown(view, event)
    if sys.gettrace() and lines < at:
        signal.raise_signal(signal.SIGINT)
    sys.settrace(None)
engine, often = ENGINE, Throttle.__call__
stream, engine.stream = engine.stream, pieces
shown, LabView.show, Throttle.__call__ = LabView.show, show, lambda _: True
""".replace("ENGINE", ENGINE)
"""The model is stopped at line `at` of drawing its third piece, IPython's and ipykernel's too."""


def test_a_stop_at_any_line_of_drawing_leaves_the_earlier_answer_alone(book: Notebook) -> None:
    prompt = book.ask(code("kept = 1"))
    source, before = book[prompt]["source"], deepcopy(book.below(prompt))
    book.kernel.run(STOPPED_AT)
    try:
        for at in range(1, 2800, 53):  # some 2,500 lines
            book.kernel.run(f"at, lines = {at}, 0")
            book[prompt]["source"] = f"{source} on {at}"
            book.run(prompt)
            assert panel(book[prompt])["state"] == "stopped"
            assert book.below(prompt) == before and len(book.cells) == 2
    finally:
        book.kernel.run("engine.stream, LabView.show, Throttle.__call__ = stream, shown, often")


def test_what_waits_can_be_run_after_a_stop_that_leaves_it(book: Notebook) -> None:
    prompt = book.ask(code("waited = 1"), options="--confirm")
    breaks_off(book, "KeyboardInterrupt")
    book.run(prompt, "retry")
    assert "run" in panel(book[prompt])["actions"]
    (made,) = book.below(prompt)
    book.run(made["id"])
    assert panel(book[made["id"]])["state"] == "worked"  # a change of what the prompt shows
    goes_on(book)


def test_revert_keeps_the_order_around_an_edited_cell(book: Notebook) -> None:
    prompt = book.ask("One.\n```python\na = 1\n```\nTwo.\n```python\nb = a\n```\nThree.\n"
                      "```python\nc = b\n```", code("a = b = c = 5"))  # fmt: skip
    book.below(prompt)[1]["source"] = "b = a + 1"
    book.run(book.below(prompt)[1]["id"])
    book.run(prompt, "retry")
    assert [cell["source"] for cell in book.below(prompt)] == ["a = b = c = 5"]
    book.command(prompt, "%oci undo", "undo")
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 1", "b = a + 1", "c = b"]
    book.run(prompt)
    assert "kept: 3 cells below" in text(book[prompt])


def test_a_prompt_that_was_queued_before_its_answer_was_taken_back_asks(book: Notebook) -> None:
    prompt = book.ask(code("x = 1"), code("x = 2"), code("x = 3"))
    queued = book.told(prompt)
    book.command(prompt, "%oci undo", "undo")
    book.run(prompt, told=queued)
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 2"]
    book.run(prompt, "retry")
    queued = book.told(prompt)
    book.command(prompt, "%oci undo", "undo")
    book.run(prompt, told=queued)
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 2"]
    assert "kept: 1 cell below" in text(book[prompt])


def test_an_answer_in_another_window_is_taken_back_there(book: Notebook) -> None:
    prompt = book.ask(*(code(f"x = {n}") for n in range(3)))
    cells, mine = deepcopy(book.cells), book.client
    book.client = "other"
    book.run(prompt, "retry")
    theirs, book.cells, book.client = book.cells, cells, mine
    reply = book.command(prompt, "%oci undo", "undo")
    assert "stands in another window" in reply["evalue"]
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 0"]
    book.cells, book.client = theirs, "other"
    book.command(prompt, "%oci undo", "undo")
    assert [cell["source"] for cell in book.below(prompt)] == ["x = 0"]
    book.client = mine


@pytest.mark.parametrize("error", ["EngineError('gone')", "KeyboardInterrupt"])
def test_a_first_answer_that_breaks_off_is_not_kept(book: Notebook, error: str) -> None:
    book.ask(code("x = 1"))
    breaks_off(book, error)
    prompt = book.add(book.cells[0]["source"] + " too")
    book.run(prompt)
    assert [cell["source"] for cell in book.below(prompt)] == ["half = 1"]
    goes_on(book)
    (book.kernel.folder / "next.json").write_text(json.dumps([code("y = 2")]), encoding="utf-8")
    book[prompt]["source"] = "%%oci -m scripted:next.json\ngo too"
    book.run(prompt)
    assert [cell["source"] for cell in book.below(prompt)] == ["y = 2"]


def test_a_window_loaded_anew_after_a_stop_has_no_half_left(book: Notebook) -> None:
    prompt = book.ask(code(COUNT))
    breaks_off(book, "KeyboardInterrupt")
    book[prompt]["source"] += " on"
    saved: list[list[dict[str, object]]] = []
    book.meddle = lambda done: saved.append(deepcopy(book.cells)) if done == "insert" else None
    book.run(prompt)
    book.load_anew(saved[0])
    assert [cell["source"] for cell in book.below(prompt)] == [COUNT]
    assert panel(book[prompt])["state"] == "stopped"
    goes_on(book)


def test_undo_brings_back_the_answer_before_one_that_did_not_work(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("1 / 0"), options="-r 0")
    source = book[prompt]["source"]
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert "undo" in panel(book[prompt])["actions"]
    book.command(prompt, "%oci undo", "undo")
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 1"]
    book[prompt]["source"] = source
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


def test_undo_of_code_that_waits_takes_it_away(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), options="--confirm")
    book.command(prompt, "%oci undo", "undo")
    assert book.below(prompt) == []


def test_a_button_on_a_prompt_that_was_changed_asks_it_anew(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("a = 2"))
    book[prompt]["source"] += " on"
    book.run(prompt, "feedback", "use a two")
    last = "get_ipython().magics_manager.registry['OCIMagics'].session.turns[-1].request"
    assert value(book, last) == repr("go on\nuse a two")
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


def test_a_notebook_gone_back_to_what_was_saved_is_asked_again(book: Notebook) -> None:
    prompt = book.add("%%oci -m scripted:back.json\ngo")
    answers = json.dumps([code("a = 1"), code("a = 2")])
    (book.kernel.folder / "back.json").write_text(answers, encoding="utf-8")
    saved = deepcopy(book.cells)
    book.run(prompt)
    book.cells = saved  # Reload Notebook from Disk: the same window, the same kernel
    book.run(prompt)
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 2"]


def test_fix_repairs_this_prompts_code_not_another_failure(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), code("b = 3"), options="-r 0")
    _ran(book, "undefined_name")
    book[prompt]["source"] = book[prompt]["source"].replace("-r 0", "-r 1")
    book.run(prompt, "fix")
    magics = "get_ipython().magics_manager.registry['OCIMagics']"
    asked = value(book, f"{magics}.session.turns[-1].request")
    assert asked == "'go'" and [cell["source"] for cell in book.below(prompt)] == ["b = 3"]


def test_a_deleted_cell_that_is_back_runs(book: Notebook) -> None:
    prompt = book.ask(code(COUNT), code("other = 1"))
    (old,) = book.below(prompt)
    book[prompt]["source"] += " on"
    book.run(prompt)
    book.cells.append(old)
    book.run(old["id"])
    assert value(book, "runs") == "2"


def test_a_refusal_takes_nothing_away(book: Notebook) -> None:
    prompt = book.ask(code(COUNT), "I cannot do that.")
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert [cell["source"] for cell in book.below(prompt)] == [COUNT]


def test_no_run_inserts_and_keeps(book: Notebook) -> None:
    prompt = book.ask(code(COUNT), options="-n")
    assert [cell["source"] for cell in book.below(prompt)] == [COUNT]
    assert value(book, "globals().get('runs')") == ""


def test_held_code_stands_there_and_is_not_run(book: Notebook) -> None:
    prompt = book.ask(code("import os\nos.remove('x')"))
    assert [cell["source"] for cell in book.below(prompt)] == ["import os\nos.remove('x')"]
    assert "bind" not in book.operations


def test_the_panel_tells_how_it_ended_and_shows_the_drafts(book: Notebook) -> None:
    prompt = book.ask(code("a = 1\n1 / 0"), code("a = 1\na"))
    shown = panel(book[prompt])
    assert shown["state"] == "worked" and "after 1 repair" in shown["line"]
    assert shown["actions"] == ["keep", "undo", "retry", "feedback"] and shown["rounds"] == 3
    first, second = shown["drafts"]
    assert "ZeroDivisionError" in first["failure"] and second["failure"] == ""
    assert second["diff"] == [[" ", "a = 1"], ["-", "1 / 0"], ["+", "a"]]


@pytest.mark.parametrize("options", ["-r 0", "--confirm"])
def test_code_that_was_mended_by_hand_settles_its_prompt(book: Notebook, options: str) -> None:
    prompt = book.ask(code(f"{COUNT}\n1 / 0"), options=options)
    (made,) = book.below(prompt)
    made["source"] = COUNT
    book.run(made["id"])
    assert panel(made)["line"] == "works as you have edited it"
    book.run_all()
    assert "kept: 1 cell below" in text(book[prompt]) and value(book, "runs") == "2"


def test_an_answer_of_several_cells_is_settled_when_all_have_run_by_hand(book: Notebook) -> None:
    prompt = book.ask(f"{code('1 / 0')}\n{code('runs = 7')}", options="-r 0")
    first, second = book.below(prompt)
    first["source"] = "ready = 1"
    book.run(first["id"])
    assert "hash" not in str({k for k, v in book[prompt]["metadata"]["oci_magic"].items() if v})
    book.run(second["id"])
    book.run(prompt)
    assert "kept: 2 cells below" in text(book[prompt]) and value(book, "runs") == "7"


def test_undo_after_a_new_conversation_takes_nothing(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), "Just words.")
    value(book, "%oci new")
    book.run(book.add(book[prompt]["source"] + " more"))
    assert "nothing to undo" in "".join(_ran_error(book, "%oci undo"))
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 1"]


@pytest.mark.parametrize("last", ["No.", "KeyboardInterrupt"])
def test_code_is_mended_by_hand_after_a_repair_without_code(book: Notebook, last: str) -> None:
    replies = [code("1 / 0")] if last == "KeyboardInterrupt" else [code("1 / 0"), last]
    if last == "KeyboardInterrupt":
        book.ask(code("z = 1"))
        _ran(book, "from oci_magic.types import Chunk\n"
                   f"engine = {ENGINE}\nkind = type(engine)\nstream = kind.stream\n"
                   "def half(self, messages, **more):\n"
                   "    if len(messages) > 4:\n        raise KeyboardInterrupt\n"
                   "    yield from stream(self, messages, **more)\nkind.stream = half")  # fmt: skip
    prompt = book.ask(*replies)
    if last == "KeyboardInterrupt":
        _ran(book, "kind.stream = stream")
    (made,) = book.below(prompt)
    made["source"] = "b = 2"
    book.run(made["id"])
    assert panel(made)["line"] == "works as you have edited it"
    assert "Error in callback" not in text(made)
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


@pytest.mark.parametrize("error", ["EngineError('gone')", "KeyboardInterrupt"])
def test_held_code_still_waits_after_what_brings_nothing(book: Notebook, error: str) -> None:
    prompt = book.ask(code("a = 1"), options="--confirm")
    breaks_off(book, error)
    book.run(prompt, "retry")
    goes_on(book)
    (made,) = book.below(prompt)
    book.run(made["id"])
    assert panel(made)["line"] == "worked"
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


def test_retry_after_a_revert_stands_below_its_prompt(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("a = 2"))
    book.command(prompt, "%oci undo", "undo")
    _ran(book, "%oci retry")
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 2"]


def test_fix_asks_a_model_whatever_auto_fix_says(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), code("b = 3"), options="-r 0")
    assert panel(book[prompt])["rounds"] is None  # the line says it
    book.run(prompt, "fix")
    assert [cell["source"] for cell in book.below(prompt)] == ["b = 3"]


def test_a_stop_in_words_leaves_the_way_back_to_the_answer(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"))
    breaks_off(book, "KeyboardInterrupt")
    book.run(prompt, "feedback", "use a two")
    goes_on(book)
    assert "undone" in value(book, "%oci undo") and book.below(prompt) == []
    assert value(book, "'a' in globals()") == "False"
    assert "undone" in panel(book[prompt])["line"]  # where its row was


def test_a_repair_of_a_watched_cell_that_fails_can_be_asked_again(book: Notebook) -> None:
    book.ask(code("z = 1"))
    _ran(book, "%oci watch on")
    failing = book.add("total = 1 / 0")
    book.run(failing)
    name = f"replies-{time.time_ns()}.json"
    (book.kernel.folder / name).write_text(json.dumps([code("1 / 0"), "No."]), encoding="utf-8")
    _ran(book, f"%oci model scripted:{name}")
    book.command(failing, "%oci fix", "repair")
    shown = panel(book[failing])
    assert (shown["state"], shown["actions"]) == ("unrepaired", ["repair"])
    book.command(failing, "%oci fix", "repair")  # the file has no more replies
    shown = panel(book[failing])
    assert (shown["line"], shown["actions"]) == ("no answer", ["repair"])
    _ran(book, "%oci watch off")


def test_feedback_goes_on_with_the_conversation(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("a = 2"))
    book.run(prompt, "feedback", "use a two")
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 2"]
    assert book[prompt]["metadata"]["oci_magic"]["feedback"] == ["use a two"]
    magics = "get_ipython().magics_manager.registry['OCIMagics']"
    assert value(book, f"[t.request for t in {magics}.session.turns]") == "['go', 'use a two']"
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


def test_fix_goes_on_from_the_error(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), code("b = 3"), options="-r 0")
    assert panel(book[prompt])["actions"] == ["fix", "undo", "retry", "feedback"]
    book[prompt]["source"] = book[prompt]["source"].replace("-r 0", "-r 1")
    book.run(prompt, "fix")
    assert [cell["source"] for cell in book.below(prompt)] == ["b = 3"]
    assert panel(book[prompt])["state"] == "worked"


def test_asking_again_forgets_the_answer(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("a = 2"))
    book.run(prompt, "retry")
    assert [cell["source"] for cell in book.below(prompt)] == ["a = 2"]
    magics = "get_ipython().magics_manager.registry['OCIMagics']"
    assert value(book, f"[t.request for t in {magics}.session.turns]") == "['go']"


def test_retry_in_a_cell_of_its_own_replaces_the_last_answer(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("a = 2"), code("a = 3"))
    command = _ran(book, "%oci retry")
    assert book.sources()[1:] == ["a = 2", "%oci retry"] and len(book.below(prompt)) == 1
    shown = panel(book[command])
    assert (shown["state"], shown["prompt"]) == ("worked", prompt)
    book.run(prompt, "feedback", "a three")  # as the row's button does
    assert book.sources()[1:] == ["a = 3", "%oci retry"]
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


def test_retry_of_a_prompt_that_was_deleted_stands_below_the_command(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"), code("a = 2"), code("a = 3"))
    book.delete(prompt)
    command = _ran(book, "%oci retry")
    assert book.sources() == ["%oci retry", "a = 2"]
    book.run(command, "feedback", "a three")
    assert book.sources() == ["%oci retry", "a = 3"] and value(book, "a") == "3"


def test_fix_in_a_cell_of_its_own_repairs_the_answer_in_its_place(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), code("b = 3"), options="-r 0")
    _ran(book, "%oci fix by three")
    assert [cell["source"] for cell in book.below(prompt)] == ["b = 3"]
    assert book.sources()[1:] == ["b = 3", "%oci fix by three"]


def test_a_repair_of_the_persons_cell_is_proposed_where_it_is_asked_for(book: Notebook) -> None:
    book.ask(code("z = 0"), code("b = 1"), code("b = 2"))
    failing = book.add("b = 1 / 0")
    book.run(failing)
    command = _ran(book, "%oci fix")
    assert book.sources()[-2:] == ["b = 1 / 0", "%oci fix"]
    shown = panel(book[command])
    assert (shown["actions"], shown["code"], shown["was"]) == (["apply"], "b = 1", "b = 1 / 0")
    assert shown["prompt"] == failing
    again = _ran(book, "%oci fix by a two")
    assert panel(book[again])["code"] == "b = 2"
    assert "'b'" not in str(book.kernel.run("print(dir())")[1])  # it was a trial


def test_feedback_after_another_prompt_asks_this_one_anew(book: Notebook) -> None:
    prompt = book.ask(code("a = 1"))
    book.ask(code("z = 1"))
    book.run(prompt, "feedback", "use a seven")
    last = "get_ipython().magics_manager.registry['OCIMagics'].session.turns[-1].request"
    assert value(book, last) == repr("go\nuse a seven")


def test_a_watched_failure_gets_a_fix_that_is_proposed(book: Notebook) -> None:
    _ran(book, "%oci watch on")
    failing = book.add("total = 1 / 0")
    book.run(failing)
    assert panel(book[failing])["actions"] == ["repair"]
    name = f"replies-{time.time_ns()}.json"
    (book.kernel.folder / name).write_text(json.dumps([code("total = 1")]), encoding="utf-8")
    _ran(book, f"%oci model scripted:{name}")
    book.command(failing, "%oci fix", "repair")
    shown = panel(book[failing])
    assert (shown["actions"], shown["code"]) == (["apply"], "total = 1")
    assert shown["drafts"][1]["diff"] == [["-", "total = 1 / 0"], ["+", "total = 1"]]
    assert "ZeroDivisionError" in shown["drafts"][0]["failure"]
    assert "total" not in str(book.kernel.run("print(dir())")[1])  # it was a trial
    assert book.below(failing) == []
    assert shown["was"] == "total = 1 / 0"
    assert book[failing]["outputs"][0]["ename"] == "ZeroDivisionError"  # still to be seen
    _ran(book, "%oci watch off")
    other = book.add("1 / 0")
    book.run(other)
    assert not any(MIME in m.get("data", {}) for m in book[other]["outputs"])


def test_of_two_watched_failures_each_can_be_repaired(book: Notebook) -> None:
    _ran(book, "%oci watch on")
    first, second = book.add("one = 1 / 0"), book.add("two = undefined")
    book.run(first)
    book.run(second)
    name = f"replies-{time.time_ns()}.json"
    (book.kernel.folder / name).write_text(json.dumps([code("one = 1"), code("two = 2")]))
    _ran(book, f"%oci model scripted:{name}")
    for cell, error, repair in (first, "ZeroDivision", "one = 1"), (second, "NameE", "two = 2"):
        book.command(cell, "%oci fix", "repair")
        shown = panel(book[cell])
        assert (shown["actions"], shown["code"]) == (["apply"], repair)
        assert error in shown["drafts"][0]["failure"]
    book[first]["source"] = "one = 3"
    book.command(first, "%oci fix", "repair")
    assert "has not failed as it is now" in str(book[first]["outputs"])
    _ran(book, "%oci watch off")


def test_undo_takes_cells_and_names_back(book: Notebook) -> None:
    _ran(book, "a = 1")
    prompt = book.ask(code("a = 2\nb = 3\nc = 4"), code("a = 9"))
    _ran(book, "c = 5")
    assert "c stays" in value(book, "%oci undo")
    assert book.below(prompt) == []
    assert value(book, "(a, c, 'b' in globals())") == "(1, 5, False)"
    book.run(prompt)
    assert value(book, "a") == "9"  # asked anew, not kept


def test_the_undo_button_takes_back_the_last_answer_alone(book: Notebook) -> None:
    first, last = book.ask(code("a = 1")), book.ask(code("b = 1"))
    for prompt in (first, last):
        book.command(prompt, "%oci undo", "undo")
    assert "only the last answer" in str(book[first]["outputs"])
    assert len(book.below(first)) == 1 and book.below(last) == []


def test_rounds_set_in_the_panel_count_and_stay(book: Notebook) -> None:
    prompt = book.ask(code("1 / 0"), code("1 / 0  # b"), code("1 / 0  # c"), code("x = 1"))
    book[prompt]["metadata"]["oci_magic"]["rounds"] = 0
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert panel(book[prompt])["rounds"] == 0
    assert book[prompt]["metadata"]["oci_magic"]["rounds"] == 0


def test_undo_leaves_a_cell_that_was_edited(book: Notebook) -> None:
    prompt = book.ask(code("a = 2"))
    book.below(prompt)[0]["source"] = "a = 3"
    value(book, "%oci undo")
    assert "a = 3" in book.sources()
    assert "nothing to undo" in "".join(_ran_error(book, "%oci undo"))


def _ran_error(book: Notebook, source: str) -> list[str]:
    outputs = book[_ran(book, source)]["outputs"]
    return [str(m.get("evalue", "")) + str(m.get("text", "")) for m in outputs]


def test_a_window_loaded_anew_gets_what_it_missed(book: Notebook) -> None:
    prompt = book.ask(code("print(1)"), code("print(2)"))
    saved = deepcopy(book.cells)
    book[prompt]["source"] += " on"
    book.run(prompt)
    book.load_anew(saved)
    (cell,) = book.below(prompt)
    assert (cell["source"], text(cell)) == ("print(2)", "2\n")
    assert panel(book[prompt])["state"] == "worked" and "count" in book[prompt]


def test_a_copy_of_the_notebook_on_the_same_kernel_is_left_as_it_is(book: Notebook) -> None:
    prompt = book.ask(code("print(1)"), code("print(2)"))
    saved = deepcopy(book.cells)
    book[prompt]["source"] += " on"
    book.run(prompt)
    book.path = "copy.ipynb"
    book.load_anew(saved)
    assert [cell["source"] for cell in book.below(prompt)] == ["print(1)"]


def test_a_window_that_missed_nothing_gets_nothing(book: Notebook) -> None:
    prompt = book.ask(code("print(1)"))
    (made,) = book.below(prompt)
    book.load_anew([cell for cell in book.cells if cell is not made])
    assert book.below(prompt) == []  # deleted by the person: it stays so


def test_an_answer_that_never_came_leaves_no_panel_at_work(book: Notebook) -> None:
    prompt = book.ask()
    shown = panel(book[prompt])
    assert (shown["state"], shown["actions"]) == ("stopped", ["retry", "feedback"])


def test_an_unknown_protocol_falls_back_to_the_next_cell(kernel: Kernel) -> None:
    (kernel.folder / "one.json").write_text(json.dumps([code("x = 1")]), encoding="utf-8")
    kernel.run("%reload_ext oci_magic")
    reply, shown = kernel.run(
        "%%oci -m scripted:one.json --new\ngo", cell="abc",
        oci_magic_client={"protocol": 99, "client": "me"},
    )  # fmt: skip
    assert [payload["source"] for payload in reply["payload"]] == ["set_next_input"]
    told = "".join(message.get("text", "") for message in shown)
    assert "extension is of another version" in told


def test_an_edited_cell_that_has_run_is_the_answer_from_then_on(book: Notebook) -> None:
    prompt = book.ask(f"One.\n{code('x = 1')}\nTwo.\n{code('y = 2')}")
    made = book.below(prompt)[1]
    made["source"] = "y = 20  # mine"
    book.run(made["id"])
    follow = book.add("%%oci --dry\ngo on")
    book.run(follow)
    told = text(book[follow])
    assert "y = 20  # mine" in told and "y = 2\n" not in told
    assert told.count("y = 20") == 1  # in the conversation, not among the recent cells too


def test_an_edit_that_fails_leaves_the_answer_as_it_was(book: Notebook) -> None:
    prompt = book.ask(code("x = 1"))
    made = book.below(prompt)[0]
    made["source"] = "x = 1 / 0"
    book.run(made["id"])
    follow = book.add("%%oci --dry\ngo on")
    book.run(follow)
    assert "```python\nx = 1\n```" in text(book[follow])


def test_queued_cells_that_are_replaced_do_not_run_after_the_extension_was_reloaded(
    book: Notebook,
) -> None:
    count = f"{COUNT}\nruns"
    prompt = book.ask(*[code(f"{count}  # {n}") for n in range(3)])
    for words in ("two", "three"):
        book[prompt]["source"] += f" {words}"
        book.run(prompt)
    value(book, "%reload_ext oci_magic")
    value(book, "runs = 0")
    book[prompt]["source"] = book[prompt]["source"] + " four"
    book.cells = [cell for cell in book.cells if cell["id"] == prompt or cell in book.below(prompt)]
    book.run_all()
    assert value(book, "runs") == "1"


def test_cells_of_another_answer_that_are_back_are_not_kept_as_this_ones(book: Notebook) -> None:
    prompt = book.ask(code("1"), code("2"), code("3"))
    before = deepcopy(book.below(prompt))
    book[prompt]["source"] += " another way"
    book.run(prompt)
    at = book.ids().index(prompt) + 1
    book.cells[at : at + 1] = before  # Ctrl-Z on cells; what the prompt's cell says stays
    book.run(prompt)
    assert [cell["source"] for cell in book.below(prompt)] == ["3"]


def asked_last(book: Notebook) -> str:
    """All that the model was told by the last prompt."""
    shown = book.add("%%oci --dry\nwhat now?")
    book.run(shown)
    return text(book[shown])


def test_what_the_person_deletes_stays_deleted_for_the_model(book: Notebook) -> None:
    prompt = book.ask(code("keep = 1") + "\n" + code("gone = 2"))
    assert "gone = 2" in asked_last(book)
    book.delete(book.below(prompt)[1]["id"])
    told = asked_last(book)
    assert "keep = 1" in told and "gone = 2" not in told and "has deleted code" in told
    book.delete(book.below(prompt)[0]["id"])
    assert "keep = 1" not in asked_last(book)
    book.run(book.add("%oci undo"))  # variables are there as long as they are not taken back
    assert "NameError" in str(book.run(book.add("keep")))


def test_a_generated_cell_that_is_cut_and_pasted_is_not_deleted(book: Notebook) -> None:
    prompt = book.ask(code("moved = 1"))
    (made,) = book.below(prompt)
    book.copy(made["id"], 0)
    book.delete(made["id"])
    assert "moved = 1" in asked_last(book)


FAILS_FIRST = (code("x = 1\nprint('one')\n1 / 0"), code("x = 2\nprint('two')"))


def saved_at(book: Notebook, prompt: str, step: int) -> list[dict[str, object]]:
    """The notebook as it was saved when so many operations had come in mid-run."""
    steps: list[list[dict[str, object]]] = []
    book.meddle = lambda _: steps.append(deepcopy(book.cells))
    book.run(prompt)
    book.meddle = lambda _: None
    return steps[min(step, len(steps) - 1)]


@pytest.mark.parametrize("step", range(3, 14))
def test_a_draft_that_was_saved_in_mid_run_becomes_what_came_of_it(
    book: Notebook, step: int
) -> None:
    name = f"replies-{time.time_ns()}.json"
    (book.kernel.folder / name).write_text(json.dumps(FAILS_FIRST), encoding="utf-8")
    prompt = book.add(f"%%oci -m scripted:{name}\ngo")
    book.load_anew(saved_at(book, prompt, step))
    assert [c["source"] for c in book.below(prompt)] == ["x = 2\nprint('two')"]
    assert text(book.below(prompt)[0]) == "two\n"
    book.run(prompt)
    assert "kept: 1 cell below" in text(book[prompt])


def test_an_edit_of_a_saved_draft_is_the_persons_also_after_the_end(book: Notebook) -> None:
    name = f"replies-{time.time_ns()}.json"
    (book.kernel.folder / name).write_text(json.dumps(FAILS_FIRST), encoding="utf-8")
    prompt = book.add(f"%%oci -m scripted:{name}\ngo")
    saved = saved_at(book, prompt, 6)
    edited = next(cell for cell in saved if cell["id"] != prompt)
    edited["source"] = "mine = 1"
    book.load_anew(saved)
    assert "mine = 1" in book.sources()


def test_a_generated_cell_of_another_kind_is_the_persons(book: Notebook) -> None:
    prompt = book.ask(code("x = 1"), code("x = 2"))
    (made,) = book.below(prompt)
    made["cell_type"] = "markdown"
    book[prompt]["source"] += " on"
    book.run(prompt)
    assert book.sources()[1:] == ["x = 2", "x = 1"]


def test_words_of_a_model_run_nothing_in_the_page(book: Notebook) -> None:
    evil = (
        "<script>a()</script> <img src=x onerror=b()> [c](javascript:c()) "
        "[d](&#106;avascript:d()) `<b>` a < b & c"
    )
    prompt = book.ask(f"{evil}\n{code('x = 1')}")
    shown = [m["data"]["text/markdown"] for m in book[prompt]["outputs"]
             if "text/markdown" in m.get("data", {})]  # fmt: skip
    assert shown and all("<s" not in s and "<i" not in s and "<b" not in s for s in shown)
    assert all("javascript:" not in s and "&#" not in s for s in shown)
    assert "a < b & c" in shown[-1] and shown[-1].replace("\u2060", "").startswith(evil)


def test_a_proposed_repair_leaves_no_value_and_the_answer_before_can_be_undone(
    book: Notebook,
) -> None:
    book.kernel.run("%oci watch on")
    book.ask(code("before = 1"))
    name = f"replies-{time.time_ns()}.json"
    fixed = code("n = n + 1\nlst.append(n)")
    (book.kernel.folder / name).write_text(json.dumps([fixed]), encoding="utf-8")
    book.kernel.run(f"n, lst = 0, []\n%oci model scripted:{name}")
    failing = book.add("n = n + 1\nlst.append(n)\nundefined_name")
    book.run(failing)
    book.command(failing, "%oci fix", "repair")
    assert panel(book[failing])["line"] == "this repair works"
    assert value(book, "n, lst") == "(1, [1])"
    book.run(book.add("%oci undo"))
    assert "NameError" in str(book.run(book.add("before")))
    book.kernel.run("%oci watch off")


def test_after_a_restart_a_kept_prompt_shows_what_it_had_shown(book: Notebook) -> None:
    prompt = book.ask(code("x = 1 / 0"), "Now **well**.\n" + code("x = 1"))
    drafts = panel(book[prompt])["drafts"]
    assert len(drafts) == 2
    book.kernel.run("%reload_ext oci_magic")  # as a new kernel: it remembers nothing
    for _ in range(2):  # what is shown then is told the next time
        book.run(prompt)
        shown = panel(book[prompt])
        assert shown["state"] == "kept" and shown["drafts"] == drafts
        assert shown["actions"] == ["keep", "retry", "feedback"]
        assert "Now **well**." in text(book[prompt])


@pytest.mark.parametrize(
    "shown", [[7], [{MIME: 7}], [{MIME: {"drafts": [{"title": 1, "failure": 2, "diff": [3]}]}}],
              [{MIME: {"drafts": [{"title": "<b>", "failure": "<i>", "diff": [["?", "<p>"]]}]}}],
              [{"text/markdown": ["<script>"], "text/plain": 7}]]
)  # fmt: skip
def test_what_a_file_says_was_shown_is_only_words(book: Notebook, shown: object) -> None:
    prompt = book.ask(code("x = 1"))
    book.kernel.run("%reload_ext oci_magic")
    told = book.told(prompt)
    told["made"]["shown"] = shown
    book.run(prompt, told=told)
    assert "kept: 1 cell below" in text(book[prompt])
    html = next(m["data"]["text/html"] for m in book[prompt]["outputs"] if "data" in m)
    assert not {"<b>", "<i>", "<p>", "<script>"} & set(re.findall(r"<\w+>", html))
