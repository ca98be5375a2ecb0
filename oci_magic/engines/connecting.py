"""The `openai` client for one server, and a way to end from outside what it waits for.

A thread that reads from a connection is not woken when another closes it: the connection has to
be shut down. Connections are known by what httpx tells of its work, in each of its versions.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from . import refusals
from .addresses import is_here

CONNECT = 5.0
"""Seconds for a connection."""
_HEARD = 0.5
"""Seconds in one wait: on some systems Ctrl-C is not heard before its end."""


class Connections:
    """The open connections of a client. `close` may be called from any thread."""

    def __init__(self) -> None:
        self._closed, self._lock = threading.Event(), threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()

    def watch(self, request: Any) -> None:
        """A client's hook for each request."""
        request.extensions = {**request.extensions, "trace": self._traced}

    def close(self) -> None:
        """Ends what is asked, and whatever will be."""
        self._closed.set()
        self._shut()

    def check(self) -> None:
        """Raises KeyboardInterrupt once all is closed, as a Ctrl-C does."""
        if self._closed.is_set():
            raise KeyboardInterrupt

    def wait(self, seconds: float) -> None:
        """Raises like `check`, as soon as all is closed."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._closed.is_set():
            self._closed.wait(min(left, _HEARD))
        self.check()

    def _traced(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._sockets.add(info["return_value"].get_extra_info("socket"))
            if self._closed.is_set():
                self._shut()

    def _shut(self) -> None:
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):  # it is closed already
                    # Not a TLS socket's own: that changes it, which another thread reads from.
                    socket.socket.shutdown(each, socket.SHUT_RDWR)


def client(url: str, key: str, seconds: float, connections: Connections) -> Any:
    """The client for this address alone: no retries, redirects or settings of OpenAI's.

    A server on loopback is never asked through a proxy.
    """
    try:
        from openai import DefaultHttpxClient, OpenAI, Timeout
    except ImportError as error:
        raise refusals.unable(error) from error
    timeout = Timeout(seconds, connect=min(CONNECT, seconds))
    hooks = {"request": [connections.watch]}
    try:
        http = DefaultHttpxClient(
            follow_redirects=False, trust_env=not is_here(url), event_hooks=hooks
        )
    except Exception as error:
        # Of several libraries: a proxy's address, a package for it, a file of certificates.
        raise refusals.unusable(error) from error
    made = OpenAI(
        base_url=url, api_key=key or "none", timeout=timeout, max_retries=0, http_client=http
    )
    made.organization = made.project = made.admin_api_key = None
    return made
