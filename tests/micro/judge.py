"""Is this code a right answer to that prompt? Decided by running it beside the reference.

A prompt is one line of `prompts.jsonl`: `id`, `file`, `setup`, `prompt`, `reference`, `check`,
`wrong` (answers that must be rejected). `check["kind"]` says what is compared:

- `value`: something shown (last expression, `display`, `print`) is the reference's last value.
- `table`: as `value`, or a variable holds it.
- `scalar`: the number or name of the reference is shown, or printed among few others.
- `shows`: all strings of the reference's last value stand in the output.
- `sample`: something shown, or a variable, holds `rows` different rows of the table called `of`.
- `figure`: a figure shows every series the reference draws (`title`, `legend`: it has those, too;
  `ordered`, `box`: see `figures.shows`).
- `file`: a new file holds the table that the reference writes (`name`: it is called so).
- `refuses`: there is no code.

`ordered`, `extra`, `names`: see `tables.same_table`. The caller gives the time limit.
"""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd

from .cells import Seen, run_cells
from .figures import shows
from .tables import as_frame, columns, plain, same_table

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")
FEW_CELLS = 9
FEW_NUMBERS = 6
SHORT_TEXT = 300
Prompt = dict[str, Any]


def judge(prompt: Prompt, code_cells: list[str], folder: Path) -> bool:
    """True if `code_cells`, run after the prompt's setup in a copy of `folder`, answer it.

    Raises RuntimeError where the prompt's own reference fails.
    """
    code = [cell for cell in code_cells if cell.strip()]
    if prompt["check"]["kind"] == "refuses":
        return not code
    expected = run_cells([prompt["setup"], prompt["reference"]], folder)
    if expected.failure is not None:
        raise RuntimeError(f"{prompt['id']}: the reference fails: {expected.failure!r}")
    answer = run_cells([prompt["setup"], *code], folder)
    return answer.failure is None and CHECKS[prompt["check"]["kind"]](
        answer, expected, prompt["check"]
    )


def check_value(answer: Seen, expected: Seen, check: Prompt) -> bool:
    return any(same_as(value, expected.shown[-1], check) for value in answer.shown)


def check_table(answer: Seen, expected: Seen, check: Prompt) -> bool:
    found = [*answer.shown, *answer.variables.values()]
    return any(same_as(value, expected.shown[-1], check) for value in found)


def same_as(value: object, expected: object, check: Prompt) -> bool:
    options = {key: bool(check.get(key)) for key in ("ordered", "extra", "names")}
    return same_table(value, expected, **options)


def check_scalar(answer: Seen, expected: Seen, check: Prompt) -> bool:
    wanted = plain([*expected.shown, *expected.texts][-1])
    told = "\n".join(answer.texts)
    if isinstance(wanted, str):
        named = re.search(rf"\b{re.escape(wanted)}\b", told)
        return bool(named and len(told) <= SHORT_TEXT) or any(
            wanted in few_cells(value, check) for value in answer.shown
        )
    numbers = NUMBER.findall(told)
    return any(
        is_number(cell, wanted) for value in answer.shown for cell in few_cells(value, check)
    ) or (len(numbers) <= FEW_NUMBERS and any(rounds_to(text, wanted) for text in numbers))


def few_cells(value: object, check: Prompt) -> list[Any]:
    """The cells of an answer that is one row, or small; [] for larger ones."""
    if pd.api.types.is_scalar(value):
        return [plain(value)]
    frame = as_frame(value)
    if frame is None or (len(frame) != 1 and frame.size > check.get("cells", FEW_CELLS)):
        return []
    return [cell for _, cells in columns(frame) for cell in cells]


def is_number(cell: Any, wanted: float) -> bool:
    if isinstance(cell, str) and NUMBER.fullmatch(cell):
        return rounds_to(cell, wanted)
    return isinstance(cell, float) and (
        math.isclose(cell, wanted, rel_tol=1e-6) or rounds_to(repr(cell), wanted)
    )


def rounds_to(text: str, wanted: float) -> bool:
    """Is `text` the wanted number, perhaps rounded to two or more significant digits?"""
    digits = text.replace(",", "")
    if "e" in digits or float(wanted).is_integer():
        return math.isclose(float(digits), wanted, rel_tol=1e-6)
    decimals = len(digits.partition(".")[2])
    enough = len(digits.lstrip("-0.").replace(".", "")) >= 2
    return enough and abs(float(digits) - wanted) <= 0.5000001 * 10**-decimals


def check_shows(answer: Seen, expected: Seen, check: Prompt) -> bool:
    del check
    output = "\n".join([answer.printed, *answer.texts, *map(full_repr, answer.shown)])
    return all(word in output for word in expected.shown[-1])


def full_repr(value: object) -> str:
    with pd.option_context("display.max_columns", None, "display.max_rows", None):
        return repr(value)


def check_sample(answer: Seen, expected: Seen, check: Prompt) -> bool:
    table = expected.variables[check["of"]]
    found = [as_frame(v) for v in [*answer.shown, *answer.variables.values()]]
    frames = [f for f in found if f is not None and len(f) == check["rows"]]
    return any(is_drawn_from(frame, table) for frame in frames)


def is_drawn_from(frame: pd.DataFrame, table: pd.DataFrame) -> bool:
    """Different rows of `table`, and not simply its first or last ones."""
    if list(frame.columns) != list(table.columns) or frame.duplicated().any():
        return False
    ends = (table.head(len(frame)), table.tail(len(frame)))
    known = {tuple(map(plain, row)) for row in table.itertuples(index=False)}
    drawn = [tuple(map(plain, row)) for row in frame.itertuples(index=False)]
    return set(drawn) <= known and not any(same_table(frame, e, ordered=True) for e in ends)


def check_figure(answer: Seen, expected: Seen, check: Prompt) -> bool:
    title = check.get("title", "").lower()
    options = {key: bool(check.get(key)) for key in ("ordered", "box")}
    return (
        shows(answer.drawn, expected.drawn, **options)
        and any(title in given.lower() for given in answer.titles)
        and (answer.legend or not check.get("legend"))
    )


def check_file(answer: Seen, expected: Seen, check: Prompt) -> bool:
    name = check.get("name")
    wanted = [read_file(*item) for item in expected.files.items()]
    given = [read_file(*i) for i in answer.files.items() if name in (None, Path(i[0]).name)]
    return bool(wanted) and any(same_as(g, wanted[0], check) for g in given if g is not None)


def read_file(name: str, content: bytes) -> pd.DataFrame | None:
    """The table in a written file; None where there is none to be read."""
    try:
        if name.endswith(".xlsx"):
            return pd.read_excel(io.BytesIO(content))
        if name.endswith(".json"):
            return pd.read_json(io.StringIO(content.decode()))
        return pd.read_csv(io.StringIO(content.decode("utf-8-sig")), sep=None, engine="python")
    except (ValueError, pd.errors.ParserError):
        return None


CHECKS = {
    "value": check_value,
    "table": check_table,
    "scalar": check_scalar,
    "shows": check_shows,
    "sample": check_sample,
    "figure": check_figure,
    "file": check_file,
}
