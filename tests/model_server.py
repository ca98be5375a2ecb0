"""A model server on loopback that does as it is told: real HTTP, scripted answers.

Every POST takes the next of its answers, the last one again and again; `GET /v1/models` lists
`models`. `requests` are what came, `most` how many were answered at a time; `gone` is set when a
client leaves before its answer's end.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

SLOW, HANG = "(slow)", "(hang)"
"""In place of a piece: from here on a piece every 20 ms without end; nothing more at all."""


@dataclass(frozen=True)
class Answer:
    """`pieces` are texts, or events as they are sent; `cut` breaks the connection after them."""

    pieces: Sequence[str | dict[str, Any]] = ()
    reason: str = "stop"
    usage: tuple[int, int] | None = (7, 3)
    status: int = 200
    body: str | None = None
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    silent: bool = False


def say(*pieces: str | dict[str, Any], **more: Any) -> Answer:
    return Answer(pieces, **more)


def refuse(status: int, message: str = "no", **headers: str) -> Answer:
    body = json.dumps({"error": {"message": message, "type": "invalid", "code": status}})
    return Answer(
        status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def page(text: str = "<html><title>Router</title></html>", status: int = 200) -> Answer:
    return Answer(status=status, body=text, kind="text/html")


def code(text: str) -> Answer:
    return say("Here.\n", f"```python\n{text}\n```")


def delta(reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "tiny",
            "choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}  # fmt: skip


class ModelServer:
    """Listens while the block runs; `stop` and `start` take it away and bring it back."""

    def __init__(self, *answers: Answer, models: Any = ("tiny",)) -> None:
        self.answers, self.models = list(answers), models
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.gone = threading.Event()
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the requests for an answer."""
        return [body for path, _, body in self.requests if path.endswith("/chat/completions")]

    def start(self) -> None:
        handler = type("Bound", (_Handler,), {"mine": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self._open = set[Any]()
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Every connection breaks, as when the server's process is killed."""
        self._http.shutdown()
        self._http.server_close()
        for connection in list(self._open):
            _break(connection)

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    mine: ModelServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.mine._open.add(self.connection)

    def finish(self) -> None:
        self.mine._open.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self.mine.requests.append((self.path, self._headers(), {}))
        models = self.mine.models
        if isinstance(models, Answer):
            self._whole(models)
            return
        listed = [each if isinstance(each, dict) else {"id": each} for each in models]
        body = json.dumps({"object": "list", "data": listed})
        self._whole(Answer(status=200 if self.path == "/v1/models" else 404, body=body))

    def do_POST(self) -> None:
        with self.mine.lock:
            self.mine.now += 1
            self.mine.most = max(self.mine.most, self.mine.now)
        try:
            self._post()
        finally:
            with self.mine.lock:
                self.mine.now -= 1

    def _post(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.mine.requests.append((self.path, self._headers(), body))
        answer = self.mine.next()
        try:
            if answer.silent:
                self._wait_until_gone()
            elif answer.body is not None:
                self._whole(answer)
            else:
                self._stream(answer)
        except OSError:
            self.mine.gone.set()

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _whole(self, answer: Answer) -> None:
        content = (answer.body or "").encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, answer: Answer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in answer.pieces:
            if piece == SLOW:
                while not threading.Event().wait(0.02):
                    self._event(delta(content="x = 1\n"))
            if piece == HANG:
                self._wait_until_gone()
                return
            self._event(delta(content=piece) if isinstance(piece, str) else piece)
        if answer.cut:
            self.close_connection = True
            _break(self.connection)
            return
        self._event(delta(answer.reason))
        if answer.usage:
            prompt, completion = answer.usage
            told = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": 0}
            self._event({**delta(), "choices": [], "usage": told})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, event: dict[str, Any]) -> None:
        raw = event.get("raw")
        self._chunk((raw or f"data: {json.dumps(event)}\n\n").encode())

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()

    def _wait_until_gone(self) -> None:
        if not self.connection.recv(1):
            self.mine.gone.set()
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _break(connection: Any) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
