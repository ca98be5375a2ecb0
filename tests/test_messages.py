"""A campaign of kernel messages out of order: an attempt that fails is put back all the same.

A notebook speaks to a real kernel. While a prompt is asked whose code changes things and fails,
messages come that nobody expects there: Ctrl-C, requests of before or twice, comms that do not
exist, replies to no question, nonsense. The full campaign is
`pytest -m heavy -s tests/test_messages.py`, which prints what it has tried.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from random import Random
from typing import Any

import nbformat
import pytest
from frontend import KEY, Notebook, Notes
from kernels import Kernel, code
from test_values import LINES

WORLD = """
import sys
sys.path.insert(0, {tests!r})
import test_values, numpy as np, pandas as pd
globals().update(test_values.world())
_names = sorted(test_values.world())
def _look():
    held = {{name: globals()[name] for name in _names}}
    print(test_values.seen(held), [id(value) for value in held.values()], sorted(
        name for name in globals() if name[0] != "_" and name not in ("In", "Out")))
"""
FAULT = "print('began', flush=True)\nimport time; time.sleep(0.2)\nraise ValueError('half')"
NONSENSE: list[Any] = [
    None, [], 7, "x", {}, {"protocol": 1}, {"protocol": 1, "client": None, "made": 3},
    {"protocol": 1, "client": [], "made": {"cells": [{}], "record": 7}, "stands": 5},
    {"protocol": 1, "client": "me", "made": {"cells": "x"}, "action": "fix"},
    {"protocol": 99, "client": "me"}, {"client": "me", "path": 3, "answers": 7},
    {"client": "me", "path": "book.ipynb", "answers": {"x": ["y"]}},
]  # fmt: skip
TIMES = ("ahead", "amid", "behind")
SHORT, FULL = 25, 500


@dataclass
class Scene:
    """A prompt in a notebook, and what its request told of the notebook before."""

    book: Notebook
    prompt: str
    told: Notes
    random: Random

    def send(self, kind: str, content: Notes, **metadata: object) -> None:
        session, channel = self.book.kernel.client.session, self.book.kernel.client.shell_channel
        message = session.msg(kind, content)
        message["metadata"] = metadata
        channel.send(message)

    def request(self, source: str, told: object) -> None:
        """One that is in the queue, and whose reply nobody waits for."""
        content = {"code": source, "silent": False, "stop_on_error": False}
        self.send("execute_request", content, cellId=self.prompt, oci_magic_client=told)

    def stop(self) -> None:
        self.book.kernel.manager.interrupt_kernel()

    def twice(self) -> None:
        self.request(self.book[self.prompt]["source"], self.told)

    def nonsense(self) -> None:
        self.request(self.book[self.prompt]["source"], self.random.choice(NONSENSE))

    def button_of_nothing(self) -> None:
        kind = self.random.choice(["undo", "fix", "feedback", "retry", "keep", "repair", "none"])
        line = self.random.choice(["%oci fix", "%oci undo", "%oci retry"])
        self.request(line, {**self.told, "action": {"kind": kind, "text": "so"}})

    def gone(self) -> None:
        """The code of a cell that was replaced."""
        made = {**self.told, "deletions": 0}
        content = {"code": "", "silent": False, "stop_on_error": False}
        self.send("execute_request", content, cellId=str(uuid.uuid4()), oci_magic_client=made)

    def strange_comm(self) -> None:
        data = self.random.choice(NONSENSE)
        name = uuid.uuid4().hex
        self.send("comm_open", {"comm_id": name, "target_name": KEY, "data": data})
        self.send("comm_msg", {"comm_id": name, "data": data})

    def comm_of_nothing(self) -> None:
        kind = self.random.choice(["comm_msg", "comm_close"])
        self.send(kind, {"comm_id": "nothing", "data": self.random.choice(NONSENSE)})

    def closed(self) -> None:
        """Every comm of ours, as a window does that is closed."""
        for name in self.book.kernel.comms:
            self.send("comm_close", {"comm_id": name, "data": {}})

    def asks_how_it_ended(self) -> None:
        data = {"client": "other", "path": "book.ipynb", "answers": {self.prompt: None}}
        self.send("comm_open", {"comm_id": uuid.uuid4().hex, "target_name": KEY, "data": data})

    def unasked_reply(self) -> None:
        client = self.book.kernel.client
        client.stdin_channel.send(client.session.msg("input_reply", {"value": "x"}))

    def other_questions(self) -> None:
        self.send("is_complete_request", {"code": "%%oci\ngo"})
        self.send("kernel_info_request", {})


MESSAGES: dict[str, Callable[[Scene], None]] = {
    name: value
    for name, value in vars(Scene).items()
    if callable(value) and name[0] != "_" and name not in ("send", "request")
}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Notebook]:
    kernel = Kernel(tmp_path)
    notebook = Notebook(kernel)
    notebook.add("'mine, above'")
    notebook.run(notebook.add(WORLD.format(tests=str(Path(__file__).parent))))
    yield notebook
    kernel.close()


def campaign(book: Notebook, attempts: int, seed: int = 0) -> Counter[str]:
    """Try so many; gives how often each message came at each time."""
    random, tried = Random(seed), Counter[str]()
    mine = {cell["id"]: cell["source"] for cell in book.cells}
    before = look(book)
    for number in range(attempts):
        lines = random.sample(LINES, random.randint(1, 5))
        source = "\n".join(f"try:\n    {line}\nexcept Exception: caught = 1" for line in lines)
        replies = [code(f"{source}\n{FAULT}")] * 40  # for all requests that come
        (book.kernel.folder / f"r{number}.json").write_text(json.dumps(replies))
        prompt = book.add(f"%%oci -m scripted:r{number}.json --new -r 0\ngo")
        mine[prompt] = book[prompt]["source"]
        scene = Scene(book, prompt, book.told(prompt), random)
        names = random.choices(list(MESSAGES), k=random.randint(1, 4))
        # Where no cell runs, ipykernel itself may drop the request at hand on a Ctrl-C.
        coming = [("amid" if name == "stop" else random.choice(TIMES), name) for name in names]

        def come(when: str, coming: list[tuple[str, str]] = coming, scene: Scene = scene) -> None:
            for time, name in coming:
                if time == when:
                    tried[f"{name}, {time}"] += 1
                    MESSAGES[name](scene)

        come("ahead")
        at = random.choice(("pin", "insert", "bind"))
        book.meddle = lambda name, at=at, come=come: come("amid") if name == at else None
        book.run(prompt)
        book.meddle = lambda _: None
        come("behind")
        assert look(book) == before, coming
        assert all(book[id_]["source"] == source for id_, source in mine.items()), coming
        check_valid(book)
    return tried


def look(book: Notebook) -> str:
    """What the kernel holds, when all that was in its queue is done."""
    for _ in range(3):
        try:
            _, shown = book.kernel.run("_look()")
        except Empty:  # ipykernel drops a request at which a late Ctrl-C comes before its code runs
            continue
        streams = [m for m in shown if m["type"] == "stream" and not m["parent"].startswith("oci-")]
        told = "".join(m["text"] for m in streams)
        if told:  # a Ctrl-C may come so late that it is this line that stops
            return told
    raise AssertionError("the kernel does not answer")


def check_valid(book: Notebook) -> None:
    cells = [
        {"id": cell["id"], "cell_type": "markdown", "source": cell["source"], "metadata": {}}
        for cell in book.cells
    ]
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def test_no_order_of_messages_leaves_a_trace(book: Notebook) -> None:
    assert campaign(book, SHORT).total() >= SHORT


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_the_full_campaign(book: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    tried = campaign(book, FULL)
    with capsys.disabled():
        print(f"\n{FULL} attempts, {tried.total()} messages: {dict(tried)}")
    assert {name.split(",")[0] for name in tried} == set(MESSAGES)


def test_a_checkpoint_that_puts_nothing_back_is_noticed(book: Notebook) -> None:
    book.kernel.run(
        "from oci_magic.running.checkpoint import Checkpoint\nCheckpoint.restore = lambda self: ()"
    )
    with pytest.raises(AssertionError):
        campaign(book, SHORT)
