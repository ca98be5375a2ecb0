"""What a nested run shows, recorded as nbformat outputs while it goes where it always goes.

Covers sys.stdout and sys.stderr (also through handlers that hold the same stream), display,
update_display, clear_output and the value of the last expression, in a terminal and in a
kernel. Not covered: what child processes and C code write to a terminal directly, messages of
widgets, and text over `LIMIT` characters, which is shown but not kept.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ..types import Output

LIMIT = 1_000_000
CUT = "\n[the rest of the output is not kept]\n"


@contextmanager
def replaced(owner: Any, **attributes: object) -> Iterator[None]:
    """Set attributes of an object or module for a while; what it had itself comes back."""
    had = {name: vars(owner)[name] for name in attributes if name in vars(owner)}
    try:
        for name, value in attributes.items():
            setattr(owner, name, value)
        yield
    finally:
        for name in attributes:
            if name in had:
                setattr(owner, name, had[name])
            elif name in vars(owner):
                delattr(owner, name)


class Recorder:
    """Collects outputs in the order in which they are shown."""

    def __init__(self) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._shown: dict[str, dict[str, Any]] = {}
        self._room = LIMIT
        self._muted = False
        self._clear_first = False

    def outputs(self) -> tuple[Output, ...]:
        """The outputs so far; neighbouring pieces of one stream are one output."""
        merged: list[dict[str, Any]] = []
        for output in self._outputs:
            last = merged[-1] if merged else {}
            if output["output_type"] == "stream" and last.get("name") == output["name"]:
                last["text"] += output["text"]
            else:
                merged.append(dict(output))
        return tuple(merged)

    def stream(self, name: str, text: str) -> None:
        if self._muted or not text or not self._room:
            return
        kept = text[: self._room]
        self._room -= len(kept)
        self._add(output_type="stream", name=name, text=kept if self._room else kept + CUT)

    def display(
        self, data: dict[str, Any], metadata: dict[str, Any], key: str | None, update: bool
    ) -> None:
        """`key` is the display id; an update changes the output that was shown under it."""
        content = {"data": _encoded(data), "metadata": dict(metadata)}
        if not update:
            shown = self._add(output_type="display_data", **content)
            if key is not None:
                self._shown[key] = shown
        elif key in self._shown:
            self._shown[key].update(content)

    def result(self, data: dict[str, Any], metadata: dict[str, Any], count: int) -> None:
        self._add(
            output_type="execute_result",
            data=_encoded(data),
            metadata=dict(metadata),
            execution_count=count,
        )

    def clear(self, wait: bool) -> None:
        self._clear_first = wait
        if not wait:
            self._outputs.clear()
            self._shown.clear()

    @contextmanager
    def muted(self) -> Iterator[None]:
        """A terminal prints what it displays: do not record that text a second time."""
        was, self._muted = self._muted, True
        try:
            yield
        finally:
            self._muted = was

    def _add(self, **output: Any) -> dict[str, Any]:
        if self._clear_first:
            self.clear(wait=False)
        self._outputs.append(output)
        return output


@contextmanager
def recording(shell: Any, source: str) -> Iterator[Recorder]:
    """Record what `shell` shows while the block runs `source` in it."""
    recorder = Recorder()
    with ExitStack() as stack:
        for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
            if hasattr(stream, "__dict__"):
                stack.enter_context(_stream_recorded(recorder, name, stream))
        stack.enter_context(_displays_recorded(recorder, shell.display_pub))
        stack.enter_context(_results_recorded(recorder, shell.displayhook, source))
        yield recorder


@contextmanager
def _stream_recorded(recorder: Recorder, name: str, stream: Any) -> Iterator[None]:
    write = stream.write

    def recorded(text: str) -> Any:
        recorder.stream(name, text)
        return write(text)

    with replaced(stream, write=recorded):
        yield


@contextmanager
def _displays_recorded(recorder: Recorder, publisher: Any) -> Iterator[None]:
    publish, clear_output = publisher.publish, publisher.clear_output

    def recorded(data: Any, metadata: Any = None, *args: Any, **more: Any) -> None:
        key = (more.get("transient") or {}).get("display_id")
        recorder.display(data, metadata or {}, key, bool(more.get("update")))
        with recorder.muted():
            publish(data, metadata, *args, **more)

    def cleared(wait: bool = False) -> None:
        recorder.clear(wait)
        with recorder.muted():
            clear_output(wait)

    with replaced(publisher, publish=recorded, clear_output=cleared):
        yield


@contextmanager
def _results_recorded(recorder: Recorder, hook: Any, source: str) -> Iterator[None]:
    prompt, write = hook.write_output_prompt, hook.write_format_data

    def quietly(function: Any) -> Any:
        def call(*args: Any) -> None:
            with recorder.muted():
                function(*args)

        return call

    def recorded(data: Any, metadata: Any = None) -> None:
        recorder.result(data, metadata or {}, hook.prompt_count)
        quietly(write)(data, metadata)

    outer = hook.exec_result  # a trait of IPython's, which a nested run sets to None
    # IPython looks for the final ";" in the outer cell, which here is a prompt.
    with replaced(
        hook,
        write_output_prompt=quietly(prompt),
        write_format_data=recorded,
        finish_displayhook=quietly(hook.finish_displayhook),
        quiet=lambda: _ends_in_semicolon(hook, source),
    ):
        try:
            yield
        finally:
            hook.exec_result = outer


def _ends_in_semicolon(hook: Any, source: str) -> bool:
    try:
        return bool(hook.semicolon_at_end_of_expression(source))
    except (SyntaxError, ValueError):  # tokenize does not know IPython's own syntax
        return False


def _encoded(data: dict[str, Any]) -> dict[str, Any]:
    """Notebooks hold bytes (images) as base64 text."""
    return {
        mime: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for mime, value in data.items()
    }
