"""HumanEval and MBPP as published: their own solutions pass, and mutated ones do not.

The files are not part of this repository: `OCI_DATA` names their folder (default: `../shared/data`
beside the checkout).
"""

from __future__ import annotations

import ast
import copy
import itertools
import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

import oci_magic
from oci_magic.evaluation.attempts import Attempt, Round
from oci_magic.evaluation.judging import Judge
from oci_magic.evaluation.mbpp_inputs import inputs_of
from oci_magic.evaluation.problems import Problem, problem, read, rows
from oci_magic.evaluation.records import Records
from oci_magic.running.process import Limits

DATA = Path(os.environ.get("OCI_DATA", Path(oci_magic.__file__).parents[2] / "shared" / "data"))
HUMANEVAL, MBPP = DATA / "HumanEval.jsonl.gz", DATA / "MbppBase.jsonl"
pytestmark = [
    pytest.mark.skipif(
        not (HUMANEVAL.is_file() and MBPP.is_file()),
        reason="HumanEval.jsonl.gz and MbppBase.jsonl are not in OCI_DATA",
    ),
    pytest.mark.timeout(1800),
]


def sampled(path: Path, every: int) -> list[Problem]:
    return list(itertools.islice(read(path), 0, None, every))


def solution_of(problem: Problem) -> str:
    """The canonical solution as a bare function."""
    return problem.canonical.removeprefix(problem.prelude)


def alone(problem: Problem) -> Problem:
    """A problem of a test program without its own solution, which may fail it: so it is judged."""
    return problem if problem.base is not None else replace(problem, canonical="")


def check(problem: Problem) -> str:
    verdict, _ = Judge().judge(alone(problem), solution_of(problem))
    return "" if verdict.passed else f"{problem.task_id}: {verdict}"


@pytest.mark.parametrize("path, number", [(HUMANEVAL, 164), (MBPP, 427)], ids=["humaneval", "mbpp"])
@pytest.mark.heavy
def test_all_canonical_solutions_pass(path: Path, number: int) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        found = list(pool.map(check, read(path), chunksize=8))
    assert len(found) == number and not list(filter(None, found))


@pytest.mark.parametrize("path", [HUMANEVAL, MBPP], ids=["humaneval", "mbpp"])
def test_canonical_solutions_pass_in_a_sample(path: Path) -> None:
    assert not list(filter(None, map(check, sampled(path, 16))))


def by_asserts(row: dict[str, object]) -> Problem:
    """A row of MBPP without EvalPlus' inputs, to be judged by its list of asserts."""
    return problem({k: v for k, v in row.items() if k not in ("base_input", "assertion", "atol")})


def test_lists_of_asserts_of_mbpp_say_the_same_as_run_plainly() -> None:
    """EvalPlus has changed a few solutions, and those fail the old asserts here and there."""
    found = [by_asserts(row) for row in itertools.islice(rows(MBPP), 0, None, 24)]
    plainly = [each.task_id for each in found if told_apart(each, each.canonical)]
    assert plainly == [each.task_id for each in found if check(each)]


def test_inputs_of_mbpp_are_those_of_its_asserts() -> None:
    """Tuples, sets and complex numbers stand where the published asserts have them."""
    odd, compared = [], 0
    for row in rows(MBPP):
        wanted = list(_called_with(str(row["assertion"]), str(row["entry_point"])))
        found = [list(args) for args in inputs_of(f"Mbpp/{row['task_id']}", row["base_input"])]
        compared += 1
        odd += [] if sorted(map(repr, wanted)) == sorted(map(repr, found)) else [row["task_id"]]
    # Here EvalPlus' files differ from the asserts, and its reader leaves them so.
    assert compared == 427 and odd == [98, 104, 124, 140, 145, 252, 301, 582, 596]


def _called_with(text: str, name: str) -> Iterator[list[object]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield [eval(ast.unparse(arg), {"__builtins__": {"set": set}}) for arg in node.args]


class Mutation(ast.NodeTransformer):
    """Changes one place of a program: an operator, a comparison, a number, or what is returned."""

    def __init__(self, at: int) -> None:
        self.left = at

    def _here(self) -> bool:
        self.left -= 1
        return self.left == -1

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        turned = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.Mult}
        if type(node.op) in turned and self._here():
            node.op = turned[type(node.op)]()
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        pairs = ((ast.Lt, ast.GtE), (ast.LtE, ast.Gt), (ast.Eq, ast.NotEq), (ast.In, ast.NotIn))
        turned = {**dict(pairs), **{second: first for first, second in pairs}}
        if type(node.ops[0]) in turned and self._here():
            node.ops[0] = turned[type(node.ops[0])]()
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is int and self._here():
            return ast.Constant(node.value + 1)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        return ast.Return(None) if self._here() else node


def mutants(code: str) -> Iterator[str]:
    tree = ast.parse(code)
    for at in itertools.count():
        mutation = Mutation(at)
        changed = mutation.visit(copy.deepcopy(tree))
        if mutation.left >= 0:
            return
        yield ast.unparse(ast.fix_missing_locations(changed))


def told_apart(each: Problem, mutant: str) -> bool:
    """Whether the tests can tell, by running them plainly beside it: an oracle of this file's."""
    names: dict[str, object] = {}
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(4)
    try:
        exec(f"{each.setup}\n{mutant}", names)
        names["candidate"] = names[each.entry_point]
        exec(each.test, names)
    except Exception:
        return True
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return False


def _too_long(*_: object) -> None:
    raise TimeoutError


def judged_like_run_plainly(
    each: Problem, number: int, draw: random.Random
) -> tuple[int, list[str]]:
    """How many of some mutants the tests tell apart, and those on which the verdict is another."""
    told, wrong = 0, []
    made = list(mutants(solution_of(each)))
    for mutant in draw.sample(made, min(number, len(made))):
        verdict, _ = Judge(Limits(call=2.0)).judge(alone(each), mutant)
        tell = told_apart(each, mutant)
        told += tell
        wrong += [f"{each.task_id} {verdict}\n{mutant}"] if verdict.passed == tell else []
    return told, wrong


def test_mutants_pass_exactly_where_the_tests_cannot_tell() -> None:
    """Of HumanEval, where the published test program, run here, is the oracle."""
    draw = random.Random(5)
    found = [judged_like_run_plainly(each, 3, draw) for each in sampled(HUMANEVAL, 8)]
    assert sum(told for told, _ in found) > 20 and not [w for _, wrong in found for w in wrong]


@pytest.mark.heavy
def test_mutants_of_all_problems_pass_exactly_where_the_tests_cannot_tell() -> None:
    draw = random.Random(1)
    programs = itertools.chain(read(HUMANEVAL), map(by_asserts, rows(MBPP)))
    found = [judged_like_run_plainly(each, 6, draw) for each in programs]
    assert sum(told for told, _ in found) > 1900
    assert not [w for _, wrong in found for w in wrong]


@pytest.mark.heavy
def test_memory_stays_flat_over_a_thousand_solutions(tmp_path: Path) -> None:
    problems = [each for each in read(HUMANEVAL) for _ in range(6)]
    held = []
    with Records(tmp_path, {}) as records:
        for number, each in enumerate(problems):
            verdict, _ = Judge().judge(each, solution_of(each))
            rounds = (Round("", each.canonical, verdict),)
            records.add(Attempt(each.task_id, each.source, number, rounds))
            if number % 100 == 99:
                held.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
    assert max(held[1:]) - held[1] < 4 << 20, held
