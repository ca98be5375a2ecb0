"""`%oci fix` and `%oci retry`: the last failed cell, or the last request, once more.

What repairs a cell of the person's may be proposed only: then its run is a trial.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ..running.variables import working_folder
from . import frontends
from .arguments import Options
from .buttons import RETRY_TEMPERATURE, asked_for, is_last
from .changes import new_files
from .surroundings import NewFiles
from .telling import Telling
from .terms import session_for

if TYPE_CHECKING:
    from ..session import Session
    from .frontends import Place
    from .magics import OCIMagics

_GOES_ON = ("fix", "retry", "feedback")


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
        events = session.fix(code.strip("\n"), failure, context, sentence=rest, run=magics.run,
                             trial=place.proposes)  # fmt: skip
        with _tried(magics, session, place) if place.proposes else nullcontext():
            magics.play(events, run=magics.run, place=place)


@contextmanager
def _tried(magics: OCIMagics, session: Session, place: Place) -> Iterator[None]:
    """What runs here is a trial: it leaves no value, but for those that are told, and no answer."""
    folder = working_folder()
    files = NewFiles(folder)
    try:
        with magics.journal.trying():
            yield
    finally:
        left = [*session.end_trial(), *new_files(files.found(), folder)]
        if left:
            place.tried(left)


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
    session = session_for(magics, replace(magics.asked, new=False))
    context = partial(Telling(magics).context, magics.asked)
    if is_last(magics, session, place):
        events = asked_for(magics, session, place, session.request, context)
    elif place.action == "retry":
        events = session.retry(context(""))
    else:
        raise UsageError("only the last answer can be changed: ask for this with %%oci")
    magics.play(events, run=magics.run and not magics.asked.no_run, place=place)
