"""Crews in processes of their own, for models so small that one core computes one pass.

Two threads of one Python wait for each other between operations: two processes with 16 rows each
took 0.7 of the time. A helper loads the model again, and ends with the process that started it.
"""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.managers import BaseManager, RemoteError
from typing import Any

from ..errors import EngineError
from .attempts import Attempt, Options
from .cells import CellProblem
from .problems import Problem

_STOPPED = "the evaluation has been stopped"
_NOT_BEGUN = "a process of the evaluation could not begin: "
_GONE = "a process of the evaluation has ended: the same command goes on"


class Helper:
    """A crew in another process. Its `attempt` is called from several threads."""

    def __init__(self, model: str, options: Options, size: int, judges: int) -> None:
        self._manager = _Manager(ctx=get_context("spawn"))
        try:
            self._manager.start(_end_with_parent)
            self._crew: Any = self._manager.crew(model, options, size, judges)  # type: ignore[attr-defined]
        except (EOFError, OSError) as error:
            raise EngineError(_GONE) from error
        except RemoteError as error:
            self._manager.shutdown()
            raise EngineError(_NOT_BEGUN + str(error).strip(" -\n").splitlines()[-1]) from error

    def attempt(self, problem: Problem | CellProblem, sample: int, _: threading.Event) -> Attempt:
        """What the crew makes of a problem; a stop reaches it by `close`."""
        try:
            made: Attempt = self._crew.attempt(problem, sample)
        except (EOFError, OSError) as error:
            raise EngineError(_GONE) from error
        return made

    def close(self) -> None:
        """End what is under way there, and the process."""
        with suppress(EOFError, OSError):  # it may have ended by itself
            self._crew.close()
        self._manager.shutdown()


def started(count: int, model: str, options: Options, size: int, judges: int) -> list[Helper]:
    """So many helpers, started together: each reads torch, which takes seconds.

    Raises `EngineError` when one of them does not begin, and ends the others.
    """
    if not count:
        return []
    resource_tracker.ensure_running()  # whoever starts it can hear Ctrl-C again
    with ThreadPoolExecutor(count, initializer=_deaf) as pool:
        made = [pool.submit(Helper, model, options, size, judges) for _ in range(count)]
    failed = [each for each in made if each.exception()]
    for each in made if failed else ():
        if each not in failed:
            each.result().close()
    return [each.result() for each in failed or made]


class _Crew:
    """What a helper does, in its process."""

    def __init__(self, model: str, options: Options, size: int, judges: int) -> None:
        from .crew import Crew

        self._stop = threading.Event()
        self._crew = Crew(model, None, options, size, judges=judges)

    def attempt(self, problem: Problem | CellProblem, sample: int) -> Attempt:
        try:
            return self._crew.attempt(problem, sample, self._stop)
        except KeyboardInterrupt as stop:  # how an attempt ends that is asked to stop
            raise EngineError(_STOPPED) from stop

    def close(self) -> None:
        self._stop.set()
        self._crew.close()


class _Manager(BaseManager):
    pass


_Manager.register("crew", _Crew, exposed=("attempt", "close"))


def _deaf() -> None:
    """Keep Ctrl-C from what this thread starts, which would end in the middle of its imports."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _end_with_parent() -> None:
    """A process whose parent was killed has nobody to answer."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # by now a manager ignores it

    def wait() -> None:
        parent = parent_process()
        assert parent
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="parent").start()
