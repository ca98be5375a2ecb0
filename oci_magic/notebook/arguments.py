"""What can be written on the `%%oci` line, and what says that a prompt is unchanged.

Covers parsing, mistakes in one line (a `%%oci` line without a prompt below it included) and the
hash behind `--kept`. Defaults are the traits of `OCIMagics`: an option that is not given is None
here.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, get_args

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments

from ..types import EffectKind
from .stated import stated

EFFECTS: tuple[str, ...] = get_args(EffectKind)
MOST_SECONDS = 1e7
Magic = TypeVar("Magic", bound=Callable[..., Any])
CALL = "%%oci [options], and the prompt on the lines below it (%%oci? lists the options)"
_CHECK = re.compile(r'--check[\s=]+"(?:\\.|[^"\\])*"')
_ESCAPED, _QUOTE = re.compile(r'(?<!\\)\\"'), "\ue000"
"""IPython splits the line at a quote within quotes, escaped or not."""
_LEAVES_THE_ANSWER_ALONE = (
    "kept", "again", "dry", "new", "output", "timeout", "model", "allow", "help",
)  # fmt: skip
_LONE_LINE = re.compile(r"%%oci(?:\s|$)")


@dataclass(frozen=True)
class Options:
    """The options of one `%%oci` line; None where the trait's value holds."""

    model: str | None = None
    no_run: bool = False
    confirm: bool = False
    rounds: int | None = None
    observe: bool = False
    steps: int | None = None
    new: bool = False
    context: str | None = None
    leave_out: tuple[str, ...] = ()
    output: str | None = None
    seed: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_new_tokens: int | None = None
    timeout: float | None = None
    check: tuple[str, ...] = ()
    warnings: bool = False
    allow: tuple[str, ...] = ()
    dry: bool = False
    again: bool = False
    kept: str | None = None
    help: bool = False


_ARGUMENTS = (
    argument("-m", "--model", metavar="NAME", help="the model that answers (%%oci models)"),
    argument("-n", "--no-run", action="store_true", help="offer the code, do not run it"),
    argument("--confirm", action="store_true", help="let the code wait until you run it"),
    argument("-r", "--rounds", type=int, metavar="N", help="repairs at most (default 3)"),
    argument(
        "--observe",
        action="store_true",
        help="show the model the result; its comment goes into a cell below it",
    ),
    argument(
        "--steps",
        type=int,
        metavar="N",
        help="show the model the result; it may go on with up to N more cells (default 0)",
    ),
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
        help="leave this variable, and cells that name it, out of the context (repeatable)",
    ),
    argument("-o", dest="output", metavar="NAME", help="bind the Turn to this name"),
    argument("--seed", type=int, metavar="N", help="makes a sampled answer repeatable"),
    argument("--temperature", type=float, metavar="T", help="0 is greedy (default)"),
    argument("--top-p", type=float, metavar="P", help="sample from this share of the likeliest"),
    argument("--max-new-tokens", type=int, metavar="N", help="longest answer in tokens"),
    argument("--timeout", type=float, metavar="S", help="seconds a cell may run, 0: no limit"),
    argument(
        "--allow",
        action="append",
        metavar="EFFECT",
        help=f"run code that review would hold for this: {', '.join(EFFECTS)} (repeatable)",
    ),
    argument(
        "--check",
        action="append",
        metavar="EXPR",
        help='the result must satisfy this, such as "len(df) > 0" (repeatable); or write asserts '
        "below a line --- under the prompt",
    ),
    argument("--warnings", action="store_true", help="a warning that the code causes is a failure"),
    argument("--dry", action="store_true", help="show the messages, send nothing"),
    argument("--again", action="store_true", help="ask although nothing changed"),
    argument("--kept", metavar="HASH", help="do nothing while prompt, options and model match"),
    argument("--help", action="store_true", help="show this"),
)


def prompt_arguments(function: Magic) -> Magic:
    """Give a cell magic the options of `%%oci`, and its docstring their help."""
    for option in reversed(_ARGUMENTS):
        option(function)
    return magic_arguments("%oci")(function)  # type: ignore[no-any-return]  # IPython is untyped


