"""A campaign of attempts that break off half-way: whatever happens, the notebook is as it was.

Each attempt is a prompt in a real shell whose code changes the notebook's objects and then fails:
by an error, a Ctrl-C at any moment, a time limit, or by ending the program. The full campaign is
`pytest -m heavy -s tests/test_faults.py`, which prints what it has tried.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_magics import Notebook, code, notebook
from test_values import LINES, seen, world

from oci_magic.running.checkpoint import Checkpoint

__all__ = ["notebook"]  # a fixture

FAULTS = {
    "error": "raise ValueError('half')",
    "error of a library": "pd.DataFrame({'a': [1]})['b']",
    "error in a thread's result": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(1) as pool: pool.submit(lambda: 1 / 0).result()",
    "assertion": "assert not LINES",
    "recursion": "def deep(): return deep()\ndeep()",
    "missing module": "import no_such_module",
    "not readable": "x = (1,",
    "end of the program": "raise SystemExit(3)",
    "stop": "import signal\nsignal.raise_signal(signal.SIGINT)",
    "stop that is caught": "import signal\ntry:\n    signal.raise_signal(signal.SIGINT)\n"
    "except KeyboardInterrupt:\n    raise RuntimeError('caught') from None",
    "time limit": "while True: pass",
    "stop from outside": "import time\nfor _ in range(400): time.sleep(0.001)\nraise ValueError",
}
SHORT, FULL = 60, 1200


@contextmanager
def stopped_from_outside(seconds: float) -> Iterator[None]:
    """A Ctrl-C after so long, wherever the code is then."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def program(random: Random, fault: str) -> str:
    """Lines that change the world, some of which fail by themselves, then the fault."""
    lines = random.sample(LINES, random.randint(1, 8))
    tried = "\n".join(f"try:\n    {line}\nexcept Exception: caught = 1" for line in lines)
    return f"{tried}\n{FAULTS[fault]}"


def campaign(notebook: Notebook, attempts: int, seed: int = 0) -> tuple[Counter[str], set[str]]:
    """Try so many; gives how often each fault was tried, and the lines that were in them."""
    random, tried, lines = Random(seed), Counter[str](), set[str]()
    notebook.type("import numpy as np, pandas as pd\nLINES = 1")
    for number in range(attempts):
        fault = random.choice(list(FAULTS))
        notebook.shell.user_ns.update(world())
        names = [*world(), "LINES", "pd"]
        before, every = look(notebook, names), set(notebook.shell.user_ns)
        source = program(random, fault)
        replies = notebook.replies(code(source), name=f"replies{number}.json")
        asked = f"%%oci {replies} --new -r 0 --timeout {0.15 if fault == 'time limit' else 20}\ngo"
        with stopped_from_outside(
            random.uniform(0.03, 0.3) if fault == "stop from outside" else 60
        ):
            result = notebook.type(asked)
        assert not result.success, (fault, source, notebook.out)
        assert look(notebook, names) == before, (fault, source)
        new = {name for name in set(notebook.shell.user_ns) - every if name[0] != "_"}
        assert new == set(), (fault, source)
        tried[fault] += 1
        lines |= {line for line in LINES if line in source}
    return tried, lines


def look(notebook: Notebook, names: list[str]) -> Any:
    """What can be seen of these names, and which objects they are."""
    held = {name: notebook[name] for name in names}
    ids = {name: id(value) for name, value in held.items()}
    return seen({k: v for k, v in held.items() if k not in ("LINES", "pd")}), ids, state()


def state() -> Any:
    """What else of the process a program may change."""
    import random

    return random.getstate(), str(np.random.get_state()), Path.cwd(), dict(os.environ)


def test_no_attempt_that_fails_leaves_a_trace(notebook: Notebook) -> None:
    tried, _ = campaign(notebook, SHORT)
    assert len(tried) > len(FAULTS) // 2


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_the_full_campaign(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    tried, lines = campaign(notebook, FULL)
    with capsys.disabled():
        print(f"\n{tried.total()} attempts, {len(lines)} kinds of change, by fault: {dict(tried)}")
    assert tried.total() >= 1000 and len(lines) >= 25 and set(tried) == set(FAULTS)


@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_a_checkpoint_that_lacks_a_kind_is_noticed(
    notebook: Notebook, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore = Checkpoint.restore

    def broken(self: Checkpoint) -> Any:
        kept = [(v, v.copy()) for v in notebook.shell.user_ns.values() if type(v) is kind]
        told = restore(self)
        for value, copy in kept:
            if kind is list:
                value[:] = copy
            else:
                value._update_inplace(copy)
        return told

    monkeypatch.setattr(Checkpoint, "restore", broken)
    with pytest.raises(AssertionError):
        campaign(notebook, SHORT)
