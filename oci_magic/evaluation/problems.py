"""Problem files → problems: HumanEval, MBPP, EvalPlus' forms of both, and files of one's own.

Reads `.jsonl`, the same in `.gz`, and a JSON list. A row with `base_input` (HumanEval+, MBPP+)
is judged by EvalPlus' rules against the answers of its `canonical_solution`, `plus_input` where
it has that; any other row by its own test program: `test` with `check(candidate)` (the form for
one's own files), or MBPP's `test_list`. MBPP's rows that define classes for their tests are left
out, for their arguments are no plain values; `left_out` tells which. A row with `request` is a
cell problem (`cells`).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import OciError
from . import json_rows
from .cells import CellProblem, cell_problem
from .mbpp_inputs import inputs_of
from .oracles import Suite

Inputs = tuple[Sequence[Any], ...]
_WRONG = (
    AttributeError, KeyError, MemoryError, RecursionError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
"""What reading a row of another form raises; memory and recursion of code that nests deeply."""
_FORMS = (
    "the forms of HumanEval (task_id, prompt, entry_point, canonical_solution, test), MBPP "
    "(text or prompt, code, test_list), EvalPlus (base_input) or a cell (request, reference)"
)


class Unfit(OciError):
    """No solution of this problem can be judged: a run leaves it out, says why, and goes on."""


@dataclass(frozen=True)
class Problem:
    """One task: what the model is shown, the program that solves it, and what judges answers.

    `prelude` is what the prompt defines before the function, `canonical` the whole program.
    `base` and `plus` are inputs, None where there are none; then `test` is a program in which
    `candidate` is the function, and `setup` what runs before it. `source` names the file.
    """

    task_id: str
    suite: Suite
    prompt: str
    entry_point: str
    prelude: str = ""
    canonical: str = ""
    setup: str = ""
    test: str = ""
    base: Inputs | None = None
    plus: Inputs | None = None
    atol: float = 0.0
    source: str = ""


def read(path: Path) -> Iterator[Problem | CellProblem]:
    """The problems of a file, one after the other. Raises OciError for what is no such file."""
    there: set[str] = set()
    for number, row in enumerate(rows(path), 1):
        if left_out(row):
            continue
        try:
            found = cell_problem(row) if "request" in row else problem(row)
            if isinstance(found, Problem) and not (found.base or found.test.strip()):
                raise ValueError("it has no tests")
            if found.task_id in there:
                raise ValueError(f"an earlier one has its task_id, {found.task_id}")
            there.add(found.task_id)
            yield replace(found, source=path.name.partition(".jsonl")[0])
        except _WRONG as error:
            why = str(error) or "it is nested too deep"
            missing = f" lacks {error}" if isinstance(error, KeyError) else f": {why}"
            raise OciError(f"{path}: problem {number}{missing}; it should have {_FORMS}") from None


def left_out(row: Mapping[str, Any]) -> bool:
    """Whether the tests of a row need objects that cannot cross."""
    return "class " in str(row.get("test_setup_code", ""))


def problem(row: Mapping[str, Any]) -> Problem:
    """A row as a problem. Raises KeyError, ValueError or SyntaxError for a row of no known form."""
    name = str(row["task_id"])
    if "test_list" in row or (name.lower().startswith("mbpp") and "test" not in row):
        return _mbpp(row, name if "/" in name else f"Mbpp/{name}")
    entry, prompt = str(row["entry_point"]), str(row["prompt"])
    before = _before(prompt, entry)
    given = "" if "base_input" in row else str(row["test"] or "")
    test = f"{given}\ncheck(candidate)\n" if given.strip() else ""
    return Problem(
        name, "humaneval", prompt, entry, before, _canonical(prompt, row["canonical_solution"]),
        before, test, *_inputs(row, name, "humaneval"),
    )  # fmt: skip


def _canonical(prompt: str, body: Any) -> str:
    """The whole program, "" for a stub: own files may have no solutions."""
    text = f"{prompt}{'' if body is None else body}"
    try:
        last = ast.parse(text).body[-1]
    except (SyntaxError, IndexError):
        return text if body else ""
    inside = last.body if isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef) else [last]
    return "" if all(map(_says_nothing, inside)) else text


def _says_nothing(statement: ast.stmt) -> bool:
    """`pass`, `...` and docstrings."""
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def _mbpp(row: Mapping[str, Any], name: str) -> Problem:
    tests = [str(test) for test in row.get("test_list", ())]
    own = row["canonical_solution"] if "canonical_solution" in row else row["code"]
    canonical = "" if own is None else str(own)
    entry = str(row.get("entry_point") or _tested(tests, canonical))
    text = str(row["prompt"] if "prompt" in row else row["text"]).strip()
    shown = text if f"{entry}(" in text else _with_tests(text, tests)
    before = [*row.get("test_imports", ()), str(row.get("test_setup_code", ""))]
    return Problem(
        name, "mbpp", shown, entry, "", canonical, "\n".join(map(str, before)),
        "" if "base_input" in row else "\n".join(tests), *_inputs(row, name, "mbpp"),
    )  # fmt: skip


def _inputs(row: Mapping[str, Any], name: str, suite: Suite) -> tuple[Any, Any, float]:
    """Base inputs, plus inputs, tolerance."""
    given = {key: row[key] or [] for key in ("base_input", "plus_input") if key in row}
    for key, inputs in given.items():
        if not (isinstance(inputs, list) and all(isinstance(args, list) for args in inputs)):
            raise ValueError(f"its {key} is no list of lists of arguments")
    if given.get("plus_input") and "base_input" not in given:
        raise ValueError("it has plus_input without base_input")
    read = [
        tuple(inputs_of(name, given[key]) if suite == "mbpp" else given[key])
        if key in given
        else None
        for key in ("base_input", "plus_input")
    ]
    return read[0], read[1], float(row.get("atol", 0))


def _with_tests(text: str, tests: Sequence[str]) -> str:
    """A task of MBPP as EvalPlus writes it: sentence and tests in a docstring."""
    sentence = text.strip("\"'\n")
    return "\n".join(['"""', sentence, *tests[:3], '"""'])


def _before(prompt: str, entry: str) -> str:
    """What a prompt defines before the function it leaves open: imports and helpers."""
    try:
        body = ast.parse(prompt).body
    except SyntaxError:
        return ""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == entry:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            return "".join(prompt.splitlines(keepends=True)[: first - 1])
    return ""


def _tested(tests: Sequence[str], code: str) -> str:
    """The function that the tests call, of those that the code defines."""
    defined = {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)}
    for test in tests:
        for node in ast.walk(ast.parse(test)):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in defined and not hasattr(
                    builtins, name
                ):
                    return name
    raise ValueError("its tests call no function that its code defines")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file as they are. Raises OciError for what is no JSON."""
    if not path.is_file():
        raise OciError(f"there is no file {path}: name a file of problems (.jsonl or .jsonl.gz)")
    for place, row in json_rows.rows(path, _FORMS):
        if not isinstance(row, dict):
            raise OciError(f"{path}: {place} is no problem; it should have {_FORMS}")
        yield row
