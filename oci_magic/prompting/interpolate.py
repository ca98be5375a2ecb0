"""`{name}`, `{In[3]}`, `{Out[3]}` and `{Err[3]}` in a prompt → the text they stand for.

Covers plain names that exist. Every other brace stays as typed: expressions, attributes, format
specs, JSON, `{{doubled}}`, LaTeX. What looks like LaTeX and like a file's name alike is a file's
name (`report_{year}.csv`, `C:\\data\\{name}`), unless `$` or a formula's letter says otherwise.
Nothing is evaluated beyond `repr` and a table's first rows.
"""

from __future__ import annotations

import contextvars
import ctypes
import keyword
import re
import reprlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from ..objects import SHELL_NAMES, is_builtin, table_kind
from .feedback import cut

LIMIT = 2000
ROWS = 5
SECONDS = 2.0
_ELEMENTS = 5000

_PLACEHOLDER = re.compile(r"\{(?:(In|Out|Err)\[([0-9]{1,9})\]|([^\W\d]\w*))\}")
_COMMAND = re.compile(r"(?:\\[A-Za-z]+\*?(?:\[[^\][{}\n]*\])?|(?<![\w.:\\})\]])\\)\Z")
_SCRIPT = re.compile(r"[\\^_]\Z")
_SCRIPTED = re.compile(r"(?:(?<!\w)[^\W\d_]|\))[\^_]\Z")
_DELIMITER = re.compile(r"\\[$()\[\]]|\$\$?")
_CLOSED_BY = {r"\)": r"\(", r"\]": r"\[", "$$": "$$", "$": "$"}
_FORMAT = re.compile(r"\{[^\W\d][^\s{}\"']{,30}:[^\s{}\"']{,30}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTAINERS = (list, tuple, dict, set, frozenset)


def interpolate(
    prompt: str,
    namespace: Mapping[str, object],
    inputs: Sequence[str] | Mapping[int, str],
    outputs: Mapping[int, object],
    errors: Mapping[int, str],
) -> str:
    """`prompt` with the placeholders that exist replaced, once, from left to right.

    A string stands for itself; a pandas table for its shape and first rows; anything else for
    its `repr`, at most 2,000 characters of it. Never raises, whatever the objects do.
    """
    numbered = {"In": inputs, "Out": outputs, "Err": errors}
    pieces, at = [], 0
    for match in _placeholders(prompt):
        if match[3]:
            found, value = _variable(namespace, match[3])
        else:
            found, value = _entry(numbered[match[1]], int(match[2]))
        if found:
            pieces += [prompt[at : match.start()], shown(value)]
            at = match.end()
    return "".join([*pieces, prompt[at:]])


def shown(value: object) -> str:
    """The text that stands for `value`; `<Type object>` when it has none worth showing.

    A `repr` gets 2 seconds; it runs in a thread of its own so that none can hold up the prompt.
    """
    if issubclass(type(value), str):
        return str.__str__(value)
    text = _in_time(lambda: _described(value))
    if text is None:
        text = f"<{_type_name(type(value))} object>"
    return cut(_CONTROL.sub(_escaped, text), LIMIT)


def _placeholders(prompt: str) -> Iterator[re.Match[str]]:
    """Placeholders outside LaTeX groups and doubled braces."""
    partner = _partners(prompt)
    groups, opening = _latex_groups(prompt, partner), {at: start for start, at in partner.items()}
    end = 0
    for match in _PLACEHOLDER.finditer(prompt):
        while groups and groups[0][0] <= match.start():
            end = max(end, groups.pop(0)[1])
        if match.start() >= end and not _doubled(prompt, match, partner, opening):
            yield match


def _doubled(
    prompt: str, match: re.Match[str], partner: Mapping[int, int], opening: Mapping[int, int]
) -> bool:
    """Whether braces belong to `{{x}}` or to a format spec, not to JSON around a placeholder.

    A single brace beside it without a partner is half of a doubled one.
    """
    before, after = match.start() - 1, match.end()
    left, right = prompt[max(0, before) : before + 1] == "{", prompt[after : after + 1] == "}"
    if left and right:
        return True
    if right:
        start = opening.get(after)
        return start is None or bool(_FORMAT.fullmatch(prompt, start, match.start()))
    return left and before not in partner


def _latex_groups(prompt: str, partner: Mapping[int, int]) -> list[tuple[int, int]]:
    r"""Where the arguments of `\word{a}{b}`, `x^{a}` and `x_{a}` begin and end, in order."""
    groups: dict[int, int] = {}
    ends: set[int] = set()
    formulas = _formulas(prompt)
    for start in sorted(partner):
        while formulas and formulas[0][1] <= start:
            formulas.pop(0)
        before = prompt[max(0, start - 60) : start]
        in_formula = bool(formulas) and formulas[0][0] < start and _SCRIPT.search(before)
        follows = start in ends or (start - 1 in ends and before[-1] in "^_")
        if follows or in_formula or _COMMAND.search(before) or _SCRIPTED.search(before):
            groups[start] = partner[start] + 1
            ends.add(groups[start])
    return list(groups.items())


def _formulas(prompt: str) -> list[tuple[int, int]]:
    r"""Where `$...$`, `$$...$$`, `\(...\)` and `\[...\]` begin and end, in order.

    As in Pandoc, what a `$` opens or closes touches it, and no digit follows: prices are none.
    """
    found, opened = [], dict[str, int]()
    for match in _DELIMITER.finditer(prompt):
        mark, (start, end) = match[0], match.span()
        opener = _CLOSED_BY.get(mark, "")
        if opener in opened and _closes(prompt, mark, opened[opener], start):
            found.append((opened[opener], end))
            opened.clear()
        elif mark in _CLOSED_BY.values() and (mark != "$" or not prompt[end : end + 1].isspace()):
            opened[mark] = start
    return found


def _closes(prompt: str, mark: str, opened: int, start: int) -> bool:
    if mark != "$":
        return True
    price = prompt[start + 1 : start + 2].isdigit() or prompt[start - 1].isspace()
    return not price and prompt.find("\n", opened, start) < 0


def _partners(prompt: str) -> dict[int, int]:
    """The index of every opening brace that is closed → that of its closing brace."""
    partner, opened = {}, []
    for match in re.finditer(r"[{}]", prompt):
        if match[0] == "{":
            opened.append(match.start())
        elif opened:
            partner[opened.pop()] = match.start()
    return partner


def _variable(namespace: Mapping[str, object], name: str) -> tuple[bool, object]:
    if name.startswith("_") or keyword.iskeyword(name) or name in SHELL_NAMES:
        return False, None
    found, value = _entry(namespace, name)
    return found and not is_builtin(name, value), value


def _entry(entries: object, key: object) -> tuple[bool, object]:
    """Whether `entries` has `key`, and its value. A list of inputs begins at 1."""
    try:
        if isinstance(entries, Mapping):
            return key in entries, entries.get(key)
        return key != 0, entries[key]  # type: ignore[index]  # a sequence, by the signature
    except Exception:
        return False, None


def _described(value: object) -> str:
    if table_kind(value):
        return _table(value)
    return repr(value) if _elements(value, _ELEMENTS) < _ELEMENTS else _short().repr(value)


def _table(value: object) -> str:
    table: object = value
    shape = table.shape  # type: ignore[attr-defined]  # pandas is recognised, not imported
    rows = table.head(ROWS).to_string()  # type: ignore[attr-defined]  # the same
    size = " x ".join(f"{n} {word}" for n, word in zip(shape, ("rows", "columns"), strict=False))
    return f"{rows}\n[{size}]"


def _elements(value: object, limit: int) -> int:
    """How many elements the built-in containers in `value` hold, counted up to `limit`."""
    count, waiting = 0, [value]
    while waiting and count < limit:
        item = waiting.pop()
        kind = type(item)
        if kind in (bytes, bytearray, str):
            count += len(item) // 10  # type: ignore[arg-type]  # one of three sized types
        elif kind in _CONTAINERS:
            count += len(item)  # type: ignore[arg-type]  # a built-in container
            values: Iterable[object] = item.values() if kind is dict else item  # type: ignore[attr-defined, assignment]  # same
            waiting += islice(values, limit)
    return count


def _short() -> reprlib.Repr:
    """A `repr` that looks at the first elements of a large container only."""
    short = reprlib.Repr()
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = short.maxfrozenset = 20
    short.maxlevel = 3
    short.maxstring = short.maxother = 200
    return short


def _in_time(describe: Callable[[], str]) -> str | None:
    """What `describe` returns, None if it raises or takes longer than `SECONDS`."""
    answer: list[str] = []
    context = contextvars.copy_context()

    def work() -> None:
        try:
            answer.append(str.__str__(context.run(describe)))
        except BaseException:
            answer.clear()

    thread = threading.Thread(target=work, name="oci_magic repr", daemon=True)
    thread.start()
    thread.join(SECONDS)
    if thread.is_alive() and thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
        )
        return None
    return answer[0] if answer else None


def _type_name(kind: type) -> str:
    """The type's name, past any metaclass that would answer in its place."""
    name: str = type.__dict__["__name__"].__get__(kind)
    return name


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
