"""Which file a call writes, and whether that could destroy something.

Covers open() and its kin, pathlib, pandas, polars, numpy, matplotlib, PIL, openpyxl, joblib,
torch, shutil's copies and archives. A write is harmless when the path is known, lies inside the
folder and nothing is there yet, or when it goes to a buffer or a temporary file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from .names import Names, literal, passed
from .paths import Paths, Texts

_PATH_KEYWORDS = (
    *("path_or_buf", "path_or_buffer", "path", "buf", "excel_writer", "fname", "file"),
    *("filename", "fp", "f", "fid", "dst", "store", "workbook", "base_name", "extract_dir"),
)
_FUNCTIONS_KEYWORDS = (*_PATH_KEYWORDS, "where", "root_path", "output_file", "dest")
_METHODS = frozenset(
    (
        *("to_csv", "to_excel", "to_parquet", "to_feather", "to_json", "to_pickle", "to_html"),
        *("to_latex", "to_markdown", "to_string", "to_xml", "to_hdf", "to_stata", "to_orc"),
        *("to_netcdf", "to_file", "write_csv", "write_parquet", "write_json", "write_excel"),
        *("write_html", "write_image", "savefig", "imsave", "imwrite", "save", "savetxt"),
        *("savez", "savez_compressed", "tofile"),
    )
)
_FUNCTIONS = {
    "torch.save": 1,
    "joblib.dump": 1,
    "shutil.copy": 1,
    "shutil.copy2": 1,
    "shutil.copyfile": 1,
    "shutil.copytree": 1,
    "shutil.make_archive": 0,
    "shutil.unpack_archive": 1,
    "urllib.request.urlretrieve": 1,
    "scipy.io.wavfile.write": 0,
    "pyarrow.parquet.write_table": 1,
    "pyarrow.parquet.write_to_dataset": 1,
    "pyarrow.csv.write_csv": 1,
    "pyarrow.feather.write_feather": 1,
    "pyarrow.orc.write_table": 1,
}
_OPENERS = {  # name: (position of the mode, the mode when none is given)
    **dict.fromkeys(("open", "io.open", "codecs.open", "tarfile.open"), (1, "r")),
    **dict.fromkeys(("gzip.open", "bz2.open", "lzma.open", "zipfile.ZipFile"), (1, "r")),
    "h5py.File": (1, "r"),
    "shelve.open": (1, "c"),
    "pandas.ExcelWriter": (9, "w"),
    "pandas.HDFStore": (1, "a"),
    "numpy.memmap": (2, "r+"),
    "logging.FileHandler": (1, "a"),
    "matplotlib.backends.backend_pdf.PdfPages": (9, "w"),
    "xlsxwriter.Workbook": (9, "w"),
    "xlsxwriter.workbook.Workbook": (9, "w"),
    "pyarrow.parquet.ParquetWriter": (9, "w"),
}
_SUFFIXES = {
    "save": ("", ".npy"),
    "savez": ("", ".npz"),
    "savez_compressed": ("", ".npz"),
    "savefig": ("", ".png"),
    "make_archive": ("", ".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz"),
}
_WRITING_MODE = re.compile(r"[rwxabtU+]*[wxa+][rwxabtU+]*")
_WRITING_FLAGS = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")


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
        if name in _OPENERS:
            return self._harm_of_opening(call, name)
        if name == "os.open":
            writes = any(_WRITING_FLAGS.search(ast.unparse(flags)) for flags in call.args[1:])
            return self._judged(name, self._paths.texts(passed(call, 0, "path"))) if writes else ""
        if name in _FUNCTIONS:
            return self._harm_of_function(call, name)
        if name == "sqlite3.connect":
            return self._harm_of_connecting(call)
        if name in ("fileinput.input", "fileinput.FileInput"):
            inplace = passed(call, 1, "inplace")
            return f"{name} in place" if inplace and ast.unparse(inplace) != "False" else ""
        if attr in ("write_text", "write_bytes", "open") and isinstance(call.func, ast.Attribute):
            mode = literal(passed(call, 0, "mode")) if attr == "open" else "w"
            if _WRITING_MODE.fullmatch(mode):
                return self._judged(attr, self._paths.texts(call.func.value))
            return ""
        return self._harm_of_method(call, name, attr)

    def harm_of_text(self, what: str, path: str) -> str:
        """The same for a path that stands in a magic's line."""
        return self._judged(what, frozenset((path,)) if path else None)

    def _harm_of_opening(self, call: ast.Call, name: str) -> str:
        position, default = _OPENERS[name]
        mode = passed(call, position, "mode", "flag")
        modes = self._paths.texts(mode) if mode is not None else frozenset((default,))
        if modes is not None and not any(map(_writes, modes)):
            return ""
        file = passed(call, 0, "file", "filename", "name", "path", "fileobj", "where")
        return self._judged(name, self._paths.texts(file))

    def _harm_of_connecting(self, call: ast.Call) -> str:
        """A database is read, or made where there is none: outside the folder that is a write."""
        texts = self._paths.texts(passed(call, 0, "database")) or frozenset()
        files = frozenset(text for text in texts if not text.startswith((":memory:", "file:")))
        there = all((self._folder / text).exists() for text in files)
        return "" if there else self._judged("sqlite3.connect", files)

    def _harm_of_function(self, call: ast.Call, name: str) -> str:
        where = passed(call, _FUNCTIONS[name], *_FUNCTIONS_KEYWORDS)
        if where is None:
            return "" if name.startswith("urllib") else f"{name} into the folder"
        texts = self._paths.texts(where)
        if name in ("shutil.copy", "shutil.copy2"):
            texts = self._inside_folders(texts, self._paths.texts(passed(call, 0, "src")))
        return self._judged(name, texts)

    def _harm_of_method(self, call: ast.Call, name: str, attr: str) -> str:
        attr = attr or (name.rpartition(".")[2] if "." in name else "")
        if attr == "to_sql":
            return "to_sql replaces a table" if self._replaces_a_table(call) else ""
        if attr == "extractall" and not _is_column_text(call.func):
            where = passed(call, 0, "path")
            return self._judged(attr, self._paths.texts(where)) if where else f"{attr} here"
        if attr not in _METHODS or self._on_a_buffer(call.func):
            return ""
        where = passed(call, 0, *_PATH_KEYWORDS)
        if where is None or (isinstance(where, ast.Constant) and where.value is None):
            return ""
        return self._judged(attr, self._paths.texts(where), where)

    def _replaces_a_table(self, call: ast.Call) -> bool:
        """`df.to_sql(name, con, schema, if_exists)`; one that is not known may replace."""
        given = passed(call, 3, "if_exists")
        known = self._paths.texts(given) if given is not None else frozenset(("fail",))
        return known is None or not known.isdisjoint(("replace", "delete_rows"))

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
        if texts is None and self._is_new(self._paths.pattern(node)):
            return ""
        if texts is None:
            return f"{what} to a path that is not a constant"
        suffixes: Iterable[str] = _SUFFIXES.get(what.rpartition(".")[2], ("",))
        for text in sorted(texts):
            if problem := self._problem(text, suffixes):
                return f"{what} {problem}"
        return ""

    def _is_new(self, pattern: str) -> bool:
        """Whether no file is there that a path of this form could be: `figures/box_*.png`."""
        if not pattern or self.moved:
            return False
        found = {path.resolve() for path in self._folder.glob(pattern)}
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


def _writes(mode: str) -> bool:
    return bool(set(mode.partition(":")[0]) & set("wxa+cn"))  # "r:xz" of tarfile only reads


def _is_column_text(function: ast.expr) -> bool:
    """`df["x"].str.extractall(...)`"""
    match function:
        case ast.Attribute(value=ast.Attribute(attr="str")):
            return True
    return False
