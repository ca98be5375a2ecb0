"""Headless runs: what is written below a prompt, that it runs again without a model, and once.

Kernels are real and replies written; one run serves many tests, because a kernel takes seconds.
"""

from __future__ import annotations

import json
import os
from copy import deepcopy
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from rich.console import Console

from oci_magic.notebook.answers import Answer
from oci_magic.notebook.arguments import kept_hash, parsed, prompt_of
from oci_magic.notebook.document import (
    SKIP,
    asks,
    kept,
    loading_no_model,
    prompt_parts,
    read,
    tidy,
    write,
)
from oci_magic.notebook.driven import EVENT
from oci_magic.notebook.headless import run_notebook
from oci_magic.notebook.magics import OCIMagics
from oci_magic.notebook.transcript import Transcript

ROOT = Path(__file__).parents[1]
MODEL = "scripted:replies.json"
FAILING = """\
from IPython.display import display
print("lost")
lost = display("draft", display_id="k")
1 / 0"""
REPAIRED = """\
import matplotlib.pyplot as plt
n = globals().get("n", 0) + 1
print("during")
plt.plot([1, 2, 3])
n"""
SHOWS = "from IPython.display import display\nshown = display('old', display_id='k')"
WRITES = "n = 100"
UPDATES = "shown.update('new')\nprint('n is', n, 'lost' in globals())"


def fenced(*sources: str) -> str:
    return "Here.\n" + "\n".join(f"```python\n{source}\n```" for source in sources)


def cell(source: str, name: str) -> Any:
    return new_code_cell(source, id=name)


def run(path: Path, out: Path | None = None, **more: Any) -> tuple[int, str]:
    """Exit code and transcript."""
    text = StringIO()
    transcript = Transcript(Console(file=text, highlight=False))
    code = run_notebook(path, out, transcript, **{"settings": {}, **more})
    return code, text.getvalue()


@dataclass
class Run:
    folder: Path
    code: int
    transcript: str
    notebook: Any

    def __getitem__(self, name: str) -> Any:
        return next(cell for cell in self.notebook.cells if cell.id == name)

    def below(self, name: str) -> list[Any]:
        return [
            c for c in self.notebook.cells if c.metadata.get("oci_magic", {}).get("owner") == name
        ]


@pytest.fixture(scope="module")
def main_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One notebook through the model that `--model` names."""
    folder = tmp_path_factory.mktemp("main")
    replies = [fenced(FAILING), fenced(REPAIRED), "Forty-two.", fenced("a = 1", SHOWS)]
    (folder / "replies.json").write_text(json.dumps([*replies, fenced(WRITES)]))
    cells = [
        cell("%load_ext oci_magic\n%config OCIMagics.model = 'scripted:none.json'", "load"),
        cell("%%oci --again --rounds 2\nplot something", "plot"),
        cell("%%oci\nhow many?", "words"),
        cell("%%oci\ntwo cells", "two"),
        cell("%%oci -n\nonly write it", "written"),
        cell(UPDATES, "after"),
    ]
    write(new_notebook(cells=cells, metadata=metadata()), folder / "nb.ipynb")
    code, transcript = run(folder / "nb.ipynb", settings={"model": MODEL})
    (folder / "replies.json").unlink()
    done = nbformat.read(folder / "nb.executed.ipynb", as_version=4)
    return Run(folder, code, transcript, done)


def metadata() -> dict[str, Any]:
    """A kernel that is not installed: the command uses its own Python's."""
    return {"kernelspec": {"name": "no-such-kernel", "display_name": "?"}}


# What is written


def test_everything_worked_and_the_input_stays_as_it_was(main_run: Run) -> None:
    assert main_run.code == 0, main_run.transcript
    before = nbformat.read(main_run.folder / "nb.ipynb", as_version=4)
    assert before.cells[1].source == "%%oci --again --rounds 2\nplot something"


def test_repaired_code_stands_below_its_prompt_with_metadata(main_run: Run) -> None:
    ids = [cell.id for cell in main_run.notebook.cells]
    (made,) = main_run.below("plot")
    assert made.source == REPAIRED and ids.index(made.id) == ids.index("plot") + 1
    told = made.metadata.oci_magic
    assert (told.owner, told.round, told.model) == ("plot", 2, MODEL)
    assert told.hash in main_run["plot"].source.splitlines()[0]


