"""The words after `%oci`: status, models, fix, retry, undo, export, history, context, help, ...

Each command gets the magics and the rest of its line. What belongs to a prompt is in `magics`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ..running.interrupts import put_off
from ..types import Message, Turn
from . import frontends
from .arguments import Options, unquoted
from .display import failure_line, left_line, one_line, stay_line
from .record import command as record
from .telling import Telling
from .terms import session_for

if TYPE_CHECKING:
    from ..session import Session
    from .frontends import Place
    from .magics import OCIMagics

RETRY_TEMPERATURE = 0.7
_GOES_ON = ("fix", "retry", "feedback")


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


def fix(magics: OCIMagics, rest: str) -> None:
    """Repair the last failed cell; a sentence after `fix` is told to the model."""
    place = frontends.place(magics.shell, magics.replaced)
    if place.action in _GOES_ON:
        go_on(magics, place.going_on(magics.place))
        return
    failed = magics.journal.failed(place.source)
    if failed is None and place.source:
        raise UsageError("this cell has not failed as it is now: run it again, then Fix")
    if failed is None:
        raise UsageError("no cell has failed: %oci fix repairs the last cell that did")
    code, failure = failed
    asked = magics.asked
    options = Options(model=asked.model, context=asked.context, leave_out=asked.leave_out)
    if magics.session and magics.session.is_last(code):
        options = replace(options, check=asked.check, warnings=asked.warnings)
        place = place.going_on(magics.place)
    elif not place.proposes:
        place = place.proposing(magics.journal.cell_of(code), code)
    with magics.loading(options, place):
        session = session_for(magics, options)
        session.steps, session.comment, magics.asked = 0, False, options
        context = Telling(magics).context(options, rest)
        events = session.fix(code.strip("\n"), failure, context, sentence=rest, run=magics.run)
        with _tried(magics, session) if place.proposes else nullcontext():
            magics.play(events, run=magics.run, place=place)


@contextmanager
def _tried(magics: OCIMagics, session: Session) -> Iterator[None]:
    """What runs here is a trial: it leaves no value and is not the last answer."""
    runner, exchanges = session.runner, session.exchanges
    saved, answer, undoable = runner.accepted, exchanges.answer, magics.undoable
    try:
        with magics.journal.trying():
            yield
    finally:
        with put_off():
            if runner.accepted and runner.accepted is not saved:
                runner.accepted.undo()
            runner.accepted, exchanges.answer, magics.undoable = saved, answer, undoable


def watch(magics: OCIMagics, rest: str) -> None:
    """Offer a Fix under the error of any cell, or do not."""
    if rest not in ("on", "off"):
        raise UsageError("write %oci watch on, or %oci watch off")
    magics.watch = rest == "on"
    print("a failing cell gets a row with Fix" if magics.watch else "failing cells get no row")


def retry(magics: OCIMagics) -> None:
    """Ask the last request again, sampled, so that the answer may differ."""
    if magics.session is None:
        raise UsageError("nothing to retry: ask something with %%oci first")
    place = frontends.place(magics.shell, magics.replaced).going_on(magics.place)
    if place.action in _GOES_ON:
        go_on(magics, place)
        return
    asked = magics.asked
    warm = asked.temperature or magics.temperature or RETRY_TEMPERATURE
    options = replace(asked, temperature=warm, new=False)
    session, run = session_for(magics, options), magics.run and not asked.no_run
    context = Telling(magics).context(options, session.request)
    events = session.retry(context, run=run, rounds=options.rounds)
    magics.play(events, options.output, run=run, place=place)


def go_on(magics: OCIMagics, place: Place) -> None:
    """What a button says of an answer to `%oci fix` or `%oci retry`."""
    from .buttons import asked_for, is_last

    session = session_for(magics, replace(magics.asked, new=False))
    context = partial(Telling(magics).context, magics.asked)
    if is_last(magics, session, place):
        events = asked_for(magics, session, place, session.request, context)
    elif place.action == "retry":
        events = session.retry(context(""))
    else:
        raise UsageError("only the last answer can be changed: ask for this with %%oci")
    magics.play(events, run=magics.run and not magics.asked.no_run, place=place)


def undo(magics: OCIMagics) -> None:
    """Take the last answer back: its cells, its names, its part of the conversation."""
    last = magics.undoable
    if magics.session is None or last is None:
        raise UsageError("nothing to undo: no answer with code has come since the last undo")
    place = frontends.place(magics.shell, magics.replaced)
    if place.action and place.prompt != last.prompt:
        raise UsageError("only the last answer can be taken back, and this one is not the last")
    if place.lacks(last):
        raise UsageError("the last answer stands in another window: take it back there")
    saved = magics.session.runner.accepted
    with put_off():
        turn, stay = magics.session.undo()
        left = left_line(saved.left) if saved and saved.left else ""
        parts = [f"undone: {one_line(turn.request, 60)}", stay_line(stay), left]
        magics.finals.pop(last.prompt, None)
        magics.waiting.drop()
        magics.last = magics.undoable = None
        place.withdraw(last, "; ".join(filter(None, parts)))


def new(magics: OCIMagics) -> None:
    """Begin a new conversation."""
    if magics.session:
        magics.session.new()
    magics.last = magics.undoable = None
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
