"""Texts that are put together by `%` and `format`, as the f-strings that say the same."""

from __future__ import annotations

import ast
import re
from string import Formatter

_FIELD = re.compile(r"%(?:\((\w*)\))?([-+ #0]*[\d.*]*)([a-zA-Z%])")
_UNKNOWN = ast.Constant(None)


def as_f_string(node: ast.AST) -> ast.JoinedStr | None:
    """`f"year_{y}"` for `"year_%d" % y` and `"year_{}".format(y)`; None for anything else."""
    match node:
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str() as text), right=given):
            return ast.JoinedStr(_of_percent(text, given))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr="format")):
            try:
                return ast.JoinedStr(_of_format(text, node))
            except ValueError:
                return None
    return None


def _of_percent(text: str, given: ast.expr) -> list[ast.expr]:
    values = iter(given.elts if isinstance(given, ast.Tuple) else [given])
    parts: list[ast.expr] = []
    end = 0
    for field in _FIELD.finditer(text):
        parts.append(ast.Constant(text[end : field.start()]))
        end = field.end()
        if field[3] == "%":
            parts.append(ast.Constant("%"))
        else:
            value = _UNKNOWN if field[1] else next(values, _UNKNOWN)
            parts.append(_field(value, field[2] or field[3].strip("ds")))
    return [*parts, ast.Constant(text[end:])]


def _of_format(text: str, call: ast.Call) -> list[ast.expr]:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    values = iter(call.args)
    parts: list[ast.expr] = []
    for before, name, shape, conversion in Formatter().parse(text):
        parts.append(ast.Constant(before))
        if name is None:
            continue
        if name.isdecimal() and int(name) < len(call.args):
            value = call.args[int(name)]
        else:
            value = named.get(name, _UNKNOWN) if name else next(values, _UNKNOWN)
        parts.append(_field(value, shape or conversion))
    return parts


def _field(value: ast.expr, shape: str | None) -> ast.FormattedValue:
    return ast.FormattedValue(value, -1, ast.JoinedStr([ast.Constant(shape)]) if shape else None)