def test_outputs_and_figure_are_in_the_generated_cell_alone(main_run: Run) -> None:
    (made,) = main_run.below("plot")
    kinds = [output.output_type for output in made.outputs]
    assert kinds == ["stream", "execute_result", "display_data"]
    assert made.outputs[0].text == "during\n"
    assert made.outputs[1].data["text/plain"] == "1"
    assert made.outputs[2].data["image/png"].startswith("iVBOR")
    assert "during" not in str(main_run["plot"].outputs)


def test_failed_attempt_is_told_and_its_output_dropped(main_run: Run) -> None:
    prompt = str(main_run["plot"].outputs)
    assert "ZeroDivisionError: division by zero · line 4: 1 / 0 · repairing (1/2)" in prompt
    assert "worked after 1 repair" in prompt
    assert "'text': 'lost" not in str(main_run.notebook)
    assert "n is 1 False" in main_run["after"].outputs[-1].text


def test_each_code_cell_of_a_reply_has_its_own_outputs(main_run: Run) -> None:
    first, second = main_run.below("two")
    assert (first.source, first.outputs) == ("a = 1", [])
    assert second.source == SHOWS and len(second.outputs) == 1


def test_a_later_cell_updates_a_display_of_a_generated_cell(main_run: Run) -> None:
    assert main_run.below("two")[1].outputs[0].data["text/plain"] == "'new'"


def test_answer_in_words_is_a_markdown_cell(main_run: Run) -> None:
    (made,) = main_run.below("words")
    assert (made.cell_type, made.source) == ("markdown", "Forty-two.")


def test_code_that_was_not_to_run_is_skipped_in_every_later_run(main_run: Run) -> None:
    (made,) = main_run.below("written")
    assert made.source == WRITES and made.metadata.tags == [SKIP]
    assert made.execution_count is None and made.outputs == []


def test_document_is_valid_and_counts_are_unique_and_increase(main_run: Run) -> None:
    nbformat.validate(main_run.notebook)
    cells = main_run.notebook.cells
    counts = [cell.get("execution_count") for cell in cells if cell.get("execution_count")]
    assert counts == list(range(1, 10))
    assert len({cell.id for cell in cells}) == len(cells)


def test_events_never_stay_in_the_document(main_run: Run) -> None:
    assert EVENT not in str(main_run.notebook)


def test_transcript_tells_prompt_answer_failure_and_result_in_order(main_run: Run) -> None:
    at = -1
    for text in ("plot something", "Here.", "1 / 0", "lost", "repairing (1/2)", "during",
                 "[figure, image/png]", "worked after 1 repair", "Forty-two.", "4 prompts answered",
                 ):  # fmt: skip
        at = main_run.transcript.find(text, at + 1)
        assert at >= 0, (text, main_run.transcript)


# Running the result again


@pytest.fixture(scope="module")
def plain_run(main_run: Run) -> Run:
    """What `jupyter execute` does, in a folder where no model answers any more."""
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    try:
        notebook = nbformat.read(main_run.folder / "nb.executed.ipynb", as_version=4)
        resources = {"metadata": {"path": str(main_run.folder)}}
        NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
    finally:
        os.environ.pop("PYTHONPATH") if path is None else os.environ.update(PYTHONPATH=path)
    return Run(main_run.folder, 0, "", notebook)


def test_plain_rerun_asks_no_model_and_runs_nothing_twice(main_run: Run, plain_run: Run) -> None:
    assert "n is 1 False" in plain_run["after"].outputs[-1].text
    assert [c.source for c in plain_run.notebook.cells] == [
        c.source for c in main_run.notebook.cells
    ]
    for name in ("plot", "words", "two", "written"):
        assert plain_run[name].outputs[0].text.startswith("kept: ")


def test_plain_rerun_has_the_same_counts_and_results(main_run: Run, plain_run: Run) -> None:
    assert results(plain_run) == results(main_run)


def results(done: Run) -> list[Any]:
    made = [c for name in ("plot", "two") for c in done.below(name)]
    return [(c.execution_count, [o.output_type for o in c.outputs]) for c in made]


