"""An execution in words: the sentences that go back to the model.

The form is OpenCodeInterpreter's (arXiv 2402.14658 and its demo): `Execution result:` and
the text, cut to head and tail over 1,000 characters, with a sentence of its own for an empty
result and for a call of `input()`. Facts are gathered in `running.evidence`; here they get words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..objects import in_line
from ..types import Execution, Facts, Failure, Output, Variable
from .context import quoted, table_line
from .prompts import fenced
from .redact import redacted

LIMIT = 1000
FACTS, TABLES = 2000, 1000
"""Characters of all facts together, and of the tables where there are many other facts."""
LONGEST = 50_000
"""Characters of an output that are looked at."""
EMPTY = "Execution result: the code ran and showed nothing."
INPUT = (
    "Execution result: the code asks for input(), which is not available here. Use fixed values."
)
HIDES = "The new code only hides the error: {}. Correct its cause instead."
_NOTES: Mapping[str, Callable[..., str]] = {
    "frame": lambda name, lineno, line: f"in {name}, line {lineno}: {line}",
    "caret": lambda line, mark: f"{line}\n{mark}",
    "signature": lambda call, *near: f"It is called as {call}" + _meant(near),
    "property": lambda name, near: f"Near {name}: {near}",
    "absent": lambda module, package: (
        f"{module} is not installed: use what is there"
        + (f" (it comes with {package})" if package != module else "")
    ),
    "installed": lambda names: f"Installed under names like it: {names}",
    "shape": lambda name, kind, shape: f"{name} is a {kind} of shape {shape}",
    "size": lambda name, kind, size: f"{name} is a {kind} of length {size}",
    "is": lambda name, value: f"{name} is {value}",
    "told": lambda name, value: f"{name}: {value}",
    "said": lambda sentence: sentence,
    "rows": lambda name, rows: f"{name} holds them in rows {rows}",
    "encoding": lambda name, encoding: f'{name} can be read with encoding="{encoding}"',
    "line": lambda number, name, line: f"Line {number} of {name}: {line}",
    "index": lambda name, index: f"{name}.index is {index}",
    "missing": lambda name, columns: f"Missing values in {name}: {columns}",
}
"""What the notes of `running.facts.notes`, and of an evaluation, are in words, by their kind."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def execution_result(execution: Execution) -> str:
    """The user message that shows an execution to the model."""
    failure = execution.failure
    if failure is not None and failure.name == "StdinNotImplementedError":
        return INPUT
    text = failure_text(failure) if failure else output_text(execution)
    return f"Execution result:\n{text}" if text else EMPTY


def shown_result(execution: Execution) -> str:
    """`execution_result` of code that worked, for a sentence to follow: its text is fenced."""
    text = output_text(execution)
    return f"Execution result:\n{fenced(text)}" if text else EMPTY


def failure_text(failure: Failure) -> str:
    """The failing line, the error and the facts around it, one to a line."""
    error = ": ".join(filter(None, [failure.name, _short(failure.message)]))
    lines = [*_location(failure.facts), _indented(redacted(plain(error))), *_facts(failure.facts)]
    return "\n".join(lines)


def traceback_alone(failure: Failure) -> Failure:
    """`failure` with the facts that its traceback tells, and no others."""
    told = tuple(note for note in failure.facts.notes if note[0] in ("frame", "caret"))
    return replace(failure, facts=Facts(failure.facts.line, failure.facts.lineno, notes=told))


def output_text(execution: Execution) -> str:
    """Streams and text results of a successful execution, trimmed."""
    parts = []
    for output in execution.outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        parts.append("".join(text))
    text = "\n".join(part.rstrip("\n") for part in parts if part.strip())
    return cut(redacted(_ended(cut(text, LONGEST))))


def text_alone(output: Output) -> Output:
    """All of an output that `output_text` looks at."""
    if "data" not in output:
        return {**output, "text": cut("".join(output.get("text", "")), LONGEST)}
    said = cut("".join(output["data"].get("text/plain", "")), LONGEST)
    return {**output, "data": {"text/plain": said}, "metadata": {}}


def plain(text: str) -> str:
    """`text` without ANSI escape sequences, blanks around it and trailing blanks."""
    return _ended(text).strip()


def _ended(text: str) -> str:
    """`text` without ANSI escapes and trailing blanks; its first line stays where it is."""
    return "\n".join(line.rstrip() for line in _ANSI.sub("", text).splitlines()).strip("\n")


def cut(text: str, limit: int = LIMIT) -> str:
    """`text`, or its head and tail around `...` when it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    half = (limit - 5) // 2
    return f"{text[:half]}\n...\n{text[-half:]}"


def _in_line(text: str, limit: int = 200) -> str:
    """Data in a line of its own: bounded, without secrets, and its line breaks are written out."""
    text = redacted(in_line(text))
    half = (limit - 3) // 2
    return text if len(text) <= limit else f"{text[:half]}...{text[-half:]}"


def _short(message: str) -> str:
    """A long message of several lines is a sentence and its advice: the sentence is kept."""
    text = plain(message)
    return cut(text.partition("\n")[0] if len(text) > 300 else text)


def _indented(text: str) -> str:
    """`text` with its further lines set in, and no empty ones: data in it begins no line."""
    return re.sub(r"\n\s*", "\n    ", text)


def _location(facts: Facts) -> Iterator[str]:
    if facts.line:
        yield f"line {facts.lineno}: {redacted(cut(facts.line.strip(), 200))}"


def _meant(names: Sequence[str]) -> str:
    return f" (near: {', '.join(names)})" if names else ""


def _facts(facts: Facts) -> list[str]:
    """The facts in sentences, of at most `FACTS` characters; the last ones are left out first."""
    said = list(_sentences(facts))
    whole = [table_line(table) for table in facts.tables]
    room = FACTS - min(sum(map(len, whole)), TABLES)
    while said and sum(map(len, said)) > room:
        said.pop()
    room = FACTS - sum(map(len, said))
    if sum(map(len, whole)) <= room:
        return [*whole, *said]
    near = [name for _, names in facts.near for name in names]
    share = room // len(whole)
    return [*(_narrowed(table, (facts.line, *near), share) for table in facts.tables), *said]


def _narrowed(table: Variable, wanted: Sequence[str], room: int) -> str:
    """A table in at most so many characters: the columns that are named in `wanted` come first."""

    def is_wanted(column: tuple[str, str]) -> bool:
        return column[0] in wanted or column[0].strip("\"'") in wanted[0]

    left, kept = room - len(table_line(replace(table, columns=()))) - len("and 999 more"), set()
    for column in sorted(table.columns, key=lambda column: not is_wanted(column)):
        size = len(f"{column[0]} {column[1]}, ")
        if size <= left:
            kept.add(column)
            left -= size
    return table_line(replace(table, columns=tuple(c for c in table.columns if c in kept)))


def _sentences(facts: Facts) -> Iterator[str]:
    """What is told besides the tables."""
    if facts.files:
        yield f"Files: {', '.join(map(redacted, map(_quoted, facts.files)))}"
    for name, header in facts.headers:
        yield f"First line of {_quoted(name)}: {_in_line(header)}"
    for column, texts in facts.values:
        yield f"{redacted(column)} holds {', '.join(map(redacted, map(_quoted, texts)))}"
    for name, names in facts.near:
        yield f"Near {_in_line(name)}: {', '.join(map(_in_line, names))}"
    for part, value in facts.parts:
        yield _in_line(f"{part} is {value}")
    for kind, words in facts.notes:
        yield _NOTES[kind](*map(_in_line, words))


def _quoted(name: str) -> str:
    return quoted([name])
