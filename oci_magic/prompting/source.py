"""Text that claims to be Python: is it code, and what does it look like cleaned?

Covers IPython syntax (`%magic`, `!command`), prompts copied from a terminal, indentation, and
characters that a browser or a model put in place of plain ones. Runs and imports nothing.
"""

from __future__ import annotations

import ast
import codeop
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Literal

State = Literal["complete", "incomplete", "invalid"]

_END_TOKEN = re.compile(
    r"(?:<\|(?:EOT|eot_id|im_end|end|endoftext|end_of_text|assistant|user)\|>"
    r"|<[|\uff5c]end\u2581of\u2581sentence[|\uff5c]>|<end_of_turn>|<eos>|</s>)\Z"
)
_QUOTE = re.compile(r"\\.|\"\"\"|'''|[\"'#]")
_STRING = re.compile(
    r"(?P<kept>\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|\#[^\n]*)|[^\"'#]+|.",
    re.DOTALL,
)
_PROMPT = re.compile(r"\s*(?:>>> ?|(?P<cell>In ?\[\d*\]: ?))")
_CONTINUED = re.compile(r"\s*(?:\.{3,}: ?|\.\.\.(?: |$))")
_OUT = re.compile(r"\s*Out ?\[\d*\]:")
_SHELL = re.compile(r"(\s*)(?:[\w.]+ *= *)?(?:%%?[A-Za-z]|!{1,2} ?[\w./~$]).*$")
_HELP = re.compile(r"(\s*)(?:\?{1,2}[\w.]+|[\w.]+\?{1,2})$")
_MAGIC = re.compile(r"%%?[a-z]\w+|!{1,2}[a-z./]")
_LIKE_CODE = re.compile(
    r"import [A-Za-z_]\w*(?:[.,]| as |$)|from [\w.]+ import\b"
    r"|(?:async )?def \w+\(|class \w+[:(]|@\w|for \w+(?:, ?\w+)* in .+:|while .+:"
    r"|if .+:|elif .+:|else:$|try:$|except\b.*:|with .+:"
    r"|[A-Za-z_][\w.]*(?:\[.+\])?(?:, ?[A-Za-z_]\w*)* [-+*/|&]?= \S|[A-Za-z_][\w.]*\("
    r"|%%?[a-z]\w+|!{1,2}[a-z./]"
)
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_SPACES = dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_QUOTES = {**dict.fromkeys(range(0x2018, 0x201C), "'"), **dict.fromkeys(range(0x201C, 0x2020), '"')}
_ODD = {**_INVISIBLE, **_SPACES, **_QUOTES}
_STRONG = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign,
    ast.AugAssign, ast.For, ast.While, ast.With, ast.If, ast.Try,
)  # fmt: skip


def clean(lines: Sequence[str]) -> str:
    """The code in `lines` without margin, prompts, fence lines, end tokens, odd characters."""
    bare = _without_prompts(_dedented(lines))
    kept = [
        line if inside else without_end_tokens(line)
        for line, inside in outside_strings(bare)
        if inside or not is_fence(line)
    ]
    first = next((i for i, line in enumerate(kept) if line.strip()), len(kept))
    return _plain_characters("\n".join(kept[first:]).rstrip())


def is_fence(line: str) -> bool:
    """True for a line that begins or ends a Markdown code block."""
    return line.strip().startswith(("```", "~~~"))


def without_end_tokens(text: str) -> str:
    """`text` without what a chat template left at its end (`<|EOT|>`, `</s>`)."""
    end = len(text)
    while (left := text[:end].rstrip()).endswith(">") and (match := _END_TOKEN.search(left[-24:])):
        end = len(left) - len(match[0])
    return text[:end]


def is_code(source: str) -> bool:
    """True when `source` is, or begins like, Python that nobody would take for a sentence.

    `this is it`, `Answer: yes`, `sales.csv` and `42` are valid Python and still not code.
    """
    state, tree = _parsed(source)
    if state == "invalid":
        return False
    if tree is None:
        return bool(_LIKE_CODE.match(next(_code_lines(source), "")))
    lines = source.split("\n")
    strong = any(_is_strong(statement, lines) for statement in tree.body)
    return strong or any(map(_MAGIC.match, _code_lines(source)))


def is_mostly_code(source: str) -> bool:
    """True for code, and for code with a mistake in it: most of its lines look like code."""
    lines = [line for line in _code_lines(source) if line[0] not in ")]}.'\""]
    return is_code(source) or sum(bool(_LIKE_CODE.match(line)) for line in lines) * 2 > len(lines)


def syntax(source: str) -> State:
    """Whether `source` parses as IPython would take it, may still do so, or never will."""
    return _parsed(source)[0]


def tree(source: str) -> ast.Module | None:
    """`source` parsed, `pass` in the place of IPython's own lines; None if it does not parse."""
    return _parsed(source)[1]


