"""Where a failure happened: the error, the person's line and functions, and the names it saw."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from traceback import walk_tb
from typing import Any

Note = tuple[str, tuple[str, ...]]
"""The kind of a note and its words, which `prompting.feedback` puts into a sentence."""
Column = list[tuple[object, str]]
"""Texts of a column, each with its row."""
Texts = Mapping[str, Column]
"""The same by its label."""
MOST = 4
"""Notes of one kind, frames of the person's functions, and names told of a line, at most."""
MOST_KEYS = 1000


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

    `frames` are the person's own functions below that line, the innermost last; `texts` those that
    could not be converted.
    """

    error: BaseException
    message: str
    source: str
    lineno: int
    namespace: Mapping[str, object]
    frames: tuple[Frame, ...] = ()
    texts: Texts = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The innermost line of the person's."""
        return self.frames[-1].line if self.frames else self.own_line

    @property
    def own_line(self) -> str:
        """The line of the cell."""
        lines = self.source.splitlines()
        return lines[self.lineno - 1] if 0 < self.lineno <= len(lines) else ""

    @property
    def statement(self) -> str:
        """The cell's statement that the line is in; the line where the cell cannot be read."""
        try:
            body = ast.parse(self.source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return self.own_line
        within = (s for s in body if s.lineno <= self.lineno <= (s.end_lineno or 0))
        found = next((ast.get_source_segment(self.source, s) for s in within), None)
        return found or self.own_line

    def known_keys(self) -> list[str]:
        """The keys that are text of the dictionaries which the line names."""
        held = (value for _, value in named(self) if type(value) is dict)
        return [key for value in held for key in value if type(key) is str][:MOST_KEYS]

    @property
    def names(self) -> Mapping[str, object]:
        """The names that this line sees."""
        return {**self.namespace, **self.frames[-1].names} if self.frames else self.namespace


def frames_of(error: BaseException, is_persons: Callable[[str], bool]) -> tuple[Frame, ...]:
    """The functions of the person's on the way to the error, the last `MOST`."""
    frames = [
        Frame(frame.f_code.co_name, lineno, linecache.getline(file, lineno).strip(), frame.f_locals)
        for frame, lineno in walk_tb(error.__traceback__)
        if is_persons(file := frame.f_code.co_filename) and frame.f_code.co_name != "<module>"
    ]
    return tuple(frame for frame in frames if frame.line)[-MOST:]


def named(scene: Scene) -> list[tuple[str, object]]:
    """The names in the line with their values, in order."""
    names = dict.fromkeys(node.id for node in nodes(scene.line, ast.Name)) or dict.fromkeys(
        re.findall(r"[^\W\d]\w*", scene.line)
    )
    seen = scene.names
    return [(name, seen[name]) for name in names if name in seen][: 2 * MOST]


def nodes(line: str, kind: type[Any]) -> list[Any]:
    """The nodes of this kind in a line, which may be the head of a statement."""
    for source in (line.strip(), f"{line.strip()} pass", f"{line.strip()}\n    pass"):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return [node for node in ast.walk(tree) if isinstance(node, kind)]
    return []
