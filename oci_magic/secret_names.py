"""Names whose values are secrets, and values that look like one: one list for all who ask.

`password`, `db_pwd`, `SMTP_PASS`, `api_key` say so themselves. `token`, `key` and `credential` are
common names of harmless things as well: there the value has to look like a secret.
"""

from __future__ import annotations

import re

SURE = (
    r"(?:passw(?:or)?[dt]|passphrase|passcode|pwd|(?<=[a-z0-9]_)pass(?![a-z])|secret(?!ar|ion)"
    r"|(?:api|access|private|auth|encryption|account|storage)[_-]?(?:key|token))"
)
OF_COLUMN = r"_(?:col|cols|column|columns|field|name|label|file|path)"
"""What such a name ends in that says where the secret is, not what it is."""
_SURE = re.compile(SURE, re.IGNORECASE)
_MAYBE = re.compile(r"(?:^|_)(?:token|key|credential)s?(?:$|_?\d)", re.IGNORECASE)
_OF_COLUMN = re.compile(rf"{OF_COLUMN}$", re.IGNORECASE)
_LOOKS_SECRET = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])\S{12,}")


def is_secret_name(name: str) -> bool:
    """Whether a variable or a column of this name holds secrets."""
    return bool(_SURE.search(name)) and not _OF_COLUMN.search(name)


def is_secret(name: str, value: str) -> bool:
    """Whether a text under this name is a secret."""
    return is_secret_name(name) or bool(_MAYBE.search(name) and looks_secret(value))


def looks_secret(value: str) -> bool:
    """Letters and digits without a blank, at least twelve of them."""
    return bool(_LOOKS_SECRET.fullmatch(value))
