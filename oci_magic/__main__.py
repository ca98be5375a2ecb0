"""The command line: `oci-magic run | eval | models | train | data | score`.

Covers arguments and exit codes; each command imports what it needs when it is called.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__
from .errors import OciError

FAILED, USAGE, STOPPED = 1, 2, 130
_TRAINING = {
    "data": "write training examples of table work, each one executed",
    "hard": "keep of training examples what a model has still to learn",
    "train": "train the bundled model from nothing",
    "score": "score a trained model on held-out work",
}
_RUN = """\
Run a notebook in a kernel of this Python. Every %%oci cell is asked and its code run and
repaired; the notebook that is written holds the code in cells of its own below the prompt, with
their results, and runs again without a model.
"""
_EVAL = """\
Measure a model in this loop: it solves problems, its solutions are judged in processes of their
own, and what failed is told to it for another round. Attempts are kept as they are made: the same
command goes on with a run that was stopped or killed.
"""
_STAGES = """\
a line of your own problems is a function, in HumanEval's form (task_id, prompt, entry_point,
canonical_solution, test), or a notebook cell:
  task_id, request       its name, and what a person asks
  context                what the notebook tells of tables and files, in the product's words
  files, setup           {name: base64}, and Python that makes the notebook's variables
  reference              code that is right: in what its last line shows, what it draws and writes
  families               kinds of work; several make a composition
  outside, dirty         true: a request to be refused, with no code; data that make code fail

examples:
  oci-magic eval HumanEval.jsonl.gz --model oci-ds-6.7b --out runs/ds
  oci-magic eval HumanEvalPlus.jsonl.gz MbppPlus.jsonl --model oci-ds-6.7b --out runs/plus
  oci-magic eval HumanEval.jsonl.gz --model micro --feedback none --limit 20 --out runs/try
  oci-magic eval MbppPlus.jsonl --model M --feedback human --mentor M2 --oracle --out runs/human
  oci-magic eval cells.jsonl --model micro --rounds 3 --out runs/cells
  oci-magic eval HumanEval.jsonl.gz --solutions samples.jsonl --out runs/given
  oci-magic eval --out runs/ds                   the scores again, from the attempts
  oci-magic eval --compare runs/ds runs/plus
exit codes: 0 done; 1 it cannot go on, and says why; 2 bad usage; 130 stopped.
"""
_CODES = """\
exit codes: 0 done; 1 a cell failed or a prompt stayed unrepaired; 2 bad usage; 3 code was held
by review; 130 stopped. The notebook is written in every case but 2.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given and given[0] in _TRAINING:
            return _training(given[0], given[1:])
        options = parser().parse_args(given)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except OciError as error:
        print(f"oci-magic: {error}", file=sys.stderr)
        return USAGE if given[0] == "run" else FAILED
    except KeyboardInterrupt:
        return STOPPED
    finally:
        # Python notes an interrupt that leaves an `exec` of text, in any thread, until the next
        # such `exec` begins, and would end itself by SIGINT for it instead of with our code.
        exec("")


def parser() -> argparse.ArgumentParser:
    """The whole command line; the commands of training parse their own options."""
    top = argparse.ArgumentParser(
        prog="oci-magic", description="A code model on your own machine in notebooks."
    )
    top.add_argument("--version", action="version", version=f"oci_magic {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _add_run(commands)
    _add_eval(commands)
    models = commands.add_parser("models", help="list models to choose from, and on servers here")
    models.set_defaults(command=_models)
    for name, text in _TRAINING.items():
        commands.add_parser(name, help=text, add_help=False)
    return top


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from .evaluation.options import whole

    run = commands.add_parser(
        "run", help="run a notebook, prompts included, and write what came of it",
        description=_RUN, epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    run.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    run.add_argument("-o", "--out", type=Path, help="default: NAME.executed.ipynb beside it")
    run.add_argument("--model", metavar="M", help="answers where a cell names none with -m")
    run.add_argument("--server-url", metavar="URL", help="where server: models are (http://.../v1)")
    run.add_argument("--rounds", type=whole(0), metavar="N", help="repairs at most per prompt")
    run.add_argument("--timeout", type=_seconds, metavar="S", help="seconds a cell may run")
    run.add_argument(
        "--allow", action="append", default=[], metavar="EFFECT",
        help="run code that review would hold for this: overwrite, delete, ... (repeatable)",
    )  # fmt: skip
    run.add_argument("--allow-errors", action="store_true", help="go on after a cell that failed")
    run.add_argument("--cwd", type=Path, help="the kernel's folder; default: the notebook's")
    run.set_defaults(command=_run)


def _add_eval(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from .evaluation.options import add_options

    command = commands.add_parser(
        "eval", help="measure a model on HumanEval, MBPP or your own problems",
        description=_EVAL, epilog=_STAGES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_options(command)
    command.set_defaults(command=_eval)


def _eval(options: argparse.Namespace) -> int:
    if sys.platform == "win32":
        raise OciError("eval judges code in processes of Linux or macOS: run it in WSL")
    from .evaluation.command import evaluate

    return evaluate(options)


def _run(options: argparse.Namespace) -> int:
    if not options.notebook.is_file():
        raise OciError(f"there is no notebook {options.notebook}")
    from rich.console import Console

    from .notebook.arguments import unknown_effects
    from .notebook.headless import run_notebook
    from .notebook.transcript import Transcript

    if wrong := unknown_effects(options.allow):
        raise OciError(wrong)
    given = {"model": options.model, "rounds": options.rounds, "allow": options.allow or None,
             "server_url": options.server_url}  # fmt: skip
    return run_notebook(
        options.notebook,
        options.out,
        Transcript(Console(highlight=False)),
        folder=options.cwd,
        settings={name: value for name, value in given.items() if value is not None},
        timeout=options.timeout,
        allow_errors=options.allow_errors,
    )


def _models(_: argparse.Namespace) -> int:
    from .notebook.commands import COMMANDS

    COMMANDS["models"].act(None, "")  # type: ignore[arg-type]  # it asks nothing of the magics
    return 0


def _training(command: str, arguments: list[str]) -> int:
    from importlib import import_module

    sys.argv[0] = f"oci-magic {command}"  # what argparse calls a command without a `prog`
    module = "retrain" if command == "train" else command
    done = import_module(f".training.{module}", __package__).main(arguments)
    return int(done or 0)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1e7:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return number


if __name__ == "__main__":
    sys.exit(main())
