"""Repairs that only hide an error: what takes it away unseen, and checks or lines that are gone.

Read off the code of two rounds, the failed one and the one that is to repair it. What is new
counts: the person's own `except` stays theirs.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator

from ..prompting.conversation import source
from ..prompting.source import tree
from ..types import Failure, Turn
from .gone import dropped
from .handlers import Way, taken
from .quieted import quieted
from .statements import live
from .wishes import wishes, wishes_to_end

_EXITS = frozenset(("exit", "quit", "sys.exit", "os._exit", "os.abort", "SystemExit"))


def hidden(failed: Turn, turn: Turn) -> str:
    """How the repair in `turn` only hides the error of `failed`, "" if it does not.

    What the request says of errors ("ignore errors", "skip rows that fail", "stop with exit") is
    the person's wish.
    """
    try:
        return _hidden(failed, turn)
    except RecursionError:  # nested too deeply to be read
        return ""


def _hidden(failed: Turn, turn: Turn) -> str:
    before, after = tree(source(failed)), tree(source(turn))
    failure = failed.execution.failure if failed.execution else None
    if failure is None or after is None:
        return ""
    before, after = live(before) if before else None, live(after)
    ending = Counter(_exits(after)) - Counter(_exits(before) if before else ())
    if ending and not wishes_to_end(turn.request):
        return f"{next(iter(ending))}() ends the program"
    old = Counter(_ways(before, before, failure)) if before else Counter[Way]()
    for way in Counter(_ways(after, before, failure)) - old:
        if not wishes(turn.request, broad=way.broad, once=way.once):
            return way.why
    return dropped(failure, turn.request, before, after, source(turn))


def _exits(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=called) if (name := ast.unparse(called)) in _EXITS:
                yield name
            case ast.Raise(exc=ast.Name(id="SystemExit" as name)):
                yield name


def _ways(module: ast.Module, before: ast.Module | None, failure: Failure) -> Iterator[Way]:
    """What in the code keeps an error from being seen."""
    yield from taken(module, before, failure)
    for why in quieted(module, failure):
        yield Way(why, broad=False)
    if failure.name == "CheckFailed":
        for why in _shadowing(module, failure.message):
            yield Way(why)


def _shadowing(module: ast.Module, check: str) -> Iterator[str]:
    """`len = lambda x: 99`, where the check calls `len`."""
    names = (node for node in ast.walk(module) if isinstance(node, ast.Name))
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    bound |= {n.name for n in ast.walk(module) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for name in sorted(bound & set(re.findall(r"\w+", check))):
        if hasattr(builtins, name):
            yield f"{name} is made anew, which the check uses"
