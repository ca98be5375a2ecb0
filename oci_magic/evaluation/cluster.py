"""Judging on a Dask cluster: the connection, the wait for a verdict, and what is told of a loss.

Covers a scheduler or workers without oci_magic, or with another version of it, and what goes away
in mid-run: a worker's solutions are judged by the others, a cluster without workers is waited
for, a scheduler that is lost ends the run, which the same command goes on with.
"""

from __future__ import annotations

import logging
import sys
import threading
from concurrent.futures import CancelledError, Executor, Future
from pkgutil import resolve_name
from typing import Any, TypeVar

from .. import __version__
from ..errors import OciError

T = TypeVar("T")
_LOOK = 5.0
"""Seconds without a verdict after which the workers are counted."""
_VERSION = "oci_magic:__version__"


class Cluster:
    """The Dask cluster at `address`; `executor` runs on it, side by side on its `cores`.

    Raises OciError where none answers, or one that cannot judge.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise OciError('--cluster needs Dask: pip install "oci_magic[cluster]"') from None
        _quiet()
        self.address, self._told = address, False
        try:
            self._client = Client(address, timeout="10s")
        except (OSError, ValueError) as error:
            raise OciError(f"no Dask scheduler answers at {address} ({error}): start one") from None
        try:
            self._compare()
        except BaseException:
            self.close()
            raise
        self.executor: Executor = self._client.get_executor()

    def _compare(self) -> None:
        """Refuse a scheduler and workers that have not this version of oci_magic."""
        try:
            there = {self._client.run_on_scheduler(resolve_name, _VERSION)}
            there |= set(self._client.run(resolve_name, _VERSION).values())
        except ImportError:
            there = {"none"}
        if other := there - {__version__}:
            raise OciError(
                f"the cluster at {self.address} has oci_magic {', '.join(sorted(other))}: install "
                f"{__version__} where its scheduler and workers run"
            )

    @property
    def cores(self) -> int:
        """Of the workers that are there now, at least 1: they come and go."""
        return max(1, sum(int(each["nthreads"]) for each in self._workers()))

    def _workers(self) -> list[Any]:
        """What is told of each. Raises OciError when a lost scheduler tells nothing."""
        told = self._client.scheduler_info()
        if "workers" not in told:
            raise self._lost("its scheduler")
        return list(told["workers"].values())

    def _lost(self, what: str) -> OciError:
        return OciError(
            f"the Dask cluster at {self.address} was lost ({what}): give the same command to go on"
        )

    def close(self) -> None:
        self._client.close()

    def answer(self, judging: Future[T], stop: threading.Event | None = None) -> T:
        """What `judging` comes to. Raises OciError when the cluster is lost.

        KeyboardInterrupt once `stop` is set.
        """
        while True:
            try:
                return judging.result(timeout=_LOOK if stop is None else 1.0)
            except TimeoutError:
                if judging.done():
                    raise OciError(f"a worker of the cluster at {self.address} failed") from None
                if stop and stop.is_set():
                    judging.cancel()
                    raise KeyboardInterrupt from None
                self._look()
            except Exception as error:
                if isinstance(error, CancelledError) or _of_dask(error):
                    raise self._lost(type(error).__name__) from None
                raise

    def _look(self) -> None:
        """Say once that there are no workers: they may come back."""
        if not self._told and not self._workers():
            self._told = True
            line = f"the cluster at {self.address} has no workers: start one, it is waited for"
            print(line, file=sys.stderr)


def _quiet() -> None:
    """What is lost is told here, in one line: each part of Dask has a logger of its own.

    Of a connection that ends under Dask's own callbacks, tornado tells.
    """
    for name in [*logging.root.manager.loggerDict, "tornado.application"]:
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _of_dask(error: BaseException) -> Any:
    return type(error).__module__.partition(".")[0] == "distributed"