@pytest.fixture(scope="module")
def edited_run(main_run: Run) -> Run:
    """The result, one prompt edited and one generated cell of another, run by the command."""
    notebook = nbformat.read(main_run.folder / "nb.executed.ipynb", as_version=4)
    done = Run(main_run.folder, 0, "", notebook)
    done["two"].source = done["two"].source.replace("two cells", "another")
    done.below("two")[0].source = "a = 1  # mine"
    done["plot"].source += " "
    path = main_run.folder / "edited.ipynb"
    write(notebook, path)
    (main_run.folder / "replies.json").write_text(json.dumps([fenced("b = 2\n" + SHOWS)]))
    code, transcript = run(path, path)
    (main_run.folder / "replies.json").unlink()
    return Run(main_run.folder, code, transcript, nbformat.read(path, as_version=4))


def test_edited_prompt_alone_is_asked_again(edited_run: Run) -> None:
    assert edited_run.code == 0, edited_run.transcript
    assert "1 prompt answered" in edited_run.transcript
    (made,) = edited_run.below("two")
    assert made.source == "b = 2\n" + SHOWS
    assert [c.source for c in edited_run.notebook.cells].count(REPAIRED) == 1
    assert "n is 1 False" in edited_run["after"].outputs[-1].text


def test_generated_cell_that_the_person_edited_is_kept_and_told(edited_run: Run) -> None:
    (mine,) = [c for c in edited_run.notebook.cells if c.source == "a = 1  # mine"]
    assert "oci_magic" not in mine.metadata and mine.execution_count
    assert "was edited: it is kept" in edited_run.transcript


def test_plain_rerun_loads_no_model_where_one_was_chosen_or_asked_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "replies.json").write_text(json.dumps([fenced("x = 1")]))
    cells = [
        cell(f'%load_ext oci_magic\n%oci model "{MODEL}"', "model"),
        cell("%%oci --dry\nset x", "dry"),
        cell("%%oci -o turn\nset x", "ask"),
        cell("print(x, turn.reply.text[:0], turn.execution.outputs)", "after"),
    ]
    path = tmp_path / "nb.ipynb"
    write(new_notebook(cells=cells, metadata=metadata()), path)
    code, transcript = run(path, path)
    assert code == 0, transcript
    (tmp_path / "replies.json").unlink()
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[0].source.splitlines()[1] == f'%config OCIMagics.model = "{MODEL}"'
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
    done = Run(tmp_path, 0, "", notebook)
    assert done["dry"].outputs[0].text.startswith("kept: ")
    assert done["after"].outputs[0].text == "1  ()\n"


# What needs no kernel


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("x = 1\n  %oci model 'a b'  \ny", 'x = 1\n  %config OCIMagics.model = "a b"\ny'),
        (r"%oci model C:\m", r'%config OCIMagics.model = "C:\\m"'),
        ("%oci models", "%oci models"),
        ("%oci model", "%oci model"),
        ("%%oci\n%oci model m", "%%oci\n%oci model m"),
        ("%%writefile a\n%oci model m", "%%writefile a\n%oci model m"),
        ("%%oci --help --dry", "%%oci --help --dry"),
        ("x = 1", "x = 1"),
    ],
)
def test_line_that_loads_a_model_is_written_as_a_setting(source: str, after: str) -> None:
    assert loading_no_model(source) == after
    assert loading_no_model(after) == after


def test_dry_prompt_is_kept_once_whatever_the_model() -> None:
    once = loading_no_model("%%oci --dry --again -m a\nset x")
    options = parsed(OCIMagics.prompt_cell, magic_call(once)[0])
    assert options.dry and not options.again
    assert options.kept == kept_hash(options, "set x", "any")
    assert loading_no_model(once) == once


def test_cell_that_failed_to_choose_a_model_stays_as_typed() -> None:
    notebook = new_notebook(cells=[cell("%oci model m", "p")])
    notebook.cells[0].outputs.append(new_output("error", ename="E", evalue="", traceback=[]))
    Answer(notebook, 0).last()
    assert notebook.cells[0].source == "%oci model m"


LINES = st.lists(
    st.sampled_from(["-m a", '-m "a b"', "-r 2", "--new", "--context none", "-x n", "-o t"]),
    unique_by=lambda word: word.split()[0],
)
MOMENTARY = st.sampled_from(["", "--again", "--kept 0123", "--kept=0123", "--kep x", "--ag"])


@given(LINES, MOMENTARY, st.text(), st.sampled_from([None, "m", 'scripted:a "b".json']))
def test_kept_source_matches_its_own_hash(
    words: list[str], momentary: str, body: str, override: str | None
) -> None:
    """Read as IPython reads it: the magic then does nothing, whatever the trait of that run."""
    source = f"%%oci {' '.join([*words, momentary])}\nask {body}"
    done = kept(source, override or "trait", override)
    line, prompt = magic_call(done.source)
    options = parsed(OCIMagics.prompt_cell, line)
    trait = "other" if override else "trait"
    assert options.kept == done.hash == kept_hash(options, prompt_of(prompt), trait)
    assert not options.again
    assert kept(done.source, trait).source == done.source


