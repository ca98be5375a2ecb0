"""The command line as a person uses it: exit codes, what is left behind, Ctrl-C, help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import oci_magic
from oci_magic.__main__ import main

ROOT = Path(oci_magic.__file__).parents[1]
LOAD = "%load_ext oci_magic"


def notebook(folder: Path, *sources: str, replies: tuple[str, ...] = ()) -> str:
    """A notebook and the replies its prompts get; its path."""
    fenced = [f"```python\n{reply}\n```" for reply in replies]
    (folder / "replies.json").write_text(json.dumps(fenced))
    made = new_notebook(cells=[new_code_cell(source) for source in sources])
    nbformat.write(made, folder / "nb.ipynb")
    return str(folder / "nb.ipynb")


def written(folder: Path) -> list[Any]:
    done = nbformat.read(folder / "nb.executed.ipynb", as_version=4)
    nbformat.validate(done)
    return list(done.cells)


ASK = "%%oci -m scripted:replies.json\nask"


def test_unrepaired_prompt_exits_1_and_is_written_up_to_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path, LOAD, ASK, "after = 1", replies=("1 / 0", "int('x')"))
    assert main(["run", path, "--rounds", "1"]) == 1
    _, prompt, made, after = written(tmp_path)
    assert prompt.source == ASK and prompt.outputs[-1].ename == "Unrepaired"
    assert made.source == "int('x')" and made.outputs[-1].ename == "ValueError"
    assert after.execution_count is None
    said = capsys.readouterr().out
    assert "ValueError" in said and "Traceback" not in said and "0 prompts answered" in said


def test_held_code_exits_3_and_is_written_but_runs_nowhere(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x")
    path = notebook(tmp_path, LOAD, ASK, replies=("import os\nos.remove('precious.txt')",))
    assert main(["run", path]) == 3
    _, prompt, made = written(tmp_path)
    assert (tmp_path / "precious.txt").exists()
    assert "os.remove" in made.source and made.metadata.tags == ["skip-execution"]
    assert "--kept" not in prompt.source


def test_notebook_that_writes_a_file_runs_a_second_time_when_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write = "from pathlib import Path\nPath('made.txt').write_text('x')"
    path = notebook(tmp_path, LOAD, ASK, replies=(write,))
    assert main(["run", path]) == 0
    assert main(["run", path]) == 3
    assert "--allow overwrite" in capsys.readouterr().out
    assert main(["run", path, "--allow", "overwrite", "--allow", "delete"]) == 0


def test_unknown_effect_exits_2_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", notebook(tmp_path, LOAD), "--allow", "all"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1 and "overwrite" in said.err


def test_allowed_errors_and_timeouts_go_on_and_still_exit_1(tmp_path: Path) -> None:
    sleep = "import time\ntime.sleep(60)"
    cells = (LOAD, "1 / 0", "%oci fix", sleep, ASK, "print(x)", "import os\nos.getcwd()")
    path = notebook(tmp_path, *cells, replies=("fixed = 1", sleep, "x = 'repaired'"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "replies.json").rename(elsewhere / "replies.json")
    options = ["--allow-errors", "--timeout", "1.5", "--cwd", str(elsewhere)]
    options += ["--model", "scripted:replies.json"]
    assert main(["run", path, *options]) == 1
    _, fails, fix, fixed, sleeps, prompt, made, prints, folder = written(tmp_path)
    assert fails.outputs[-1].ename == "ZeroDivisionError"
    assert (fix.source, fixed.source) == ("pass  # %oci fix", "fixed = 1")
    assert sleeps.outputs[-1].ename == "KeyboardInterrupt"
    assert "TimeoutError" in prompt.outputs[0].text and made.source == "x = 'repaired'"
    assert prints.outputs[0].text == "repaired\n"
    assert folder.outputs[0].data["text/plain"] == repr(str(elsewhere))


def test_kernel_that_dies_exits_1_and_keeps_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path, "x = 1\nx", "import os\nos._exit(1)", "y = 2")
    assert main(["run", path]) == 1
    assert written(tmp_path)[0].outputs[0].data["text/plain"] == "1"
    assert "the kernel died" in capsys.readouterr().out


def test_ctrl_c_stops_the_kernel_and_writes_what_there_is(tmp_path: Path) -> None:
    hang = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"
    path = notebook(tmp_path, LOAD, "x = 1\nx", ASK, "after = 1", replies=(hang,))
    command = [sys.executable, "-m", "oci_magic", "run", path, "--allow-errors"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    _, before, prompt, made, after = written(tmp_path)
    assert before.outputs[0].data["text/plain"] == "1"
    assert prompt.outputs[-1].ename == "Stopped" and made.source == hang
    assert after.execution_count is None
    kernel = int((tmp_path / "pid").read_text())
    wait_for(lambda: not alive(kernel))


def wait_for(condition: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# What needs no kernel


def broken(folder: Path, text: str) -> str:
    (folder / "nb.ipynb").write_text(text)
    return str(folder / "nb.ipynb")


NOT_NOTEBOOKS = [
    "", "{", "[]", "{}", "null", "42", '{"nbformat": 4}', '{"nbformat": 4, "cells": 1}',
    '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}',
    '{"nbformat": "x", "nbformat_minor": 5, "metadata": {}, "cells": []}',
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_NOTEBOOKS)
def test_broken_notebook_exits_2_with_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", broken(tmp_path, text)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1 and "nb.ipynb" in said.err
    assert [found.name for found in tmp_path.iterdir()] == ["nb.ipynb"]


@pytest.mark.parametrize(
    "options",
    [["missing.ipynb"], ["."], ["nb.ipynb", "-o", "no/such/folder.ipynb"], ["nb.ipynb", "-o", "."],
     ["nb.ipynb", "--cwd", "nowhere"]],
)  # fmt: skip
def test_bad_paths_exit_2_with_one_line_before_anything_runs(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path, "x = 1")
    assert main(["run", *options]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["walk"], ["run"], ["run", "x", "--rounds", "-1"], ["run", "x", "--timeout", "nan"],
     ["run", "x", "--bogus"]],
)  # fmt: skip
def test_bad_usage_exits_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2


def test_models_lists_what_the_magic_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "micro" in said and "oci-ds-6.7b" in said


@pytest.mark.parametrize(
    ("command", "module"),
    [("data", "data"), ("train", "retrain"), ("hard", "hard"), ("score", "score")],
)
def test_training_commands_get_their_own_arguments(
    command: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, got = f"oci_magic.training.{module}", list[list[str]]()
    assert find_spec(name) is not None
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(main=got.append))  # it imports torch
    monkeypatch.setattr(sys, "argv", ["oci-magic"])
    assert main([command, "--out", "x", "-h"]) == 0
    assert got == [["--out", "x", "-h"]]


def test_help_names_every_command_and_is_light() -> None:
    heavy = "{'torch', 'transformers', 'IPython', 'nbclient', 'nbformat', 'rich', 'numpy'}"
    code = (
        "import sys\nfrom oci_magic.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit as e: assert e.code == 0\n"
        f"print('heavy', *sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "heavy", done.stderr
    assert all(word in done.stdout for word in ("run", "models", "train", "data", "score"))


def test_version_is_told_by_the_module() -> None:
    command = [sys.executable, "-m", "oci_magic", "--version"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"oci_magic {oci_magic.__version__}"


def test_cell_that_swallows_the_interrupt_ends_the_kernel_with_a_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oci_magic.notebook.headless.GRACE", 1.0)
    loop = "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except:\n        pass"
    path = notebook(tmp_path, loop, "after = 1")
    assert main(["run", path, "--timeout", "1"]) == 1
    assert "did not stop at its limit of 1 s: the kernel was ended" in capsys.readouterr().out


def test_ctrl_c_within_code_made_from_text_exits_130(tmp_path: Path) -> None:
    """Data classes are made so. Python would end by SIGINT, with a negative exit code."""
    stopped = "exec('import signal; signal.raise_signal(signal.SIGINT)')"
    (tmp_path / "sitecustomize.py").write_text(
        f"from oci_magic.notebook import models\nmodels.listed = lambda *_: {stopped}\n"
    )
    command = [sys.executable, "-m", "oci_magic", "models"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")
