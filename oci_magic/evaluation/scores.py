"""Attempts → scores: pass@1 by round, pass@k, time and tokens; two runs side by side.

A problem counts as solved in a round when it is solved in that round or an earlier one; for plus
tests, base tests must pass in the same reply too. pass@1 is the mean over problems of the share
of samples that solve it. pass@k is the unbiased estimator of Chen et al. 2021 (arXiv 2107.03374,
section 2.1): with n samples of which c pass, 1 - C(n - c, k) / C(n, k), the mean over problems.
Figures are in per cent; the average is over the files, each counted once, as in the paper.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import comb
from pathlib import Path
from typing import Any

from ..errors import OciError
from . import cell_rates, records
from .attempts import Attempt

NAME = "scores.json"
_KS = (1, 10, 100)


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that at least one of k samples passes, of n of which c passed; k <= n."""
    return 1 - comb(n - c, k) / comb(n, k)


@dataclass
class _Suite:
    """What adds up while the attempts of one suite go by."""

    first: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    plus: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    tested: set[bool] = field(default_factory=set)  # whether there were plus tests
    verdicts: Counter[str] = field(default_factory=Counter)
    cells: cell_rates.Rates = field(default_factory=cell_rates.Rates)
    notes: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    mentor_tokens: int = 0

    def add(self, attempt: Attempt) -> None:
        base = [each.base.passed for each in attempt.rounds]
        self.first[attempt.task_id].append(_round(base))
        self.plus[attempt.task_id].append(_round([each.passed for each in attempt.rounds]))
        self.tested.update(each.plus is not None for each in attempt.rounds)
        last = attempt.rounds[-1] if attempt.rounds else None
        if last:
            failed = last.base if not last.base.passed or last.plus is None else last.plus
            self.verdicts[failed.kind] += 1
        self.cells.add(attempt)
        self.notes += bool(attempt.note) and not attempt.rounds
        self.seconds += attempt.seconds
        self.prompt_tokens += sum(each.usage.prompt_tokens for each in attempt.rounds)
        self.completion_tokens += sum(each.usage.completion_tokens for each in attempt.rounds)
        self.mentor_tokens += sum(each.mentor.completion_tokens for each in attempt.rounds)


def _round(passed: Sequence[bool]) -> int:
    """The first round that passed, from 1; 0 for none."""
    return passed.index(True) + 1 if True in passed else 0


def score(attempts: Callable[[], Iterable[Attempt]], run: Mapping[str, Any]) -> dict[str, Any]:
    """The scores of a run, in the form of `scores.json`; goes over `attempts` twice.

    Nothing counts of a problem of which one sample could not be judged.
    """
    unfit = {(each.source, each.task_id): each.note for each in attempts() if each.unfit}
    suites: dict[str, _Suite] = defaultdict(_Suite)
    made, of, took = 0, 0, 0.0
    for attempt in attempts():
        made, of, took = made + 1, attempt.of, took + attempt.since
        if (attempt.source, attempt.task_id) not in unfit:
            suites[attempt.source].add(attempt)
    if not made:
        raise OciError("there are no attempts to score: give PROBLEMS and --model")
    rounds = 1 if run.get("feedback") == "none" else int(run.get("rounds", 1))
    each = {name: _scored(suite, rounds) for name, suite in sorted(suites.items())}
    return {
        "run": dict(run), "seconds of the run": round(took, 1),
        "attempts": made, "of": max(of, made), "suites": each,
        "average": _average(list(each.values()), rounds) if each else [],
        "left out": [{"source": key[0], "task_id": key[1], "why": unfit[key]} for key in unfit],
    }  # fmt: skip


def _scored(suite: _Suite, rounds: int) -> dict[str, Any]:
    counts = [len(firsts) for firsts in suite.first.values()]
    ks = sorted(k for k in {*_KS, min(counts)} if k <= min(counts))
    tables = {"base": suite.first} | ({"plus": suite.plus} if suite.tested == {True} else {})
    return {
        "problems": len(counts), "samples": min(counts), "not answered": suite.notes,
        "pass@1 by round": [
            {tests: _pass(table, 1, upto) for tests, table in tables.items()}
            for upto in range(1, rounds + 1)
        ],
        "pass@k": {
            tests: {str(k): _pass(table, k, rounds) for k in ks}
            for tests, table in tables.items()
        },
        "cells": suite.cells.told(), "verdicts": dict(suite.verdicts.most_common()),
        "seconds of attempts": round(suite.seconds, 1),
        "prompt_tokens": suite.prompt_tokens, "completion_tokens": suite.completion_tokens,
        "mentor_tokens": suite.mentor_tokens,
    }  # fmt: skip


