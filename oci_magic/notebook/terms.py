"""The conversation, made ready for a prompt: its model, review, checkpoint, checks, time limit."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from .arguments import EFFECTS, Options, checked_seconds

if TYPE_CHECKING:
    from ..engines import Engine
    from ..running.reserve import Reserve
    from ..running.review import Reviewer
    from ..session import Session
    from .magics import OCIMagics


def session_for(magics: OCIMagics, options: Options) -> Session:
    """The conversation of this notebook on the terms of a prompt with these options."""
    seconds = checked_seconds(magics.timeout if options.timeout is None else options.timeout)
    let_through = [effect for effect in EFFECTS if effect not in magics.hold]
    review = _reviewer(magics, (*let_through, *magics.allow, *options.allow))
    _going_on(magics, options)
    engine = magics.shelf.engine(options.model or magics.model, options)
    session = magics.session or new_session(magics, engine)
    if options.new and not options.dry:
        session.new()
        magics.last = None
        magics.waiting.drop()
    session.engine, session.rounds, magics.session = engine, magics.rounds, session
    session.steps, session.comment = _going_on(magics, options)
    runner = session.runner
    runner.review = review
    runner.confirm, runner.checks = magics.confirm or options.confirm, options.check
    runner.executor.reserve = reserve_of(magics, options)
    runner.executor.strict = magics.warnings or options.warnings
    runner.executor.timeout = seconds or None
    return session


def reserve_of(magics: OCIMagics, options: Options) -> Reserve:
    """What of the notebook is not told of failures either: what the context leaves out."""
    from ..running.reserve import Reserve

    left_out = frozenset((*magics.leave_out, *options.leave_out))
    return Reserve(left_out, named_only=(options.context or magics.context) == "none")


def _going_on(magics: OCIMagics, options: Options) -> tuple[int, bool]:
    """Further cells at most, and whether a comment follows. Raises `UsageError`."""
    steps = magics.steps if options.steps is None else options.steps
    comment = magics.comment or options.observe
    if (steps or comment) and (options.model or magics.model) == "micro":
        asked = "--steps" if steps else "--observe"
        raise UsageError(f"{asked}: micro has not learned to read results: choose another -m MODEL")
    return steps, comment


def new_session(magics: OCIMagics, engine: Engine) -> Session:
    """A conversation that has not begun."""
    from ..running.checkpoint import MEGABYTE, Checkpoint
    from ..running.shell import ShellExecutor
    from ..session import Session

    shell = magics.shell

    def checkpoint(code: str) -> Checkpoint:
        return Checkpoint(shell.user_ns, code, magics.checkpoint_mb * MEGABYTE)

    return Session(engine, ShellExecutor(shell), checkpoint=checkpoint)


def _reviewer(magics: OCIMagics, allowed: Collection[str]) -> Reviewer:
    """Review for one prompt: a repair may overwrite what the attempt before it made."""
    from ..running.review import Reviewer
    from ..running.variables import working_folder
    from .surroundings import NewFiles

    folder = working_folder()
    return Reviewer(magics.shell.user_ns, folder, NewFiles(folder).found, allowed)
