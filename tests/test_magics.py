"""`%%oci` and `%oci` as a person types them: a fresh shell, written replies, captured output."""

from __future__ import annotations

import json
import re
import signal
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from oci_magic.engines.scripted import ScriptedEngine
from oci_magic.errors import (
    EngineError,
    Held,
    ModelNotFound,
    NoMemory,
    OciError,
    Stopped,
    Unrepaired,
)
from oci_magic.notebook import models
from oci_magic.notebook.arguments import Options, kept_hash, parsed
from oci_magic.notebook.display import TerminalView, Throttle
from oci_magic.notebook.models import ModelShelf
from oci_magic.notebook.telling import Telling
from oci_magic.types import Turn

FENCE = "```python\n```"


class Notebook:
    """A shell with the extension, and what it printed since `type` was called last."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.shell = InteractiveShell(config=config)
        self.folder, self.capsys = folder, capsys
        self.shell.run_line_magic("load_ext", "oci_magic")
        self.out = self.err = ""

    def type(self, text: str) -> Any:
        """Run a cell as a front end does; returns IPython's result."""
        self.shell.rl_next_input = None
        result = self.shell.run_cell(text, store_history=True)
        self.out, self.err = self.capsys.readouterr()
        return result

    def replies(self, *texts: str, name: str = "replies.json") -> str:
        """Write replies to a file; returns the option that makes them the model."""
        (self.folder / name).write_text(json.dumps(texts), encoding="utf-8")
        return f"-m scripted:{name}"

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    @property
    def next_input(self) -> str | None:
        return self.shell.rl_next_input

    @property
    def magics(self) -> Any:
        return self.shell.magics_manager.registry["OCIMagics"]

    def asked(self) -> str:
        """The user's message that the last prompt sent, by the session's own account."""
        return str(self.magics.session.turns[-1].request)


@pytest.fixture
def notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Notebook]:
    monkeypatch.chdir(tmp_path)
    made = Notebook(tmp_path, capsys)
    yield made
    made.shell.run_line_magic("unload_ext", "oci_magic")


def code(*sources: str) -> str:
    return "\n\n".join(f"Here.\n```python\n{text}\n```" for text in sources)


def one_line_error(book: Notebook, result: Any, kind: type[BaseException]) -> str:
    """The line shown for an error of ours; fails if there is a traceback or a second line."""
    error = result.error_in_exec
    assert type(error) is kind, (error, book.out, book.err)
    assert "\n" not in str(error)
    assert "Traceback" not in book.out + book.err
    assert str(error) in book.out + book.err
    return str(error)


# The main job


