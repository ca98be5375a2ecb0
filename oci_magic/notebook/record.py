"""The private log of repairs: conversations as lines of Code-Feedback JSONL, to train on later.

Off by default. It is a file in the user's Jupyter data folder that nobody else can read; secrets
are taken out and nothing is sent anywhere.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ..events import Finished
from ..prompting.redact import redacted
from ..types import Turn

if TYPE_CHECKING:
    from .magics import OCIMagics

Rounds = Sequence[Turn]


def log_file() -> Path:
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "oci_magic" / "record.jsonl"


def line(exchanges: Sequence[Rounds], **fields: str) -> str:
    """One line: `id`, `messages` (request, replies, execution results) and `fields`."""
    messages = [message for rounds in exchanges for message in _messages(rounds)]
    told: dict[str, Any] = {"id": uuid.uuid4().hex, "messages": messages, **fields}
    return json.dumps(told, ensure_ascii=False) + "\n"


def note(exchanges: Sequence[Rounds], finished: Finished) -> None:
    """Add the exchanges of the request that has just finished to the log.

    A disk that refuses costs a printed line, not the answer.
    """
    if not exchanges or exchanges[0][-1].request != finished.turn.request:
        return  # stopped before there was an answer
    path, time = log_file(), datetime.now(UTC).isoformat(timespec="seconds")
    text = line(exchanges, model=finished.model, outcome=finished.outcome, time=time)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="replace") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, 0o600)  # it may be there already, readable to others
            file.write(text)
    except OSError as error:
        print(f"not recorded: {path}: {error.strerror}")


def command(magics: OCIMagics, rest: str) -> None:
    """Write what is asked and answered from now on to a file of your own, or do not."""
    if rest not in ("on", "off"):
        raise UsageError("write %oci record on, or %oci record off")
    magics.record = rest == "on"
    print(f"recording to {log_file()}" if magics.record else "recording nothing")


def _messages(rounds: Rounds) -> Iterator[dict[str, str]]:
    for number, turn in enumerate(rounds):
        if not number:
            yield _message("user", turn.request)
        yield _message("assistant", turn.reply.text)
        if turn.feedback:
            yield _message("user", turn.feedback)


def _message(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": redacted(text)}
