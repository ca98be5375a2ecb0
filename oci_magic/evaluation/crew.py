"""Who answers and who judges: one model for many threads, and where solutions are judged.

A local model answers several prompts in one pass (`batching`); a server is asked by every thread
on its own; any other engine answers one problem after the other. A model that one core computes is
loaded by a process for each core (`helpers`). Judging runs beside that, as many solutions at a time
as there are cores, or on a Dask cluster, each of whose workers must have
oci_magic. A stop, and an error in one attempt, end all.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Self, cast, overload

from ..engines import Engine, open_engine
from ..engines.addresses import Server
from ..engines.local import LocalEngine
from ..running.cores import cores
from .apart import apart
from .attempts import Attempt, Judging, Options, attempt
from .cell_attempts import CellJudging, attempt_cell
from .cell_judging import CellJudge, CellVerdict
from .cells import CellProblem
from .cluster import Cluster
from .helpers import Helper, started
from .judging import Judge, Verdicts
from .mentor import Guidance, guidance
from .problems import Problem
from .served import Served
from .side_by_side import side_by_side
from .wording import in_shell

if TYPE_CHECKING:
    from .batching import BatchDecoder

_OF_A_SERVER = 8
"""Requests at a time where nobody says how many."""


class Shared:
    """An engine for several threads; a server is opened once for each, and asked `side` at a time.

    Without `side`, of a server as many as most have room for, of a local model as memory allows.

    `turn` is to be held while one thread asks; where several may, it is nothing. `hang_up` ends
    what it is asked, and the threads of a decoder; nothing is asked after it.
    """

    def __init__(self, name: str, url: str | None = None, side: int | None = None) -> None:
        self.name, self.url = name, url
        self.turn: AbstractContextManager[object] = threading.Lock()
        self._own, self._slots = threading.local(), threading.Semaphore(side or _OF_A_SERVER)
        self._served: list[Served] = []
        self._rows: BatchDecoder | None = None
        self._hung_up = False
        self._one = None if self.by_thread else apart(lambda: open_engine(name, notify=_tell))

    @property
    def by_thread(self) -> bool:
        return self.name.startswith("server:")

    def beside(self, size: int | None) -> int:
        """Let `size` threads ask at a time, or as many as can: how many that are."""
        one, able = self._one, 1
        if self.by_thread:
            able = size or _OF_A_SERVER
        elif size != 1 and isinstance(one, LocalEngine):
            from .batching import batched  # here: it brings torch, which servers do without

            able = apart(lambda: batched(one, size))
            self._rows = cast("BatchDecoder", one.decoder) if able > 1 else None
        if able > 1:
            self.turn = nullcontext()
        return able

    @property
    def parts(self) -> int:
        """In how many processes it would answer sooner than in one."""
        return self._rows.parts if self._rows else 1

    def narrow(self, size: int) -> None:
        """Let this process answer `size` at a time, of those that `beside` said."""
        if self._rows:
            self._rows.size = size

    def hang_up(self) -> None:
        self._hung_up = True
        for each in list(self._served):
            each.close()
        if isinstance(self._one, LocalEngine):
            self._one.decoder.close()

    @property
    def engine(self) -> Engine:
        if self._one is not None:
            return self._one
        if not hasattr(self._own, "engine"):
            server = Server(url=self.url or "")
            self._own.engine = Served(self.name, server, _tell, self._slots)
            self._served.append(self._own.engine)
            if self._hung_up:
                self.hang_up()
        engine: Engine = self._own.engine
        return engine


class Elsewhere:
    """Judges on a cluster: there, a process is started for every solution as it is here."""

    def __init__(self, cluster: Cluster, stop: threading.Event) -> None:
        self._cluster, self._stop = cluster, stop

    @overload
    def judge(self, problem: Problem, code: str) -> Verdicts: ...
    @overload
    def judge(self, problem: CellProblem, code: str) -> CellVerdict: ...
    def judge(self, problem: Problem | CellProblem, code: str) -> Verdicts | CellVerdict:
        judging = self._cluster.executor.submit(judge_one, problem, code)
        return self._cluster.answer(judging, self._stop)


def judge_one(problem: Problem | CellProblem, code: str) -> Verdicts | CellVerdict:
    """The verdicts on one solution, for a worker of any executor."""
    if isinstance(problem, CellProblem):
        return CellJudge().judge(problem, code)
    return Judge().judge(problem, code)


class Crew:
    """A model, a mentor if there is one, and judges; use it as a context.

    `side` is how many problems are answered at a time, `judges` how many solutions are judged.
    There are up to `helpers` where that is of use: for a model that one core computes.
    """

    def __init__(
        self, model: str, mentor: str | None, options: Options, batch: int | None = 1,
        cluster: str | None = None, url: str | None = None, *, helpers: int = 0, judges: int = 0,
    ) -> None:  # fmt: skip
        self._options = options
        self._model = Shared(model, url, batch)
        self._mentor = Shared(mentor, url, batch) if mentor else None
        self._cluster = Cluster(cluster) if cluster else None
        self.side = self._model.beside(batch)
        if self._mentor:
            self._mentor.beside(batch)
        parts = 1 + min(helpers, self._model.parts - 1) if not (mentor or cluster) else 1
        judges = judges or (max(1, cores() // parts) if parts > 1 else max(2, cores()))
        self._slots = threading.Semaphore(judges)
        size = self.side // parts
        self._model.narrow(self.side - size * (parts - 1))
        self._helpers = started(parts - 1, model, options, size, judges)
        # Half are judged while half are answered.
        self._threads = 2 * self.side if self.side > 1 else 1
        self._places: queue.SimpleQueue[Crew | Helper] = queue.SimpleQueue()
        all_places: list[Crew | Helper] = [self, *self._helpers]
        for number in range(self._threads):
            self._places.put(all_places[number % parts])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._cluster:
            self._cluster.close()

    def attempts(self, tasks: Iterable[tuple[Problem | CellProblem, int]]) -> Iterator[Attempt]:
        """An attempt for each problem and sample, in the order in which they end."""
        works = (partial(self._somewhere, *task) for task in tasks)
        if self._threads > 1:
            return side_by_side(works, self._threads, self.close)
        never = threading.Event()
        return (work(never) for work in works)

    def _somewhere(
        self, problem: Problem | CellProblem, sample: int, stop: threading.Event
    ) -> Attempt:
        """An attempt here or by a helper, whoever has a place free."""
        place = self._places.get()
        try:
            return place.attempt(problem, sample, stop)
        finally:
            self._places.put(place)

    def attempt(
        self, problem: Problem | CellProblem, sample: int, stop: threading.Event
    ) -> Attempt:
        """One attempt, in this process."""
        there = Elsewhere(self._cluster, stop) if self._cluster else None
        if isinstance(problem, CellProblem):
            of_cells: CellJudging = there or CellJudge(slots=self._slots, stop=stop)
            return attempt_cell(
                problem, self._model.engine, of_cells, self._options, sample=sample, stop=stop
            )
        judge: Judging = there or Judge(slots=self._slots, stop=stop)
        guide = self._guide if self._mentor else None
        return attempt(
            problem, self._model.engine, judge, self._options,
            sample=sample, mentor=guide, stop=stop,
        )  # fmt: skip

    def close(self) -> None:
        """End what is under way, and the helpers."""
        for each in (self._model, self._mentor):
            if each:
                each.hang_up()
        for helper in self._helpers:
            helper.close()

    def _guide(self, problem: Problem, code: str, result: str) -> Guidance:
        assert self._mentor
        with self._mentor.turn:
            mentor = self._mentor.engine
            return guidance(mentor, problem, code, result, oracle=self._options.oracle)


def _tell(line: str) -> None:
    print(in_shell(line), file=sys.stderr)
