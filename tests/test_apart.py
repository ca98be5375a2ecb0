"""Work in a thread of its own: what it gives, what it raises, and Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from oci_magic.evaluation.apart import apart


def test_work_is_done_in_another_thread_which_is_gone_then() -> None:
    worker = apart(threading.current_thread)
    assert worker is not threading.current_thread() and not worker.is_alive()
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 // 0)


def test_ctrl_c_reaches_the_work() -> None:
    code = (
        "import time\nfrom oci_magic.evaluation.apart import apart\n"
        "def work():\n    print('begun', flush=True)\n"
        "    try:\n        [time.sleep(0.05) for _ in range(2000)]\n"
        "    finally:\n        print('ended', flush=True)\n"
        "try:\n    apart(work)\nexcept KeyboardInterrupt:\n    print('stopped')\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert running.stdout and running.stdout.readline() == "begun\n"
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=20)[0] == "ended\nstopped\n"
