"""This kernel as an executor: a cell run nested in the shell whose own cell is executing.

Covers a terminal and a kernel: outputs appear where the outer cell's appear, as they happen,
and are recorded; errors become a `Failure` and are not drawn; figures of a failed cell are
closed; top-level await; exit() and sys.exit(), which end nothing; a time limit; a stop by the
person, also one that the code catches. The person's
run hooks fire for the nested run and again for the outer cell; `running` tells ours apart.
Not covered: what threads do after the run, and objects bound to the side loop that serves
`await` inside a running loop: a later cell cannot await those.
"""

from __future__ import annotations

import asyncio
import builtins
import getpass
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from traceback import walk_tb
from types import TracebackType
from typing import Any, NoReturn

from ..types import Cell, Execution, Failure
from .capture import recording, replaced
from .checks import failed_check
from .evidence import failure_of
from .interrupts import CellTimeout, Clock, Stop, put_off, told
from .ipython_syntax import without_leading_blank_lines
from .reserve import NOTHING
from .strictness import warnings_as_errors


class ShellExecutor:
    """Runs cells in an IPython `InteractiveShell`, nested in whatever it is running.

    `timeout` is in seconds; see `interrupts.can_time_out` for where it holds. `stdin=False` makes
    `input()` a failure. `show_traceback=True` lets IPython draw errors as well. `hosted` surrounds
    the run of each cell, and `numbered` runs get execution counts and stand in the history.
    `strict` makes warnings errors that the cell causes. What `reserve` keeps back of the notebook
    is not told of failures.
    """

    def __init__(
        self,
        shell: Any,
        *,
        timeout: float | None = None,
        stdin: bool = True,
        show_traceback: bool = False,
    ) -> None:
        self.shell = shell
        self.timeout = timeout
        self.stdin = stdin
        self.show_traceback = show_traceback
        self.hosted: Callable[[Cell], AbstractContextManager[object]] = nullcontext
        self.numbered = self.strict = False
        self.reserve = NOTHING
        self.running = False
        self._side_loop: asyncio.AbstractEventLoop | None = None

    def run(self, cell: Cell) -> Execution:
        """Run `cell`; a Markdown cell is nothing to run. Whatever it raises is the failure."""
        if cell.kind != "code":
            return Execution()
        source = without_leading_blank_lines(cell.source)
        clock, stop = Clock(self.timeout), Stop()
        watch = _Watch(self.shell, clock, self.show_traceback)
        started = time.perf_counter()
        with ExitStack() as stack:
            let_through = stack.enter_context(put_off())  # all is surrounded, or nothing
            stack.enter_context(self.hosted(cell))
            recorder = stack.enter_context(recording(self.shell, source))
            stack.enter_context(self._nested(watch))
            with let_through():
                error = _error(self.shell, source, watch, clock, stop, self.numbered)
            with suppress(AttributeError, ValueError):  # a stream may be None or closed
                sys.stdout.flush()
                sys.stderr.flush()
        seconds = time.perf_counter() - started
        if error is None and stop.pressed:  # the code caught it and went on: still a stop
            error = KeyboardInterrupt()
        if error is None:
            return Execution(recorder.outputs(), None, seconds)
        watch.close_figures()
        failure = failure_of(error, source, self.shell.user_ns, watch.filename, self.reserve)
        return Execution(recorder.outputs(), told(failure, clock, stop), seconds)

    def check(self, checks: Sequence[str]) -> Failure | None:
        """The first of `checks` that does not hold; the time limit holds for them as well."""
        clock, stop = Clock(self.timeout), Stop()
        try:
            with stop.watching(), clock.limiting():
                return failed_check(checks, self.shell.user_ns, self.reserve)
        except (KeyboardInterrupt, CellTimeout) as error:
            failure = failure_of(error, "", self.shell.user_ns, reserve=self.reserve)
            return told(failure, clock, stop)

    @contextmanager
    def _nested(self, watch: _Watch) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(replaced(self, running=True))
            stack.enter_context(watch.watching())
            if self.strict:
                stack.enter_context(warnings_as_errors())
            if not self.stdin:
                stack.enter_context(replaced(builtins, input=_no_input))
                stack.enter_context(replaced(getpass, getpass=_no_input))
            if _running_loop() is not None:
                stack.enter_context(_loop_runner(self.shell, self._run_on_the_side))
            yield

    def _run_on_the_side(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end although this thread's loop is in the middle of a step."""
        if self._side_loop is None or self._side_loop.is_closed():
            self._side_loop = asyncio.new_event_loop()
        with _loop_set_aside():
            try:
                return self._side_loop.run_until_complete(coroutine)
            except BaseException:  # else an interrupted task would go on in the next run
                _cancel_all(self._side_loop)
                raise


class _Watch:
    """Sees what IPython would tell the person about errors of the nested run."""

    def __init__(self, shell: Any, clock: Clock, show: bool) -> None:
        self.shell = shell
        self.clock = clock
        self.show = show
        self.error: BaseException | None = None
        self.filename: str | None = None
        self._figures = _open_figures()

    @contextmanager
    def watching(self) -> Iterator[None]:
        shell, module = self.shell, sys.modules["IPython.core.interactiveshell"]
        shown, syntax, cache = shell.showtraceback, shell.showsyntaxerror, shell.compile.cache
        warn = vars(module).get("warn")

        def showtraceback(exc_tuple: Any = None, *args: Any, **more: Any) -> None:
            if self._is_anothers(exc_tuple or sys.exc_info()) or self.show:
                shown(exc_tuple, *args, **more)

        def showsyntaxerror(*args: Any, **more: Any) -> None:
            self._saw(sys.exc_info()[1])
            if self.show:
                syntax(*args, **more)

        def named(*args: Any, **more: Any) -> Any:
            name = cache(*args, **more)
            self.filename = self.filename or name
            return name

        def warned(message: Any, *args: Any, **more: Any) -> None:
            if warn is not None and not str(message).startswith("To exit:"):
                warn(message, *args, **more)

        with (
            replaced(shell, showtraceback=showtraceback, showsyntaxerror=showsyntaxerror),
            replaced(shell, showindentationerror=showsyntaxerror, custom_exceptions=()),
            replaced(shell, ask_exit=_exit_as_failure),
            replaced(shell.compile, cache=named),
            replaced(shell.events, print_on_error=self.show),
            replaced(module, warn=warned),
        ):
            yield

    def close_figures(self) -> None:
        """Close what the failed cell drew, before the inline backend shows it."""
        for number in _open_figures() - self._figures:
            sys.modules["matplotlib.pyplot"].close(number)

    def _is_anothers(self, info: Any) -> bool:
        """Record the error, unless one of the person's run hooks raised it."""
        _, error, trace = info
        if _of_a_hook(trace) and not isinstance(error, KeyboardInterrupt):
            return True
        self._saw(error)
        return False

    def _saw(self, error: BaseException | None) -> None:
        self.error = error if self.error is None else self.error
        self.close_figures()
        if isinstance(error, CellTimeout):  # the hooks that follow may take their time
            self.clock.disarm()


def _error(
    shell: Any, source: str, watch: _Watch, clock: Clock, stop: Stop, numbered: bool
) -> BaseException | None:
    """Run the code; the error it ended with, also one that a magic only showed (`%run`)."""
    try:
        with stop.watching(), clock.limiting():
            result = shell.run_cell(source, store_history=numbered, silent=False)
    except BaseException as escaped:  # an interrupt or the time limit outside IPython's guard
        return escaped
    for error in (result.error_before_exec, result.error_in_exec, watch.error):
        if error is not None:
            return error
    return None


def _open_figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    fignums = getattr(pyplot, "get_fignums", None)  # absent while pyplot is being imported
    return set(fignums()) if fignums else set()


def _of_a_hook(trace: TracebackType | None) -> bool:
    """Whether a run hook raised: not matplotlib's, which draw what the cell made."""
    names = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(trace)][:2]
    return names[:1] == ["IPython.core.events"] and not names[-1].startswith("matplotlib")


def _exit_as_failure(*_: object) -> NoReturn:
    raise SystemExit


def _no_input(*_: object, **__: object) -> NoReturn:
    from IPython.core.error import StdinNotImplementedError

    raise StdinNotImplementedError("input() is not available here")


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@contextmanager
def _loop_runner(shell: Any, runner: Any) -> Iterator[None]:
    before, shell.loop_runner = shell.loop_runner, runner
    try:
        yield
    finally:
        shell.loop_runner = before


@contextmanager
def _loop_set_aside() -> Iterator[None]:
    """Let another loop run in this thread; from Python 3.12 on the current task steps aside too."""
    loop = asyncio.get_running_loop()
    swap = getattr(asyncio.tasks, "_swap_current_task", None)
    task = swap(loop, None) if swap else None
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
        if swap:
            swap(loop, task)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