def test_prompt_writes_runs_and_offers_code(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 6 * 7\nprint(x)"))
    result = notebook.type(f"%%oci {replies}\nset x")
    assert result.success
    assert notebook["x"] == 42
    assert "42\n" in notebook.out
    assert notebook.next_input == "x = 6 * 7\nprint(x)"
    assert re.search(r"^worked · .*s$", notebook.out, re.M)


def test_failure_is_repaired_and_told_in_one_line(notebook: Notebook) -> None:
    replies = notebook.replies(code("y = 1\n1 / 0"), code("x = 1"))
    assert notebook.type(f"%%oci {replies}\ndivide").success
    assert notebook["x"] == 1
    assert "y" not in notebook.shell.user_ns
    assert notebook.next_input == "x = 1"
    assert "ZeroDivisionError: division by zero · line 2: 1 / 0 · repairing (1/3)" in notebook.out
    assert re.search(r"^worked after 1 repair · ", notebook.out, re.M)
    assert "Traceback" not in notebook.out + notebook.err


def test_several_cells_are_joined_by_blank_lines(notebook: Notebook) -> None:
    notebook.type(f"%%oci {notebook.replies(code('x = 1', 'y = 2'))}\nboth")
    assert notebook.next_input == "x = 1\n\ny = 2"
    assert (notebook["x"], notebook["y"]) == (1, 2)


def test_answer_in_words_is_shown_and_offers_nothing(notebook: Notebook) -> None:
    assert notebook.type(f"%%oci {notebook.replies('Three columns.')}\nhow many?").success
    assert "Three columns." in notebook.out
    assert notebook.next_input is None
    assert re.search(r"^answered", notebook.out, re.M)


def test_text_is_printed_once(notebook: Notebook) -> None:
    notebook.type(f"%%oci {notebook.replies('word ' * 200)}\ntalk")
    assert notebook.out.count("word") == 200


def test_unrepaired_prompt_ends_with_one_line_and_its_code(notebook: Notebook) -> None:
    replies = notebook.replies(code("1 / 0"), code("2 / 0"))
    result = notebook.type(f"%%oci {replies} -r 1 -o turn\ndivide")
    line = one_line_error(notebook, result, Unrepaired)
    assert "ZeroDivisionError" in line and "after 1 repair" in line
    assert notebook.next_input == "2 / 0"
    assert notebook["turn"].execution.failure.name == "ZeroDivisionError"


def test_held_code_is_offered_and_not_run(notebook: Notebook) -> None:
    (notebook.folder / "keep.txt").write_text("mine")
    replies = notebook.replies(code("import os\nos.remove('keep.txt')"))
    result = notebook.type(f"%%oci {replies} -o turn\ntidy up")
    one_line_error(notebook, result, Held)
    assert (notebook.folder / "keep.txt").read_text() == "mine"
    assert "os.remove" in (notebook.next_input or "")
    assert isinstance(notebook["turn"], Turn)


def test_repair_may_overwrite_what_the_attempt_before_it_wrote(notebook: Notebook) -> None:
    write = "from pathlib import Path\nPath('new.txt').write_text('{}')\n"
    replies = notebook.replies(code(write.format("a") + "1 / 0"), code(write.format("b")))
    assert notebook.type(f"%%oci {replies}\nwrite").success
    assert (notebook.folder / "new.txt").read_text() == "b"
    later = notebook.replies(code(write.format("c")), name="c")
    again = notebook.type(f"%%oci {later}\nwrite")
    one_line_error(notebook, again, Held)


def test_confirmed_code_runs_at_the_next_prompt(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    result = notebook.type(f"%%oci {replies} --confirm\nset x")
    line = one_line_error(notebook, result, Held)
    assert line == "the code waits until you run it: it is at the next prompt"
    assert "x" not in notebook.shell.user_ns
    notebook.type(str(notebook.next_input))
    assert notebook["x"] == 1
    notebook.type("%oci undo")
    assert "x" not in notebook.shell.user_ns


def test_confirmed_code_whose_check_raises_is_told_so(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    notebook.type(f'%%oci {replies} --confirm --check "y > 5"\nset x')
    notebook.type("x = 1")
    assert "NameError" in notebook.out and "your variables are as before this cell" in notebook.out


def test_confirmed_code_that_fails_leaves_the_names_and_is_fixed(notebook: Notebook) -> None:
    notebook.type("x = 0")
    replies = notebook.replies(code("x = 1\n1 / 0"), code("x = 2"))
    notebook.type(f"%%oci {replies} --confirm\nset x")
    notebook.type(str(notebook.next_input))
    assert notebook["x"] == 0
    assert notebook.type("%oci fix").success
    assert notebook["x"] == 2


def test_no_run_offers_and_ends_normally(notebook: Notebook) -> None:
    assert notebook.type(f"%%oci -n {notebook.replies(code('x = 1'))}\nset x").success
    assert "x" not in notebook.shell.user_ns
    assert notebook.next_input == "x = 1"


def test_stop_during_the_run_is_not_repaired(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1\nraise KeyboardInterrupt"), code("x = 2"))
    line = one_line_error(notebook, notebook.type(f"%%oci {replies}\nset x"), Stopped)
    assert "stopped" in line
    assert "x" not in notebook.shell.user_ns
    assert "raise KeyboardInterrupt" in (notebook.next_input or "")


def test_stop_while_text_is_drawn_keeps_what_there_is(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(_: TerminalView, text: str) -> None:
        if text.endswith("y = 2\n"):
            signal.raise_signal(signal.SIGINT)
            raise OSError("a terminal that holds up what is printed is not to be waited for")

    replies = notebook.replies(code("x = 1\n" + "y = 2\n" * 30))
    monkeypatch.setattr(TerminalView, "draw", draw)
    monkeypatch.setattr(Throttle, "__call__", lambda _: True)
    result = notebook.type(f"%%oci {replies}\nset x")
    one_line_error(notebook, result, Stopped)
    assert (notebook.next_input or "").startswith("x = 1")
    assert "y" not in notebook.shell.user_ns


def stopping(notebook: Notebook, monkeypatch: pytest.MonkeyPatch, *texts: str) -> str:
    """The model's option; after these replies the person presses Ctrl-C while it answers."""
    stream = ScriptedEngine.stream

    def stopped(self: ScriptedEngine, messages: Any, **more: Any) -> Any:
        for chunk in stream(self, messages, **more):
            if "STOP" in chunk.text:
                raise KeyboardInterrupt
            yield chunk

    monkeypatch.setattr(ScriptedEngine, "stream", stopped)
    return notebook.replies(*texts, "STOP")


def test_stop_during_a_repair_offers_the_draft_and_can_be_fixed(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = stopping(notebook, monkeypatch, code("1 / 0"))
    line = one_line_error(notebook, notebook.type(f"%%oci {replies} -o turn\ndivide"), Stopped)
    assert "the code so far is" in line
    assert notebook.next_input == "1 / 0"
    assert notebook["turn"].execution.failure.name == "ZeroDivisionError"
    notebook.magics.model = notebook.replies(code("x = 1"), name="more.json").split()[1]
    assert notebook.type("%%oci -r 0 --dry\nmeanwhile").success
    assert notebook.type("%oci fix").success
    assert notebook["x"] == 1


def test_repair_that_the_model_cannot_give_leaves_the_draft(notebook: Notebook) -> None:
    replies = notebook.replies(code("1 / 0"))
    line = one_line_error(notebook, notebook.type(f"%%oci {replies}\ndivide"), Unrepaired)
    assert "ZeroDivisionError" in line and "all are used" in line
    assert notebook.next_input == "1 / 0"
    assert notebook.magics.journal.failed()[0] == "1 / 0"


def test_words_after_an_error_leave_the_draft_to_be_fixed(notebook: Notebook) -> None:
    replies = notebook.replies(code("1 / 0"), "That cannot be done.")
    one_line_error(notebook, notebook.type(f"%%oci {replies}\ndivide"), Unrepaired)
    assert notebook.magics.journal.failed()[0] == "1 / 0"


def test_output_name_binds_the_turn(notebook: Notebook) -> None:
    notebook.type(f"%%oci {notebook.replies(code('x = 1'))} -o turn\nset x")
    assert isinstance(notebook["turn"], Turn)
    assert notebook["turn"].request == "set x"


def test_rung_is_told_once(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"), code("x = 2"))
    notebook.type(f"%%oci {replies}\nset x")
    assert notebook.out.count("oci: ") == 1
    notebook.type(f"%%oci {replies}\nset x")
    assert "oci: " not in notebook.out


# The conversation and the notebook around it


def test_next_prompt_is_told_the_conversation_until_new(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    notebook.type(f"%%oci {replies}\nset x")
    notebook.type(f"%%oci {replies} --dry\nand now y")
    assert "set x" in notebook.out and "and now y" in notebook.out
    notebook.type(f"%%oci {replies} --dry --new\nand now y")
    assert "set x" not in notebook.out
    notebook.type("%oci new")
    notebook.type(f"%%oci {replies} --dry\nand now y")
    assert "set x" not in notebook.out


def test_dry_sends_nothing_and_counts_tokens(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    assert notebook.type(f"%%oci {replies} --dry\nset x").success
    assert re.search(r"2 messages, \d+ tokens; nothing sent", notebook.out)
    assert notebook.type(f"%%oci {replies}\nset x").success
    assert notebook["x"] == 1


def test_context_holds_tables_files_and_recent_cells(notebook: Notebook) -> None:
    (notebook.folder / "sales.csv").write_text("a;b\n1;2\n")
    notebook.type("import pandas as pd\nsales = pd.DataFrame({'Region': ['x'], 'n': [1.5]})")
    notebook.type(f"%%oci {notebook.replies()} --dry\nplot")
    assert 'sales 1x2: "Region"' in notebook.out
    assert '"sales.csv"' in notebook.out
    assert "sales = pd.DataFrame" in notebook.out


def test_a_cell_that_ran_again_is_told_once(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    for text in ("a = 1", "b = 2", "a = 1"):
        notebook.type(text)
    notebook.type(f"%%oci {replies} --dry\nset x")
    assert "Cells:\nb = 2\na = 1\n" in notebook.out
    for number, source in ((1, "c = 3"), (2, "c = 4")):
        notebook.shell.run_cell(source, store_history=True, cell_id="one")
        assert notebook.magics.journal.cells[-1] == source, number
    assert notebook.magics.journal.cells == ["b = 2", "a = 1", "c = 4"]


def test_a_context_cut_to_its_budget_is_told_once(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"), code("x = 2"))
    notebook.type("%config OCIMagics.context_tokens = 10")
    for number in range(30):
        notebook.shell.user_ns[f"variable_{number}"] = number
    notebook.type(f"%%oci {replies}\nset x")
    assert "in 10 tokens, not whole: %oci context" in notebook.out
    notebook.type(f"%%oci {replies}\nset x")
    assert "not whole" not in notebook.out


def test_context_none_tells_nothing(notebook: Notebook) -> None:
    notebook.type("secret_plan = 3")
    notebook.type(f"%%oci {notebook.replies()} --dry --context none\nplot")
    assert "secret_plan" not in notebook.out


def test_cells_are_told_once_and_our_own_never(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    notebook.type("before = 1")
    notebook.type(f"%%oci {replies} --context none\nset x")
    notebook.type("x = 1")
    notebook.type("%oci history")
    notebook.type("after = 2")
    text = Telling(notebook.magics).surroundings().cells
    assert text == ("after = 2",)


@pytest.mark.parametrize("name", ["api_token", "openai_key", "password", "DB_PASSWORD", "key"])
def test_names_that_look_like_secrets_are_left_out(notebook: Notebook, name: str) -> None:
    notebook.type(f"{name} = 'hunter2'\nmonkey = 1")
    notebook.type(f"%%oci {notebook.replies()} --dry\nplot")
    assert "monkey" in notebook.out
    assert not re.search(rf"\b{name}\b", notebook.out)
    assert "hunter2" not in notebook.out


def test_what_looks_like_a_secret_in_a_cell_is_not_told(notebook: Notebook) -> None:
    notebook.type("con = 'postgresql://bob:hunter2@host/db'")
    notebook.type("client = dict(x='sk-hunter2defghijklmnopqr')")
    notebook.type(f"%%oci {notebook.replies()} --dry\nplot")
    assert "con = 'postgresql://[redacted]@host/db'" in notebook.out
    assert "hunter2" not in notebook.out


def test_variables_can_be_left_out(notebook: Notebook) -> None:
    notebook.magics.journal.prompted()
    notebook.shell.push({"first": 1, "second": 2, "third": 3})
    notebook.type(f"%%oci {notebook.replies()} --dry -x first -x third\nplot")
    assert "second int" in notebook.out
    assert "first int" not in notebook.out and "third int" not in notebook.out


@pytest.mark.parametrize("trait", [False, True])
def test_cells_that_name_what_is_left_out_are_not_told(notebook: Notebook, trait: bool) -> None:
    notebook.type("plan = [7]")
    notebook.type("other = 'planet'")
    notebook.type("%time plan.append(8)")
    if trait:
        notebook.type("%config OCIMagics.leave_out = ['plan']")
    option = "" if trait else "-x plan"
    notebook.type(f"%%oci {notebook.replies()} --dry {option}\nplot")
    assert "other = 'planet'" in notebook.out
    assert not re.search(r"\bplan\b", notebook.out.replace("['plan']", ""))


def test_context_is_told_without_a_session(notebook: Notebook) -> None:
    name = notebook.replies(code("x = 1")).split()[1]
    notebook.type("import pandas as pd\nsales = pd.DataFrame({'Region': ['x']})")
    notebook.type("%oci context")
    assert 'sales 1x1: "Region"' in notebook.out
    notebook.type(f"%oci model {name}")
    notebook.type("%oci context")
    assert 'sales 1x1: "Region"' in notebook.out
    assert re.search(r"\([1-9]\d* tokens\)", notebook.out)


def test_context_says_when_it_is_none(notebook: Notebook) -> None:
    notebook.type("sales = 1")
    notebook.type("%config OCIMagics.context = 'none'")
    notebook.type("%oci context")
    assert "context is none" in notebook.out and "sales" not in notebook.out


def test_names_in_braces_are_replaced_and_others_stay(notebook: Notebook) -> None:
    notebook.type("limit = 17")
    notebook.type("1 / 0")
    count = notebook.shell.execution_count - 1
    prompt = f"{{limit}} {{nothing}} {{'a': 1}} {{In[1]}} {{Err[{count}]}}"
    notebook.type(f"%%oci {notebook.replies()} --dry --context none\n{prompt}")
    assert "17 {nothing} {'a': 1} limit = 17 ZeroDivisionError" in notebook.out


# %oci


def test_fix_repairs_a_cell_of_the_person(notebook: Notebook) -> None:
    notebook.magics.model = notebook.replies(code("x = 1")).split()[1]
    notebook.type("x = 1 / 0")
    assert notebook.type("%oci fix use a one").success
    assert notebook["x"] == 1
    assert notebook.next_input == "x = 1"


def test_fix_repairs_a_syntax_error(notebook: Notebook) -> None:
    notebook.magics.model = notebook.replies(code("x = 1")).split()[1]
    notebook.type("x = (1")
    assert notebook.type("%oci fix").success
    assert notebook["x"] == 1


def test_fix_goes_on_where_a_prompt_gave_up(notebook: Notebook) -> None:
    replies = notebook.replies(code("1 / 0"), code("x = 1"))
    notebook.magics.model = replies.split()[1]
    notebook.type("%%oci -r 0\ndivide")
    assert notebook.type("%oci fix").success
    assert notebook["x"] == 1
    assert notebook.magics.session.turns[-1].request == "divide"


def test_fix_without_a_failure_says_so(notebook: Notebook) -> None:
    import sys

    sys.__dict__.pop("last_value", None)
    notebook.type("x = 1")
    assert not notebook.type("%oci fix").success
    assert "UsageError: no cell has failed" in notebook.err


def test_fix_repairs_a_cell_that_failed_before_loading(notebook: Notebook) -> None:
    notebook.type("%unload_ext oci_magic")
    notebook.type("x = 1 / 0")
    notebook.type("%load_ext oci_magic")
    notebook.magics.model = notebook.replies(code("x = 1")).split()[1]
    assert notebook.type("%oci fix").success
    assert notebook["x"] == 1


def test_fix_never_repairs_our_own_errors(notebook: Notebook) -> None:
    notebook.magics.model = notebook.replies(code("x = 1"), name="a.json").split()[1]
    notebook.type("x = 1 / 0")
    notebook.type("y = 2\n%oci nonsense")
    assert notebook.type("%oci fix").success
    assert "x = 1 / 0" in notebook.magics.session.exchanges[-1][0].reply.text


def test_retry_asks_again_with_sampling(notebook: Notebook) -> None:
    notebook.magics.model = notebook.replies(code("x = 1"), code("x = 2")).split()[1]
    notebook.type("%%oci\nset x")
    assert notebook.type("%oci retry").success
    assert notebook["x"] == 2
    assert len(notebook.magics.session.turns) == 1
    assert notebook.magics.shelf.loaded.sampling.temperature > 0


def test_retry_and_fix_of_nothing_say_so(notebook: Notebook) -> None:
    assert not notebook.type("%oci retry").success
    assert notebook.err.startswith("UsageError: nothing to retry")
    notebook.magics.model = notebook.replies(code("x = 1")).split()[1]
    notebook.type("%%oci\nset x")
    notebook.type("%oci new")
    one_line_error(notebook, notebook.type("%oci retry"), OciError)


def test_model_switches_and_an_unknown_one_changes_nothing(notebook: Notebook) -> None:
    first = notebook.replies(code("x = 1"), code("x = 2")).split()[1]
    assert notebook.type(f"%oci model {first}").success
    notebook.type("%%oci\nset x")
    one_line = notebook.type("%oci model scripted:missing.json")
    one_line_error(notebook, one_line, type(one_line.error_in_exec))
    assert isinstance(one_line.error_in_exec, EngineError)
    notebook.type("%%oci\nset x again")
    assert notebook["x"] == 2


@pytest.mark.parametrize(
    "line, expected",
    [
        ("", "model "),
        ("models", "oci-ds-6.7b"),
        ("history", "no prompts"),
        ("context", "tokens"),
        ("help", "%oci fix"),
        ("new", "new conversation"),
        ("unload", "unloaded"),
    ],
)
def test_commands_work_before_the_first_prompt(
    notebook: Notebook, line: str, expected: str
) -> None:
    assert notebook.type(f"%oci {line}").success
    assert expected in notebook.out


def test_history_tells_how_each_prompt_ended(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"), "words", code("1 / 0"))
    for prompt in ("set x", "talk", "divide"):
        notebook.type(f"%%oci {replies} -r 0\n{prompt}")
    notebook.type("%oci history")
    assert re.search(
        r"1\. set x · worked\n2\. talk · answered.*\n3\. divide · failed: Zero", notebook.out
    )


# Running again, options as traits


def test_kept_prompt_asks_nothing(notebook: Notebook) -> None:
    digest = kept_hash(Options(), "set x", "micro")
    assert notebook.type(f"%%oci --kept {digest} -o turn\nset x").success
    assert notebook.out.startswith("kept: ") and notebook.out.count("\n") == 1
    assert "turn is a Turn without a reply" in notebook.out
    assert notebook["turn"].request == "set x"
    assert (notebook["turn"].reply.text, notebook["turn"].execution.outputs) == ("", ())
    assert notebook.magics.shelf.loaded is None


def test_kept_dry_prompt_loads_no_model(notebook: Notebook) -> None:
    digest = kept_hash(Options(dry=True), "set x", "a model that need not be known")
    assert notebook.type(f"%%oci --kept {digest} --dry\nset x").success
    assert notebook.out.startswith("kept: ") and notebook.magics.shelf.loaded is None


@pytest.mark.parametrize("change", ["-r 1", "-n", "--seed 3", "-x a", "--context none", "-m b"])
def test_hash_changes_with_what_changes_the_answer(notebook: Notebook, change: str) -> None:
    magic = notebook.magics.prompt_cell
    assert kept_hash(parsed(magic, change), "p", "a") != kept_hash(Options(), "p", "a")
    assert kept_hash(Options(), "q", "a") != kept_hash(Options(), "p", "a")
    assert kept_hash(parsed(magic, "-m a --again -o t"), "p", "a") == kept_hash(Options(), "p", "a")


def test_changed_prompt_or_again_asks(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"), code("x = 2"))
    notebook.type(f"%%oci --kept 000000000000 {replies}\nset x")
    assert notebook["x"] == 1
    options = Options(model=replies.split()[1])
    digest = kept_hash(options, "set x", "micro")
    notebook.type(f"%%oci --kept {digest} --again {replies}\nset x")
    assert notebook["x"] == 2


def test_traits_are_the_defaults(notebook: Notebook) -> None:
    replies = notebook.replies(code("1 / 0"), code("x = 1"))
    notebook.type("%config OCIMagics.rounds = 0")
    notebook.type("%config OCIMagics.temperature = 0.5")
    one_line_error(notebook, notebook.type(f"%%oci {replies}\ndivide"), Unrepaired)
    assert notebook.magics.shelf.loaded.sampling.temperature == 0.5
    notebook.type(f"%%oci {replies} --temperature 0 --seed 7\nagain")
    sampling = notebook.magics.shelf.loaded.sampling
    assert (sampling.temperature, sampling.seed) == (0.0, 7)


def test_timeout_is_repaired(notebook: Notebook) -> None:
    replies = notebook.replies(code("import time\ntime.sleep(30)"), code("x = 1"))
    assert notebook.type(f"%%oci {replies} --timeout 0.2\nwait").success
    assert "TimeoutError" in notebook.out
    assert notebook["x"] == 1


def test_help_lists_every_option(notebook: Notebook) -> None:
    notebook.type("%%oci?")
    text = notebook.out
    options = "-m -n -r --new --context -x -o --seed --temperature --top-p --max-new-tokens"
    for option in f"{options} --timeout --allow --dry --again --kept --help".split():
        assert option in text


@pytest.mark.parametrize("text", ["%%oci --help", "%%oci --help\nprompt"])
def test_help_option_shows_the_options_and_asks_nothing(notebook: Notebook, text: str) -> None:
    assert notebook.type(text).success
    assert notebook.out.startswith("%%oci [-m NAME]") and "--allow EFFECT" in notebook.out
    assert notebook.magics.shelf.loaded is None


def test_terminal_waits_for_the_prompt_below_a_lone_line(notebook: Notebook) -> None:
    """What gives a lone line its body must not tell a terminal that the cell is complete."""
    assert notebook.shell.input_transformer_manager.check_complete("%%oci -n\n")[0] == "incomplete"


def test_allowed_effect_runs_and_no_other(notebook: Notebook) -> None:
    for name in ("keep.txt", "new.txt"):
        (notebook.folder / name).write_text("mine")
    writes = code("from pathlib import Path\nPath('keep.txt').write_text('ours')")
    removes = code("import os\nos.remove('new.txt')")
    replies = notebook.replies(writes, writes, removes)
    line = one_line_error(notebook, notebook.type(f"%%oci {replies}\nwrite"), Held)
    assert line.endswith("--allow overwrite")
    assert notebook.type(f"%%oci {replies} --allow overwrite\nwrite").success
    assert (notebook.folder / "keep.txt").read_text() == "ours"
    notebook.type("%config OCIMagics.allow = ['overwrite']")
    line = one_line_error(notebook, notebook.type(f"%%oci {replies}\ntidy up"), Held)
    assert line.endswith("--allow delete")


@pytest.mark.parametrize("setting", ["allow = ['delete']", "hold = ['process', 'network']"])
def test_a_trait_is_enough(notebook: Notebook, setting: str) -> None:
    (notebook.folder / "new.txt").write_text("mine")
    notebook.type(f"%config OCIMagics.{setting}")
    replies = notebook.replies(code("import os\nos.remove('new.txt')"))
    assert notebook.type(f"%%oci {replies}\ntidy up").success
    assert not (notebook.folder / "new.txt").exists()


# Mistakes: one line, nothing lost

BAD = {
    "empty prompt": ("%%oci\n   \n", "the prompt is empty"),
    "unknown option": ("%%oci --modle x\nhello", "--model"),
    "prompt on the line": ("%%oci plot the table\nnow", "move the prompt to the next line"),
    "line alone": ("%%oci", "write it on the next line"),
    "line alone, blanks before it": ("\n  %%oci  ", "write it on the next line"),
    "prompt on a line alone": ("%%oci plot sales by region", "move the prompt to the next line"),
    "apostrophe": ("%%oci what's the mean?", "move the prompt to the next line"),
    "option alone": ("%%oci -m", "expected one argument"),
    "unknown effect": ("%%oci --allow delete --allow all\nhello", "--allow all: allow one of"),
    "bad number": ("%%oci -r many\nhello", "invalid int"),
    "negative rounds": ("%%oci -r -1\nhello", "0 or more"),
    "open quote": ('%%oci -m "x\nhello', "No closing quotation"),
    "bad name": ("%%oci -o 1x\nhello", "not a variable's name"),
    "bad temperature": ("%%oci --temperature -1 {ok}\nhello", "temperature"),
    "bad top-p": ("%%oci --top-p 7 {ok}\nhello", "top_p"),
    "unknown model": ("%%oci -m scripted:nowhere.json\nhello", "no such file"),
    "unknown command": ("%oci histroy", "%oci history"),
    "prompt as command": ("%oci plot my table", "%%oci"),
    "model without a name": ("%oci model", "%oci model NAME"),
    "too many words": ("%oci new thing", "thing"),
    "used up replies": ("%%oci {empty}\nhello", "all are used"),
}


@pytest.mark.parametrize("text, expected", BAD.values(), ids=BAD.keys())
def test_mistakes_get_one_line_and_lose_nothing(
    notebook: Notebook, text: str, expected: str
) -> None:
    ok = notebook.replies(code("x = 1"), code("x = 2"))
    empty = notebook.replies(name="empty.json")
    assert notebook.type(f"%%oci {ok}\nset x").success
    result = notebook.type(text.replace("{ok}", ok).replace("{empty}", empty))
    shown = [line for line in (notebook.out + notebook.err).splitlines() if line.strip()]
    assert not result.success
    assert "Traceback" not in notebook.out + notebook.err
    assert len(shown) == 1 and expected in shown[0], shown
    assert len(notebook.magics.session.turns) == 1
    assert notebook["x"] == 1


class Raising:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


STRANGE = {
    "bytes": lambda: b"\x00\xff\x1b[31m",
    "surrogates": lambda: "\x00\ud800",
    "raises": Raising,
    "wrong shape": type("Odd", (), {"shape": "x"}),
}


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("name", ["value", "lambda_", "request", "self", "shell", "line", "cell"])
def test_strange_variables_do_no_harm(notebook: Notebook, name: str, kind: str) -> None:
    value = STRANGE[kind]()
    notebook.shell.user_ns[name] = value
    replies = notebook.replies(code("x = 1"))
    assert notebook.type(f"%%oci {replies}\nuse {{{name}}}").success
    assert notebook["x"] == 1
    assert notebook.shell.user_ns[name] is value


def test_prompt_of_100_000_characters_that_fits_is_asked(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    assert notebook.type(f"%%oci {replies}\n{'word ' * 20_000}").success


def test_prompt_of_100_000_characters_that_does_not_fit_is_one_line(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    notebook.type(f"%oci model {replies.split()[1]}")
    notebook.magics.shelf.loaded.window = 2048
    result = notebook.type(f"%%oci\n{'word ' * 20_000}")
    assert "larger window" in one_line_error(notebook, result, EngineError)
    assert notebook.type("%%oci\nset x").success
    assert notebook["x"] == 1


def test_unloading_takes_everything_away(notebook: Notebook) -> None:
    journal, transforms = notebook.magics.journal, notebook.shell.input_transformers_cleanup
    before = len(transforms)
    notebook.type("%unload_ext oci_magic")
    assert len(transforms) == before - 2
    notebook.type("x = 1")
    assert journal.cells == []
    assert "oci" not in notebook.shell.magics_manager.magics["cell"]
    assert not any(type(c).__name__ == "OCIMagics" for c in notebook.shell.configurables)
    notebook.type("%load_ext oci_magic")
    assert notebook.type("%oci help").success


def test_all_our_errors_show_one_line() -> None:
    def tree(kind: type[OciError]) -> Iterator[type[OciError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from tree(child)

    for kind in tree(OciError):
        assert kind("do this")._render_traceback_() == [f"{kind.__name__}: do this"]


# Export and watch


def test_export_writes_what_worked(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1", "x + 1"), code("1 / 0"), code("%time y = 2"))
    notebook.type(f"%%oci {replies}\nset x")
    notebook.type(f"%%oci {replies} -r 0\ndivide")
    notebook.type(f"%%oci {replies}\nset y")
    notebook.type("%oci export out.py")
    assert "out.py: 3 prompts, 3 code cells" in notebook.out
    script = (notebook.folder / "out.py").read_text()
    assert "# %% [markdown]\n# set x\n\n# %%\nx = 1\n\n# %%\nx + 1\n" in script
    assert "1 / 0" not in script and "run_line_magic('time', 'y = 2')" in script
    compile(script, "out.py", "exec")
    notebook.type("%oci export out.ipynb")
    written = nbformat.read(notebook.folder / "out.ipynb", 4)
    nbformat.validate(written)
    assert [cell.source for cell in written.cells] == [
        "set x", "x = 1", "x + 1", "divide", "set y", "%time y = 2"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("%oci export", "nothing to export"),
        ("%oci export out.txt", ".ipynb, .py or .jsonl"),
        ("%oci export there.py", "exists already"),
        ("%oci export no/where.py", "No such file"),
        ("%oci watch maybe", "watch on"),
        ("%oci undo", "nothing to undo"),
    ],
)
def test_mistakes_with_export_watch_and_undo(notebook: Notebook, typed: str, said: str) -> None:
    (notebook.folder / "there.py").write_text("mine = 1\n")
    if typed.startswith("%oci export "):
        notebook.type(f"%%oci {notebook.replies(code('x = 1'))}\nset x")
    notebook.type(typed)
    assert said in notebook.out + notebook.err
    assert (notebook.folder / "there.py").read_text() == "mine = 1\n"


def test_watch_says_what_to_type_where_there_is_no_button(notebook: Notebook) -> None:
    notebook.type("%oci watch on")
    notebook.type("1 / 0")
    assert "oci can repair this cell: %oci fix" in notebook.out
    notebook.type(f"%%oci {notebook.replies(code('1 / 0'))} -r 0\ndivide")
    assert "oci can repair" not in notebook.out
    notebook.type("%oci watch off")
    notebook.type("1 / 0")
    assert "oci can repair" not in notebook.out


# The model on the shelf


class Fake(ScriptedEngine):
    """A model of any name that answers with words."""

    def __init__(self, name: str) -> None:
        super().__init__(["words"] * 9, name)


def shelf_of(notebook: Notebook, monkeypatch: pytest.MonkeyPatch, opened: Any) -> ModelShelf:
    monkeypatch.setattr(models, "open_engine", lambda name, **_: opened(name))
    return notebook.magics.shelf  # type: ignore[no-any-return]  # traitlets' object


def test_micro_introduces_itself_once_in_one_line(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf_of(notebook, monkeypatch, Fake)
    monkeypatch.setattr(models, "free_memory", lambda _: 20e9)
    notebook.type("%%oci\nhello")
    line = next(line for line in notebook.out.splitlines() if line.startswith("micro is"))
    assert "oci-ds-6.7b (13.5 GB)" in line or "oci-gm-7b (17.1 GB)" in line
    assert "oci-ds-1.3b (2.7 GB)" in line and "%oci model" in line
    notebook.type("%%oci -m other\nhello")
    notebook.type("%%oci\nhello")
    assert "loading micro" in notebook.out and "micro is" not in notebook.out


def test_introduction_says_when_nothing_larger_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "free_memory", lambda _: 1e6)
    assert "none of the series fits" in models.introduction()
    assert "\n" not in models.introduction()


def test_a_model_is_loaded_once_and_freed_for_another(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[weakref.ref[Fake]] = []

    def opened(name: str) -> Fake:
        if name == "large" and any(ref() is not None for ref in held):
            raise NoMemory("close programs")
        engine = Fake(name)
        held.append(weakref.ref(engine))
        return engine

    shelf_of(notebook, monkeypatch, opened)
    for line in ("-m small", "-m small", "-m large"):
        assert notebook.type(f"%%oci {line}\nhello").success
    assert notebook.magics.shelf.loaded.name == "large"
    assert len(held) == 2


@pytest.mark.parametrize("kind", [EngineError, ModelNotFound])
def test_a_bad_name_leaves_the_loaded_model_and_is_tried_once(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, kind: type[EngineError]
) -> None:
    asked: list[str] = []

    def opened(name: str) -> Fake:
        asked.append(name)
        if name == "bad":
            raise kind("get the model again")
        return Fake(name)

    shelf = shelf_of(notebook, monkeypatch, opened)
    assert notebook.type("%%oci -m good\nhello").success
    good = shelf.loaded
    one_line_error(notebook, notebook.type("%oci model bad"), kind)
    one_line_error(notebook, notebook.type("%%oci -m bad\nhello"), kind)
    assert shelf.loaded is good
    assert notebook.magics.session.engine is good
    assert notebook.type("%%oci -m good\nhello").success
    assert asked == ["good", "bad", "bad"]


def test_what_was_loaded_of_a_model_is_freed_before_the_second_try(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    half: list[weakref.ref[Fake]] = []

    def opened(name: str) -> Fake:
        engine = Fake(name)
        if name == "large" and not half:
            half.append(weakref.ref(engine))
            raise NoMemory("close programs")
        assert all(ref() is None for ref in half)
        return engine

    shelf_of(notebook, monkeypatch, opened)
    for line in ("-m small", "-m large"):
        assert notebook.type(f"%%oci {line}\nhello").success


def test_a_model_that_fits_nowhere_says_so_after_making_room(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(name: str) -> Fake:
        if name == "huge":
            raise NoMemory("choose a smaller model")
        return Fake(name)

    shelf = shelf_of(notebook, monkeypatch, opened)
    assert notebook.type("%%oci -m small\nhello").success
    one_line_error(notebook, notebook.type("%%oci -m huge\nhello"), NoMemory)
    assert shelf.loaded is None
    assert notebook.type("%%oci -m small\nhello").success


# What a request keeps, and what it may not do


def test_fix_writes_only_where_run_is_off(notebook: Notebook) -> None:
    notebook.magics.model = notebook.replies(code("x = 1")).split()[1]
    notebook.type("x = 1 / 0")
    notebook.magics.run = False
    assert notebook.type("%oci fix").success
    assert "x" not in notebook.shell.user_ns
    assert notebook.next_input == "x = 1"
    assert "runs at once" not in notebook.out


def test_retry_keeps_the_options_of_its_prompt(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"), code("x = 2"))
    notebook.shell.push({"private_plan": 1})
    notebook.type(f"%%oci {replies} -n -x private_plan -r 0 --timeout 7 -o turn\nset x")
    seen: list[str] = []
    engine = notebook.magics.shelf.loaded
    stream = engine.stream

    def spying(messages: Any, **more: Any) -> Any:
        seen.extend(message.content for message in messages)
        return stream(messages, **more)

    engine.stream = spying
    assert notebook.type("%oci retry").success
    assert "private_plan" not in "".join(seen)
    assert "x" not in notebook.shell.user_ns
    assert notebook.magics.session.runner.executor.timeout == 7
    assert notebook["turn"].reply.code[0].source == "x = 2"


def test_fix_keeps_the_model_that_answers_and_what_is_left_out(notebook: Notebook) -> None:
    replies = notebook.replies(code("1 / 0"), code("x = 1"))
    notebook.type(f"%%oci {replies} -r 0 --context none\ndivide")
    assert notebook.type("%oci fix").success
    assert notebook["x"] == 1
    assert notebook.magics.asked.context == "none"


@pytest.mark.parametrize("word", ["retry", "fix"])
@pytest.mark.parametrize("first", ["-m scripted:a.json", ""])
def test_model_that_is_set_later_answers(notebook: Notebook, word: str, first: str) -> None:
    notebook.replies(code("1 / 0"), code("x = 1"), name="a.json")
    notebook.replies(code("x = 2"), name="b.json")
    notebook.type("%config OCIMagics.model = 'scripted:a.json'")
    notebook.type(f"%%oci {first} -r 0\ndivide")
    notebook.type("%config OCIMagics.model = 'scripted:b.json'")
    assert notebook.type(f"%oci {word}").success
    assert notebook["x"] == 2


def test_status_calls_no_other_model_loaded(notebook: Notebook) -> None:
    notebook.type(f"%%oci {notebook.replies(code('x = 1'))}\nset x")
    notebook.type("%oci")
    assert "micro: not loaded; scripted:replies.json is" in notebook.out


def test_quotes_around_a_models_name_are_no_part_of_it(notebook: Notebook) -> None:
    name = notebook.replies(code("x = 1")).split()[1]
    assert notebook.type(f'%oci model "{name}"').success
    assert notebook.magics.model == name


def test_inputs_are_as_they_were_typed(notebook: Notebook) -> None:
    notebook.type("%time y = 1")
    notebook.type(f"%%oci {notebook.replies()} --dry --context none\nexplain {{In[1]}}")
    assert "explain %time y = 1" in notebook.out


def test_lone_surrogates_reach_no_model(notebook: Notebook) -> None:
    notebook.shell.push({"odd": "a\ud800b"})
    notebook.type(f"%%oci {notebook.replies(code('x = 1'))}\nuse {{odd}}")
    assert notebook.asked() == "use a?b"


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e30"])
def test_odd_time_limits_are_refused_in_one_line(notebook: Notebook, seconds: str) -> None:
    replies = notebook.replies(code("x = 1"))
    assert not notebook.type(f"%%oci {replies} --timeout {seconds}\nset x").success
    assert notebook.err.startswith("UsageError: --timeout")
    notebook.magics.timeout = float(seconds)
    assert not notebook.type(f"%%oci {replies}\nset x").success
    assert notebook.err.startswith("UsageError: --timeout")
    assert "x" not in notebook.shell.user_ns


def test_keyword_is_refused_and_unknown_name_is_told(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    assert not notebook.type(f"%%oci {replies} -o class\nset x").success
    assert "not a variable's name" in notebook.err
    assert notebook.type(f"%%oci {replies} -x nosuch\nset x").success
    assert "-x nosuch: there is no such variable" in notebook.out


def test_stopped_prompt_is_called_stopped_in_the_history(notebook: Notebook) -> None:
    notebook.type(f"%%oci {notebook.replies(code('raise KeyboardInterrupt'))}\nset x")
    notebook.type("%oci history")
    assert "set x · stopped" in notebook.out


def test_empty_fence_is_no_answer(notebook: Notebook) -> None:
    result = notebook.type(f"%%oci {notebook.replies(FENCE)}\nset x")
    assert "answered nothing" in one_line_error(notebook, result, Unrepaired)


@pytest.mark.parametrize("options", ["--observe", "--steps 2"])
def test_micro_is_not_shown_results_which_it_has_not_learned_to_read(
    notebook: Notebook, options: str
) -> None:
    notebook.type(f"%%oci {options}\ngo")
    assert "UsageError" in notebook.err and "choose another" in notebook.err
    assert "loading" not in notebook.out


def test_steps_and_comment_are_traits_and_a_fix_of_ones_own_cell_takes_none(
    notebook: Notebook,
) -> None:
    replies = "Here.\n```python\nx = 1\n```", "One.", "Mended.\n```python\ny = 1\n```", "No."
    option = notebook.replies(*replies)
    notebook.type("%config OCIMagics.comment = True")
    notebook.type(f"%%oci {option}\ngo")
    assert "One." in notebook.out and notebook["x"] == 1
    notebook.type("y = undefined")
    notebook.type("%oci fix")
    assert notebook["y"] == 1 and "No." not in notebook.out


def test_fewer_than_no_steps_is_a_mistake(notebook: Notebook) -> None:
    notebook.type("%%oci --steps -1\ngo")
    assert "UsageError" in notebook.err and "0 or more" in notebook.err
