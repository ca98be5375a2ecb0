"""What a mentor says to code that failed, as a person would: three sentences at most, and no code.

Covers the paper's synthesised human feedback (arXiv 2402.14658), with a canonical solution in the
mentor's sight where it is an oracle. A model does not always keep to what it is asked for, so
blocks and lines of code are taken out of what it says, and so are sentences that hold a statement
or a call with arguments; names and short expressions are a person's words too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..engines import Engine
from ..prompting.parse import parse
from ..prompting.source import is_code, syntax
from ..types import Message
from .problems import Problem

MOST = 3
"""Sentences."""
_GUIDE = """\
A programmer has drafted code for the problem below. Guide them as a person who looks over their \
shoulder would: compare what the code does with what is asked and with the execution result, say \
what is wrong and in which direction to go, and why. {oracle}Write no code. Answer in at most \
three sentences.

@@Problem
{problem}

@@Existing Code
{code}

@@Execution Result
{result}
{solution}
@@Guidance
"""
_ORACLE = "You also see a canonical solution: never reveal it and never speak of it. "
_BLOCK = re.compile(r"(```|~~~).*?(?:\1|\Z)", re.DOTALL)
_INLINE = re.compile(r"(`+)(.+?)\1")
_STATEMENT = re.compile(r"(?:return|raise|yield|assert|del|import|from|global|await)\b")
_ITEM = re.compile(r"\s*(?:[-*+\u2022]|\(?\d+[.)]|#+)\s+")
_SENTENCE = re.compile(
    r"""\S.*?(?:(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)[.!?]+["')\]*_\u201d]*(?=\s)|$)"""
)


def guidance(
    mentor: Engine, problem: Problem, code: str, result: str, *, oracle: bool = False
) -> str:
    """What `mentor` says to `code`, which failed with `result`; "" where it says nothing but code.

    With `oracle` it sees the canonical solution. Raises EngineError when it cannot answer.
    """
    solution = f"\n@@Canonical Solution\n{problem.canonical}\n" if oracle else ""
    text = _GUIDE.format(
        oracle=_ORACLE if oracle else "", problem=problem.prompt.strip(), code=code,
        result=result, solution=solution,
    )  # fmt: skip
    said = ""
    for chunk in mentor.stream([Message("user", text)]):
        said = chunk.text if chunk.anew else said + chunk.text
    return " ".join(list(_sentences(said))[:MOST])


def _sentences(said: str) -> Iterator[str]:
    """The sentences of a reply, in each of which no code stands."""
    prose = "\n".join(cell.source for cell in parse(said) if cell.kind == "markdown")
    for line in _lines(_BLOCK.sub("\n", prose)):
        for sentence in _SENTENCE.findall(line.strip()):
            if not any(_code(inline[2]) for inline in _INLINE.finditer(sentence)):
                yield " ".join(sentence.split())


def _lines(prose: str) -> Iterator[str]:
    """Paragraphs and items of lists, each as one line."""
    text = ""
    for line in [*prose.split("\n"), ""]:
        item = _ITEM.match(line)
        if item or not line.strip() or _code(line):
            yield text
            text = ""
        if not _code(line):
            text += f" {line[item.end() if item else 0 :].strip()}"
    yield text


def _code(text: str) -> bool:
    """Whether `text` is a statement or a call with arguments."""
    text = text.strip()
    if text.endswith("()"):
        return False
    return is_code(text) or bool(_STATEMENT.match(text) and syntax(text) != "invalid")
