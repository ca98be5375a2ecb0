"""What a person states that must hold: checks on the `%%oci` line and below the prompt.

They are asserts and what else stands with them; mistakes in them are told in one line.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from textwrap import dedent

from IPython.core.error import UsageError

_FENCE = re.compile(r"^---+[ \t]*$", re.MULTILINE)

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def stated(expressions: Sequence[str], prompt: str) -> tuple[str, tuple[str, ...]]:
    """The words of a prompt, and the checks: `expressions` and asserts below its last `---`.

    What stands below a line `---` and holds no assert belongs to the words, but not comparisons
    alone: nobody writes them for a model. Raises `UsageError`.
    """
    checks = tuple(_check(f"assert {text}", f"--check {text}") for text in expressions)
    words, below = prompt, ""
    for fence in _FENCE.finditer(prompt):
        text = dedent(prompt[fence.end() :].rstrip()).strip("\n")
        if _asserts(text):
            words, below = prompt[: fence.start()].strip(), text
        elif bare := _bare_check(text):
            raise UsageError(f"below ---, a check begins with assert: assert {bare}")
    if below:
        statements = ast.parse(_check(below, "the checks below ---")).body
        checks += tuple(ast.unparse(statement) for statement in statements)
    return words, checks


def _asserts(text: str) -> bool:
    """Whether a text is code that asserts something, be it mistyped; definitions alone do not."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return bool(re.search(r"^assert\b", text, re.MULTILINE))
    if all(isinstance(statement, _DEFINITIONS) for statement in module.body):
        return False
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Name) and node.id == "AssertionError")
        for node in ast.walk(module)
    )


def _bare_check(text: str) -> str:
    """The first of the comparisons of which `text` consists, "" if it is something else."""
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError):
        return ""
    bare = [
        s.value for s in statements if isinstance(s, ast.Expr) and isinstance(s.value, ast.Compare)
    ]
    return ast.unparse(bare[0]) if bare and len(bare) == len(statements) else ""


def _check(source: str, where: str) -> str:
    """`source`, if it is Python that can fail. Raises `UsageError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(source, "<check>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UsageError(f"{where}: {why}; write Python such as len(df) > 0") from None
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Tuple) and node.test.elts:
            told = f"{ast.unparse(node.test)} is a tuple, which always holds"
            raise UsageError(f"{where}: {told}; write it without the brackets")
    return source
