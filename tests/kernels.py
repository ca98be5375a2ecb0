"""A real kernel with the extension, spoken to as a front end does."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

import oci_magic

ROOT = Path(oci_magic.__file__).parents[1]
SLOW = """
import time
from oci_magic.engines.scripted import ScriptedEngine
stream = ScriptedEngine.stream
def slow(self, *args, **more):
    for chunk in stream(self, *args, **more):
        time.sleep(0.05)
        yield chunk
ScriptedEngine.stream = slow
"""
"""Code after which a scripted model writes as slowly as a real one."""


class Kernel:
    """A kernel with the extension; `run` returns the reply and what was shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.comms: list[str] = []
        """The ids of the comms that the kernel has opened."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.manager = KernelManager()
        self.manager.start_kernel(cwd=str(folder), env={**os.environ, "PYTHONPATH": path})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.run("%load_ext oci_magic")

    def run(
        self, code: str, stop_at: str = "", cell: str | None = None, asked: Any = None,
        **metadata: Any,
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # fmt: skip
        """`stop_at` interrupts the kernel when that text is shown; `cell` is the cell's id.

        `asked` is when the request was made, if it is not now.
        """
        message = self.client.session.msg(
            "execute_request", {"code": code, "silent": False, "stop_on_error": False}
        )
        message["header"]["date"] = asked or message["header"]["date"]
        message["metadata"] = {"cellId": cell, **metadata} if cell else metadata
        self.client.shell_channel.send(message)
        shown = self._shown(message["header"]["msg_id"], stop_at)
        return self._reply(message["header"]["msg_id"]), shown

    def open_comm(self, target: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Open a comm as a front end does; returns what the kernel sends back at once."""
        message = self.client.session.msg(
            "comm_open", {"comm_id": "asking", "target_name": target, "data": data}
        )
        self.client.shell_channel.send(message)
        shown = self._shown(message["header"]["msg_id"], "")
        return [m["data"] for m in shown if m["type"] == "comm_msg"]

    def _reply(self, asked: str) -> dict[str, Any]:
        while True:
            message = self.client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == asked:
                return dict(message["content"])

    def _shown(self, asked: str, stop_at: str) -> list[dict[str, Any]]:
        shown, stopped = [], False
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            parent = message["parent_header"].get("msg_id", "")
            if parent != asked and not parent.startswith("oci-"):
                continue
            if message["content"].get("execution_state") == "idle":
                return shown
            if message["msg_type"] == "comm_open":
                self.comms.append(message["content"]["comm_id"])
            shown.append({"type": message["msg_type"], "parent": parent, **message["content"]})
            if stop_at and not stopped and stop_at in json.dumps(message["content"]):
                time.sleep(0.2)
                self.manager.interrupt_kernel()
                stopped = True

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def code(text: str) -> str:
    return f"Here.\n```python\n{text}\n```"


def ask(kernel: Kernel, *replies: str, prompt: str = "go", **more: Any) -> Any:
    name = f"replies-{time.time_ns()}.json"
    (kernel.folder / name).write_text(json.dumps(replies), encoding="utf-8")
    return kernel.run(f"%%oci -m scripted:{name} --new\n{prompt}", **more)


def value(kernel: Kernel, name: str) -> str:
    _, shown = kernel.run(f"{name} if {name!r} in globals() else 'unbound'")
    return next(str(m["data"]["text/plain"]) for m in shown if m["type"] == "execute_result")
