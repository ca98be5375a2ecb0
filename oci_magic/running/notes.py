"""What a failure of one kind is told with, found while the objects are alive.

One small function per kind of failure; each gives notes, `(kind, words)`, that
`prompting.feedback` puts into sentences. Nothing of the person's runs: names are looked up without
properties, signatures are those of plain functions and classes, values are told of numbers alone.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from traceback import walk_tb
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

from ..objects import bases, class_name, members, table_kind
from .near import near
from .variables import describe

Note = tuple[str, tuple[str, ...]]
MOST = 4
"""Notes of one kind, frames of the person's functions, and names told of a line, at most."""
MOST_PARAMETERS = 16
MOST_KEYS = 1000
MOST_ROWS = 1_000_000
PACKAGES = {
    "Crypto": "pycryptodome", "PIL": "Pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python",
    "dateutil": "python-dateutil", "docx": "python-docx", "dotenv": "python-dotenv",
    "fitz": "PyMuPDF", "serial": "pyserial", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}  # fmt: skip
"""Packages that have another name than the module that is imported from them."""
_SIZES = re.compile(
    r"shape|broadcast|dimension|length|same size|inconsistent numbers|size mismatch|align",
    re.IGNORECASE,
)
_CALLED = re.compile(r"([\w.<>]+)\(\) (?:got|missing|takes)")
_KEYWORD = re.compile(r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'")
_PLAIN = (int, float, bool, str, type(None))
_SIZED = (list, tuple, dict, set, frozenset, str, bytes)


@dataclass(frozen=True)
class Frame:
    """A function of the person's that was at work: its name, the line it was in, its names."""

    function: str
    lineno: int
    line: str
    names: Mapping[str, object]


@dataclass(frozen=True)
class Scene:
    """A failure: the error, the cell's line `lineno` and source, the notebook's names.

    `frames` are the person's own functions below that line, the innermost last.
    """

    error: BaseException
    message: str
    source: str
    lineno: int
    namespace: Mapping[str, object]
    frames: tuple[Frame, ...] = ()

    @property
    def line(self) -> str:
        """The innermost line of the person's."""
        lines = self.source.splitlines()
        own = lines[self.lineno - 1] if 0 < self.lineno <= len(lines) else ""
        return self.frames[-1].line if self.frames else own

    def known_keys(self) -> list[str]:
        """The keys that are text of the dictionaries which the line names."""
        held = (value for _, value in named(self) if type(value) is dict)
        return [key for value in held for key in value if type(key) is str][:MOST_KEYS]

    @property
    def names(self) -> Mapping[str, object]:
        """The names that this line sees."""
        return {**self.namespace, **self.frames[-1].names} if self.frames else self.namespace


def notes_of(scene: Scene) -> tuple[Note, ...]:
    """All that is to be told of this failure; what cannot be found out is left out."""
    found: list[Note] = []
    for look in _LOOKS:
        try:
            found += list(look(scene))[:MOST]
        except Exception:  # an object that lies about itself is told of no more
            continue
    return tuple(found)


def frames_of(error: BaseException, is_persons: Callable[[str], bool]) -> tuple[Frame, ...]:
    """The functions of the person's on the way to the error, the last `MOST`."""
    frames = [
        Frame(frame.f_code.co_name, lineno, linecache.getline(file, lineno).strip(), frame.f_locals)
        for frame, lineno in walk_tb(error.__traceback__)
        if is_persons(file := frame.f_code.co_filename) and frame.f_code.co_name != "<module>"
    ]
    return tuple(frame for frame in frames if frame.line)[-MOST:]


def _frames(scene: Scene) -> Iterator[Note]:
    """How the person's own functions led to the error."""
    for frame in scene.frames:
        yield "frame", (frame.function, str(frame.lineno), frame.line)


def _caret(scene: Scene) -> Iterator[Note]:
    """Where the line cannot be read."""
    error = scene.error
    if isinstance(error, SyntaxError) and error.text and error.offset:
        text = error.text.rstrip("\n")
        yield "caret", (text, " " * (min(error.offset, len(text) + 1) - 1) + "^")


def _called(scene: Scene) -> Iterator[Note]:
    """How the function is called that was called otherwise."""
    told = _CALLED.search(scene.message) if isinstance(scene.error, TypeError) else None
    if not told:
        return
    name = told[1].rpartition(".")[2]
    for call in _nodes(scene.line, ast.Call):
        function = _found(call.func, scene.names)
        if ast.unparse(call.func).rpartition(".")[2] == name and function is not None:
            parameters, bound = _signature(function)
            named = [f"{ast.unparse(call.func)}({', '.join(parameters[bound:])})"]
            wrong = _KEYWORD.search(scene.message)
            words = (re.split(r"[=:]", parameter)[0] for parameter in parameters)
            close = near(wrong[2], [w for w in words if w[:1] != "*"]) if wrong else ()
            yield "signature", (*named, *close)
            return


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


def _sizes(scene: Scene) -> Iterator[Note]:
    """The shapes of what the line names, where they are the trouble."""
    if not isinstance(scene.error, IndexError) and not _SIZES.search(scene.message):
        return
    for name, value in named(scene):
        told = describe(name, value)
        if type(value) in _SIZED:
            yield "size", (name, told.type, str(len(value)))  # type: ignore[arg-type]
        elif told.shape is not None:
            yield "shape", (name, told.type, " x ".join(map(str, told.shape)))


def _zeros(scene: Scene) -> Iterator[Note]:
    """What is 0 or empty in a line that divides by it."""
    if not isinstance(scene.error, ZeroDivisionError):
        return
    for name, value in named(scene):
        if type(value) in (int, float) and value == 0:
            yield "is", (name, str(value))
        elif type(value) in _SIZED and not value:
            yield "size", (name, type(value).__name__, "0")


def _gaps(scene: Scene) -> Iterator[Note]:
    """The columns with missing values of a table that must have none."""
    if "NaN" not in scene.message or not isinstance(scene.error, ValueError):
        return
    for name, value in named(scene):
        table: Any = value
        if table_kind(value) == "DataFrame" and len(table) <= MOST_ROWS:
            counts = {str(label): int(n) for label, n in table.isna().sum().items() if n}
            if counts:
                told = ", ".join(f'"{label}" {n}' for label, n in list(counts.items())[:10])
                yield "missing", (name, told)


def named(scene: Scene) -> list[tuple[str, object]]:
    """The names in the line with their values, in order."""
    names = dict.fromkeys(node.id for node in _nodes(scene.line, ast.Name)) or dict.fromkeys(
        re.findall(r"[^\W\d]\w*", scene.line)
    )
    seen = scene.names
    return [(name, seen[name]) for name in names if name in seen][: 2 * MOST]


def _nodes(line: str, kind: type[Any]) -> list[Any]:
    """The nodes of this kind in a line, which may be the head of a statement."""
    for source in (line.strip(), f"{line.strip()} pass", f"{line.strip()}\n    pass"):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        return [node for node in ast.walk(tree) if isinstance(node, kind)]
    return []


def _found(node: ast.expr, names: Mapping[str, object]) -> object | None:
    """What an expression of names and dots stands for, if looking it up runs nothing."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = _found(node.value, names)
    if owner is None:
        return None
    if isinstance(owner, ModuleType):
        return vars(owner).get(node.attr)
    kind = owner if isinstance(owner, type) else type(owner)
    return _member(kind, node.attr)


def _member(kind: type, name: str) -> object | None:
    """What a class or one of its bases has under a name, as it stands there."""
    return next((members(base)[name] for base in bases(kind) if name in members(base)), None)


def _signature(function: object) -> tuple[list[str], int]:
    """The parameters as they are written, and how many of them a call does not give."""
    bound = 0
    if isinstance(function, staticmethod | classmethod):
        bound, function = int(isinstance(function, classmethod)), function.__func__
    elif isinstance(function, type):
        bound, function = 1, _member(function, "__init__")
    elif isinstance(function, FunctionType | MethodDescriptorType):
        bound = int("." in function.__qualname__ and "<locals>" not in function.__qualname__)
    if not isinstance(function, FunctionType | BuiltinFunctionType | MethodDescriptorType):
        raise TypeError(class_name(type(function)))
    while isinstance(function, FunctionType) and isinstance(
        wrapped := vars(function).get("__wrapped__"), FunctionType
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


_LOOKS = (_frames, _caret, _called, _artist, _absent, _sizes, _zeros, _gaps)
