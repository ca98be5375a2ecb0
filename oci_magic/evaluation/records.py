"""`attempts.jsonl`: whole lines, each on disk when its attempt has ended, and no attempt twice.

Covers a first line that says what run it is, resuming (half a last line, left by a kill, is cut
off; a file of another run is refused), and a lock, so that two runs do not write one file. Holds
no attempts in memory: of those that are there it knows the keys.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from ..errors import OciError
from .attempts import Attempt, Key, as_row, from_row

NAME = "attempts.jsonl"


class Records:
    """The attempts of a run in `folder`, open for more; `run` is what must be the same in all.

    `done` holds the keys of the attempts that are there. Use it as a context. Raises OciError for
    a file of another run, one in use, or one that is no file of attempts.
    """

    def __init__(self, folder: Path, run: Mapping[str, Any]) -> None:
        self.path, self._run = folder / NAME, json.loads(json.dumps(run))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
        except OSError as error:
            raise OciError(
                f"cannot write {self.path} ({error.strerror}): choose another --out"
            ) from error
        try:
            self._lock()
            self._cut()
            self.done = set(self._keys())
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, attempt: Attempt) -> None:
        """Write one attempt; it is on disk when this returns."""
        self._write(as_row(attempt))
        self.done.add(attempt.key)

    def _write(self, row: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(row).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OciError(f"{self.path} is being written by another run: wait for it") from None

    def _cut(self) -> None:
        """Drop half a line at the end."""
        size = end = self._file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - (1 << 16))
            self._file.seek(start)
            piece = self._file.read(end - start)
            if b"\n" in piece:
                end = start + piece.rindex(b"\n") + 1
                break
            end = start
        if end < size:
            self._file.truncate(end)

    def _keys(self) -> Iterator[Key]:
        if not self.path.stat().st_size:
            self._write({"run": self._run})
            return
        run = header(self.path)
        if run != self._run:
            other = [key for key in {**run, **self._run} if run.get(key) != self._run.get(key)]
            raise OciError(
                f"{self.path} is of a run with another {', '.join(other)}: choose another --out, "
                "or give the same options to go on with it"
            )
        for attempt in attempts(self.path):
            yield attempt.key


def header(path: Path) -> dict[str, Any]:
    """What run a file is of. Raises OciError."""
    with _opened(path) as file:
        try:
            return dict(json.loads(file.readline())["run"])
        except (KeyError, TypeError, ValueError):
            raise OciError(f"{path} is no file of attempts: choose another --out") from None


def attempts(path: Path) -> Iterator[Attempt]:
    """The attempts in a file, one after the other; half a last line is passed over."""
    with _opened(path) as file:
        file.readline()
        for number, line in enumerate(file, 2):
            if not line.endswith(b"\n"):
                return
            try:
                yield from_row(json.loads(line))
            except (KeyError, TypeError, ValueError):
                raise OciError(
                    f"{path}: line {number} is no attempt: remove the line to have it tried again"
                ) from None


def _opened(path: Path) -> Any:
    if not path.is_file():
        raise OciError(f"there is no {path}: make it with `oci-magic eval PROBLEMS --model M`")
    return path.open("rb")
