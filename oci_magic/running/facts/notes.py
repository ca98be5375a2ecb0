"""What a failure of one kind is told with, found while the objects are alive.

One small function per kind of failure; each gives notes, `(kind, words)`, that
`prompting.feedback` puts into sentences. Nothing of the person's runs: names are looked up without
properties, signatures are those of plain functions and classes. Of data: `data_notes`.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

from ...objects import bases, class_name, members
from .data_notes import DATA_LOOKS
from .near import near
from .scene import MOST, Note, Scene, nodes

MOST_PARAMETERS = 16
LONGEST = 200
"""Characters of a call that are told."""
PACKAGES = {
    "Crypto": "pycryptodome", "PIL": "Pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python",
    "dateutil": "python-dateutil", "docx": "python-docx", "dotenv": "python-dotenv",
    "fitz": "PyMuPDF", "serial": "pyserial", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}  # fmt: skip
"""Packages that have another name than the module that is imported from them."""
_CALLED = re.compile(r"(?<![\w.<>])([\w.<>]+)\(\) (?:got|missing|takes)")
_KEYWORD = re.compile(r"(?<![\w.<>])([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'")
_PLAIN = (int, float, bool, str, type(None))


def notes_of(scene: Scene) -> tuple[Note, ...]:
    """All that is to be told of this failure; what cannot be found out is left out."""
    found: list[Note] = []
    for look in _LOOKS:
        try:
            found += list(look(scene))[:MOST]
        except Exception:  # an object that lies about itself is told of no more
            continue
    return tuple(found)


def _frames(scene: Scene) -> Iterator[Note]:
    """How the person's own functions led to the error."""
    for frame in scene.frames:
        yield "frame", (frame.function, str(frame.lineno), frame.line)


def _caret(scene: Scene) -> Iterator[Note]:
    """Where the line cannot be read."""
    error = scene.error
    if isinstance(error, SyntaxError) and error.text and error.offset:
        text = error.text.rstrip("\n")
        before = text[: min(error.offset, len(text) + 1) - 1]
        indent = "" if text in scene.source else "    "  # data that was to be code begins no line
        yield "caret", (indent + text, indent + re.sub(r"[^\t]", " ", before) + "^")


def _called(scene: Scene) -> Iterator[Note]:
    """How the function is called that was called otherwise."""
    told = _CALLED.search(scene.message) if isinstance(scene.error, TypeError) else None
    if not told:
        return
    name = told[1].rpartition(".")[2]
    for call in nodes(scene.line, ast.Call):
        function = _found(call.func, scene.names)
        if ast.unparse(call.func).rpartition(".")[2] == name and function is not None:
            parameters, bound = _signature(function)
            named = [_call(ast.unparse(call.func), parameters[bound:])]
            wrong = _KEYWORD.search(scene.message)
            words = (re.split(r"[=:]", parameter)[0] for parameter in parameters)
            close = near(wrong[2], [w for w in words if w[:1] != "*"]) if wrong else ()
            yield "signature", (*named, *close)
            return


def _call(function: str, parameters: Sequence[str]) -> str:
    """`function(a, b=1, ...)`, with as many parameters as `LONGEST` characters hold."""
    told = f"{function}({', '.join(parameters)})"
    kept = [each for each in parameters if each != "..."]
    while len(told) > LONGEST and kept:
        kept.pop()
        told = f"{function}({', '.join([*kept, '...'])})"
    return told


def _artist(scene: Scene) -> Iterator[Note]:
    """What matplotlib calls the property of a line, patch or text that it does not know."""
    wrong = _KEYWORD.search(scene.message)
    if not wrong or not wrong[1].endswith(".set"):
        return
    for module in ("lines", "patches", "text", "collections", "axes"):
        loaded = sys.modules.get(f"matplotlib.{module}", ModuleType(""))
        kind = vars(loaded).get(wrong[1][:-4])
        if isinstance(kind, type):
            setters = (n[4:] for base in bases(kind) for n in members(base) if n[:4] == "set_")
            if close := near(wrong[2], setters):
                yield "property", (wrong[2], ", ".join(close))
            return


def _absent(scene: Scene) -> Iterator[Note]:
    """What is not installed, and what is under a name like it."""
    error = scene.error
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return
    name = error.name.partition(".")[0]
    if name in sys.modules:
        return
    yield "absent", (name, PACKAGES.get(name, name))
    known = {module.name for module in pkgutil.iter_modules()} | set(sys.stdlib_module_names)
    close = [found for found in near(name, sorted(known)) if found[:1] != "_"]
    if close:
        yield "installed", (", ".join(close),)


def _found(node: ast.expr, names: Mapping[str, object]) -> object | None:
    """What an expression of names and dots stands for, if looking it up runs nothing."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = _found(node.value, names)
    if owner is None:
        return None
    if issubclass(type(owner), ModuleType):
        return vars(owner).get(node.attr)
    kind: Any = owner if issubclass(type(owner), type) else type(owner)
    return _member(kind, node.attr)


def _member(kind: type, name: str) -> object | None:
    """What a class or one of its bases has under a name, as it stands there."""
    return next((members(base)[name] for base in bases(kind) if name in members(base)), None)


def _signature(function: Any) -> tuple[list[str], int]:
    """The parameters as they are written, and how many of them a call does not give.

    Of what it is, its type is asked alone: an object may compute what it says that it is.
    """
    bound, kind = 0, type(function)
    if issubclass(kind, staticmethod | classmethod):
        bound, function = int(issubclass(kind, classmethod)), function.__func__
    elif issubclass(kind, type):
        bound, function = 1, _member(function, "__init__")
    elif issubclass(kind, FunctionType | MethodDescriptorType):
        bound = int("." in function.__qualname__ and "<locals>" not in function.__qualname__)
    if not issubclass(type(function), FunctionType | BuiltinFunctionType | MethodDescriptorType):
        raise TypeError(class_name(type(function)))
    while type(function) is FunctionType and (
        type(wrapped := vars(function).get("__wrapped__")) is FunctionType
    ):
        function = wrapped
    return _written(inspect.signature(function, follow_wrapped=False)), bound


def _written(signature: inspect.Signature) -> list[str]:
    kinds = inspect.Parameter
    marks: dict[object, str] = {kinds.VAR_POSITIONAL: "*", kinds.VAR_KEYWORD: "**"}
    told, starred = list[str](), False
    for parameter in list(signature.parameters.values())[:MOST_PARAMETERS]:
        if parameter.kind is kinds.KEYWORD_ONLY and not starred:
            told.append("*")
        starred |= parameter.kind in (kinds.KEYWORD_ONLY, kinds.VAR_POSITIONAL)
        default = parameter.default
        shown = repr(default)[:40] if type(default) in _PLAIN else "..."
        given = "" if default is kinds.empty else f"={shown}"
        told.append(f"{marks.get(parameter.kind, '')}{parameter.name}{given}")
    return told if len(signature.parameters) <= MOST_PARAMETERS else [*told, "..."]


_LOOKS = (_frames, _caret, _called, _artist, _absent, *DATA_LOOKS)
