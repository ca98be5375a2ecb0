"""Where a model server is: its address made whole, and whether it is on this machine.

Covers what a person types as `OCIMagics.server_url`, and its name in lines that are shown. Looks no
name up: `localhost`, 127.0.0.0/8 and ::1 are this machine, every other name is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from ..errors import EngineError

EXAMPLE = "http://127.0.0.1:8000/v1"
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.ASCII)
_LOOPBACK = IPv4Network("127.0.0.0/8"), IPv6Address("::1")


@dataclass(frozen=True)
class Server:
    """How a server is reached: `url` "" looks on the usual ports of this machine.

    `timeout` is in seconds without any sign of life, `window` the tokens that prompt and answer
    share, 0 for what the server tells. A server with too many requests is waited for `patience`
    seconds, 0 for a few further tries.
    """

    url: str = ""
    timeout: float = 300.0
    window: int = 0
    patience: float = 0.0


def whole(url: str) -> str:
    """`localhost:8000` becomes `http://localhost:8000/v1`. Raises `EngineError`, one line."""
    url = url.strip()
    parts = _split(url if "://" in url else f"http://{url}")
    if parts.username is not None or parts.password is not None or parts.query:
        raise EngineError(
            "OCIMagics.server_url holds more than an address: keep keys out of notebooks, put them "
            f"into the environment variable OCI_SERVER_KEY, and write such as {EXAMPLE}"
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def is_here(url: str) -> bool:
    """Whether the server is on this machine's loopback."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address in _LOOPBACK[0] if address.version == 4 else address == _LOOPBACK[1]


def host_of(url: str) -> str:
    """`127.0.0.1:8000`, as it is called in lines for a person."""
    return urlsplit(url).netloc


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.port != 0
        good = known and _HOST.fullmatch(parts.hostname or "")
    except ValueError:
        good = False
    if not good:
        raise EngineError(
            f"OCIMagics.server_url is no address of a server: write such as {EXAMPLE}"
        )
    return parts
