"""Importing torch and transformers in one piece.

An import of torch that a Ctrl-C breaks off cannot be repeated in the same process: the next try
crashes it, and the notebook's variables are gone. A stop waits until the import is through.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


def import_libraries() -> None:
    """Import what loading a model needs; raises a KeyboardInterrupt of meanwhile afterwards."""
    with unbroken():
        for name in ("torch", "transformers.modeling_utils", "transformers.models.auto"):
            import_module(name)


@contextmanager
def unbroken() -> Iterator[None]:
    """A Ctrl-C before the end of the block counts after it. Other threads get none anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        signal.raise_signal(signal.SIGINT)
