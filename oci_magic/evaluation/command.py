"""`oci-magic eval`: the run of a model over problem files, its progress, and what it ends with.

Covers the stages: attempts (generation and judging, one loop), scores, a comparison, and judging
solutions that are given. Solutions that are given are judged
on an executor, by default a pool of processes. Who answers and judges is `crew`'s.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, fields, replace
from itertools import chain
from pathlib import Path

from ..errors import EngineError, OciError
from ..running.cores import cores
from ..running.folders import sweep
from ..running.process import missing_walls
from . import scores
from .attempts import Attempt, Options
from .cells import CellProblem
from .cluster import Cluster
from .comparing import compare
from .crew import Crew
from .given import judged
from .options import misplaced
from .problems import Problem, left_out, read, rows
from .records import Records
from .samples import Solutions, names
from .wording import in_shell

_OPEN = {
    "files": "your files",
    "processes": "starting processes or the network",
}
_LISTED = 10
_FOR_A_HELPER = 32
"""Attempts for which one more process is worth the seconds of its start."""
Say = Callable[[str], None]


def evaluate(given: Namespace, say: Say = print) -> int:
    """Run the stage that the options name; the exit code. Raises OciError."""
    if why := misplaced(given):
        raise OciError(why)
    if given.compare:
        lines = compare(*given.compare)
    elif given.out is None:
        raise OciError("where to? name a folder with --out DIR")
    else:
        if given.problems:
            try:
                _attempts(given)
            except EngineError as error:
                raise EngineError(in_shell(str(error))) from error
        lines = scores.table(scores.write(given.out))
        lines.append(f"wrote {given.out / scores.NAME}")
    try:
        for line in lines:
            say(line)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _attempts(given: Namespace) -> None:
    if not (given.model or given.solutions):
        raise OciError("who answers? name a model with --model M, or a file with --solutions FILE")
    named = given.model or f"solutions:{_digest(given.solutions)}"
    solutions = Solutions(given.solutions) if given.solutions else None
    options = _options(given) if solutions is None else _options_of(given, solutions)
    if len({path.name.partition(".jsonl")[0] for path in given.problems}) < len(given.problems):
        raise OciError("two files of problems have one name: rename one, for scores go by name")
    run = {"model": named, "mentor": given.mentor, **asdict(options)}
    run["problems"] = [f"{path.name} {_digest(path)}" for path in given.problems]
    total = _count(given, options, solutions)
    sweep()
    _tell_walls()
    with Records(given.out, run) as records:
        if solutions:
            made = _given(given, solutions, options, records)
        else:
            made = _made(given, options, records, max(0, total - len(records.done)))
        started, before = time.perf_counter(), len(records.done)
        try:
            _kept(made, records, total)
        except KeyboardInterrupt:
            done = f"{len(records.done)} of {total} attempts are done"
            print(f"stopped, {done}: the same command goes on", file=sys.stderr)
            raise
        made_now, seconds = len(records.done) - before, time.perf_counter() - started
        print(f"{made_now} attempts in {seconds:.0f} s", file=sys.stderr)


def _tell_walls() -> None:
    missing = missing_walls()
    if missing:
        open_to = ", ".join(_OPEN[wall] for wall in missing)
        print(f"this system cannot keep solutions from {open_to}", file=sys.stderr)


def _kept(made: Iterator[Attempt], records: Records, total: int) -> None:
    """Write the attempts as they come, and a line of progress for each."""
    with closing(made):  # type: ignore[type-var]  # both are generators
        for each in made:
            records.add(replace(each, of=total))
            passed = [number for number, found in enumerate(each.rounds, 1) if found.passed]
            how = f"passed in round {passed[0]}" if passed else each.note or _why(each)
            line = f"[{len(records.done)}/{total}] {each.task_id}: {how}, {each.seconds:.1f} s"
            print(line, file=sys.stderr, flush=True)


def _why(each: Attempt) -> str:
    last = each.rounds[-1] if each.rounds else None
    if last is None:
        return "no answer"
    if last.plus is None or not last.base.passed:
        return last.base.kind
    return f"plus: {last.plus.kind}"


def _made(given: Namespace, options: Options, records: Records, number: int) -> Iterator[Attempt]:
    """The attempts that are left, about `number` of them."""
    left = (
        (problem, sample)
        for problem in _problems(given, options)
        for sample in range(options.samples)
        if (problem.source, problem.task_id, sample) not in records.done
    )
    first = next(left, None)
    if first is None:
        return
    helpers = min(cores() - 1, number // _FOR_A_HELPER)
    with Crew(
        given.model, given.mentor, options, given.batch, given.cluster, given.server_url,
        helpers=helpers,
    ) as crew:  # fmt: skip
        if given.batch is None:
            print(f"answers at a time: {crew.side} (--batch)", file=sys.stderr)
        yield from crew.attempts(chain([first], left))


def _given(
    given: Namespace, solutions: Solutions, options: Options, records: Records
) -> Iterator[Attempt]:
    problems = _problems(given, options)
    if not given.cluster:
        yield from judged(solutions, problems, records.done)
        return
    with closing(Cluster(given.cluster)) as cluster:
        yield from judged(solutions, problems, records.done, cluster)


def _problems(given: Namespace, options: Options) -> Iterator[Problem | CellProblem]:
    for path in given.problems:
        for number, problem in enumerate(read(path)):
            if given.limit is not None and number >= given.limit:
                break
            if isinstance(problem, Problem) and options.tests == "base":
                problem = replace(problem, plus=None)
            yield problem


def _count(given: Namespace, options: Options, solutions: Solutions | None) -> int:
    """How many attempts there are to make, after a word on what cannot be judged.

    Reads all problems, so that what is wrong with a file is told before a model answers.
    """
    for path in given.problems:
        out = [str(row.get("task_id")) for row in rows(path) if left_out(row)]
        if out:
            print(
                f"{path}: left out, for their tests need objects: {', '.join(out)}", file=sys.stderr
            )
    total, unknown, without = 0, solutions.tasks if solutions else set(), []
    for problem in _problems(given, options):
        if isinstance(problem, CellProblem) and options.feedback == "human" and not solutions:
            raise OciError(
                f"{problem.task_id} is a cell, and mentors guide on functions only: leave out "
                "--feedback human, or the file"
            )
        there = len(solutions.of(problem)) if solutions else options.samples
        total += there
        unknown.difference_update(names(problem))
        without += [] if there else [problem.task_id]
    for tasks, what in ((sorted(unknown), "no problems here"), (without, "without a solution")):
        if tasks:
            named = f"{', '.join(tasks[:_LISTED])}{', ...' * (len(tasks) > _LISTED)}"
            print(
                f"{given.solutions}: {what}, not counted: {len(tasks)} ({named})", file=sys.stderr
            )
    if not total:
        files = ", ".join(map(str, given.problems))
        of = f"{given.solutions} has no solutions of" if without else "there are no problems in"
        raise OciError(f"{of} {files}: give another file, or another --limit")
    return total


def _options(given: Namespace) -> Options:
    if (given.feedback == "human") != bool(given.mentor):
        raise OciError("--feedback human and --mentor M2 go together: a second model gives it")
    if given.oracle and not given.mentor:
        raise OciError("--oracle shows the canonical solution to the mentor: name one, --mentor M2")
    warm = given.temperature if given.temperature is not None else 0.8 * (given.samples > 1)
    if given.samples > 1 and not warm:
        raise OciError("greedy samples are all the same: give --temperature, or leave it out")
    return Options(
        1 if given.feedback == "none" else given.rounds, given.feedback, given.oracle,
        given.samples, warm, given.max_new_tokens, given.tests, given.form,
    )  # fmt: skip


def _options_of(given: Namespace, solutions: Solutions) -> Options:
    """Of solutions: one round each, or those of the run that has made them."""
    run = {"rounds": 1, "feedback": "none", **solutions.run}
    known = {each.name: run[each.name] for each in fields(Options) if each.name in run}
    return replace(Options(**known), tests=given.tests)


def _digest(path: Path) -> str:
    if not path.is_file():
        raise OciError(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError as error:
        raise OciError(f"{path} cannot be read ({error.strerror}): give a file of yours") from None
