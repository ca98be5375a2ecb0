"""Working folders of judged processes: how much is in one, and that none stays.

Covers what a stranger does to his folder: he removes it or puts a link in its place, takes the
rights from what is in it, or nests folders deeper than a path is long. Nothing here raises for it.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "oci_magic-"
_ENTRY = 4096


def made() -> Path:
    """A new folder, named after this process for `sweep`."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def used(folder: Path, most: int) -> int:
    """The bytes in `folder` and the folders in it, each entry 4 KiB more; if over `most`, a part.

    Folders that nest deeper than a path can tell are over `most`.
    """
    total, waiting = 0, [str(folder)]
    while waiting and total <= most:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    total += _size(entry, waiting)
                    if total > most:
                        break
        except OSError as error:  # it was there a moment ago, or is closed
            total += most + 1 if error.errno == errno.ENAMETOOLONG else 0
    return total


def _size(entry: os.DirEntry[str], folders: list[str]) -> int:
    with suppress(FileNotFoundError):
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.path)
        return _ENTRY + entry.stat(follow_symlinks=False).st_size
    return 0


def remove(folder: Path) -> None:
    """Remove `folder`, or what stands in its place."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if not os.path.lexists(folder):
        return
    opening = [] if folder.is_symlink() else [["chmod", "-R", "u+rwx"]]
    for command in (*opening, ["rm", "-rf"]):  # which go as deep as it goes
        with suppress(OSError):
            subprocess.run([*command, folder], stderr=subprocess.DEVNULL, check=False)


def sweep() -> None:
    """Remove the working folders that processes have left which judged here and were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            remove(folder)  # those of others refuse


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # of another user
    return True
