"""A model's reply, finished or still streaming → prose and code cells in order.

Covers Markdown fences as models really write them, and replies that are bare code. Only what
is marked as Python, or clearly is Python, becomes a code cell; other fences (`bash`, `json`,
`output`) stay in the prose, to be read and not run. What code means and does is not judged here.

A growing reply never moves text that already stood in an earlier cell than the last. Such a
cell may only be continued: by an untagged fence that turns out to hold no code, or by a string
that holds a fence line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..types import Cell
from .source import clean, is_code, is_fence, is_mostly_code, open_string
from .source import without_end_tokens as _trimmed

_MARGIN = " \t\xa0\u200b\ufeff"
_FENCE = re.compile(r"(`{3,}+|~{3,}+)(.*)")
_LIST_ITEM = re.compile(r"(?:[-*+]|\d+[.)])\s+")
_PYTHON = re.compile(r"i?py(?:thon)?[\d.]*|pycon|code-cell|tool_code|jupyter", re.IGNORECASE)
_LANGUAGE = re.compile(r"\s*\{?\.?([\w+#.-]*)\}?(.*)")
_ATTRIBUTES = re.compile(r"$|[:,]\S+$|\s*\{|\s+[\w-]+=")
_HALF_FENCE = re.compile(r"\s*(?:`{1,2}|~{1,2}|`{3,}[^`]*|~{3,}.*)$")
_HALF_TOKEN = re.compile(r"<[|\uff5c][^\s|>\uff5c]{0,20}[|\uff5c]?$")


@dataclass(frozen=True)
class _Fence:
    """An opening fence: the text in front of it, its backticks or tildes, its language."""

    before: str
    mark: str
    language: str

    @property
    def python(self) -> bool:
        return bool(_PYTHON.fullmatch(self.language))


@dataclass(frozen=True)
class _Block:
    """A fence's body; `resume` is the line where reading goes on, `rest` that it is all prose."""

    body: list[str]
    resume: int
    rest: bool = False


def parse(text: str) -> tuple[Cell, ...]:
    """The cells of a reply: prose as Markdown, one code cell per Python block, in order.

    Never raises. A code block equal to an earlier one is left out.
    """
    cells: list[Cell] = []
    for cell in _cells(_lines(text)):
        if cell.source and (cell.kind == "markdown" or cell not in cells):
            cells.append(cell)
    return tuple(cells)


