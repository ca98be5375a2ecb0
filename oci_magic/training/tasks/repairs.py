"""What an expert does about a failure: the corrected code and a sentence why.

Decides by what the model sees (code, error, facts), never by how the data was made, so that
a model can learn it. Covers the data-dependent failures of everyday table work.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...types import Failure
from .scene import quote

Repair = tuple[str, str]  # corrected code, sentence
SEPARATORS = {";": '";"', "\t": r'"\t"', "|": '"|"'}


def repair(failure: Failure, code: str) -> Repair | None:
    """The corrected code, or None where the expert knows no remedy."""
    for kind, remedy in REMEDIES:
        if kind in (failure.name, "*"):
            found = remedy(failure, code)
            if found is not None and found[0] != code:
                return found
    return None


def _encoding(failure: Failure, code: str) -> Repair | None:
    """Latin-1 reads any bytes; the first line tells the separator too."""
    fixed = _with_argument(code, "encoding", '"latin-1"')
    separated = _separator_from_header(failure, fixed)
    if separated is None:
        return fixed, "The file is not UTF-8, so it is read as latin-1."
    return separated[0], f"The file is not UTF-8, so it is read as latin-1. {separated[1]}"


def _separator_from_header(failure: Failure, code: str) -> Repair | None:
    headers = " ".join(header for _, header in failure.facts.headers)
    return _separated(code, headers)


def _separator_from_columns(failure: Failure, code: str) -> Repair | None:
    columns = " ".join(t.columns[0][0] for t in failure.facts.tables if 0 < len(t.columns) <= 3)
    return _separated(code, columns.replace(r"\t", "\t"))


def _separated(code: str, text: str) -> Repair | None:
    if "sep=" in code or "read_csv" not in code:
        return None
    counts = {mark: text.count(mark) for mark in SEPARATORS}
    mark = max(counts, key=lambda key: counts[key])
    if not counts[mark]:
        return None
    name = {";": "semicolons", "\t": "tabs", "|": "bars"}[mark]
    fixed = _with_argument(code, "sep", SEPARATORS[mark])
    return fixed, f"The columns are separated by {name}."


def _column(failure: Failure, code: str) -> Repair | None:
    """A column of another spelling: the nearest one that the code's tables have."""
    wrong = re.search(r"'([^']*)'", failure.message)
    name = wrong.group(1) if wrong else ""
    found = re.fullmatch(r"Column not found: (.*)", failure.message.strip("'\""))
    name = found.group(1) if found else name
    right = next((_unquoted(n[0]) for wrong, n in failure.facts.near if wrong == f'"{name}"'), None)
    if right is None or quote(name) not in code:
        return None
    return code.replace(quote(name), quote(right)), f"The column is called `{right}`."


def _unquoted(label: str) -> str:
    return label[1:-1].replace('\\"', '"') if label.startswith('"') else label


def _numbers(failure: Failure, code: str) -> Repair | None:
    """Text where numbers should be: convert that column first, as its texts demand."""
    facts = failure.facts
    wanted = [(_unquoted(name), texts) for name, texts in facts.values]
    wanted = [(n, t) for n, t in wanted if _number_like(n, facts.line, t)]
    if not wanted:
        return None
    name, texts = wanted[-1]
    variable = re.search(rf"(\w+)\[{re.escape(quote(name))}\]", facts.line)
    first = re.match(r"(?:\w+ = )?(\w+)", facts.line)
    var = variable.group(1) if variable else first.group(1) if first else "df"
    column = f"{var}[{quote(name)}]"
    cleaned, why = _cleaned(column, texts)
    line = f'{column} = pd.to_numeric({cleaned}, errors="coerce")'
    lines = code.splitlines()
    strict = f"{column} = pd.to_numeric({column})"
    at = facts.lineno - 1
    cast = rf"{re.escape(column)} = .*astype\((int|float)\)"
    if lines[at] == strict or re.fullmatch(cast, lines[at]):
        tail = [f'{column} = {column}.astype("Int64")'] if "astype(int)" in lines[at] else []
        lines[at : at + 1] = [line, *tail]
    else:
        lines.insert(at, line)
    return with_imports("\n".join(lines)), f"`{name}` holds {why}."


def _number_like(name: str, line: str, texts: tuple[str, ...]) -> bool:
    """Group keys and axis labels are text by right: the code tells which column is numbers."""
    q = re.escape(quote(name))
    text = rf"(groupby\({q}|index={q}|columns={q}|by={q}|set_index\({q}|isin|contains)"
    if re.search(text, line):
        return False
    if re.search(rf"plot\.(bar|line)\(x={q}", line):
        return False
    return bool(texts)


