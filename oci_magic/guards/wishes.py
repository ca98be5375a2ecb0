"""What a request itself says of errors: the person's wish, which is no hiding.

The words must speak of errors: transactions that failed and invalid dates are data.
"""

from __future__ import annotations

import re

_TAKE = (
    r"\b(?:(?:ignor|tolerat|silenc|handl)(?:e|ing)"
    r"|(?:suppress|swallow|catch)(?:ing)?|skip(?:ping)?)"
)
_LEAVE = r"\b(?:skip|ignor|omit|drop|tolerat|discard|leav)\w*\b[^.;\n]{0,40}?\b"
_ERROR = r"(?:\w*errors?|\w*exceptions?|\w*warnings?)\b"
_OF_DATA = r"(?!\s+(?:bars?|rates?|codes?|columns?|counts?|messages?|logs?|rows?|terms?|values?)\b)"
_KINDS = r"(?:the|those|these|such|possible|other|\w+ing|conversion|import|key|type|file)"
_UNREAD = r"(?:read|pars|convert|open|decod|load|import|cast|process|work)\w*"
_EVERY = re.compile(
    rf"\btry\s*[/,.-]*\s*(?:and\s+)?except\b|{_TAKE}\s+(?:any|all|every|each)\s+{_ERROR}{_OF_DATA}",
    re.IGNORECASE,
)
_ERRORS = re.compile(
    rf"{_TAKE}\s+(?:{_KINDS}\s+){{0,2}}{_ERROR}{_OF_DATA}"
    rf"|\b{_ERROR}\s+(?:should|may|can|must|are\s+to|to)\s+be\s+(?:ignor|skip|caught|suppress)"
    rf"|{_LEAVE}(?:can(?:no|')t|can not)\s+be\s+{_UNREAD}\b"
    rf"|{_LEAVE}(?:do|does)(?:n't| not)\s+{_UNREAD}\b"
    rf"|{_LEAVE}(?:that|which)\s+(?:fail|raise|throw)s?\b(?!\s+(?:the|an?|their|its)\b)"
    r"|errors\s*=\s*['\"](?:coerce|ignore)|\bcontextlib\b",
    re.IGNORECASE,
)
_UNUSABLE = re.compile(
    rf"{_LEAVE}(?:invalid|malformed|corrupt\w*|unreadable|unpars\w+|broken|bad)\b", re.IGNORECASE
)
_EXIT = re.compile(
    r"\b(?:exit|quit)\b(?!\s+(?:rate|page|poll|survey|date|price|code)s?\b)", re.IGNORECASE
)


def wishes_to_end(request: str) -> bool:
    """Whether the program may end itself."""
    return bool(_EXIT.search(request))


def wishes(request: str, *, broad: bool, once: bool) -> bool:
    """Whether an error may be taken: `broad`ly, any of them, or where the code stands `once`.

    Who wants bad rows skipped wants it in a loop over them; who wants errors ignored, not that
    a step of the work is left out whatever happens.
    """
    if _EVERY.search(request):
        return True
    if broad and once:
        return False
    if _ERRORS.search(request):
        return True
    return not broad and not once and bool(_UNUSABLE.search(request))
