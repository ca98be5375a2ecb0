"""`%%oci` in a real kernel: displays, the next-input payload, a real interrupt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import SLOW, Kernel, ask, code, value


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel(tmp_path_factory.mktemp("notebook"))
    yield started
    started.close()


def test_reply_is_one_display_updated_and_failed_drafts_fold(kernel: Kernel) -> None:
    reply, shown = ask(kernel, code("print('first')\n1 / 0"), code("x = 5\nx"))
    assert reply["status"] == "ok"
    drawn = [m for m in shown if m["type"] in ("display_data", "update_display_data")]
    ids = [m["transient"]["display_id"] for m in drawn if "text/markdown" in m["data"]]
    assert len(set(ids)) == 2
    assert any("<details>" in m["data"].get("text/markdown", "") for m in drawn)
    alert = next(m["data"] for m in drawn if "text/html" in m["data"])
    assert "ZeroDivisionError" in alert["text/plain"] and "repairing (1/3)" in alert["text/plain"]
    order = [m["type"] for m in shown if m["type"] in ("stream", "execute_result")]
    assert "execute_result" in order
    assert reply["payload"] == [{"source": "set_next_input", "text": "x = 5\nx", "replace": False}]


def test_updates_come_at_most_ten_times_a_second(kernel: Kernel) -> None:
    kernel.run(SLOW)
    started = time.monotonic()
    _, shown = ask(kernel, "word " * 200)
    updates = [m for m in shown if "display" in m["type"]]
    kernel.run("ScriptedEngine.stream = stream")
    assert 5 < len(updates) <= 10 * (time.monotonic() - started) + 2


def test_rung_follows_the_front_end(kernel: Kernel) -> None:
    forget = "get_ipython().magics_manager.registry['OCIMagics']._told_rung = False"
    for cell, expected in (("abc", "next cell"), (None, "no front end")):
        kernel.run(forget)
        _, shown = ask(kernel, "words", cell=cell)
        assert expected in "".join(m.get("text", "") for m in shown)


def test_interrupt_during_the_run_stops_and_ends_the_cell_with_an_error(kernel: Kernel) -> None:
    long = "print('started', flush=True)\nmarked = 1\nimport time\ntime.sleep(60)"
    reply, shown = ask(kernel, code(long), code("marked = 2"), stop_at='"started')
    assert (reply["status"], reply["ename"]) == ("error", "Stopped")
    assert [m["traceback"] for m in shown if m["type"] == "error"] == [
        [f"Stopped: {reply['evalue']}"]
    ]
    assert value(kernel, "marked") == "'unbound'"


def test_interrupt_that_the_code_catches_still_stops_the_prompt(kernel: Kernel) -> None:
    long = (
        "import time\nprint('started', flush=True)\n"
        "try: time.sleep(60)\nexcept KeyboardInterrupt: print('skip')"
    )
    both = f"{code(long)}\n{code('marked = 3')}"
    reply, shown = ask(kernel, both, code("marked = 4"), stop_at='"started')
    assert (reply["status"], reply["ename"]) == ("error", "Stopped")
    assert "skip" in str(shown) and value(kernel, "marked") == "'unbound'"


def test_review_knows_what_earlier_cells_of_the_notebook_imported(kernel: Kernel) -> None:
    victim = kernel.folder / "victim.csv"
    victim.write_text("kept", encoding="utf-8")
    kernel.run("from os import remove\nfrom pathlib import Path\nfiles = [Path('victim.csv')]")
    for source in ("remove('victim.csv')", "for f in files: f.rename('gone.csv')"):
        reply, _ = ask(kernel, code(source))
        assert (reply["status"], reply["ename"]) == ("error", "Held")
    kernel.run("del remove, files")
    reply, _ = ask(kernel, f"{code('from os import remove')}\n{code(source)}")
    assert reply["ename"] != "Held"
    reply, _ = ask(kernel, "\n".join(map(code, ("from os import remove", "remove('victim.csv')"))))
    assert reply["ename"] == "Held" and victim.read_text(encoding="utf-8") == "kept"


def test_fix_forgets_a_cell_that_was_edited_and_works(kernel: Kernel) -> None:
    kernel.run("broken = 1 / 0", cell="one")
    kernel.run("x = 5", cell="one")
    reply, _ = kernel.run("%oci fix")
    assert (reply["status"], reply["ename"]) == ("error", "UsageError")


def test_a_deleted_working_folder_is_told_in_one_line(kernel: Kernel) -> None:
    gone = kernel.folder / "gone"
    kernel.run(f"import os\nos.mkdir({str(gone)!r})\nos.chdir({str(gone)!r})\nos.rmdir('../gone')")
    reply, shown = ask(kernel, code("x = 1"))
    kernel.run(f"os.chdir({str(kernel.folder)!r})")
    assert (reply["status"], reply["ename"]) == ("error", "OciError")
    assert [len(m["traceback"]) for m in shown if m["type"] == "error"] == [1]
    assert ask(kernel, code("x = 1"))[0]["status"] == "ok"


def test_interrupt_while_text_streams_keeps_what_there_is(kernel: Kernel) -> None:
    kernel.run(SLOW)
    reply, _ = ask(kernel, code("marked = 1\n" * 100), stop_at="marked")
    kernel.run("ScriptedEngine.stream = stream")
    assert (reply["status"], reply["ename"]) == ("error", "Stopped")
    assert value(kernel, "marked") == "'unbound'"
    offered = [load for load in reply.get("payload", []) if load["source"] == "set_next_input"]
    assert offered and offered[0]["text"].startswith("marked = 1")


def test_failed_prompt_stops_run_all(kernel: Kernel) -> None:
    reply, shown = ask(kernel, code("1 / 0"), code("1 / 0"))
    assert (reply["status"], reply["ename"]) == ("error", "Unrepaired")
    assert "\n" not in reply["evalue"]
    assert sum(m["type"] == "error" for m in shown) == 1


def test_a_stop_while_the_model_loads_costs_no_variable(tmp_path: Path) -> None:
    """An import of torch that was broken off would crash the kernel at the next prompt."""
    fresh = Kernel(tmp_path)
    fresh.run("x = 5")
    reply, _ = fresh.run("%%oci\nshow x", stop_at="loading micro")
    assert (reply["status"], reply["ename"]) == ("error", "Stopped")
    reply, _ = fresh.run("%%oci --dry\nshow x")
    assert reply["status"] == "ok" and value(fresh, "x") == "5"
    fresh.close()