def _cleaned(column: str, texts: tuple[str, ...]) -> tuple[str, str]:
    if all(re.fullmatch(r"-?[\d.]*,\d\d?", text) for text in texts):
        return f'{column}.str.replace(",", ".")', "decimal commas"
    if all(re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) for text in texts):
        return f'{column}.str.replace(",", "")', "commas between thousands"
    if all(re.search(r"\d", text) and not re.match(r"[<>c]", text) for text in texts):
        return rf'{column}.str.replace(r"[^\d.-]", "", regex=True)', "units besides the numbers"
    return column, "text that is no number"


def _integers(_: Failure, code: str) -> Repair | None:
    return code.replace("astype(int)", 'astype("Int64")'), "Missing values need the type Int64."


def _date_format(failure: Failure, code: str) -> Repair | None:
    found = re.search(r'time data "(.*)" doesn\'t match format "(.*?)"', failure.message)
    lines = code.splitlines()
    at = failure.facts.lineno - 1
    if not found or not 0 <= at < len(lines) or "to_datetime" not in lines[at]:
        return None
    text, form = found.groups()
    marks = re.sub(r"\d", "", text)
    if not re.search(r"\d", text):
        argument, why = ', errors="coerce"', "Some dates are missing."
    elif marks == re.sub(r"%\w", "", form) and len(marks) == 2 and "dayfirst" not in lines[at]:
        argument, why = ", dayfirst=True", "The day comes first in these dates."
    else:
        argument, why = ', format="mixed"', "The dates have several forms."
    lines[at] = re.sub(r"\)$", f"{argument})", lines[at])
    return "\n".join(lines), why


def _merge_keys(failure: Failure, code: str) -> Repair | None:
    found = re.search(r"merge on (\S+) and (\S+) columns for key '(.*?)'", failure.message)
    call = re.search(r"(\w+)\.merge\((\w+)", code)
    if not found or not call:
        return None
    key = quote(found.group(3))
    lines = code.splitlines()
    at = failure.facts.lineno - 1
    lines[at:at] = [f"{var}[{key}] = {var}[{key}].astype(str)" for var in call.groups()]
    return "\n".join(lines), "The keys have different types; both become text."


def _json_lines(failure: Failure, code: str) -> Repair | None:
    if "Trailing data" not in failure.message:
        return None
    return _with_argument(code, "lines", "True", "read_json"), "The file has one record per line."


def _file(failure: Failure, code: str) -> Repair | None:
    wrong = re.search(r"directory: '(.*?)'", failure.message)
    if not wrong or not failure.facts.files:
        return None
    right = failure.facts.files[0]
    return code.replace(quote(wrong.group(1)), quote(right)), f"The file is called {right}."


def _name(failure: Failure, code: str) -> Repair | None:
    found = re.search(r"name '(\w+)' is not defined", failure.message)
    known = {
        "pd": "import pandas as pd",
        "np": "import numpy as np",
        "plt": "import matplotlib.pyplot as plt",
    }
    if not found or found.group(1) not in known:
        return None
    line = known[found.group(1)]
    return f"{line}\n{code}", f"The import of {line.split()[1]} was missing."


def _datetime_accessor(failure: Failure, code: str) -> Repair | None:
    found = re.search(r'(\w+\["(?:[^"\\]|\\.)*"\])\.dt\.', failure.facts.line)
    if ".dt accessor" not in failure.message or not found:
        return None
    column = found.group(1)
    lines = code.splitlines()
    lines.insert(failure.facts.lineno - 1, f"{column} = pd.to_datetime({column})")
    return with_imports("\n".join(lines)), "The dates were still text."


def _with_argument(code: str, name: str, value: str, call: str = "read_csv") -> str:
    if f"{name}=" in code:
        return code
    pattern = rf'({call}\("(?:[^"\\]|\\.)*"[^)]*)\)'
    return re.sub(pattern, lambda found: f"{found[1]}, {name}={value})", code)


def with_imports(code: str) -> str:
    if re.search(r"\bpd\.", code) and "import pandas as pd" not in code:
        return f"import pandas as pd\n{code}"
    return code


REMEDIES: tuple[tuple[str, Callable[[Failure, str], Repair | None]], ...] = (
    ("UnicodeDecodeError", _encoding),
    ("ParserError", _separator_from_header),
    ("FileNotFoundError", _file),
    ("NameError", _name),
    ("KeyError", _separator_from_columns),
    ("KeyError", _column),
    ("IntCastingNaNError", _integers),
    ("AttributeError", _datetime_accessor),
    ("ValueError", _json_lines),
    ("ValueError", _date_format),
    ("ValueError", _merge_keys),
    ("ValueError", _separator_from_columns),
    ("*", _numbers),
)