def parsed(magic: Callable[..., Any], line: str) -> Options:
    """The options on `line`. Raises `UsageError`, one line, on any mistake."""
    try:
        marked = _CHECK.sub(lambda check: _ESCAPED.sub(_QUOTE, check[0]), line)
        given = dict(vars(magic.parser.parse_argstring(marked)))  # type: ignore[attr-defined]
    except (UsageError, ValueError) as error:
        raise UsageError(_mistake(line, str(error).rstrip("."))) from None
    given = {name: unquoted(value) for name, value in given.items()}
    several = {
        name: tuple(map(unquoted, given[name] or ())) for name in ("leave_out", "allow", "check")
    }
    several["check"] = tuple(check.replace(_QUOTE, '"') for check in several["check"])
    return _checked(Options(**{**given, **several}))


def help_text(magic: Callable[..., Any]) -> str:
    """What `--help` prints: the call and a line or two for each option."""
    text: str = magic.parser.format_help()  # type: ignore[attr-defined]  # magic_arguments' own
    return text.removeprefix("::\n\n").strip()


def with_body(lines: list[str]) -> list[str]:
    """An input transformer: a `%%oci` line alone gets an empty line below it.

    Without one IPython answers in place of the magic, and sends the person to `%oci`.
    """
    return [*lines, "\n"] if len(lines) == 1 and _LONE_LINE.match(lines[0]) else lines


with_body.has_side_effects = True  # type: ignore[attr-defined]  # a terminal must not end the cell here


def prompt_of(cell: str) -> str:
    """The prompt in a cell's body. Raises `UsageError` when there is none."""
    if not cell.strip():
        raise UsageError("the prompt is empty: write it on the next line (%%oci? lists options)")
    return cell.strip()


def checks_of(options: Options, prompt: str) -> tuple[str, tuple[str, ...]]:
    """The words of a prompt, and what must hold. Raises `UsageError`."""
    words, checks = stated(options.check, prompt)
    return prompt_of(words), checks


def kept_hash(options: Options, prompt: str, model: str) -> str:
    """What `--kept` is compared with: 12 hex digits of prompt, options and model.

    Without the model where none is asked: a runner need not know it then.
    """
    given = asdict(options).items()
    usual = asdict(Options())
    chosen = {
        name: value
        for name, value in given
        if value != usual[name] and name not in _LEAVES_THE_ANSWER_ALONE
    }
    asked = "" if options.dry else options.model or model
    text = json.dumps([prompt.strip(), asked, chosen], sort_keys=True)
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
    if options.steps is not None and options.steps < 0:
        raise UsageError(f"--steps {options.steps}: the number of further cells is 0 or more")
    if options.timeout is not None:
        checked_seconds(options.timeout)
    if wrong := unknown_effects(options.allow):
        raise UsageError(wrong)
    return options


def unknown_effects(names: Sequence[str]) -> str:
    """One line on names that are no effects of code, with those that are; "" if all are."""
    wrong = [name for name in names if name not in EFFECTS]
    return f"--allow {', '.join(wrong)}: allow one of {', '.join(EFFECTS)}" if wrong else ""


def checked_seconds(seconds: float) -> float:
    """A time limit that a timer can keep. Raises `UsageError`."""
    if not 0 <= seconds <= MOST_SECONDS:
        most = f"at most {MOST_SECONDS:,.0f}"
        raise UsageError(f"--timeout {seconds:g}: seconds, {most}, or 0 for no limit")
    return seconds


def _mistake(line: str, error: str) -> str:
    """What is wrong with the line, and the option that was probably meant or where words go."""
    words = error.partition("unrecognized arguments:")[2].strip()
    known = [name for option in _ARGUMENTS for name in option.args]
    for word in re.findall(r"(?<!\S)--?[\w-]+", words):
        near = difflib.get_close_matches(word, known, n=1)
        if near and word not in known:
            return f"{error}. Did you mean {near[0]}? Write {CALL}"
    prompt = line.strip() if not line.strip().startswith("-") else words
    if prompt and not prompt.startswith("-"):
        shown = prompt if len(prompt) <= 60 else f"{prompt[:57]}..."
        return f"{shown!r} is no option: move the prompt to the next line (%%oci? lists options)"
    return f"{error}. Write {CALL}"
