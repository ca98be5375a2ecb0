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
    """Each row, and where it stands: `line 3`, or `entry 3` of a list.

    Raises OciError for what is no JSON, and says that it should have `form`.
    """
    file = lines(path)
    for number, line in enumerate(file, 1):
        place, text = f"line {number}", line.removeprefix(BOM_UTF8).strip()
        whole = text + b"".join(file) if text.startswith(b"[") else text or b"[]"
        try:
            found = json.loads(whole)
        except (RecursionError, ValueError):
            raise OciError(f"{path}: {place} is not JSON; it should have {form}") from None
        if isinstance(found, list):
            yield from ((f"entry {at}", row) for at, row in enumerate(found, 1))
        else:
            yield place, found


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file. Raises OciError where they cannot be read to the last."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            yield from file
        except (EOFError, OSError, zlib.error) as error:
            raise OciError(f"{path} cannot be read to its end ({error}): fetch it again") from None
