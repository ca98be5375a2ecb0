"""The options of `oci-magic eval`; what they do is `command`'s, which is imported when it runs."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PROBLEMS = """\
files of problems: HumanEval, MBPP, HumanEval+, MBPP+ or your own, functions or notebook cells,
.jsonl or .jsonl.gz (without any, the attempts in DIR are only scored again)"""


_OF_SOLUTIONS = {"problems", "out", "solutions", "cluster", "tests", "limit"}


def add_options(parser: Any) -> None:
    """The options of `eval`."""
    add: Callable[..., Any] = parser.add_argument
    add("problems", nargs="*", type=Path, metavar="PROBLEMS", help=_PROBLEMS)
    add("--model", metavar="M", help="the model: any name that %%oci takes")
    add("--out", type=Path, metavar="DIR", help="where attempts.jsonl and scores.json go")
    add("--rounds", type=whole(1), default=2, metavar="N", help="replies at most per problem (2)")
    add("--feedback", choices=("none", "execution", "human"), default="execution",
        help="what a failed reply is told: nothing (one round), its execution result, or what a "
             "mentor says of it (default: execution)")  # fmt: skip
    add("--mentor", metavar="M2", help="the model that gives human feedback, on functions")
    add("--oracle", action="store_true", help="the mentor sees the canonical solution")
    add(
        "--samples",
        type=whole(1),
        default=1,
        metavar="N",
        help="samples per problem, for pass@k (1)",
    )
    add("--temperature", type=float, metavar="T", help="default: 0 (greedy); 0.8 with --samples")
    add("--max-new-tokens", type=whole(1), default=1024, metavar="N", help="of one reply (1024)")
    add("--tests", choices=("base", "plus"), default="plus",
        help="base only, or plus tests too where there are any (default: plus)")  # fmt: skip
    add("--form", choices=("paper", "chat"), default="paper",
        help="messages as in the paper, or as turns (cells: as in a notebook)")  # fmt: skip
    add("--batch", type=whole(1), metavar="N",
        help="problems answered in one pass (as many as there is memory for, 32 at most), or asked "
             "of a server at a time (8)")  # fmt: skip
    add("--cluster", metavar="ADDRESS", help="judge on a Dask cluster: tcp://HOST:PORT")
    add("--server-url", metavar="URL", help="where server: models are (http://.../v1)")
    add("--limit", type=whole(0), metavar="N", help="only the first N problems of each file")
    add("--solutions", type=Path, metavar="FILE",
        help="judge these, not a model: lines of task_id and solution (or completion), or the "
             "attempts.jsonl of a run")  # fmt: skip
    add("--compare", nargs=2, type=Path, metavar=("A", "B"), help="two --out folders side by side")


def whole(least: int) -> Callable[[str], int]:
    """What reads a whole number, `least` or more."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is no whole number") from None
        if number < least:
            raise ArgumentTypeError(f"{text} is less than {least}")
        return number

    return read


def misplaced(given: Namespace) -> str:
    """Why options that were given would do nothing beside the others, "" if all do something."""
    if given.compare:
        used, why = {"compare"}, "--compare shows two runs as they are"
    elif not given.problems:
        used, why = {"out"}, "without files of problems, attempts are only scored again"
    elif given.solutions:
        used, why = _OF_SOLUTIONS, "--solutions are judged as they stand"
    else:
        served = any(str(name).startswith("server:") for name in (given.model, given.mentor))
        alone = given.model and given.server_url and not served
        return "--server-url is where server: models are: leave it out" if alone else ""
    parser = ArgumentParser()
    add_options(parser)
    default = vars(parser.parse_args([]))
    idle = [name for name in default if name not in used and vars(given)[name] != default[name]]
    named = ["PROBLEMS" if name == "problems" else f"--{name.replace('_', '-')}" for name in idle]
    return f"{why}: leave out {', '.join(named)}" if named else ""
