"""The rows of a file of JSON: one to a line, the same in `.gz`, or a list of them."""

from __future__ import annotations

import gzip
import json
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import OciError


def rows(path: Path, form: str) -> Iterator[tuple[str, Any]]:
    """Each row, and where it stands: `line 3`, or `entry 2` of a list.

    Raises OciError for what is no JSON; `form` is what the file should have, for its message.
    """
    file = lines(path)
    for number, line in enumerate(file, 1):
        text = line.removeprefix(BOM_UTF8).strip()
        if not text:
            continue
        try:
            found = json.loads(text)
        except (RecursionError, ValueError):
            if not text.startswith(b"["):
                why = f"line {number} is not JSON; it should have {form}"
                raise OciError(f"{path}: {why}") from None
            found = _whole(path, text + b"\n" + b"".join(file), form)
        if isinstance(found, list):
            yield from ((f"entry {at}", row) for at, row in enumerate(found, 1))
        else:
            yield f"line {number}", found


def _whole(path: Path, text: bytes, form: str) -> Any:
    """A list over several lines."""
    try:
        return json.loads(text)
    except (RecursionError, ValueError) as error:
        raise OciError(f"{path} is not JSON: {error}; it should have {form}") from None


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file. Raises OciError where they cannot be read to the last."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield from file
    except (EOFError, OSError, zlib.error) as error:
        raise OciError(f"{path} cannot be read to its end ({error}): fetch it again") from None
