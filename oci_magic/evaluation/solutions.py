"""A reply → the solution in it: one program that defines the function and little else.

Covers several blocks (the longest that defines the function is taken), a reply that is only the
function's body, and what stands around definitions to try them out: calls, asserts and a main
block are blanked, so that lines keep their numbers, as EvalPlus' sanitiser leaves them out.
Helpers that a model puts into another block than the function are not looked for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..prompting.parse import parse
from ..prompting.source import tree
from .problems import Problem


def solution(text: str, problem: Problem) -> str:
    """The code of a reply; the reply itself where it has none, "" for none at all."""
    blocks = [cell.source for cell in parse(text) if cell.kind == "code"]
    defining = [block for block in blocks if _defines(block, problem.entry_point)]
    if defining:
        return without_trials(max(defining, key=len), problem.entry_point)
    code = "\n\n".join(blocks) or text
    if problem.suite == "humaneval":
        for body in (code, _indented(code)):
            whole = f"{problem.prompt.rstrip()}\n{body}"
            if blocks and _has_more(whole, problem):
                return whole
    return code


def without_trials(code: str, entry: str) -> str:
    """`code` with the statements blanked that only try it out."""
    module, lines = tree(code), code.split("\n")
    if module is None:
        return code
    kept = {n for node in module.body if not _tries(node, entry) for n in _lines(node)}
    for node in module.body:
        if _tries(node, entry) and not kept & set(_lines(node)):
            for number in _lines(node):
                lines[number - 1] = ""
    return "\n".join(lines).rstrip()


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _tries(node: ast.stmt, entry: str) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Expr() | ast.Assert():
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.Assign(value=value):
            return not {entry, "input"}.isdisjoint(_called(value))
    return False


def _called(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            yield each.func.id


def _defines(code: str, name: str) -> bool:
    module = tree(code)
    return bool(module) and any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
        for node in ast.walk(module or ast.Module([], []))
    )


def _has_more(whole: str, problem: Problem) -> bool:
    """Whether a body was put behind the prompt, and the function has it."""
    module, before = tree(whole), tree(problem.prompt)
    if module is None or before is None:
        return False
    return _statements(module, problem.entry_point) > _statements(before, problem.entry_point)


def _statements(module: ast.Module, name: str) -> int:
    """Of the function's body."""
    found = (node for node in module.body if isinstance(node, ast.FunctionDef))
    return next((len(node.body) for node in found if node.name == name), 0)


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" if line.strip() else line for line in code.split("\n"))
