"""A notebook run from its first cell to its last without a front end, by nbclient.

Covers a kernel of this Python, one pass over the cells, Ctrl-C, and which messages of the kernel
belong to which cell: a session's events come as displays of a private type, and between them
outputs belong to the generated cell that runs. What is written and what is printed is the work
of `answers`, `document` and `transcript`. Not covered: widgets that need a front end.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.util import ensure_async
from traitlets import TraitError

from ..errors import OciError
from . import document
from .answers import Answer
from .document import Node
from .driven import EVENT
from .transcript import Transcript

FAILED, HELD, STOPPED = 1, 3, 130
GRACE = 10.0
"""Seconds after its time limit in which a cell may still end by itself."""
_SETUP = """
import importlib.util, sys
if importlib.util.find_spec("oci_magic") is None:
    sys.path.append({root!r})
from IPython import get_ipython
from oci_magic.notebook.driven import drive
drive(get_ipython(), {settings!r})
"""


class HeadlessRunner(NotebookClient):  # type: ignore[misc]  # nbclient is untyped here
    """Runs `notebook` in place; `run` returns the exit code of the command.

    `settings` are traits of `OCIMagics` that win over the notebook's own. `timeout` is in seconds
    per cell, for generated cells as well; the time a model takes does not count.
    """

    def __init__(
        self, notebook: Node, transcript: Transcript, folder: Path, *,
        settings: Mapping[str, object], timeout: float | None = None, allow_errors: bool = False,
    ) -> None:  # fmt: skip
        quiet = logging.getLogger("oci_magic.headless")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        super().__init__(
            notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}},
            timeout_func=lambda cell: None if document.asks(cell.source) else timeout,
            interrupt_on_timeout=True, allow_errors=allow_errors, record_timing=False, log=quiet,
        )  # fmt: skip
        self.on_cell_error = self._failed
        self.transcript = transcript
        self.settings = {**settings, **({"timeout": timeout} if timeout else {})}
        self.stopped = False
        self._codes: list[int] = []
        self._made: set[str] = set()
        self._answer: Answer | None = None
        self._task: asyncio.Task[Any] | None = None
        self._ready = False
        self._limit, self._overran = timeout, False
        self._watchdog: asyncio.TimerHandle | None = None

    def run(self) -> int:
        """Execute all cells, or up to the first that fails."""
        try:
            asyncio.run(self.async_execute())
        except CellExecutionError:
            pass  # told and counted by `_failed`
        except (_Stop, asyncio.CancelledError, KeyboardInterrupt):
            self.stopped = True
        except DeadKernelError:
            self._broke("the kernel died: out of memory, or the code ended it")
        except RuntimeError as error:
            self._broke(f"the kernel did not start: {error}")
        return STOPPED if self.stopped else next(iter(self._codes), 0)

    def create_kernel_manager(self) -> Any:
        manager = super().create_kernel_manager()
        manager.kernel_spec_manager = _ThisPython()
        if manager.has_trait("transport_encryption"):  # jupyter_client 8.9; else ipykernel 7 warns
            with suppress(TraitError):  # zmq without CURVE
                manager.transport_encryption = "auto"
        return manager

    async def async_start_new_kernel(self, **more: Any) -> None:
        self._task = asyncio.current_task()
        with suppress(RuntimeError):  # not in the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        await super().async_start_new_kernel(**more)

    async def async_start_new_kernel_client(self) -> Any:
        client = await super().async_start_new_kernel_client()
        root = str(Path(__file__).parents[2])
        code = _SETUP.format(root=root, settings=self.settings)
        message = await ensure_async(client.execute(f"exec({code!r}, {{}})", silent=True))
        reply = await self.async_wait_for_reply(message)
        if reply is None or reply["content"]["status"] != "ok":
            why = reply["content"].get("evalue") if reply else "no reply"
            raise RuntimeError(f"it cannot load oci_magic ({why})")
        self._ready = True
        return client

    async def async_execute_cell(
        self, cell: Node, cell_index: int, execution_count: int | None = None, **more: Any
    ) -> Node:
        """Run a cell of the notebook; one that an answer has just made has run already."""
        if cell.id in self._made:
            return cell
        if self.stopped:
            raise _Stop
        if not document.runs(cell):
            return await super().async_execute_cell(cell, cell_index, execution_count, **more)
        self.kc.session.metadata = {"cellId": cell.id}  # as front ends with cells send it
        self.transcript.begin(cell.source)
        if not document.asks(cell.source):
            self._watch()
        model = self.settings.get("model")
        self._answer = Answer(self.nb, cell_index, str(model) if model else None)
        try:
            await super().async_execute_cell(cell, cell_index, execution_count, **more)
            self._answer.last()
            return cell
        finally:
            self._unwatch()
            self._answer.close()
            self._answer = None

    def process_message(self, msg: dict[str, Any], cell: Node, cell_index: int) -> Node | None:
        """Route a message: events to answer and transcript, outputs to the cell they are of."""
        event = msg["content"].get("data", {}).get(EVENT)
        if event and self._answer:
            self._take(self._answer, event)
            return None
        place = self._answer.running if self._answer and msg["msg_type"] != "error" else None
        output = super().process_message(msg, *(place or (cell, cell_index)))
        if output:
            self.transcript.output(output)
        return output

    def _take(self, answer: Answer, event: dict[str, Any]) -> None:
        self.clear_before_next_output = False
        if event["kind"] == "drafted":
            for place in answer.places:
                self.clear_display_id_mapping(place)
        self._unwatch()
        answer.take(event)
        if answer.running:
            self._watch()
        self._made |= answer.ids
        while answer.told:
            self.transcript.line(answer.told.pop(0), "yellow")
        self.transcript.show(event)

    def _failed(self, cell: Node, cell_index: int, execute_reply: Mapping[str, Any]) -> None:  # noqa: ARG002  nbclient's names
        content = execute_reply["content"]
        self.transcript.failed(content)
        if "raises-exception" not in cell.metadata.get("tags", []):
            self._codes.append(HELD if content.get("ename") == "Held" else FAILED)

    def _watch(self) -> None:
        """The kernel keeps the limit itself; if its code does not let it, the kernel ends."""
        if self._limit:
            loop = asyncio.get_running_loop()
            self._watchdog = loop.call_later(self._limit + GRACE, self._end_kernel)

    def _unwatch(self) -> None:
        if self._watchdog:
            self._watchdog.cancel()

    def _end_kernel(self) -> None:
        self._overran = True
        self._ending = asyncio.ensure_future(ensure_async(self.km.signal_kernel(signal.SIGKILL)))

    def _broke(self, line: str) -> None:
        if self._overran:
            line = f"the cell did not stop at its limit of {self._limit:g} s: the kernel was ended"
        if not self.stopped:
            self.transcript.line(line, "bold red")
            self._codes.append(FAILED)

    def _interrupt(self) -> None:
        """Ctrl-C interrupts the kernel and ends the run after this cell; twice, at once."""
        if self.stopped and self._task:
            self._task.cancel()
            return
        self.stopped = True
        self.transcript.line("stopping (Ctrl-C again to end the kernel at once)", "yellow")
        if self._ready:
            self._interrupting = asyncio.ensure_future(ensure_async(self.km.interrupt_kernel()))


class _Stop(Exception):
    """The person has stopped the run between two cells."""


class _ThisPython(KernelSpecManager):
    """Knows one kernel, whatever is installed under its name: that of this interpreter."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002  theirs
        from ipykernel.kernelspec import get_kernel_dict

        return KernelSpec(resource_dir="", **get_kernel_dict())


def run_notebook(
    path: Path, out: Path | None, transcript: Transcript, *, folder: Path | None = None,
    settings: Mapping[str, object], timeout: float | None = None, allow_errors: bool = False,
) -> int:  # fmt: skip
    """Run the notebook at `path`, write what became of it to `out`; the exit code.

    `out` is by default NAME.executed.ipynb beside it, `folder`, where the kernel works, the
    notebook's own. Raises OciError for what is wrong before anything runs.
    """
    notebook = document.read(path)
    out = out or path.with_name(f"{path.stem}.executed.ipynb")
    folder = folder or path.absolute().parent
    _check(out, folder)
    runner = HeadlessRunner(
        notebook, transcript, folder,
        settings=settings, timeout=timeout, allow_errors=allow_errors,
    )  # fmt: skip
    try:
        return runner.run()
    finally:
        document.write(notebook, out)
        transcript.line(f"wrote {out} ({transcript.counts()})")


def _check(out: Path, folder: Path) -> None:
    if not folder.is_dir():
        raise OciError(f"{folder} is no folder: name one with --cwd")
    if out.is_dir() or not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise OciError(f"cannot write {out}: name a file in a folder that exists with -o")