def magic_call(source: str) -> tuple[str, str]:
    """Line and body with which IPython calls the magic of this cell."""
    called: list[str] = []
    code = TransformerManager().transform_cell(source)

    class Shell:
        def run_cell_magic(self, *given: str) -> None:
            called.extend(given)

    exec(code, {"get_ipython": Shell})
    assert called[0] == "oci"
    return called[1], called[2]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("%%oci -n\na\nb", ("-n", "a\nb")),
        ("\n\n  %%oci\n  a", ("", "a")),
        ("%%oci", ("", "")),
        ("%%ocix\na", None),
        ("%%oci?\n", None),
        ("x = 1\n%%oci\na", None),
        ("", None),
    ],
)
def test_prompt_cells_are_told_apart(source: str, parts: tuple[str, str] | None) -> None:
    assert prompt_parts(source) == parts


def test_fix_line_is_silenced_where_it_stands() -> None:
    source = "for _ in 'a':\n    %oci fix the sum\nx = 1"
    assert asks(source) and not asks("%oci history")
    assert kept(source, "m").source == "for _ in 'a':\n    pass  # %oci fix the sum\nx = 1"


def played(notebook: Any, *events: dict[str, Any]) -> Answer:
    answer = Answer(notebook, 0)
    for event in events:
        answer.take({"dropped": 0, "words": "", "line": "", "model": "m", "repairs": 0, **event})
    return answer


def asked(*sources: str) -> list[dict[str, Any]]:
    cells = [["code", source] for source in sources]  # as they come through JSON
    return [{"kind": "prompted"}, {"kind": "drafted", "cells": cells}]


def error(name: str) -> dict[str, Any]:
    return {"kind": "executed", "error": {"ename": name, "evalue": "", "traceback": [name]}}


RAN: dict[str, Any] = {"kind": "executed", "error": None}


def test_unrepaired_code_stays_with_its_error_and_is_not_run_by_later_runs() -> None:
    notebook = new_notebook(cells=[cell("%%oci\nask", "p")])
    finished = {"kind": "finished", "outcome": "unrepaired"}
    answer = played(notebook, *asked("a", "b"), RAN, error("E"), finished)
    answer.close()
    prompt, first, second = notebook.cells
    assert prompt.source == "%%oci\nask" and "oci_magic" not in prompt.metadata
    assert first.metadata.tags == second.metadata.tags == [SKIP]
    assert second.outputs[0].ename == "E"
    nbformat.validate(notebook)


def test_request_that_broke_off_leaves_nothing_that_runs() -> None:
    notebook = new_notebook(cells=[cell("%%oci\nask", "p"), cell("after", "a")])
    answer = played(notebook, *asked("bad"), error("E"), {"kind": "prompted"})
    answer.close()
    assert [c.source for c in notebook.cells] == ["%%oci\nask", "bad", "after"]
    assert notebook.cells[1].metadata.tags == [SKIP] and answer.running is None


def test_a_shorter_repair_leaves_no_cell_of_the_failed_attempt() -> None:
    notebook = new_notebook(cells=[cell("%%oci\nask", "p"), cell("after", "a")])
    finished = {"kind": "finished", "outcome": "worked"}
    played(notebook, *asked("a", "b"), error("E"), *asked("c"), RAN, finished)
    assert [c.source for c in notebook.cells][1:] == ["c", "after"]


def test_same_code_once_more_does_not_lose_its_error() -> None:
    notebook = new_notebook(cells=[cell("%%oci\nask", "p")])
    answer = played(notebook, *asked("a"), error("E"), *asked("a"))
    assert answer.running is None
    assert [o.ename for o in notebook.cells[1].outputs] == ["E"]


def test_cells_of_other_prompts_are_not_taken_away() -> None:
    below = [new_markdown_cell("text"), cell("x", "x")]
    below[1].metadata["oci_magic"] = {"owner": "q", "code": "?"}
    notebook = new_notebook(cells=[cell("%%oci\nask", "p"), *below])
    played(notebook, *asked("a"))
    assert [c.source for c in notebook.cells] == ["%%oci\nask", "a", "text", "x"]


