"""Secrets in text: taken out before it is written down or told further.

Covers what is assigned to a name that sounds like one, in quotes or as shells, settings and
sentences say it, credentials in addresses and headers, tokens
of well-known forms, and long runs of hex or base64 digits. A short secret under a harmless name
cannot be told from other text.
"""

from __future__ import annotations

import re

from ..secret_names import OF_COLUMN, SURE, looks_secret

GONE = "[redacted]"
FARTHEST = 1000
"""Characters of a line before a name that are looked at."""
_MAYBE = r"(?:token|credential)s?(?![a-z])"
_NAMES = rf"(?:{SURE}|{_MAYBE})"
_REST = rf"(?:(?!{OF_COLUMN}(?![a-z]))[\w-]){{0,40}}"
_ASSIGNED = re.compile(
    rf"""((?:(?P<sure>{SURE}{_REST}|(?<=["'])pass(?=["']))|{_MAYBE}(?:_?\d+)?)["']?\]?
        \s{{0,8}}(?:[:=]|\bis\b)\s{{0,8}})
        (?:[rbfRBF]{{0,2}})(?P<quote>["'])(?P<value>(?:(?!(?P=quote))[^\n\\]|\\.)+)(?P=quote)""",
    re.IGNORECASE | re.VERBOSE,
)
_TEXTS = re.compile(r"""(?<=\w\w)'(?=\w)|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_AFTER_TEXT = re.compile(r"\s*(?:[,;:.)\]}+*%=!<>]|(?:if|else|in|for|and|or|not|is)\b|$)")
_BARE = re.compile(
    rf"""((?-i:[A-Z_]){_NAMES}=(?=\S)            # PGPASSWORD=x, as a shell has it
        |(?<![\w-])--?{_NAMES}[= ]               # --password x
        |(?<![\w-]){SURE}=(?=[^\s,]{{1,200}}(?:[\s;&}}]|$))
        |(?<![\w-])[\w-]{{0,40}}{SURE}[ ]{{1,8}}=[ ]{{1,8}}(?=\S*\d\S*[ ]*$)  # of an ini file
        |(?<![\w-])[\w-]{{0,40}}{SURE}["']?(?:[ ]is)?[ ]{{0,8}}:[ ]{{0,8}}
        |(?<![\w-]){_NAMES}[ ]is[ ]{{0,8}}:[ ]{{0,8}}
        |\b(?:\w{{0,40}}_)?{_MAYBE}[ ]{{0,8}}[:=][ ]{{0,8}}(?=[a-z]*\d)(?=[a-z\d+/~-]{{12}}))
        (?!\[redacted\])([^\s"'(){{}}\[\],;&:]{{4,}})(?=[\s,;&}}]|\.?$)""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
"""The same without quotes, as shells, settings and sentences have it."""
_OF_CODE = re.compile(
    rf"""(?:str|int|bytes|float|bool|None|True|False|Any|object|Path|SecretStr|Optional
    |[a-z_]\w*(?:\.[a-z_]\w*)+|(?:\w*_)?{_NAMES}(?:s|_\w*)?(?:[-+*/.].*)?)\Z""",
    re.IGNORECASE | re.VERBOSE,
)
"""What stands there in code: a type, or a variable."""
_IN_ADDRESS = re.compile(r"(?<=\w)://[^\s/@:'\"]*:[^\s/'\"]+@")
_IN_PATH = re.compile(r"(?<=hooks\.slack\.com/services/)[\w/]+|(?<=[?&]sig=)[^\s&'\"]+")
_IN_HEADER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}")
_FORMS = re.compile(
    r"\b(?:sk-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|hf_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}"
    r"|[sr]k_(?:live|test)_\w{10,}|npm_\w{20,}|pypi-[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|(?<!-)eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)
_DIGITS = re.compile(r"(?<![\w/+.-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/+-])")


def redacted(text: str) -> str:
    """`text` with `[redacted]` in the place of what looks like a secret."""
    text = _ASSIGNED.sub(_unless_harmless, text)
    text = _BARE.sub(_unless_of_code, text)
    text = _IN_ADDRESS.sub(f"://{GONE}@", text)
    text = _IN_PATH.sub(GONE, text)
    text = _IN_HEADER.sub(rf"\1 {GONE}", text)
    return _DIGITS.sub(_unless_a_word, _FORMS.sub(GONE, text))


def _unless_harmless(found: re.Match[str]) -> str:
    quote, value = found["quote"], found["value"]
    if (not found["sure"] and not looks_secret(value)) or _ends_a_text(found):
        return found[0]
    return f"{found[1]}{quote}{GONE}{quote}"


def _ends_a_text(found: re.Match[str]) -> bool:
    """Whether the name stands in a text of its own that ends here: `print("password:", x)`."""
    if not _AFTER_TEXT.match(found["value"]):
        return False
    *_, before = found.string[: found.start("quote")][-FARTHEST:].split("\n")
    opened = re.search("[\"']", _TEXTS.sub("", before))
    return opened is not None and opened[0] == found["quote"]


def _unless_of_code(found: re.Match[str]) -> str:
    return found[0] if _OF_CODE.match(found[2]) else f"{found[1]}{GONE}"


def _unless_a_word(found: re.Match[str]) -> str:
    """Hex, or digits and both cases mixed as chance does: no long name or path is so."""
    text = found[0]
    if re.fullmatch(r"[0-9a-fA-F]+", text):
        return GONE if re.search(r"[a-fA-F]", text) and re.search(r"\d", text) else text
    kinds = [r"\d", "[a-z]", "[A-Z]"]
    changes = len(re.findall(r"(?<=\d)[A-Za-z]|(?<=[A-Za-z])\d|(?<=[a-z])[A-Z]", text))
    chance = all(re.search(kind, text) for kind in kinds) and changes >= len(text) // 6
    return GONE if chance else text