def _lines(text: str) -> list[str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    return _HALF_TOKEN.sub("", _trimmed(text)).split("\n")


def _cells(lines: list[str]) -> Iterator[Cell]:
    prose: list[str] = []
    at, bare = 0, True
    while at < len(lines) and not _is_half_fence(lines, at):
        fence = _opening(lines[at])
        if fence is None:
            prose.append(lines[at])
            at += 1
            continue
        if bare and not fence.language and is_code(clean(prose)):
            # The opening fence is missing: this one closes the code above it.
            yield Cell(clean(prose))
            prose, at, bare = [], at + 1, False
            continue
        bare = False
        block = _block(lines, at + 1, fence)
        code = _code(block, fence)
        if code is None:
            prose += lines[at : block.resume]
        else:
            yield _prose([*prose, fence.before])
            yield Cell(code)
            prose = []
        at = block.resume
        if block.rest:
            prose += lines[at:]
            break
    yield _bare(prose) if bare else _prose(prose)


def _opening(line: str) -> _Fence | None:
    """The fence that `line` opens; behind other words on the line, only one marked as Python."""
    text = _trimmed(line).strip(_MARGIN)
    item = _LIST_ITEM.match(text)
    match = _FENCE.match(text, item.end() if item else 0)
    if match:
        language = _language(match[2])
        odd = language is None or ("`" in match[1] and "`" in match[2])
        return None if odd else _Fence("", match[1], language or "")
    before, mark, tag = text.rpartition("```")
    inline = mark and _PYTHON.fullmatch(tag) and not before.endswith("`") and mark not in before
    return _Fence(before.rstrip(), mark, tag.lower()) if inline else None


def _is_half_fence(lines: list[str], at: int) -> bool:
    """True for an unfinished last line that is, or may become, an opening fence."""
    return at == len(lines) - 1 and bool(_HALF_FENCE.match(lines[at]))


def _language(info: str) -> str | None:
    """The language that a fence names ("" if none), None when `info` is a sentence."""
    match = _LANGUAGE.match(info)
    assert match
    word, rest = match[1].lower(), match[2].rstrip()
    return word if _PYTHON.fullmatch(word) or _ATTRIBUTES.match(rest) else None


def _block(lines: list[str], start: int, fence: _Fence) -> _Block:
    if fence.python or not fence.language:
        return _python_block(lines, start, fence.mark)
    depth = 1
    for at in range(start, len(lines)):
        after = _after_mark(lines[at], fence.mark)
        if after and fence.language in ("md", "markdown"):
            depth += 1
        depth -= after == ""
        if not depth:
            return _Block(lines[start:at], at + 1)
    return _Block(lines[start:], len(lines))


def _python_block(lines: list[str], start: int, mark: str) -> _Block:
    """Read to the line that closes the code; in a string, a fence line may belong to it.

    There, fences come in pairs until the string ends. A fence with a language where the other
    half of a pair is due shows that the string was never closed and the first fence did close.
    """
    quote, doubtful, paired = "", -1, True
    for at in range(start, len(lines)):
        line = lines[at]
        after = _after_mark(line, mark)
        was, quote = quote, open_string(line, quote) if after is None or quote else quote
        if not quote and not was:
            if after is not None:
                return _Block(lines[start:at], at + (after == ""))
            if _ends_with_fence(line, mark):
                return _Block([*lines[start:at], line.rstrip().rstrip(mark[0])], at + 1)
        elif not quote:
            doubtful, paired = -1, True
        elif after is not None and was:
            if after and not paired and doubtful >= 0:
                return _Block(lines[start:doubtful], doubtful + 1)
            doubtful = at if not after and paired and doubtful < 0 else doubtful
            paired = not paired
    if doubtful >= 0:
        return _Block(lines[start:doubtful], doubtful + 1, rest=True)
    return _Block(_without_half_fence(lines[start:], mark), len(lines))


def _after_mark(line: str, mark: str) -> str | None:
    """What follows a fence at least as long as `mark` at the start of `line`, None if none does."""
    text = line.strip(_MARGIN)
    return _trimmed(text.lstrip(mark[0])).strip() if text.startswith(mark) else None


def _ends_with_fence(line: str, mark: str) -> bool:
    """True for `print(x)` + fence: backticks mean nothing in Python outside comments."""
    return mark[0] == "`" and line.rstrip().endswith(mark) and "#" not in line


def _without_half_fence(body: list[str], mark: str) -> list[str]:
    """Drop what may become the closing fence from the end of a block that is still open."""
    if body and (mark[0] == "`" or set(body[-1].strip()) == {"~"}):
        return [*body[:-1], body[-1].rstrip(mark[0])]
    return body


def _code(block: _Block, fence: _Fence) -> str | None:
    """The block's source, None when the block is not Python."""
    nested = fence.mark != "```" and any(map(is_fence, block.body))
    if not fence.python and (fence.language or nested or block.rest):
        return None
    code = clean(block.body)
    return code if fence.python or is_mostly_code(code) or not code else None


def _bare(lines: list[str]) -> Cell:
    """A reply without any fence: a code cell when all of it is code."""
    code = clean(lines)
    return Cell(code) if is_code(code) else _prose(lines)


def _prose(lines: list[str]) -> Cell:
    text = "\n".join(map(_trimmed, lines))
    return Cell(text.strip("\n").rstrip() if text.strip() else "", "markdown")
