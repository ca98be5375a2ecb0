"""What a request to a model server failed of: whether to try again, and one line on what to do.

Covers what the `openai` client raises (version 1 by httpx, version 3 by httpx2) without importing
it, statuses of HTTP, and the words in which servers say that a prompt is too long.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from ..errors import EngineError
from .weights import one_line

WAITS = (1.0, 2.0, 4.0)
"""Seconds before each further try; a server may ask for more."""
LONGEST = 60.0
"""Seconds that are waited at most because a server asks for it."""
_BEYOND = 0.05
"""How much of what would be waited else is added where a server says how long to wait."""
KEY = "OCI_SERVER_KEY"
"""The environment variable with the key. OPENAI_API_KEY is not read: what is meant for one
service must not go to whichever server is set."""
_LENGTH = re.compile(
    r"exceed\w* (?:the )?(?:available |maximum )?context|maximum context|context_length_exceeded|"
    r"exceed_context_size|too many tokens",
    re.IGNORECASE,
)

_WINDOW = re.compile(r"context (?:length|window|size)(?: is| of|:)? ?\(?(\d+)", re.IGNORECASE)


class BrokenStream(Exception):
    """An answer that ended before it was finished."""


class Tries:
    """The further tries of one request; `patience` as in `Server`."""

    def __init__(self, patience: float = 0.0) -> None:
        self._patient, self._left = patience > 0, patience
        self._next, self._tried = WAITS[0], 0

    def pause(self, error: Exception) -> float | None:
        """Seconds to wait before the next try, None where another cannot help."""
        status = status_of(error)
        if too_long(error) is not None:
            return None
        if status == 429 and self._patient:
            return self._longer(error)
        if self._tried >= len(WAITS):
            return None
        wait = WAITS[self._tried]
        self._tried += 1
        if status == 429 or status >= 500:
            asked = _asked(error) or 0.0
            return max(asked, wait) if asked <= LONGEST else None
        return wait if not status and _is_break(error) else None

    def _longer(self, error: Exception) -> float | None:
        """Twice as long each time, or little more than is asked for, while patience lasts."""
        asked = _asked(error)
        wait = self._next if asked is None else asked + _BEYOND * self._next
        self._next = min(2 * self._next, LONGEST)
        self._left -= wait
        return wait if self._left >= 0 else None


def line(error: Exception, where: str, url: str, key: str, seconds: float) -> str:
    """One line on the failure of a request to the server at `where`; `key` is taken out of it."""
    return _line(error, where, url, bool(key), seconds).replace(key or "\0", "***")


def said(error: Exception) -> str:
    """What the server itself says, on one line; "" for a page of HTML and for nothing."""
    body = getattr(error, "body", None)
    for name in ("error", "message", "detail"):
        body = body.get(name, body) if isinstance(body, Mapping) else body
    text = one_line(body if isinstance(body, str) and body.strip() else str(body or ""))
    return "" if text.startswith("<") or not body else text


def status_of(error: Exception) -> int:
    """The status of HTTP, 0 where there was no answer or a good one."""
    return int(getattr(error, "status_code", 0))


def names_model(error: Exception) -> bool:
    """Whether a 404 is about a model and not about a path."""
    return status_of(error) == 404 and "model" in said(error).lower()


def why(error: Exception) -> str:
    """A few words on why the same is asked again."""
    status = status_of(error)
    if status:
        return "too many requests" if status == 429 else f"failed ({status})"
    return "the answer broke off"


def too_long(error: Exception) -> int | None:
    """None unless the prompt is too long for the model; else its window, 0 if that is not told."""
    body = getattr(error, "body", None)
    words = f"{getattr(error, 'code', '')} {getattr(error, 'type', '')} {body}"
    if not _LENGTH.search(words):
        return None
    told, written = body.get("n_ctx") if isinstance(body, Mapping) else None, _WINDOW.search(words)
    return told if isinstance(told, int) else int(written[1]) if written else 0


def _line(error: Exception, where: str, url: str, has_key: bool, seconds: float) -> str:
    status, words = status_of(error), said(error)
    told = f"{status}: {words}" if words else str(status)
    if status in (401, 403):
        what = f"does not accept the key in {KEY}" if has_key else "wants a key"
        return f"{where} {what} ({told}): set {KEY} in the environment in which Jupyter starts"
    if status in (404, 405) or 300 <= status < 400:
        return (
            f"{where} has no chat completions at {url} ({told}): check OCIMagics.server_url, "
            "which usually ends in /v1"
        )
    if status == 429:
        asked = _asked(error)
        wait = f"it asks to wait {asked:.0f} s" if asked else "wait a little"
        return f"{where} has too many requests ({told}): {wait}, then run the cell again"
    if status >= 500:
        return f"{where} failed ({told}): see its log, then run the cell again"
    if status:
        return f"{where} refuses the request ({told}): choose another model (%oci models)"
    return _unanswered(error, where, url, words, seconds)


def _unanswered(error: Exception, where: str, url: str, words: str, seconds: float) -> str:
    causes = tuple(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"there is no machine called {urlsplit(url).hostname}: check OCIMagics.server_url"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return (
            f"nothing listens at {url} (connection refused): start the server, or set "
            "OCIMagics.server_url to where it is (%oci models shows what listens here)"
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            f"{where} cannot be spoken to by https ({one_line(causes[-1], 80)}): check "
            "OCIMagics.server_url, it may have to begin with http://"
        )
    if not is_slow(error) and _is_timeout(error):
        return f"{where} cannot be reached: check OCIMagics.server_url and the network"
    if is_slow(error):
        return (
            f"{where} has sent nothing for {seconds:g} s: see whether it is loading the model or "
            "busy, then run the cell again, or raise OCIMagics.server_timeout"
        )
    if words:
        return f"{where} failed while it wrote ({words}): see its log, then run the cell again"
    return (
        f"{where} broke the answer off ({one_line(causes[-1], 80)}): see whether it still runs, "
        "then run the cell again"
    )


def is_slow(error: Exception) -> bool:
    """Whether there is a connection and nothing came over it in time."""
    return _is_timeout(error) and not any(
        "ConnectTimeout" in type(cause).__name__ for cause in _causes(error)
    )


def _is_break(error: Exception) -> bool:
    final = (socket.gaierror, ConnectionRefusedError, ssl.SSLError)
    return not _is_timeout(error) and not any(isinstance(c, final) for c in _causes(error))


def _is_timeout(error: Exception) -> bool:
    return any("Timeout" in type(cause).__name__ for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _asked(error: Exception) -> float | None:
    return _retry_after(error.response.headers)  # type: ignore[attr-defined]  # openai's


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, None where it asks for nothing that can be read."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def unable(error: ImportError) -> EngineError:
    """What is said where the client is not installed."""
    return EngineError(
        "server: models need the openai client: pip install 'oci_magic[server]' in the kernel's "
        f"environment, then run the cell again ({one_line(error, 60)})"
    )


def unusable(error: Exception) -> EngineError:
    """What is said where the environment's settings for the network cannot be used."""
    return EngineError(
        f"the environment's proxies or certificates cannot be used ({one_line(error, 120)}): "
        "correct HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or SSL_CERT_FILE"
    )


def answer(headers: Any, where: str) -> None:
    """Raises `EngineError` unless the headers announce a stream of events."""
    kind = str(headers.get("content-type", "")).partition(";")[0]
    if kind != "text/event-stream":
        raise EngineError(
            f"{where} answers with {kind or 'nothing known'}, not with a stream: it is no model "
            "server; check OCIMagics.server_url (%oci models shows what listens here)"
        )
