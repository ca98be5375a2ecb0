"""Which file a call writes, and whether that could destroy something.

Covers open() and its kin, pathlib, pandas, polars, numpy, matplotlib, PIL, openpyxl, joblib,
torch, shutil's copies and archives. A write is harmless when the path is known, lies inside the
folder and nothing is there yet, or when it goes to a buffer or a temporary file.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from pathlib import Path

from .calls import literal, passed, passed_or_hidden
from .names import Names
from .origins import Origins, origins
from .paths import Paths, Texts
from .patterns import beginning, pattern
from .sql import is_in_memory
from .writers import (
    ARCHIVES,
    ELSEWHERE,
    FUNCTIONS,
    FUNCTIONS_KEYWORDS,
    GENERAL,
    MAKES,
    METHODS,
    NAMED,
    OPENERS,
    PATH_KEYWORDS,
    SAYS,
    SUFFIXES,
    TEXTS,
    TREES,
    WRITING_FLAGS,
    WRITING_MODE,
)


class Writes:
    """Judges the calls of one cell. `ours`: files that may be overwritten, in absolute form."""

    def __init__(self, names: Names, paths: Paths, folder: Path, ours: Collection[Path]) -> None:
        self._names, self._paths = names, paths
        self._folder, self._ours = folder.resolve(), {path.resolve() for path in ours}
        self.moved = False
        """Set when the cell changes the working folder: relative paths are then unknown."""
        self.any = False
        """Set to be told of every file that is written, harm or none."""

    def harm(self, call: ast.Call) -> str:
        """What the call may destroy, in few words; "" when it writes nothing or is harmless."""
        name = self._names.dotted(call.func)
        attr = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in OPENERS:
            return self._harm_of_opening(call, name)
        if name == "os.open":
            writes = any(WRITING_FLAGS.search(ast.unparse(flags)) for flags in call.args[1:])
            return self._judged(name, self._paths.texts(passed(call, 0, "path"))) if writes else ""
        if name in FUNCTIONS:
            return self._harm_of_function(call, name)
        if name in MAKES:
            return self._outside(name, self._paths.texts(passed(call, 0, "name", "path")))
        if name == "sqlite3.connect":
            return self._harm_of_connecting(call)
        if name in ("fileinput.input", "fileinput.FileInput"):
            inplace = passed(call, 1, "inplace")
            return f"{name} in place" if inplace and ast.unparse(inplace) != "False" else ""
        if attr in ("write_text", "write_bytes", "open") and isinstance(call.func, ast.Attribute):
            mode = literal(passed(call, 0, "mode")) if attr == "open" else "w"
            if WRITING_MODE.fullmatch(mode):
                return self._judged(attr, self._paths.texts(call.func.value), call.func.value)
            return ""
        if attr in ("mkdir", "touch") and isinstance(call.func, ast.Attribute):
            return self._outside(attr, self._paths.texts(call.func.value))
        return self._harm_of_method(call, name, attr)

    def harm_of_text(self, what: str, path: str) -> str:
        """The same for a path that stands in a magic's line."""
        return self._judged(what, frozenset((path,)) if path else None)

    def is_new(self, path: str) -> bool:
        """Whether a path lies inside the folder and nothing is there that is not ours."""
        return not self._problem(path, ("",))

    def _harm_of_opening(self, call: ast.Call, name: str) -> str:
        position, default = OPENERS[name]
        if name == "logging.basicConfig" and passed(call, 99, "filename") is None:
            return ""
        mode = passed(call, position, "mode", "flag", "filemode")
        modes = self._paths.texts(mode) if mode is not None else frozenset((default,))
        if modes is not None and not any(map(_writes, modes)):
            return ""
        file = passed(call, 0, "file", "filename", "name", "path", "fileobj", "where", "fp", "f")
        return self._judged(name, self._paths.texts(file), file)

    def _harm_of_connecting(self, call: ast.Call) -> str:
        """A database is read, or made where there is none: outside the folder that is a write."""
        texts = self._paths.texts(passed(call, 0, "database")) or frozenset()
        files = frozenset(text for text in texts if not text.startswith((":memory:", "file:")))
        there = all(_is_there(self._folder / text) for text in files)
        return "" if there else self._judged("sqlite3.connect", files)

    def _harm_of_function(self, call: ast.Call, name: str) -> str:
        where = passed_or_hidden(call, FUNCTIONS[name], *FUNCTIONS_KEYWORDS)
        if where is None:
            return "" if name in ELSEWHERE else f"{name} into the folder"
        texts = self._paths.texts(where)
        if name in ("shutil.copy", "shutil.copy2"):
            texts = self._inside_folders(texts, self._paths.texts(passed(call, 0, "src")))
        return self._judged(name, texts, where)

    def _harm_of_method(self, call: ast.Call, name: str, attr: str) -> str:
        attr = attr or (name.rpartition(".")[2] if "." in name else self._got(call.func))
        if attr == "to_sql":
            return "to_sql changes a table" if self._changes_a_table(call) else ""
        if attr == "backup":
            return "backup over a database" if self._fills_a_database(call) else ""
        if attr == "extract":
            return self._harm_of_extracting(call)
        if attr == "extractall" and not _is_column_text(call.func):
            where = passed(call, 0, "path")
            return self._judged(attr, self._paths.texts(where)) if where else f"{attr} here"
        if attr not in METHODS or self._on_a_buffer(call.func):
            return ""
        given = passed if attr in TEXTS else passed_or_hidden
        where = given(call, 0, *PATH_KEYWORDS)
        if where is None or (isinstance(where, ast.Constant) and where.value is None):
            return ""
        if attr in GENERAL and not self._writes_a_file(call, where):
            return ""
        return self._judged(attr, self._paths.texts(where), where)

    def _got(self, function: ast.expr) -> str:
        """The method that `getattr(table, f"to_{kind}")` may give, if it writes."""
        match self._names.of_name(function):
            case ast.Call(func=ast.Name(id="getattr"), args=[_, name]):
                begins = beginning(name, self._names, self._paths)
                return "to_csv" if begins.startswith(NAMED) else ""
        return ""

    def _changes_a_table(self, call: ast.Call) -> bool:
        """`df.to_sql(name, con, schema, if_exists)`; one that is not known may replace."""
        given = passed(call, 3, "if_exists")
        known = self._paths.texts(given) if given is not None else frozenset(("fail",))
        changes = known is None or not known.isdisjoint(("replace", "append", "delete_rows"))
        return changes and not is_in_memory(passed(call, 1, "con"), self._names, self.is_new)

    def _fills_a_database(self, call: ast.Call) -> bool:
        """`source.backup(target)`"""
        target = passed(call, 0, "target")
        databases = "sqlite3.connect" in self._made(call) | origins(target, self._names)
        return databases and not is_in_memory(target, self._names, self.is_new)

    def _writes_a_file(self, call: ast.Call, where: ast.expr) -> bool:
        """`array.dump("old.npy")`, `tree.write("old.xml")`; not `json.dump(x, file)`."""
        made = self._made(call)
        if made & TREES:
            return True
        if SAYS.fullmatch(self._names.dotted(call.func)):
            return False
        texts = self._paths.texts(where) or ()
        return len(call.args) == 1 and any(_is_there(self._folder / text) for text in texts)

    def _made(self, call: ast.Call) -> Origins:
        value = call.func.value if isinstance(call.func, ast.Attribute) else None
        return origins(value, self._names)

    def _harm_of_extracting(self, call: ast.Call) -> str:
        """One member of an archive: `archive.extract(member, path)`."""
        where, member = passed(call, 1, "path"), passed(call, 0, "member")
        texts = self._paths.texts(where) if where is not None else frozenset((".",))
        if not self._made(call) & ARCHIVES:
            return self._outside("extract", texts) if where is not None else ""
        names = self._paths.texts(member)
        if texts is None or not names:
            return self._judged("extract", texts)
        return self._judged("extract", frozenset(str(Path(t) / n) for t in texts for n in names))

    def _outside(self, what: str, texts: Texts) -> str:
        """For what destroys nothing inside: folders made, files touched."""
        found = (f"{what} {self._problem(text, ('',))}" for text in sorted(texts or ()))
        return next((problem for problem in found if "outside the folder" in problem), "")

    def _on_a_buffer(self, function: ast.expr) -> bool:
        """`pdf.savefig(figure)` writes to what was judged when it was opened."""
        return isinstance(function, ast.Attribute) and (
            self._paths.texts(function.value) == frozenset()
        )

    def _inside_folders(self, targets: Texts, sources: Texts) -> Texts:
        """Copying into a folder writes a file of the same name in it."""
        if targets is None or not any((self._folder / text).is_dir() for text in targets):
            return targets
        if sources is None:
            return None
        return frozenset(str(Path(t) / Path(source).name) for t in targets for source in sources)

    def _judged(self, what: str, texts: Texts, node: ast.expr | None = None) -> str:
        if self.any and texts != frozenset():
            return what
        if texts is None and self._fits_none(pattern(node, self._names, self._paths)):
            return ""
        if texts is None:
            return f"{what} to a path that is not a constant"
        suffixes: Iterable[str] = SUFFIXES.get(what.rpartition(".")[2], ("",))
        for text in sorted(texts):
            if problem := self._problem(text, suffixes):
                return f"{what} {problem}"
        return ""

    def _fits_none(self, pattern: str) -> bool:
        """Whether no file is there that a path of this form could be: `figures/box_*.png`."""
        if not pattern or self.moved:
            return False
        try:
            found = {path.resolve() for path in self._folder.glob(pattern)}
        except (OSError, ValueError, NotImplementedError):
            return False
        return found <= self._ours

    def _problem(self, text: str, suffixes: Iterable[str]) -> str:
        shown = f"'{text[:60]}'"
        if "://" in text or text.startswith("~"):
            return f"{shown}, outside the folder"
        if self.moved and not Path(text).is_absolute():
            return f"{shown} after the folder is changed"
        try:
            files = [(self._folder / (text + suffix)).resolve() for suffix in suffixes]
            if not all(file.is_relative_to(self._folder) for file in files):
                return f"{shown}, outside the folder"
            exists = any(file.exists() and file not in self._ours for file in files)
        except (OSError, ValueError):
            return f"{shown}, which is no path"
        return f"over {shown}" if exists else ""


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # no path at all
        return False


def _writes(mode: str) -> bool:
    return bool(set(mode.partition(":")[0]) & set("wxa+cn"))  # "r:xz" of tarfile only reads


def _is_column_text(function: ast.expr) -> bool:
    """`df["x"].str.extractall(...)`"""
    match function:
        case ast.Attribute(value=ast.Attribute(attr="str")):
            return True
    return False
