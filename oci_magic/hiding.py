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

from .gone import dropped
from .prompting.conversation import source
from .prompting.source import tree
from .statements import dotted, is_inert, live, shows, text_of
from .types import Failure, Turn

_ERRORS = (
    r"(errors?|exceptions?|failures?|warnings?|fail\w*|invalid|bad|broken|malformed|corrupt\w*)"
)
_WISHED = re.compile(
    rf"\b(ignor\w*|suppress\w*|swallow\w*|tolera\w*|silenc\w*|skip\w*|catch\w*|handl\w*|drop\w*)\b"
    rf"[^.;\n]{{0,40}}\b{_ERRORS}\b|\b{_ERRORS}\b[^.;\n]{{0,40}}\b(ignored|skipped|dropped|caught)\b"
    r"|\bskip\w*\b[^.;\n]{0,40}\b(can(no|')t|do(es)?n't|(do|does) not)\b"
    r"|errors\s*=\s*['\"](coerce|ignore)|\btry\s*[/,.-]*\s*(and\s+)?except\b|\bcontextlib\b",
    re.IGNORECASE,
)
_WISHED_EXIT = re.compile(r"\b(exit|quit)\b", re.IGNORECASE)
_BROAD = frozenset(("Exception", "BaseException"))
_EXITS = frozenset(("exit", "quit", "sys.exit", "os._exit", "os.abort", "SystemExit"))
_SILENCES = frozenset(("filterwarnings", "simplefilter"))


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
    if ending and not _WISHED_EXIT.search(turn.request):
        return f"{next(iter(ending))}() ends the program"
    if _WISHED.search(turn.request):
        return ""
    old = Counter(_hiding(before, failure)) if before else Counter()
    if new := Counter(_hiding(after, failure)) - old:
        return next(iter(new))
    return dropped(failure, turn.request, before, after, source(turn))


def _exits(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=called) if (name := ast.unparse(called)) in _EXITS:
                yield name
            case ast.Raise(exc=ast.Name(id="SystemExit" as name)):
                yield name


def _hiding(module: ast.Module, failure: Failure) -> Iterator[str]:
    """What in the code keeps an error from being seen."""
    meant = _aliases(module)
    for node in ast.walk(module):
        match node:
            case ast.Try() | ast.TryStar():
                for handler in node.handlers:
                    yield from _hiding_handler(handler, node.body, meant, failure)
                if any(isinstance(part, ast.Return) for part in node.finalbody):
                    yield "a return in finally, which drops any error"
            case ast.With(items=items, body=body):
                for item in items:
                    yield from _hiding_with(item.context_expr, body, meant, failure)
            case ast.Call(func=called, args=[ast.Constant(value="ignore"), *_]) if (
                failure.name.endswith("Warning") and dotted(called).endswith(tuple(_SILENCES))
            ):
                yield "the warning is switched off"
    if failure.name == "CheckFailed":
        yield from _shadowing(module, failure.message)


def _hiding_handler(
    handler: ast.ExceptHandler, body: list[ast.stmt], meant: dict[str, str], failure: Failure
) -> Iterator[str]:
    if any(isinstance(n, ast.Raise) for part in handler.body for n in ast.walk(part)):
        return
    kinds = _kinds(handler.type, meant)
    if handler.type is None or kinds & _BROAD:
        if handler.type is None or not _falls_back(handler, body):
            yield "an except that takes any error"
    elif all(map(_only_tells, handler.body)) and _takes(kinds, body, failure):
        yield f"an except {failure.name} that does nothing about it"


def _hiding_with(
    context: ast.expr, body: list[ast.stmt], meant: dict[str, str], failure: Failure
) -> Iterator[str]:
    if not (isinstance(context, ast.Call) and dotted(context.func).endswith("suppress")):
        return
    kinds = {kind for given in context.args for kind in _kinds(given, meant)}
    if kinds & _BROAD:
        yield "suppress() of any error"
    elif _takes(kinds, body, failure):
        yield f"suppress() of {failure.name}"


def _falls_back(handler: ast.ExceptHandler, body: list[ast.stmt]) -> bool:
    """Whether the handler gives what the `try` would have given, by a value of its own."""
    given = {name for part in handler.body for name in _assigned(part)}
    wanted = {name for part in body for name in _assigned(part)}
    return bool(wanted) and wanted <= given and not any(map(_only_tells, handler.body))


def _assigned(statement: ast.stmt) -> set[str]:
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def _only_tells(statement: ast.stmt) -> bool:
    """Whether a handler's statement does no more than print or log."""
    match statement:
        case ast.Expr(value=ast.Call(func=function)):
            return bool(re.fullmatch(r"print|display|log\w*\.\w+", dotted(function)))
    return is_inert(statement)


def _takes(kinds: set[str], body: list[ast.stmt], failure: Failure) -> bool:
    """Whether these kinds of errors, taken around `body`, are what has just failed."""
    line = text_of(failure.facts.line)
    return _catches(kinds, failure.name) and bool(line) and any(shows(p, line) for p in body)


def _aliases(module: ast.Module) -> dict[str, str]:
    """`E = Exception`"""
    return {
        target.id: dotted(node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and dotted(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _kinds(kind: ast.expr | None, meant: dict[str, str]) -> set[str]:
    """The names of the errors that an `except` takes."""
    if isinstance(kind, ast.Tuple):
        return {name for each in kind.elts for name in _kinds(each, meant)}
    name = dotted(kind) if kind else ""
    return {meant.get(name, name).rpartition(".")[2]} - {""}


def _catches(kinds: set[str], error: str) -> bool:
    raised = getattr(builtins, error, None)
    bases = raised.__mro__ if isinstance(raised, type) else ()
    return error in kinds or any(base.__name__ in kinds for base in bases)


def _shadowing(module: ast.Module, check: str) -> Iterator[str]:
    """`len = lambda x: 99`, where the check calls `len`."""
    names = (node for node in ast.walk(module) if isinstance(node, ast.Name))
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    bound |= {n.name for n in ast.walk(module) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for name in sorted(bound & set(re.findall(r"\w+", check))):
        if hasattr(builtins, name):
            yield f"{name} is made anew, which the check uses"
