"""What a mentor says to code that failed, as a person would: three sentences at most, and no code.

Covers the paper's synthesised human feedback (arXiv 2402.14658), with a canonical solution in the
mentor's sight where it is an oracle. A model does not always keep to what it is asked for, so
blocks and lines of code are taken out of what it says, and so are sentences in which a statement,
a comprehension or the like is seen; names, values and calls are a person's words too. What is
code in a sentence is told by its looks, so now and then it is taken for prose, or prose for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from ..engines import Engine
from ..errors import NoAnswer
from ..prompting.parse import parse
from ..prompting.source import is_code, tree
from ..types import Message, Usage
from .problems import Problem

MOST = 3
"""Sentences."""
_LOOKED_AT = 10_000
"""Characters, in which they come: what is said at greater length ends in repetition."""
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
_TAKEN = re.compile(r"<think>.*?(?:</think>|\Z)|(`{3,}|~{3,}).*?(?:\1|\Z)", re.DOTALL)
_MARKS = re.compile(r"</?code>|(?<!\w)[*_]{1,2}(?=\S)|(?<=\S)[*_]{2}(?!\w)")
_INLINE = re.compile(r"`([^`\n]+)`")
_BRANCH = re.compile(r"(?:elif|else|except|finally)\b.*:")
_IN_PROSE = re.compile(
    r"\blambda\b[^.]{0,80}:|\bdef \w+\("
    # a header and what stands under it
    r"|\b(?:for|while|if|elif|else)\b[^.:]{0,80}:\s*(?:return|break|continue|\w+\s?[-+*/]?=|\w+\()"
    # a comprehension
    r"|\bfor \w+ in [\w.()]{1,40}[\])]|\bfor \w+ in \w{1,40} if\b"
    # an expression that is returned or assigned
    r"|\breturn\b[^.,;]{0,60}"
    r"(?:[\w)\]] [-+/] [\w(]|[\w)\]] ?(?:\*\*?|//|%) ?[\w(]|\bif\b.{0,60}\belse\b)"
    r"|\w ?[-+*/%]= ?\w|\b[a-z_]\w* ?= ?\w{1,40}(?:[.(\[]| ?[-+*/%] ?\w)",
    re.IGNORECASE,
)
_LARGE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.IfExp)
_ITEM = re.compile(r"\s*(?:(?:[-*+>\u2022]|\(?\d+[.)]|#+)\s+)+")
_SENTENCE = re.compile(
    r"""\S.*?(?:(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)(?<![.!?])[.!?]+["')\]*_\u201d]*(?=\s)"""
    r"|[\u3002\uff01\uff1f]|$)"
)


@dataclass(frozen=True)
class Guidance:
    """What a mentor said, and what it cost; `note` is why it said nothing, if it told."""

    text: str
    usage: Usage = field(default_factory=Usage)
    note: str = ""


def guidance(
    mentor: Engine, problem: Problem, code: str, result: str, *, oracle: bool = False
) -> Guidance:
    """What `mentor` says to `code`, which failed with `result`; "" where it says nothing but code.

    With `oracle` it sees the canonical solution, where the problem has one. Raises EngineError
    when it cannot answer.
    """
    oracle = oracle and bool(problem.canonical)
    solution = f"\n@@Canonical Solution\n{problem.canonical}\n" if oracle else ""
    text = _GUIDE.format(
        oracle=_ORACLE if oracle else "", problem=problem.prompt.strip(), code=code,
        result=result, solution=solution,
    )  # fmt: skip
    said, usage, note = "", Usage(), ""
    try:
        for chunk in mentor.stream([Message("user", text)]):
            said = chunk.text if chunk.anew else said + chunk.text
            usage = chunk.usage or usage
    except NoAnswer as error:
        note = str(error)
    return Guidance(" ".join(islice(_sentences(said), MOST)), usage, note)


def _sentences(said: str) -> Iterator[str]:
    """The sentences of a reply, in each of which no code stands."""
    prose = "\n".join(cell.source for cell in parse(said) if cell.kind == "markdown")
    for line in _lines(_TAKEN.sub("\n", prose)[:_LOOKED_AT]):
        for sentence in _SENTENCE.findall(line.strip()):
            inline = _INLINE.findall(sentence)
            if not (any(map(_is_code, inline)) or _IN_PROSE.search(_INLINE.sub("", sentence))):
                yield " ".join(sentence.split())


def _lines(prose: str) -> Iterator[str]:
    """Paragraphs and items of lists, each as one line; what begins anew behind an end does so."""
    text = ""
    for line in [*prose.split("\n"), ""]:
        item = _ITEM.match(line)
        bare = line[item.end() :] if item else line
        plain = _MARKS.sub("", bare).replace("`", "").strip()
        code = is_code(plain) or _is_code(plain)
        begins = bare[:1].isupper() and not _INLINE.match(bare)
        if item or code or not line.strip() or begins:
            yield text
            text = ""
        text += "" if code else f" {bare.strip()}"
    yield text


def _is_code(text: str) -> bool:
    """Whether `text` is more than names, values, calls, `n = 0` and single words of Python."""
    text = text.strip()
    module = tree(text)
    match module and module.body:
        case [ast.Expr(value=value)]:
            nodes = list(ast.walk(value))
            return any(isinstance(node, (*_LARGE, ast.keyword)) for node in nodes)
        case [ast.AnnAssign(value=None)] | []:  # `Hint: sort`
            return False
        case [ast.Assign(value=ast.Constant())] | [ast.Return(value=None)]:
            return False
        case [ast.Break() | ast.Continue() | ast.Pass()]:
            return False
    return module is not None or is_code(text) or bool(_BRANCH.fullmatch(text))
