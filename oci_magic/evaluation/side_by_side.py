"""Attempts side by side: one is judged while others are answered, by a few threads.

Covers a bounded number under way, results as they come, and a stop: an error in one, or Ctrl-C,
ends the others soon. Threads wait for models and processes; they compute little themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from .attempts import Attempt

Work = Callable[[threading.Event], Attempt]


def _nothing() -> None:
    """They wait for nothing long."""


def side_by_side(
    works: Iterator[Work], threads: int, close: Callable[[], None] = _nothing
) -> Iterator[Attempt]:
    """Do the works, `threads` at a time; each is given the event that asks it to stop.

    In the end `close` ends what they wait for.
    """
    stop = threading.Event()
    pool = ThreadPoolExecutor(threads, "attempt")
    under_way: set[Future[Attempt]] = set()
    try:
        while True:
            more = islice(works, threads - len(under_way))
            under_way |= {pool.submit(work, stop) for work in more}
            if not under_way:
                return
            # Without a limit, Ctrl-C would not be heard while waiting on some systems.
            done, under_way = wait(under_way, timeout=1.0, return_when=FIRST_COMPLETED)
            for each in sorted(done, key=lambda future: future.exception() is not None):
                yield each.result()  # an error comes last, so that nothing that is done is lost
    finally:
        stop.set()
        close()
        pool.shutdown(cancel_futures=True)
