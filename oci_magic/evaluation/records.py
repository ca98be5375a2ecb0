"""`attempts.jsonl`: whole lines, each on disk when its attempt has ended, and no attempt twice.

Covers a first line that says what run it is, resuming (half a last line, left by a kill, is cut
off, in a file of attempts only; a file of another run is refused, unless it has no attempts), and
a lock, so that two runs do not write one file. Holds no attempts in memory: of those that are
there it knows the keys.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

from ..errors import OciError
from ..types import Usage
from .attempts import Attempt, Round
from .json_rows import lines
from .verdicts import Judgement

NAME = "attempts.jsonl"
_HEAD = b'{"run": '


class Records:
    """The attempts of a run in `folder`, open for more; `run` is what must be the same in all.

    `done` holds the keys of the attempts that are there. Use it as a context. Raises OciError for
    a file of another run, one in use, or one that is no file of attempts.
    """

    def __init__(self, folder: Path, run: Mapping[str, Any]) -> None:
        self.path, self._run = folder / NAME, json.loads(json.dumps(run))
        self._then = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b", buffering=0)
        except OSError as error:
            raise OciError(
                f"cannot write {self.path} ({error.strerror}): choose another --out"
            ) from error
        try:
            self._lock()
            self._begin()
            self._end()
            self.done = {attempt.key for attempt in attempts(self.path)}
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, attempt: Attempt) -> None:
        """Write one attempt, and the time since the one before; it is on disk when this returns."""
        now = time.monotonic()
        self._write(_as_row(replace(attempt, since=round(now - self._then, 3))))
        self._then = now
        self.done.add(attempt.key)

    def _write(self, row: Mapping[str, Any]) -> None:
        left = json.dumps(row).encode() + b"\n"
        try:
            while left:  # not buffered: what did not go to disk is not tried again on closing
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OciError(
                f"cannot write {self.path} ({error.strerror}): make room, and give the same "
                "command to go on"
            ) from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OciError(f"{self.path} is being written by another run: wait for it") from None

    def _begin(self) -> None:
        """Write what run it is, where no attempts are there yet; refuse any other file."""
        with self.path.open("rb") as file:
            first, more = file.readline(), file.read(1)
        if first.endswith(b"\n"):
            header(self.path)
        if not more and (first.startswith(_HEAD) or _HEAD.startswith(first)):
            self._file.truncate(0)
            self._write({"run": self._run})
        run = header(self.path)
        if run != self._run:
            other = [key for key in {**run, **self._run} if run.get(key) != self._run.get(key)]
            raise OciError(
                f"{self.path} is of a run with another {', '.join(other)}: choose another --out, "
                "or give the same options to go on with it"
            )

    def _end(self) -> None:
        """End the last line: it is whole, or half of one, which is dropped."""
        start, last = self._last_line()
        if last and _attempt(last):
            self._file.write(b"\n")
        elif last:
            self._file.truncate(start)

    def _last_line(self) -> tuple[int, bytes]:
        """What stands behind the last end of a line, and where it starts."""
        start, last = self._file.seek(0, os.SEEK_END), b""
        while start and b"\n" not in last:
            before = max(0, start - (1 << 16))
            self._file.seek(before)
            last, start = self._file.read(start - before) + last, before
        kept = last.rfind(b"\n") + 1
        return start + kept, last[kept:]


def header(path: Path) -> dict[str, Any]:
    """What run a file is of. Raises OciError."""
    try:
        return dict(json.loads(next(_lines(path), b""))["run"])
    except (KeyError, RecursionError, TypeError, ValueError):
        raise OciError(f"{path} is no file of attempts: choose another --out") from None


def attempts(path: Path) -> Iterator[Attempt]:
    """The attempts in a file, one after the other; half a last line is passed over."""
    for number, line in islice(enumerate(_lines(path), 1), 1, None):
        found = _attempt(line)
        if found:
            yield found
        elif line.endswith(b"\n"):
            raise OciError(
                f"{path}: line {number} is no attempt: remove the line to have it tried again"
            )


def _as_row(attempt: Attempt) -> dict[str, Any]:
    """An attempt as a line of `attempts.jsonl`; what says nothing is left out."""
    row = asdict(attempt)
    for each in row["rounds"]:
        if each["mentor"] == asdict(Usage()):
            del each["mentor"]
        if not each["guidance"]:
            del each["guidance"]
        for tests in ("base", "plus"):
            each[tests] = each[tests] and {k: v for k, v in each[tests].items() if v}
    return row


def _from_row(row: dict[str, Any]) -> Attempt:
    """The attempt that a line tells of. Raises KeyError or TypeError for any other line."""
    rounds = tuple(
        Round(
            each["text"], each["code"], Judgement(**each["base"]),
            Judgement(**each["plus"]) if each["plus"] else None, Usage(**each["usage"]),
            each.get("guidance", ""), Usage(**each.get("mentor", {})),
        )
        for each in row["rounds"]
    )  # fmt: skip
    return Attempt(**{**row, "rounds": rounds, "marks": tuple(row.get("marks", ()))})


def _attempt(line: bytes) -> Attempt | None:
    """What a line tells, None for any other line, and for half of one."""
    try:
        return _from_row(json.loads(line))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return None


def _lines(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise OciError(f"there is no {path}: make it with `oci-magic eval PROBLEMS --model M`")
    return lines(path)