def open_string(line: str, quote: str) -> str:
    """The triple quote still open after `line` ("" if none), `quote` being open before it."""
    if not quote and line.lstrip().startswith(("%", "!")):
        return ""
    single = ""
    for match in _QUOTE.finditer(line):
        token = match[0]
        if quote:
            quote = "" if token == quote else quote
        elif single:
            single = "" if token.startswith(single) else single
        elif token == "#":
            break
        elif len(token) == 3:
            quote = token
        elif token in "\"'":
            single = token
    return quote


def outside_strings(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each line, with True when it begins or ends inside a triple-quoted string."""
    quote = ""
    for line in lines:
        before, quote = quote, open_string(line, quote)
        yield line, bool(before or quote)


def _parsed(source: str) -> tuple[State, ast.Module | None]:
    if source.startswith("%%"):
        return "complete", ast.Module(body=[], type_ignores=[])
    for text in (source, _without_shell(source)):
        try:
            return "complete", _tree(text)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
    return ("incomplete" if _may_go_on(_without_shell(source)) else "invalid"), None


def _tree(source: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = compile(source, "<reply>", "exec", flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def _may_go_on(source: str, retry: bool = True) -> bool:
    """True when more text could make `source` valid; a string cut on its last line counts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return codeop.compile_command(source, "<reply>", "exec") is None
    except (ValueError, OverflowError, MemoryError, RecursionError):
        return False
    except SyntaxError as error:
        lines = source.split("\n")
        cut = retry and "unterminated" in str(error.msg) and error.lineno == len(lines)
        if not cut or not error.offset:
            return False
        closed = "\n".join([*lines[:-1], lines[-1][: error.offset - 1] + "''"])
        return _may_go_on(closed, retry=False) or _parses(closed)


def _parses(source: str) -> bool:
    try:
        _tree(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _without_shell(source: str) -> str:
    """`source` with `pass` for every `%magic`, `!command` and `name?`, so that Python parses it."""
    lines, joined = [], False
    for line, inside in outside_strings(source.split("\n")):
        match = None if inside else _SHELL.match(line) or _HELP.match(line)
        shell = joined or match is not None
        joined = shell and line.endswith("\\")
        lines.append(f"{match[1]}pass" if match else "" if shell else line)
    return "\n".join(lines)


def _is_strong(statement: ast.stmt, lines: list[str]) -> bool:
    """True for a statement that no sentence looks like; `see (below)` is no call."""
    if not isinstance(statement, ast.Expr):
        return isinstance(statement, _STRONG)
    value = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    if isinstance(value, ast.Subscript):
        key = value.slice
        return isinstance(value.value, ast.Name) and isinstance(getattr(key, "value", None), str)
    if not (isinstance(value, ast.Call) and isinstance(value.func, (ast.Name, ast.Attribute))):
        return False
    end = value.func.end_lineno, value.func.end_col_offset
    return lines[(end[0] or 1) - 1].encode(errors="replace")[end[1] or 0 :].startswith(b"(")


def _code_lines(source: str) -> Iterator[str]:
    lines = (line.strip() for line in source.split("\n"))
    return (line for line in lines if line and not line.startswith("#"))


def _dedented(lines: Sequence[str]) -> list[str]:
    """Lines without the indentation of the first: a cell begins at the margin."""
    first = next((line for line in lines if line.strip()), "")
    margin = len(first) - len(first.lstrip())
    return [line[min(margin, len(line) - len(line.lstrip())) :] for line in lines]


def _without_prompts(lines: list[str]) -> list[str]:
    if not any(map(_PROMPT.match, lines)):
        return lines
    first = next(line for line in lines if line.strip())
    return list(_prompted(lines, only_prompted=bool(_PROMPT.match(first))))


def _prompted(lines: list[str], only_prompted: bool) -> Iterator[str]:
    """What was typed at `>>>` and `In [3]:`, without the output that follows it."""
    mode, quote = "plain", ""
    for line in lines:
        prompt = None if quote else _PROMPT.match(line)
        more = _CONTINUED.match(line) if mode in ("typed", "cell") else None
        if prompt:
            mode = "cell" if prompt["cell"] else "typed"
        elif not (more or quote) and ((mode == "typed" and line.strip()) or _OUT.match(line)):
            mode = "output"
        elif mode == "output" and not only_prompted and not line.strip():
            mode = "plain"
        if mode != "output":
            found = prompt or more
            typed = line[found.end() :] if found else line
            quote = open_string(typed, quote)
            yield typed


def _plain_characters(source: str) -> str:
    """`source` with odd spaces and quotes made plain where only that makes it parse."""
    if source.isascii() or not _ODD.keys() & set(map(ord, source)):
        return source
    if syntax(source) != "invalid":
        return source
    between = _STRING.sub(lambda m: m[0] if m["kept"] else m[0].translate(_ODD), source)
    for candidate in (between, source.translate(_ODD)):
        if syntax(candidate) == "complete":
            return candidate
    return source