@pytest.mark.parametrize("mark", [None, "x", 7, ["p"], {}, {"owner": "p"}, {"owner": ["p"]}])
def test_a_spoiled_mark_takes_no_cell_away(mark: object) -> None:
    notebook = new_notebook(cells=[cell("%%oci\nask", "p"), cell("x", "x")])
    for each in notebook.cells:
        each.metadata["oci_magic"] = mark
    played(notebook, *asked("a"))
    assert [c.source for c in notebook.cells] == ["%%oci\nask", "a", "x"]


def test_a_copy_of_a_generated_cell_is_the_persons() -> None:
    notebook = new_notebook(cells=[cell("%%oci\nask", "p")])
    finished = {"kind": "finished", "outcome": "worked"}
    played(notebook, *asked("a"), RAN, finished)
    copy = {**deepcopy(notebook.cells[1]), "id": "copy"}
    notebook.cells.append(from_dict(copy))
    played(notebook, *asked("b"))
    assert [c.source for c in notebook.cells[1:]] == ["b", "a"]


def test_two_requests_of_one_cell_keep_both_answers() -> None:
    notebook = new_notebook(cells=[cell("%oci fix\n%oci retry", "p")])
    finished = {"kind": "finished", "outcome": "worked"}
    played(notebook, *asked("a"), RAN, finished, *asked("b"), RAN, finished)
    assert [c.source for c in notebook.cells[1:]] == ["a", "b"]
    assert len(notebook.cells[0].metadata.oci_magic.cells) == 2


def test_what_the_answer_went_on_with_stands_below_it_or_is_left_out() -> None:
    goes_on = {"kind": "goes on", "cells": [["code", "a"]]}
    comment = {"kind": "drafted", "cells": [["markdown", "It shows b."]]}
    for more, left in ([comment], ["a", "It shows b."]), ([*asked("bad"), error("E")], ["a"]):
        notebook = new_notebook(cells=[cell("%%oci --observe\nask", "p"), cell("after", "z")])
        below = [["code", "a"], *(["markdown", source] for source in left[1:])]
        finished = {"kind": "finished", "outcome": "worked", "cells": below}
        played(notebook, *asked("a"), RAN, goes_on, *more, finished).close()
        assert [c.source for c in notebook.cells[1:]] == [*left, "after"]
        assert {c.metadata.oci_magic.owner for c in notebook.cells[1:-1]} == {"p"}
        assert notebook.cells[0].metadata.oci_magic.cells == [c.id for c in notebook.cells[1:-1]]
        assert "tags" not in notebook.cells[1].metadata
        nbformat.validate(notebook)


def test_stream_pieces_are_one_output_and_results_are_numbered() -> None:
    pieces = [new_output("stream", name=name, text=name) for name in ("stdout", "stdout", "stderr")]
    result = new_output("execute_result", data={"text/plain": "1"}, execution_count=7)
    made = new_code_cell("x", outputs=[*pieces, result], execution_count=5)
    notebook = new_notebook(cells=[new_code_cell("not run"), made])
    tidy(notebook)
    assert [o.get("text") for o in made.outputs] == ["stdoutstdout", "stderr", None]
    assert made.execution_count == made.outputs[-1].execution_count == 1
    assert notebook.cells[0].execution_count is None


@pytest.mark.filterwarnings("error")
def test_old_notebook_without_ids_gets_them_and_loses_stale_results(tmp_path: Path) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "stale"}
    code = {"cell_type": "code", "metadata": {}, "source": "x", "execution_count": 3,
            "outputs": [output]}  # fmt: skip
    old = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [code, code]}
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    notebook = read(tmp_path / "old.ipynb")
    nbformat.validate(notebook)
    assert len({c.id for c in notebook.cells}) == 2
    assert "stale" not in str(notebook)


def test_writing_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_text("old")
    with pytest.raises(TypeError):
        write(new_notebook(cells=[], metadata={"bad": object()}), path)
    assert path.read_text() == "old"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["nb.ipynb"]


def test_transcript_lets_no_escape_sequence_through() -> None:
    text = StringIO()
    transcript = Transcript(Console(file=text, highlight=False))
    for piece in ("\x1b[2J\x1b]0;title\x07a", "\rb\x00\x1b[31mc[bold]d"):
        transcript.show({"kind": "streamed", "text": piece})
    assert text.getvalue() == "a\nbc[bold]d"
