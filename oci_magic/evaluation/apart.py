"""Work in a thread that ends with it, so that the threads of torch which served it end too.

On Linux torch computes with libgomp, which keeps threads for every thread that has computed, and
lets all of them sleep between operations once they are more than the cores: the steps of a
decoder in a thread of its own took 1.7 times as long after a model had been loaded in the main one.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
_LOOK = 0.1


def apart(work: Callable[[], T]) -> T:
    """What `work` gives or raises; Ctrl-C reaches it."""
    done: Future[T] = Future()
    over = threading.Event()  # a join that Ctrl-C breaks off takes the thread for ended

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)
        over.set()

    thread = threading.Thread(target=run, name="apart")
    thread.start()
    try:
        while not over.wait(_LOOK):
            pass
    except KeyboardInterrupt:
        _interrupt(thread)
        over.wait()
        raise
    thread.join()
    return done.result()


def _interrupt(thread: threading.Thread) -> None:
    number, error = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, error)
