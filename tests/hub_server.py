"""A tiny stand-in for the Hugging Face hub on loopback: one model, one gated, nothing else.

Run as `python hub_server.py FOLDER`; prints its port. Serves the files of FOLDER as
`someone/tiny` by the few requests that huggingface_hub makes for a download.
"""

from __future__ import annotations

import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    folder: Path

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/someone/tiny/tree"):
            self._send(json.dumps(self._tree()).encode(), body)
        elif path.startswith("/api/models/someone/tiny"):
            self._send(json.dumps(self._info("someone/tiny")).encode(), body)
        elif path.startswith("/someone/tiny/resolve/"):
            self._send((self.folder / path.split("/")[-1]).read_bytes(), body)
        elif path.startswith("/api/models/someone/gated/revision"):
            self._refuse(403, "GatedRepo")
        elif path.startswith("/api/models/someone/gated"):
            self._send(json.dumps(self._info("someone/gated")).encode(), body)
        else:
            self._refuse(
                403 if "gated" in path else 404, "GatedRepo" if "gated" in path else "RepoNotFound"
            )

    def _info(self, repo: str) -> dict[str, object]:
        files = [
            {"rfilename": f["path"], "size": f["size"], "blobId": f["oid"]} for f in self._tree()
        ]
        return {"_id": "1", "id": repo, "modelId": repo, "sha": COMMIT, "siblings": files}

    def _tree(self) -> list[dict[str, object]]:
        return [
            {
                "type": "file",
                "path": file.name,
                "size": file.stat().st_size,
                "oid": _digest(file.read_bytes()),
            }
            for file in sorted(self.folder.iterdir())
        ]

    def _send(self, content: bytes, body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{_digest(content)}"')
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


if __name__ == "__main__":
    Hub.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    print(server.server_port, flush=True)
    server.serve_forever()
