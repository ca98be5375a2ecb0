"""Failed lines that a repair does without, for they only prepared what is fine as it is.

`df = df.set_index("date")` where it is the index already: what follows works without it.
"""

from __future__ import annotations

import ast
import re

from ..types import Failure
from .statements import core, is_inert, statement_of, statements, texts_in

_ONCE = frozenset(("set_index", "reset_index", "drop", "rename"))
_NO_TEXT = "Can only use .str accessor"


def is_unneeded(failure: Failure, request: str, before: ast.Module, after: ast.Module) -> bool:
    """Whether the line that failed made over what was there, and the work after it goes on.

    A name that was mistyped is to be corrected; and what the request names is wanted, unless
    the line does what can be done only once.
    """
    line = statement_of(failure.facts.line)
    place = _made_over(line)
    work = _work_after(core(line), before, after) if line and place else []
    if not line or not work or failure.facts.near:
        return False
    if _method(line) in _ONCE or failure.message.startswith(_NO_TEXT):
        return True
    named = [rf"\b{re.escape(text)}\b" for text in texts_in(line)]
    wanted = any(re.search(name, request, re.IGNORECASE) for name in named)
    bound = [node for node in work if isinstance(node, ast.Assign | ast.AnnAssign)]
    used = any(place in ast.unparse(node) for node in work)
    return bool(named and bound) and not wanted and not used


def _made_over(line: ast.stmt | None) -> str:
    """What a line binds to something made of itself, "" if it makes something else."""
    match line:
        case ast.Assign(targets=[target], value=value):
            place = ast.unparse(target)
            parts = (ast.unparse(part) for part in ast.walk(value) if isinstance(part, ast.expr))
            return place if place in parts else ""
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner), keywords=keywords)):
            return ast.unparse(owner) if any(key.arg == "inplace" for key in keywords) else ""
    return ""


def _method(line: ast.stmt) -> str:
    match line:
        case (
            ast.Assign(value=ast.Call(func=ast.Attribute(attr=name)))
            | ast.Expr(value=ast.Call(func=ast.Attribute(attr=name)))
        ):
            return name
    return ""


def _work_after(said: str, before: ast.Module, after: ast.Module) -> list[ast.stmt]:
    """What stood below the line that failed, does something and still stands there."""
    places = [n for n, node in enumerate(before.body) if core(node) == said]
    below = before.body[places[0] + 1 :] if places else []
    kept = {text for text, _ in statements(after)}
    return [n for n in below if ast.unparse(n).split("\n")[0] in kept and not is_inert(n)]
