"""The options of `oci-magic eval`; what they do is `command`'s, which is imported when it runs."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PROBLEMS = """\
files of problems: HumanEval, MBPP, HumanEval+, MBPP+ or your own, functions or notebook cells,
.jsonl or .jsonl.gz (without any, the attempts in DIR are only scored again)"""


def add_options(parser: Any, count: Callable[[str], int]) -> None:
    """The options of `eval`; `count` reads a number that is not negative."""
    add: Callable[..., Any] = parser.add_argument
    add("problems", nargs="*", type=Path, metavar="PROBLEMS", help=_PROBLEMS)
    add("--model", metavar="M", help="the model: any name that %%oci takes")
    add("--out", type=Path, metavar="DIR", help="where attempts.jsonl and scores.json go")
    add("--rounds", type=_positive, default=2, metavar="N", help="replies at most per problem (2)")
    add("--feedback", choices=("none", "execution", "human"), default="execution",
        help="what a failed reply is told: nothing (one round), its execution result, or what a "
             "mentor says of it (default: execution)")  # fmt: skip
    add("--mentor", metavar="M2", help="the model that gives human feedback, on functions")
    add("--oracle", action="store_true", help="the mentor sees the canonical solution")
    add(
        "--samples",
        type=_positive,
        default=1,
        metavar="N",
        help="samples per problem, for pass@k (1)",
    )
    add("--temperature", type=float, metavar="T", help="default: 0 (greedy); 0.8 with --samples")
    add("--max-new-tokens", type=_positive, default=1024, metavar="N", help="of one reply (1024)")
    add("--tests", choices=("base", "plus"), default="plus",
        help="base only, or plus tests too where there are any (default: plus)")  # fmt: skip
    add("--form", choices=("paper", "chat"), default="paper",
        help="messages as in the paper, or as turns (cells: as in a notebook)")  # fmt: skip
    add("--batch", type=_positive, default=8, metavar="N",
        help="problems answered in one pass, or asked of a server at a time (8)")  # fmt: skip
    add("--cluster", metavar="ADDRESS", help="judge on a Dask cluster: tcp://HOST:PORT")
    add("--server-url", metavar="URL", help="where server: models are (http://.../v1)")
    add("--limit", type=count, metavar="N", help="only the first N problems of each file")
    add("--solutions", type=Path, metavar="FILE",
        help="judge these, not a model: lines of task_id and solution (or completion), or the "
             "attempts.jsonl of a run")  # fmt: skip
    add("--compare", nargs=2, type=Path, metavar=("A", "B"), help="two --out folders side by side")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is less than 1")
    return number
