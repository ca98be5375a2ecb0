"""A call with all its arguments in their places: `f(**options)`, `partial(f, x)(y)`."""

from __future__ import annotations

import ast

from .names import Names

_PARTIAL = frozenset(("functools.partial", "partial"))
_TABLES = frozenset(("pandas.DataFrame", "pandas.Series", "polars.DataFrame"))


def spread(call: ast.Call, names: Names) -> ast.Call:
    """The call as it could be written plainly; what is not known stays as it stands."""
    function, given, keywords = call.func, [*call.args], [*call.keywords]
    made = names.of_name(function)
    if isinstance(made, ast.Call) and made.args and names.dotted(made.func) in _PARTIAL:
        function = made.args[0]
        given, keywords = [*made.args[1:], *given], [*made.keywords, *keywords]
    match function:
        case ast.Attribute(value=value, attr="__call__"):
            function = value
        case ast.Attribute(value=value, attr=attr) if given and names.dotted(value) in _TABLES:
            function, given = ast.Attribute(given[0], attr, ast.Load()), given[1:]
    given = [part for each in given for part in _elements(each, names)]
    keywords = [part for each in keywords for part in _options(each, names)]
    plain = (function, given, keywords) == (call.func, call.args, call.keywords)
    return call if plain else ast.copy_location(ast.Call(function, given, keywords), call)


def _elements(given: ast.expr, names: Names) -> list[ast.expr]:
    found = names.elements(given.value) if isinstance(given, ast.Starred) else None
    return [given] if found is None else found


def _options(given: ast.keyword, names: Names) -> list[ast.keyword]:
    if given.arg is not None:
        return [given]
    match names.of_name(given.value):
        case ast.Dict(keys=keys, values=values) if all(map(_is_text, keys)):
            pairs = zip(keys, values, strict=True)
            return [ast.keyword(key.value, value) for key, value in pairs]  # type: ignore[union-attr]
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            return keywords
    return [given]


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
