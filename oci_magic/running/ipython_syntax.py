"""What IPython's own syntax in a cell would do: `!command`, `%pip`, `%%bash`, `%rm`.

Covers IPython's magics and shell aliases, with and without the percent sign, and the syntax tree
of a cell that has them. Magics of other
extensions are taken to be harmless.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Literal

MagicKind = Literal[
    "delete", "overwrite", "process", "install", "network", "session", "dynamic", "python", "moves"
]

_KINDS: dict[MagicKind, tuple[str, ...]] = {
    "install": ("pip", "conda", "mamba", "micromamba", "uv"),
    "delete": ("rm", "rmdir"),
    "overwrite": ("mv", "cp", "save", "notebook", "logstart", "writefile", "file"),
    "process": (
        *("sx", "system", "!", "sc", "script", "bash", "sh", "cmd", "perl", "ruby"),
        *("python", "python2", "python3", "pypy", "killbgscripts", "edit"),
    ),
    "network": ("pastebin",),
    "dynamic": ("run", "rerun", "macro", "javascript", "js", "debug"),
    "session": (
        *("reset", "reset_selective", "xdel", "load_ext", "reload_ext", "unload_ext", "oci"),
        *("alias", "unalias", "rehashx", "alias_magic"),
    ),
    "python": ("time", "timeit", "prun", "capture"),
    "moves": ("cd", "pushd", "popd"),
}
_ALIASES = frozenset(("ls", "ll", "lf", "lk", "ldir", "lx", "cat", "mkdir", "man", "less", "more"))
_READING = frozenset(("list", "show", "freeze", "info", "check", "search", "--version", "tree"))
_OTHERS_OPTION = re.compile(r"\s*(?!OCIMagics)\w*(\.\w+.*)?", re.DOTALL)
_SHELL_SIGNS = re.compile(r"[;&|<>`$]")
_OPTIONS = re.compile(r"(?:-\w+(?:\s+\d+(?=\s))?\s+)*")


def as_python(source: str) -> str:
    """`source` with IPython's syntax turned into calls of `get_ipython()`, line by line."""
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(source))


def without_leading_blank_lines(source: str) -> str:
    """As IPython drops them: line numbers of an error count from what is left."""
    lines = source.splitlines(keepends=True)
    while lines and not lines[0].strip():
        del lines[0]
    return "".join(lines)


def as_magic(source: str) -> tuple[str, str] | None:
    """Name and line of a single line that IPython may take for a magic without its sign."""
    match = re.fullmatch(r"\s*([A-Za-z]\w*)(?:\s+(.*))?", source.rstrip())
    return (match[1], match[2] or "") if match and "\n" not in source.strip() else None


def magic_kind(name: str, line: str, body: str = "") -> MagicKind | None:
    """What a magic does with its line and what is below it; None: nothing that matters here."""
    words = line.split()
    match name:
        case _ if name in _ALIASES:
            return "process" if _SHELL_SIGNS.search(line) else None
        case "config":  # of ours, or of what is not known
            return None if _OTHERS_OPTION.fullmatch(line) else "session"
        case "html":
            return "dynamic" if "<script" in body.lower() else None
        case "store":
            return None if words[:1] in ([], ["-r"]) else _stored(words)
    kind = next((kind for kind, names in _KINDS.items() if name in names), None)
    if kind == "session" and words == ["autoreload"]:  # IPython's own, and harmless
        return None
    if kind == "install" and words and words[0] in _READING:
        return None
    return kind


def _stored(words: list[str]) -> MagicKind:
    return "delete" if words[0] in ("-d", "-z") else "overwrite"


def python_in(name: str, line: str, body: str) -> Iterator[tuple[str, int]]:
    """The Python texts that a timing or capturing magic runs, with their line's offset."""
    if name != "capture":
        yield _OPTIONS.sub("", line, count=1), 0
    yield body, 1


def written_file(name: str, line: str) -> str | None:
    """The path that `%%writefile` or `%history -f` names; None for other magics."""
    words = line.split()
    if name in ("history", "hist"):
        named = re.search(r"(?:^|\s)-\w*f\s*(\S+)", line)
        return named[1].strip("\"'") if named else None
    return words[-1].strip("\"'") if name in ("writefile", "file") and words else None


def parsed(source: str) -> ast.Module | None:
    """The syntax tree, IPython's syntax as calls; leading blank lines do not count in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes: running the code tells them again
        magic = as_magic(source)  # IPython runs `pip install x` without its sign too
        subtraction = magic and magic[1].startswith("-") and magic_kind(*magic) == "session"
        try:
            if not subtraction:  # `reset -f` is one to Python and a magic to IPython
                return _plain(source) or ast.parse(as_python(source))
        except (SyntaxError, ValueError):
            pass
        if magic is None or magic_kind(*magic) is None:
            return None
        return ast.parse("get_ipython().run_line_magic({!r}, {!r})".format(*magic))


def _plain(source: str) -> ast.Module | None:
    """The tree of a cell without IPython's syntax, which takes long to look for in a long cell."""
    try:
        return ast.parse(without_leading_blank_lines(source))
    except (SyntaxError, ValueError):
        return None
