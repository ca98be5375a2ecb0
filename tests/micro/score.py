"""How many of the prompts in `prompts.jsonl` does a model solve, typed into a real shell?

    python tests/micro/score.py [MODEL] [--show] [--card]

Each prompt runs as `%%oci` after its setup, in a copy of the data folder; the code that was
accepted is judged by `judge.py`. The prompts were written without sight of the task generator.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))


def prompts() -> Iterator[dict[str, Any]]:
    for line in (HERE / "prompts.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def answered(shell: Any, prompt: dict[str, Any], folder: Path) -> tuple[list[str], str]:
    """The accepted code cells for a prompt and the model's last words."""
    with chdir(folder), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        shell.reset(new_session=True)
        shell.run_cell("%oci new")
        if prompt["setup"]:
            shell.run_cell(prompt["setup"], store_history=True)
        shell.run_cell(f"%%oci --timeout 20\n{prompt['prompt']}", store_history=True)
    session = shell.magics_manager.registry["OCIMagics"].session
    turn = session.turns[-1]
    worked = turn.execution is not None and turn.execution.failure is None
    refused = not turn.reply.code
    code = [cell.source for cell in turn.reply.code] if worked or refused else ["1/0"]
    return code, turn.reply.text


def main() -> None:
    os.environ.setdefault("MPLBACKEND", "Agg")
    from IPython.core.interactiveshell import InteractiveShell

    from micro.judge import judge

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="micro")
    parser.add_argument("--show", action="store_true", help="print the wrong answers")
    parser.add_argument("--card", action="store_true", help="write the figures on micro's card")
    options = parser.parse_args()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "oci_magic")
    shell.run_line_magic("config", f"OCIMagics.model = {options.model!r}")
    right: dict[bool, list[bool]] = {False: [], True: []}
    for prompt in prompts():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "data"
            shutil.copytree(HERE / "data", folder)
            code, text = answered(shell, prompt, folder)
        solved = judge(prompt, code, HERE / "data")
        right[prompt["check"]["kind"] == "refuses"].append(solved)
        if options.show and not solved:
            print(f"--- {prompt['id']}: {prompt['prompt']}\n{text}", flush=True)
    figures = [
        f"{sum(marks)} of {len(marks)} {what} ({sum(marks) / len(marks):.0%})"
        for marks, what in ((right[False], "solved"), (right[True], "refused, as they should be"))
    ]
    print("\n".join(figures))
    if options.card:
        write_on_card(f"{figures[0]}, {figures[1]}")


def write_on_card(figures: str) -> None:
    """Put the figures behind the sentence about this score."""
    from oci_magic.engines.models import micro_folder

    card = micro_folder() / "README.md"
    text = card.read_text(encoding="utf-8")
    told, sentence, _ = text.partition("runs them in a real shell")
    assert sentence, f"{card} does not speak of this score"
    card.write_text(f"{told}{sentence}: {figures}.\n", encoding="utf-8")


if __name__ == "__main__":
    main()
