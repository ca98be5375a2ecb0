"""The words after `%oci`: status, models, fix, retry, undo, export, history, context, help, ...

Each command gets the magics and the rest of its line. What belongs to a prompt is in `magics`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ..types import Message, Turn
from .arguments import Options, unquoted
from .display import failure_line, one_line
from .record import command as record
from .repairs import fix, retry
from .telling import Telling
from .undoing import undo

if TYPE_CHECKING:
    from .magics import OCIMagics


@dataclass(frozen=True)
class Command:
    """What `%oci WORD` does: `call` is how it is typed, `help` one line on it."""

    call: str
    help: str
    act: Callable[[OCIMagics, str], Any]


def status(magics: OCIMagics) -> None:
    """Model, conversation and settings, a line each."""
    loaded = magics.shelf.loaded
    state = f"loaded, window of {loaded.window:,} tokens" if loaded else "nothing loaded yet"
    if loaded and loaded.name == magics.model and hasattr(loaded, "url"):
        state = f"at {loaded.url}, window of {loaded.window:,} tokens"
    if loaded and loaded.name != magics.model:
        state = f"not loaded; {loaded.name} is, window of {loaded.window:,} tokens"
    turns = magics.session.turns if magics.session else []
    print(f"model         {magics.model}: {state}")
    print(f"conversation  {len(turns)} prompts (%oci history, %oci new)")
    print(f"settings      {magics.rounds} repairs, context {magics.context}, run {magics.run}")
    print("              %config OCIMagics lists all, %oci help what to type")


def model(magics: OCIMagics, rest: str) -> None:
    """Choose and load the model for the prompts to come."""
    rest = unquoted(rest)
    if not rest:
        raise UsageError("which model? write %oci model NAME (%oci models lists some)")
    magics.shelf.engine(rest)
    magics.model = rest
    if magics.session:
        magics.session.engine = magics.shelf.engine(rest)
    print(f"{rest} answers from now on")


def models(_: OCIMagics) -> None:
    """Models with a short name, with size and fit; those in the hub cache and on servers here."""
    from .models import listed

    for line in listed():
        print(line)


def watch(magics: OCIMagics, rest: str) -> None:
    """Offer a Fix under the error of any cell, or do not."""
    if rest not in ("on", "off"):
        raise UsageError("write %oci watch on, or %oci watch off")
    magics.watch = rest == "on"
    print("a failing cell gets a row with Fix" if magics.watch else "failing cells get no row")


def new(magics: OCIMagics) -> None:
    """Begin a new conversation."""
    if magics.session:
        magics.session.new()
    magics.last = None
    magics.asked = Options()
    magics.waiting.drop()
    print("new conversation; the notebook's variables stay")


def history(magics: OCIMagics) -> None:
    """The prompts of this conversation and how each ended."""
    turns = [turn for turn in magics.session.turns if not turn.goes_on] if magics.session else []
    for number, turn in enumerate(turns, 1):
        print(f"{number}. {one_line(turn.request, 80)} · {_ended(turn)}")
    if not turns:
        print("no prompts in this conversation yet")


def context(magics: OCIMagics) -> None:
    """What a prompt would tell the model of this notebook."""
    if magics.context == "none":
        print("nothing: context is none (%config OCIMagics.context = 'auto' tells of the notebook)")
        return
    engine = magics.shelf.loaded
    if engine is None:
        text, tokens = Telling(magics).surroundings().text(), "no model is loaded to count tokens"
    else:
        text = Telling(magics).context(Options(context="auto"))
        tokens = f"{engine.count([Message('user', text)]) if text else 0} tokens"
    print(text or "nothing: no variables, tables, data files or cells")
    print(f"({tokens})")


def export(magics: OCIMagics, rest: str) -> None:
    """Write the conversation: code that runs without us, or as a line of Code-Feedback JSONL."""
    from .export import export as write
    from .export import needs_ipython

    path, exchanges = unquoted(rest), magics.session.exchanges if magics.session else []
    if not exchanges:
        raise UsageError("nothing to export: no prompts in this conversation yet")
    cells = write(exchanges, path)
    runs = f", {cells} code cells; it runs without oci_magic" if cells is not None else ""
    runs += ", cell by cell in IPython" if needs_ipython(path) else ""
    prompts = sum(not rounds[-1].goes_on for rounds in exchanges)
    print(f"{path}: {prompts} prompts{runs}")


def unload(magics: OCIMagics) -> None:
    """Free the model's memory; the next prompt loads it again."""
    magics.shelf.unload()
    print("the model is unloaded; the next prompt loads it again")


def help_(_: OCIMagics) -> None:
    """What can be typed."""
    print("%%oci [options]            ask, run and repair; %%oci? lists the options")
    for command in COMMANDS.values():
        print(f"{command.call:<26} {command.help}")


def _alone(act: Callable[[OCIMagics], None]) -> Callable[[OCIMagics, str], None]:
    """A command after which nothing more can be said."""

    def command(magics: OCIMagics, rest: str) -> None:
        if rest:
            raise UsageError(f"nothing goes after this word of %oci, not {one_line(rest, 40)!r}")
        act(magics)

    return command


COMMANDS = {
    "status": Command("%oci", "the model, the conversation, the settings", _alone(status)),
    "model": Command("%oci model NAME", "choose the model", model),
    "models": Command("%oci models", "models to choose from, on servers here too", _alone(models)),
    "fix": Command("%oci fix [hint]", "repair the last failed cell, whoever wrote it", fix),
    "watch": Command("%oci watch on|off", "offer a Fix under the error of any cell", watch),
    "retry": Command("%oci retry", "ask the last prompt again, sampled", _alone(retry)),
    "undo": Command("%oci undo", "take the last answer back: cells and names", _alone(undo)),
    "export": Command("%oci export FILE", "the conversation: .ipynb, .py or .jsonl", export),
    "record": Command("%oci record on|off", "log prompts and answers in a file of yours", record),
    "new": Command("%oci new", "forget the conversation", _alone(new)),
    "history": Command("%oci history", "the prompts so far and how they ended", _alone(history)),
    "context": Command("%oci context", "what a prompt tells of the notebook", _alone(context)),
    "unload": Command("%oci unload", "free the model's memory", _alone(unload)),
    "help": Command("%oci help", "this list", _alone(help_)),
}


def unknown(word: str) -> str:
    """One line for a word that is no command, with the right call in it."""
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    meant = f"did you mean {COMMANDS[near[0]].call}? " if near else ""
    return (
        f"%oci has no command {word[:40]!r}: {meant}%oci help lists them; "
        "a prompt goes below a line %%oci"
    )


def _ended(turn: Turn) -> str:
    if turn.reply.finish_reason == "interrupted":
        return "stopped"
    if not turn.reply.code:
        return "answered without code"
    if turn.execution is None:
        return "not run"
    failure = turn.execution.failure
    if failure and failure.stopped:
        return "stopped"
    return f"failed: {failure_line(failure)}" if failure else "worked"
