"""What can be written on the `%%oci` line, and what says that a prompt is unchanged.

Covers parsing, mistakes in one line and the hash behind `--kept`. Defaults are the traits of
`OCIMagics`: an option that is not given is None here.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import keyword
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments

MOST_SECONDS = 1e7
Magic = TypeVar("Magic", bound=Callable[..., Any])
CALL = "%%oci [options], and the prompt on the lines below it (%%oci? lists the options)"
_LEAVES_THE_ANSWER_ALONE = ("kept", "again", "dry", "new", "output", "timeout", "model")


@dataclass(frozen=True)
class Options:
    """The options of one `%%oci` line; None where the trait's value holds."""

    model: str | None = None
    no_run: bool = False
    rounds: int | None = None
    new: bool = False
    context: str | None = None
    leave_out: tuple[str, ...] = ()
    output: str | None = None
    seed: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_new_tokens: int | None = None
    timeout: float | None = None
    dry: bool = False
    again: bool = False
    kept: str | None = None


_ARGUMENTS = (
    argument("-m", "--model", metavar="NAME", help="the model that answers (%%oci models)"),
    argument("-n", "--no-run", action="store_true", help="offer the code, do not run it"),
    argument("-r", "--rounds", type=int, metavar="N", help="repairs at most (default 3)"),
    argument("--new", action="store_true", help="forget the conversation first"),
    argument(
        "--context",
        choices=("auto", "none"),
        help="tell the model of variables, tables, data files and recent cells, or of nothing",
    ),
    argument(
        "-x",
        action="append",
        dest="leave_out",
        metavar="NAME",
        help="leave this variable out of the context (repeatable)",
    ),
    argument("-o", dest="output", metavar="NAME", help="bind the Turn to this name"),
    argument("--seed", type=int, metavar="N", help="makes a sampled answer repeatable"),
    argument("--temperature", type=float, metavar="T", help="0 is greedy (default)"),
    argument("--top-p", type=float, metavar="P", help="sample from this share of the likeliest"),
    argument("--max-new-tokens", type=int, metavar="N", help="longest answer in tokens"),
    argument("--timeout", type=float, metavar="S", help="seconds a cell may run, 0: no limit"),
    argument("--dry", action="store_true", help="show the messages, send nothing"),
    argument("--again", action="store_true", help="ask although nothing changed"),
    argument("--kept", metavar="HASH", help="do nothing while prompt, options and model match"),
)


def prompt_arguments(function: Magic) -> Magic:
    """Give a cell magic the options of `%%oci`, and its docstring their help."""
    for option in reversed(_ARGUMENTS):
        option(function)
    return magic_arguments("%oci")(function)  # type: ignore[no-any-return]  # IPython is untyped


def parsed(magic: Callable[..., Any], line: str) -> Options:
    """The options on `line`. Raises `UsageError`, one line, on any mistake."""
    try:
        given = dict(vars(magic.parser.parse_argstring(line)))  # type: ignore[attr-defined]
    except (UsageError, ValueError) as error:
        raise UsageError(f"{str(error).rstrip('.')}. {_right_call(str(error))}") from None
    given = {name: unquoted(value) for name, value in given.items()}
    return _checked(Options(**{**given, "leave_out": tuple(given["leave_out"] or ())}))


def prompt_of(cell: str) -> str:
    """The prompt in a cell's body. Raises `UsageError` when there is none."""
    if not cell.strip():
        raise UsageError(f"the prompt is empty: write {CALL}")
    return cell.strip()


def kept_hash(options: Options, prompt: str, model: str) -> str:
    """What `--kept` is compared with: 12 hex digits of prompt, options and model."""
    given = asdict(options).items()
    chosen = {name: value for name, value in given if name not in _LEAVES_THE_ANSWER_ALONE}
    text = json.dumps([prompt.strip(), options.model or model, chosen], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def unquoted(value: Any) -> Any:
    """IPython leaves the quotes around what was quoted."""
    quoted = isinstance(value, str) and len(value) > 1 and value[0] == value[-1] in "\"'"
    return value[1:-1] if quoted else value


def _checked(options: Options) -> Options:
    for name in (options.output, *options.leave_out):
        if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
            raise UsageError(f"{name!r} is not a variable's name: write {CALL}")
    if options.rounds is not None and options.rounds < 0:
        raise UsageError(f"-r {options.rounds}: the number of repairs is 0 or more")
    if options.timeout is not None:
        checked_seconds(options.timeout)
    return options


def checked_seconds(seconds: float) -> float:
    """A time limit that a timer can keep. Raises `UsageError`."""
    if not 0 <= seconds <= MOST_SECONDS:
        most = f"at most {MOST_SECONDS:,.0f}"
        raise UsageError(f"--timeout {seconds:g}: seconds, {most}, or 0 for no limit")
    return seconds


def _right_call(error: str) -> str:
    """The option that was probably meant, or where the prompt belongs."""
    known = [name for option in _ARGUMENTS for name in option.args]
    for word in re.findall(r"(?<!\S)--?[\w-]+", error.rpartition("unrecognized arguments:")[2]):
        near = difflib.get_close_matches(word, known, n=1)
        if near and word not in known:
            return f"Did you mean {near[0]}? Write {CALL}"
    return f"Write {CALL}"