def _pass(table: Mapping[str, Sequence[int]], k: int, upto: int) -> float:
    """In per cent; `table` holds for every problem the round that solved it, by sample."""
    shares = [
        pass_at_k(len(firsts), sum(0 < first <= upto for first in firsts), k)
        for firsts in table.values()
    ]
    return 100 * sum(shares) / len(shares)


def _average(suites: Sequence[Mapping[str, Any]], rounds: int) -> list[dict[str, float]]:
    by_round = []
    for number in range(rounds):
        each = [suite["pass@1 by round"][number] for suite in suites]
        shared = [tests for tests in ("base", "plus") if all(tests in row for row in each)]
        by_round.append({t: sum(row[t] for row in each) / len(each) for t in shared})
    return by_round


def of(folder: Path) -> dict[str, Any]:
    """The scores of the attempts in `folder`. Raises OciError for one without attempts."""
    path = folder / records.NAME
    return score(partial(records.attempts, path), records.header(path))


def write(folder: Path) -> dict[str, Any]:
    """Score the attempts of `folder` into its `scores.json`; the scores."""
    scores = of(folder)
    new = folder / f"{NAME}.new"
    try:
        new.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
        new.replace(folder / NAME)
    except OSError as error:
        raise OciError(
            f"cannot write {folder / NAME} ({error.strerror}): make way for it"
        ) from None
    return scores


def figure(row: Mapping[str, float]) -> str:
    """Base and plus in the paper's form: `65.2 (61.0)`."""
    plus = f" ({row['plus']:.1f})" if "plus" in row else ""
    return f"{row['base']:.1f}{plus}" if "base" in row else "-"


def by_k(suite: Mapping[str, Any]) -> dict[int, dict[str, float]]:
    """pass@k of a suite's scores, base and plus; pass@1 is that of the last round."""
    tables = suite["pass@k"]
    ks = [k for k in tables["base"] if k != "1"]
    return {int(k): {tests: rates[k] for tests, rates in tables.items()} for k in ks}


def table(scores: Mapping[str, Any]) -> list[str]:
    """Scores in lines for a person."""
    lines = []
    if scores["attempts"] < scores["of"]:
        made = f"{scores['attempts']} of {scores['of']} attempts"
        lines.append(f"not finished: {made}; the same command goes on")
    for name, suite in scores["suites"].items():
        samples = f", {suite['samples']} samples" if suite["samples"] > 1 else ""
        tokens = f"{suite['completion_tokens']:,} tokens written"
        if suite["mentor_tokens"]:
            tokens += f", {suite['mentor_tokens']:,} by the mentor"
        lines.append(f"{name}: {suite['problems']} problems{samples}, {tokens}")
        lines += _rounds(suite["pass@1 by round"])
        lines += [f"  pass@{k}: {figure(row)}" for k, row in by_k(suite).items()]
        lines += cell_rates.lines(suite.get("cells", {}))
        kinds = [f"{number} {kind}" for kind, number in suite["verdicts"].items()]
        lines.append(f"  last verdicts: {', '.join(kinds)}")
        if suite["not answered"]:
            lines.append(f"  {suite['not answered']} not answered: too long for it, or refused")
    if len(scores["suites"]) > 1:
        lines += ["average", *_rounds(scores["average"])]
    for number, each in enumerate(scores["left out"]):
        lines += [] if number else ["left out, for nothing can be judged by them"]
        lines.append(f"  {each['task_id']}: {each['why']}")
    return [*lines, f"time: {scores['seconds of the run']:,.1f} s"]


def _rounds(rows: Sequence[Mapping[str, float]]) -> list[str]:
    return [f"  pass@1, round {n}: {figure(row)}" for n, row in enumerate(rows, 1)]
