"""Lines and checks that a repair leaves out: which of them it may, for it has something better."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ..types import Failure
from .statements import core, dotted, is_inert, shows, statement_of, statements, text_of, texts_in
from .unneeded import is_unneeded

_CHECKED = re.compile(
    r"\b(assert\w*|check\w*|verif\w*|valid\w*|ensure|make sure|must|should|tests?|raise)\b",
    re.IGNORECASE,
)
_SETS = re.compile(r"(.*\.)?(use|set_\w+|setlocale|seed|mkdir|makedirs|reset_option|\w*config\w*)")
_TIDIES = re.compile(
    r"(.*\.)?(close|shutdown|disconnect|dispose|release|remove|discard|unlink"
    r"|clf|cla|colorbar|legend|grid|tight_layout)"
)


def dropped(
    failure: Failure, request: str, before: ast.Module | None, after: ast.Module, code: str
) -> str:
    """What of the failed code `before` is left out in `after`, "" if nothing is missed."""
    line = failure.facts.line.strip()
    said = text_of(line)
    here = bool(said) and (before is None or shows(before, said))
    if not here or shows(after, said) or failure.name == "CellTimeout":
        return ""
    old = Counter(text for text, _ in statements(before)) if before else Counter[str]()
    new = [node for text, node in statements(after) if not old[text]]
    test = _test(line, before) if _is_check(statement_of(line)) else None
    if test and _names(test):
        return _check_is_gone(test, request, before, after, new)
    if _may_go(line) or (before and is_unneeded(failure, request, before, after)):
        return ""
    if _is_commented_out(line, code):
        bound = _bound(statement_of(line))
        made = {name for node in new for name in _bound(node)}
        if bound - made or all(is_inert(node, any_constant=True) for node in new):
            return "the line that failed is commented out"
    if before and all(map(is_inert, new)):
        return "the line that failed is gone"
    return ""


def _is_check(statement: ast.stmt | None) -> bool:
    match statement:
        case ast.Assert() | ast.Raise() | ast.If(body=[ast.Raise()]):
            return True
    return False


def _is_commented_out(line: str, code: str) -> bool:
    """Whether a comment says the line: with other layout, or more after it."""
    said = re.sub(r"\s+", "", re.sub(r"\s#.*", "", line))
    comments = (re.sub(r"\s+", "", text) for text in re.findall(r"#(.*)", code))
    return any(comment.startswith(said) for comment in comments)


def _may_go(line: str) -> bool:
    """An import that is not there, a setting, tidying-up, or a word that was no code."""
    match statement_of(line):
        case ast.Import() | ast.ImportFrom() | ast.Delete() | ast.Expr(value=ast.Name()):
            return True
        case ast.Expr(value=ast.Call(func=function)):
            name = dotted(function)
            return bool(_SETS.fullmatch(name) or _TIDIES.fullmatch(name))
    return False


def _check_is_gone(
    test: ast.expr,
    request: str,
    before: ast.Module | None,
    after: ast.Module,
    new: Sequence[ast.stmt],
) -> str:
    """A check may be put otherwise; one that nobody asked for may go if it is about own names.

    Or if the new code does something about what it names.
    """
    names = _names(test)
    own = {name for node in ast.walk(before or after) for name in _bound(node)}
    otherwise = any(names & _names(each) for each in _tests(after))
    mended = any(names & _names(node) and texts_in(test) & texts_in(node)
                 for node in new if isinstance(node, ast.Assign | ast.AugAssign))  # fmt: skip
    unasked = (names <= own or mended) and not _CHECKED.search(request)
    return "" if otherwise or unasked else "the check that failed is gone"


def _test(line: str, module: ast.Module | None) -> ast.expr | None:
    """The test of the failed `assert`, or of the `if` around the failed `raise`."""
    said = text_of(line)
    for node in ast.walk(module) if module else ():
        match node:
            case ast.Assert(test=test) | ast.If(test=test) if core(node) == said:
                return test
            case ast.If(test=test, body=body) if any(shows(part, said) for part in body):
                return test
    return None


def _tests(module: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        match node:
            case ast.Assert(test=test):
                yield test
            case ast.If(test=test, body=body) if any(isinstance(b, ast.Raise) for b in body):
                yield test


def _names(node: ast.AST) -> set[str]:
    named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return {name for name in named if not hasattr(builtins, name)}


def _bound(node: ast.AST | None) -> set[str]:
    match node:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {(alias.asname or alias.name).split(".")[0] for alias in aliases}
        case ast.FunctionDef(name=name, args=arguments):
            return {name, *(argument.arg for argument in ast.walk(arguments)
                            if isinstance(argument, ast.arg))}  # fmt: skip
        case ast.stmt():
            return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)
                    and isinstance(n.ctx, ast.Store)}  # fmt: skip
    return set()
