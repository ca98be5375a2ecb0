"""`%%oci` and `%oci`: options, traits and the wiring between a shell and a session.

Covers what belongs to one prompt: build the session for it, play its events, put the code
where it goes, end well or with one line. Commands of `%oci` are in `commands`. What only a
prompt needs is imported when the first one comes, so that `%load_ext` is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import observe

from ..errors import Stopped
from ..events import Event, Events, Finished, HeldBack, follow
from ..objects import encodable
from ..running.interrupts import put_off
from ..types import Execution, Reply, Turn
from . import frontends
from .arguments import (
    Options,
    checks_of,
    help_text,
    kept_hash,
    parsed,
    prompt_arguments,
    prompt_of,
)
from .finals import Finals
from .journal import Journal
from .queue import Replaced
from .settings import Settings
from .standing import Standing
from .terms import new_session, reserve_of, session_for
from .waiting import Waiting

if TYPE_CHECKING:
    from ..session import Session
    from .display import View
    from .frontends import Place
    from .models import ModelShelf


@magics_class
class OCIMagics(Settings, Magics):  # type: ignore[misc]  # IPython is untyped
    """A code model writes, runs and repairs cells in this kernel; see `%oci help`."""

    def __init__(self, shell: Any, view: Callable[[], View] | None = None) -> None:
        self.asked = Options()
        """The options of the last request: asking it again keeps to them."""
        super().__init__(shell)
        self.journal = Journal(shell, self._offer_fix, lambda: reserve_of(self, self.asked))
        self.replaced = Replaced(shell)
        self.session: Session | None = None
        self.open_view = view or self._view
        self.last: Place | None = None
        """Where the conversation's last exchange stands."""
        self.standing = Standing()
        self.place: Place | None = None
        """Where the last answer was asked for, taken back or not."""
        self.ours = set[str]()
        """The names that answers have bound first."""
        self.waiting = Waiting(shell)
        self.finals = Finals()
        self.told_shortened = self._told_rung = False

    @observe("model")
    def _model_chosen(self, _: object) -> None:
        """A model that is set later answers `%oci retry` and `%oci fix` too."""
        self.asked = replace(self.asked, model=None)

    @cached_property
    def shelf(self) -> ModelShelf:
        from .models import ModelShelf

        return ModelShelf(self)

    @prompt_arguments
    @no_var_expand  # type: ignore[untyped-decorator]  # IPython is untyped
    @cell_magic("oci")  # type: ignore[untyped-decorator]  # IPython is untyped
    def prompt_cell(self, line: str, cell: str) -> None:
        """Ask a code model for what the lines below say; run its code here, repair it if it fails.

        In the prompt, {name}, {In[3]}, {Out[3]} and {Err[3]} stand for what exists by that name.
        """
        options = parsed(self.prompt_cell, line)
        if options.help:
            print(help_text(self.prompt_cell))
            return
        prompt = encodable(prompt_of(cell))
        from .buttons import asked_for
        from .telling import Telling

        recorded = kept_hash(options, prompt, self.model)
        place = frontends.place(self.shell, self.replaced, recorded)
        if not options.again and self._is_kept(options, prompt, recorded, place):
            return
        if place.action:
            options = replace(options, new=False)
        chosen = self.rounds if place.rounds is None else place.rounds
        place.rounds = chosen if options.rounds is None else None  # the line says it: none to set
        options = replace(options, rounds=chosen if options.rounds is None else options.rounds)
        prompt, checks = checks_of(options, prompt)
        options = replace(options, check=checks)
        with self._stoppable(), self.loading(options, place):
            session = session_for(self, options)
            self.journal.forget(self.standing.look_for_deleted(session.exchanges, place))
            told = Telling(self)
            told.unknown(options.leave_out)
            request, context = told.request(prompt), partial(told.context, options)
            if options.dry:
                self._show_messages(session, options, request, context(request))
                return
            run, self.asked = self.run and not options.no_run, options
            events = asked_for(self, session, place, request, context)
            self.play(events, options.output, run=run, place=place)

    @no_var_expand  # type: ignore[untyped-decorator]  # IPython is untyped
    @line_magic("oci")  # type: ignore[untyped-decorator]  # IPython is untyped
    def command_line(self, line: str) -> None:
        """Show the state of oci_magic, or do what a word says: `%oci help` lists the words."""
        from . import commands

        word, _, rest = line.strip().partition(" ")
        command = commands.COMMANDS.get(word or "status")
        if command is None:
            raise UsageError(commands.unknown(word))
        with self._stoppable():
            command.act(self, rest.strip())

    def play(
        self, events: Events, output: str | None = None, *, run: bool = True,
        place: Place | None = None,
    ) -> None:  # fmt: skip
        """Show the events, put the code where it goes, bind the turn, end.

        Raises Unrepaired, Held or Stopped, one line each, so that "Run All" stops.
        """
        from .ending import conclusion

        place, held = place or frontends.place(self.shell, self.replaced), set[str]()
        waited, self.last = self.waiting.dropped(), None
        finished = error = None
        try:
            with put_off() as let_through:  # half a message would spoil the one after it
                finished = self._played(events, output, place, held, let_through, run=run)
                self._remember(place, finished, waited)
                error = conclusion(finished, place, sorted(held))
                if final := place.final(error):
                    self.finals.add(final)
        except BaseException as raised:
            if finished is None:  # nothing has come
                self.waiting.take_up(waited)
            if finished is None or not isinstance(raised, KeyboardInterrupt):
                raise
            stopped = replace(finished, outcome="stopped", reason="the answer stands")
            error = error or conclusion(stopped, place)
        if error:
            raise error

    def _played(
        self, events: Events, output: str | None, place: Place, held: set[str],
        let_through: Callable[[], AbstractContextManager[object]], *, run: bool,
    ) -> Finished:  # fmt: skip
        """Show the events in `place`; adds to `held` the effects for which review holds code.

        Stops are put off, and `let_through` while the session works.
        """
        from ..running.capture import replaced
        from ..running.variables import working_folder
        from .changes import Changes
        from .ending import settle

        changes = Changes(self.shell.user_ns, working_folder(), self.ours)
        executor = self.session.runner.executor if self.session else None
        hosting = replaced(executor, hosted=place.hosted, numbered=place.numbered)
        printing = nullcontext if hasattr(self.shell, "kernel") else let_through
        with place.opened(), hosting, self.journal.paused():
            view = place.view() or self.open_view()

            def show(event: Event) -> None:
                if isinstance(event, HeldBack):
                    held.update(effect.kind for effect in event.effects)
                if isinstance(event, Finished) and event.outcome == "worked":
                    event = replace(event, changes=changes.told())
                with printing():  # a terminal may hold it up
                    view.show(event)

            self._tell_rung(place, view, run)
            finished = follow(events, show, let_through)
            settle(self, finished, output)
            place.take(finished)
        return finished

    def _tell_rung(self, place: Place, view: View, run: bool) -> None:
        """Say where code goes, once."""
        if place.note and not self._told_rung:
            view.say(place.note if run else frontends.NOT_RUN)
            self._told_rung = run

    def _remember(self, place: Place, finished: Finished, waited: dict[str, Any]) -> None:
        """What stands in `place` is the last answer; if none came, what `waited` waits on."""
        self.last = self.place = place
        if self.session and self.standing.answered(self.session.exchanges, place):
            if finished.outcome in ("held", "inserted"):
                self.waiting.leave(self.session, place, finished.turn)
        else:
            self.waiting.take_up(waited)

    @contextmanager
    def loading(self, options: Options, place: Place) -> Iterator[None]:
        """Where a model is to be loaded first, the prompt shows that, and can be stopped."""
        name = options.model or self.model
        if options.dry or name.startswith("scripted:") or self.shelf.is_loaded(name):
            yield
            return
        with place.opened():
            place.loading(name)
            yield

    def after_run(self, result: Any) -> None:
        """The `post_run_cell` hook: code that waited for the person is no cell of theirs."""
        failed = self.waiting.after_run(result)
        if failed is None:
            self.journal.after_run(result)
        else:
            self.journal.settle(*failed)
        works = result.success and not (failed and failed[1])
        if works and self.session and not self.journal.is_paused:
            cell, source = getattr(result.info, "cell_id", None), result.info.raw_cell or ""
            self.standing.ran(self.session.exchanges, cell or "", source.strip())

    def _offer_fix(self) -> None:
        """A cell of the person's has failed: with `%oci watch on`, a quiet row under its error."""
        if self.watch:
            from .watch import offer_fix

            offer_fix(self.shell)

    def _view(self) -> View:
        from .display import view_for

        return view_for(self.shell)

    def _show_messages(
        self, session: Session, options: Options, request: str, context: str
    ) -> None:
        """What `--dry` prints; with `--new` as if the conversation were forgotten."""
        from .ending import show_messages

        asked = new_session(self, session.engine) if options.new else session
        show_messages(asked.prompt(request, context))

    def _is_kept(self, options: Options, prompt: str, recorded: str, place: Place) -> bool:
        if place.action:
            return False
        if options.dry:
            if options.kept != recorded:
                return False
            print("kept: nothing changed since the messages were shown (--again shows them anew)")
            return True
        what = place.kept
        if options.kept == recorded:
            what = "nothing changed since the code below was made"
        if what:
            empty = f"; {options.output} is a Turn without a reply" if options.output else ""
            place.tell(f"kept: {what} (--again asks anew){empty}")
        if what and options.output:
            self.shell.user_ns[options.output] = Turn(prompt, Reply(""), Execution())
        return bool(what)

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """A stop outside of a session's own work (loading, gathering) also ends in one line."""
        try:
            yield
        except KeyboardInterrupt:
            raise Stopped("stopped before the model answered: run the cell again") from None
