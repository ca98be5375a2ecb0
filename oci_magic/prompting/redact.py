"""Secrets in text: taken out before it is written down or told further.

Covers what is assigned to a name that sounds like one, in quotes or as shells, settings and
sentences say it, credentials in addresses and headers, tokens
of well-known forms, and long runs of hex or base64 digits. A short secret under a harmless name
cannot be told from other text.
"""

from __future__ import annotations

import re

GONE = "[redacted]"
_NAMES = r"""(?:token|passw(?:or)?d|passphrase|pwd|secret|credential
        |(?:api|access|private|auth|encryption|account|storage)[_-]?key)"""
_SURE = r"(?:passw(?:or)?d|passphrase|pwd|secret|(?:api|access|private)[_-]?key)"
_ASSIGNED = re.compile(
    rf"""({_NAMES}[\w-]{{0,40}}["']?\]?\s{{0,8}}(?:[:=]|\bis\b)\s{{0,8}})
        (?:[rbfRBF]{{0,2}})(["'])(?:(?!\2)[^\n\\]|\\.)+\2""",
    re.IGNORECASE | re.VERBOSE,
)
_BARE = re.compile(
    rf"""((?-i:[A-Z_]){_NAMES}=(?=\S)            # PGPASSWORD=x, as a shell has it
        |(?<![\w-])--?{_NAMES}[= ]               # --password x
        |(?<![\w-]){_SURE}=(?=[^\s,]{{1,200}}(?:[\s;&}}]|$))
        |(?<![\w-])[\w-]{{0,40}}{_SURE}["']?(?:[ ]is)?[ ]{{0,8}}:[ ]{{0,8}}
        |(?<![\w-]){_NAMES}[ ]is[ ]{{0,8}}:[ ]{{0,8}})
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
_IN_ADDRESS = re.compile(r"(?<=\w)://[^\s/@:'\"]*:[^\s/@'\"]+@")
_IN_HEADER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}")
_FORMS = re.compile(
    r"\b(?:sk-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|hf_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|(?<!-)eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)
_DIGITS = re.compile(r"(?<![\w/+.-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/+-])")


def redacted(text: str) -> str:
    """`text` with `[redacted]` in the place of what looks like a secret."""
    text = _ASSIGNED.sub(lambda found: f"{found[1]}{found[2]}{GONE}{found[2]}", text)
    text = _BARE.sub(_unless_of_code, text)
    text = _IN_ADDRESS.sub(f"://{GONE}@", text)
    text = _IN_HEADER.sub(rf"\1 {GONE}", text)
    return _DIGITS.sub(_unless_a_word, _FORMS.sub(GONE, text))


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
