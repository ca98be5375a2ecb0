"""Nested runs in a real IPython shell and in a real kernel."""

from __future__ import annotations

import builtins
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import start_new_kernel
from traitlets.config import Config

from oci_magic.engines.scripted import ScriptedEngine
from oci_magic.events import Finished
from oci_magic.notebook.journal import Journal
from oci_magic.running.capture import LIMIT
from oci_magic.running.interrupts import Clock, can_time_out
from oci_magic.running.shell import ShellExecutor
from oci_magic.running.variables import describe, variables
from oci_magic.session import Session
from oci_magic.types import Cell, Execution, Failure, Variable


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    yield shell
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, source: str, **options: Any) -> Execution:
    return ShellExecutor(shell, **options).run(Cell(source))


def texts(execution: Execution) -> list[str]:
    return [
        output.get("text") or output["data"].get("text/plain", "") for output in execution.outputs
    ]


def test_outputs_are_shown_and_recorded_once(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    source = """
import sys
print("one")
print("two")
print("wrong", file=sys.stderr)
display("shown")
[1, 2]"""
    execution = run(shell, source)
    assert [output["output_type"] for output in execution.outputs] == [
        "stream",
        "stream",
        "display_data",
        "execute_result",
    ]
    assert texts(execution) == ["one\ntwo\n", "wrong\n", "'shown'", "[1, 2]"]
    shown = capsys.readouterr()
    assert shown.out.count("one") == shown.out.count("'shown'") == shown.out.count("[1, 2]") == 1
    assert shown.err == "wrong\n"


def test_outputs_are_valid_nbformat(shell: InteractiveShell) -> None:
    execution = run(
        shell, "print(1)\nfrom IPython.display import Image\ndisplay(Image(b'\\x89PNG'))\n2"
    )
    cell = nbformat.v4.new_code_cell(outputs=[dict(output) for output in execution.outputs])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_a_handler_that_holds_the_stream_is_recorded(shell: InteractiveShell) -> None:
    execution = run(
        shell,
        "import logging, sys\nlog = logging.getLogger('x')\n"
        "held = logging.StreamHandler(sys.stderr)\nlog.addHandler(held)\n"
        "log.warning('noted'); log.removeHandler(held)",
    )
    assert texts(execution) == ["noted\n"]


def test_streams_and_hooks_are_as_before_after_a_run(shell: InteractiveShell) -> None:
    shell.run_cell("1/0")  # IPython adds attributes of its own in the first run
    before = (sys.stdout, vars(sys.stdout).get("write"), set(vars(shell)), builtins.input)
    hooks = (set(vars(shell.display_pub)), set(vars(shell.displayhook)), shell.loop_runner)
    run(shell, "1/0", stdin=False, timeout=5.0)
    assert before == (sys.stdout, vars(sys.stdout).get("write"), set(vars(shell)), builtins.input)
    after = (set(vars(shell.display_pub)), set(vars(shell.displayhook)), shell.loop_runner)
    assert hooks == after


def test_clear_output_and_updates_leave_what_is_to_be_seen(shell: InteractiveShell) -> None:
    cleared = run(shell, "from IPython.display import *\nprint(1)\nclear_output()\nprint(2)")
    assert texts(cleared) == ["2\n"]
    waited = run(shell, "print(1)\nclear_output(wait=True)\nprint(2)")
    assert texts(waited) == ["2\n"]
    updated = run(shell, "h = display('a', display_id=True)\nh.update('b')")
    assert texts(updated) == ["'b'"]


def test_endless_output_is_cut(shell: InteractiveShell) -> None:
    execution = run(shell, f"for _ in range(3): print('x' * {LIMIT})")
    assert LIMIT < len(texts(execution)[0]) < LIMIT + 100


def test_final_semicolon_hides_the_value(shell: InteractiveShell) -> None:
    assert run(shell, "41 + 1;").outputs == ()


def test_capture_keeps_its_outputs_to_itself(shell: InteractiveShell) -> None:
    execution = run(shell, "%%capture kept\nprint('inside')\ndisplay(1)")
    assert execution.outputs == () and execution.failure is None
    assert shell.user_ns["kept"].stdout == "inside\n"


def test_an_error_is_a_failure_and_is_not_drawn(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    execution = run(shell, "\n\nx = 1\n{}['gone']\n")
    assert execution.failure is not None
    assert (execution.failure.name, execution.failure.message) == ("KeyError", "'gone'")
    assert (execution.failure.facts.line, execution.failure.facts.lineno) == ("{}['gone']", 2)
    shown = capsys.readouterr()
    assert "KeyError" not in shown.out + shown.err


def test_show_traceback_draws_the_error(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    execution = run(shell, "1/0", show_traceback=True)
    assert execution.failure is not None
    assert "ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize("source", ["x = = 1", "if True:\nprint(1)", "print('a", "a b"])
def test_code_that_does_not_parse_is_a_failure_with_facts(
    shell: InteractiveShell, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    execution = run(shell, source)
    assert execution.failure is not None
    assert execution.failure.name in ("SyntaxError", "IndentationError")
    assert execution.failure.facts.lineno >= 1
    assert "Error" not in capsys.readouterr().out


def test_an_error_of_an_earlier_cells_function_points_into_this_cell(
    shell: InteractiveShell,
) -> None:
    run(shell, "def broken():\n    return 1/0")
    execution = run(shell, "x = 1\ny = 2\nbroken()")
    assert execution.failure is not None and execution.failure.facts.lineno == 3


@pytest.fixture
def journal(shell: InteractiveShell) -> Journal:
    journal = Journal(shell)
    shell.events.register("post_run_cell", journal.after_run)
    return journal


def typed(shell: InteractiveShell, source: str, cell: str | None = None) -> None:
    shell.run_cell(source, store_history=True, cell_id=cell)


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        ("def f(x):\n    #\n    #\n    return 1 / x", "#\n#\n#\n#\n#\nf(0)", "line 6: f(0)"),
        ("pass", "\n \nx = 1\ny = x / 0", "line 2: y = x / 0"),
        ("pass", "def g():\n    1 / 0\n\ng()", "line 2: 1 / 0"),
        ("pass", "#\nexec('1 +')", "line 2: exec('1 +')"),
        ("pass", "#\nx = = 2", "line 2: x = = 2"),
        ("import json", "#\njson.loads('{')", "line 2: json.loads('{')"),
    ],
)
def test_a_persons_failed_cell_is_told_by_its_own_line(
    shell: InteractiveShell, journal: Journal, first: str, second: str, line: str
) -> None:
    typed(shell, first)
    typed(shell, second)
    failed = journal.failed()
    assert failed is not None and failed[1].traceback.startswith(f"{line}\n")


@pytest.mark.parametrize(
    ("failing", "cell", "working", "other", "cleared"),
    [
        ("len(numbrs)", "a", "len([1])", "a", True),
        ("len(numbrs)", "a", "1", "a", True),
        ("len(numbrs)", "a", "len(numbers)", "b", False),
        ("len(numbrs)", "a", "len(numbers)", None, True),
        ("len(numbrs)", None, "len(numbers)", None, True),
        ("len(numbrs)", None, "print('another')", None, False),
        ("len(numbrs)", "a", "print('another')", "b", False),
    ],
)
def test_a_failed_cell_that_works_after_an_edit_has_not_failed(
    shell: InteractiveShell, journal: Journal,
    failing: str, cell: str | None, working: str, other: str | None, cleared: bool,
) -> None:  # fmt: skip
    shell.user_ns["numbers"] = [1]
    typed(shell, failing, cell)
    assert journal.failed() is not None
    typed(shell, working, other)
    assert (journal.failed() is None) == cleared


def test_an_edit_that_fails_again_is_the_cell_to_fix(
    shell: InteractiveShell, journal: Journal
) -> None:
    for source in ("len(numbrs)", "len(numbrz)"):
        typed(shell, source, "a")
    failed = journal.failed()
    assert failed is not None and failed[0] == "len(numbrz)"


def test_generated_code_that_works_after_an_edit_has_not_failed(
    shell: InteractiveShell, journal: Journal
) -> None:
    journal.settle("len(numbrs)", Failure("NameError", "no numbrs"))
    typed(shell, "len('numbrs')", "a")
    assert journal.failed() is None


def test_a_raised_exception_of_odd_truth_is_still_a_failure(shell: InteractiveShell) -> None:
    execution = run(shell, "class E(Exception):\n    __len__ = lambda self: 0\nraise E('x')")
    assert execution.failure is not None and execution.failure.name == "E"


def test_an_error_shown_by_a_magic_is_a_failure(shell: InteractiveShell, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("1/0\n")
    execution = run(shell, f"%run {script}")
    assert execution.failure is not None and execution.failure.name == "ZeroDivisionError"


def test_a_broken_repr_is_a_failure(shell: InteractiveShell) -> None:
    execution = run(shell, "class R:\n    def __repr__(self): raise ValueError('no')\nR()")
    assert execution.failure is not None and execution.failure.name == "ValueError"


def test_a_broken_hook_of_the_person_is_shown_and_no_failure(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    def hook(*_: object) -> None:
        raise RuntimeError("my hook")

    shell.events.register("post_run_cell", hook)
    assert run(shell, "x = 1").failure is None
    assert "my hook" in capsys.readouterr().out


def test_custom_exception_handlers_do_not_draw(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.set_custom_exc((Exception,), lambda *_, **__: print("drawn"))
    assert run(shell, "1/0").failure is not None
    assert "drawn" not in capsys.readouterr().out
    assert shell.custom_exceptions == (Exception,)


@pytest.mark.parametrize(
    "source", ["import sys; sys.exit(3)", "raise SystemExit", "exit()", "quit"]
)
def test_exit_is_a_failure_and_ends_nothing(
    shell: InteractiveShell, source: str, recwarn: pytest.WarningsRecorder
) -> None:
    execution = run(shell, source)
    assert execution.failure is not None and execution.failure.name == "SystemExit"
    assert shell.exit_now is False
    assert not [warning for warning in recwarn if "To exit" in str(warning.message)]


def test_an_interrupt_is_a_stop(shell: InteractiveShell) -> None:
    execution = run(shell, "import signal\nsignal.raise_signal(signal.SIGINT)")
    assert execution.failure is not None and execution.failure.stopped


@pytest.mark.parametrize("guard", ["except:", "except BaseException:"])
def test_an_interrupt_that_the_code_turns_into_an_error_is_a_stop(
    shell: InteractiveShell, guard: str
) -> None:
    source = f"import signal\ntry: signal.raise_signal(signal.SIGINT)\n{guard} raise ValueError"
    execution = run(shell, source)
    assert execution.failure is not None and execution.failure.stopped


def test_an_interrupt_that_the_code_catches_is_a_stop(shell: InteractiveShell) -> None:
    source = """
import signal
for step in range(3):
    try: signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt: print("skip")"""
    execution = run(shell, source)
    assert execution.failure is not None and execution.failure.stopped
    assert texts(execution) == ["skip\n" * 3]
    assert run(shell, "x = 1").failure is None


def test_an_interrupt_that_the_code_raises_and_catches_is_no_stop(shell: InteractiveShell) -> None:
    source = "try: raise KeyboardInterrupt\nexcept KeyboardInterrupt: pass"
    assert run(shell, source).failure is None


def test_a_stop_that_the_code_catches_ends_the_prompt(shell: InteractiveShell) -> None:
    first = "import signal\ntry: signal.raise_signal(signal.SIGINT)\nexcept BaseException: pass"
    reply = f"```python\n{first}\n```\nand\n```python\nlater = 1\n```"
    session = Session(ScriptedEngine([reply, reply]), ShellExecutor(shell))
    finished = list(session.ask("go"))[-1]
    assert isinstance(finished, Finished) and finished.outcome == "stopped"
    assert "later" not in shell.user_ns and len(session.exchanges[0]) == 1


def test_the_interrupt_handler_is_put_back(shell: InteractiveShell) -> None:
    before = signal.getsignal(signal.SIGINT)
    run(shell, "1")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import time\ntime.sleep(60)",
        "import asyncio\nawait asyncio.sleep(60)",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        "try:\n    while True: pass\nexcept: pass\nwhile True: pass",
    ],
)
def test_time_limit_ends_the_cell(shell: InteractiveShell, source: str) -> None:
    execution = run(shell, source, timeout=0.2)
    assert execution.failure is not None
    assert execution.failure.name == "TimeoutError"
    assert execution.failure.message == "the cell ran longer than 0.2 s"
    assert "CellTimeout" not in execution.failure.traceback
    assert 0.2 <= execution.seconds < 30


def test_time_limit_leaves_another_alarm_ringing(shell: InteractiveShell) -> None:
    rang: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    outer = signal.setitimer(signal.ITIMER_REAL, 0.4)
    try:
        run(shell, "1", timeout=5.0)
        assert not rang
        time.sleep(0.5)
        assert rang == [1]
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *outer)


def test_time_limit_is_known_to_be_absent_in_a_thread() -> None:
    answers = [can_time_out()]
    thread = threading.Thread(target=lambda: answers.append(can_time_out()))
    thread.start()
    thread.join()
    assert answers == [True, False]


def test_seconds_are_measured(shell: InteractiveShell) -> None:
    assert 0.1 <= run(shell, "import time; time.sleep(0.1)").seconds < 30


def test_input_without_stdin_is_a_failure_with_a_name(shell: InteractiveShell) -> None:
    for source in ("input('name? ')", "import getpass\ngetpass.getpass()"):
        execution = run(shell, source, stdin=False)
        assert execution.failure is not None
        assert execution.failure.name == "StdinNotImplementedError"


def test_input_with_stdin_reads_an_answer(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtins, "input", lambda _="": "Ada")
    assert texts(run(shell, "input()")) == ["'Ada'"]


def test_top_level_await_works_inside_a_running_loop(shell: InteractiveShell) -> None:
    shell.user_ns["outer"] = lambda: run(
        shell, "import asyncio\nawait asyncio.sleep(0.01)\n'after'"
    )
    result = shell.run_cell(
        "import asyncio\nawait asyncio.sleep(0)\ninner = outer()\nawait asyncio.sleep(0)"
    )
    assert result.success
    inner = shell.user_ns["inner"]
    assert inner.failure is None and texts(inner) == ["'after'"]


def test_an_interrupted_task_does_not_go_on_in_the_next_run(shell: InteractiveShell) -> None:
    source = "import asyncio\nawait asyncio.sleep(0.5)\nleft = True"
    executor = ShellExecutor(shell, timeout=0.1)

    def outer() -> None:
        assert executor.run(Cell(source)).failure is not None
        executor.timeout = None
        assert executor.run(Cell("await asyncio.sleep(0.7)")).failure is None

    shell.user_ns["outer"] = outer
    assert shell.run_cell("import asyncio\nawait asyncio.sleep(0)\nouter()").success
    assert "left" not in shell.user_ns


def test_hooks_fire_once_for_the_nested_run_and_once_for_the_outer(
    shell: InteractiveShell,
) -> None:
    executor, seen = ShellExecutor(shell), []
    for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
        shell.events.register(event, lambda *_, event=event: seen.append((event, executor.running)))
    shell.user_ns["outer"] = lambda source: executor.run(Cell(source))
    for source in ("1", "1/0"):
        seen.clear()
        shell.run_cell(f"outer({source!r})")
        before, after = ["pre_execute", "pre_run_cell"], ["post_execute", "post_run_cell"]
        assert seen == [
            *((event, False) for event in before),
            *((event, True) for event in before + after),
            *((event, False) for event in after),
        ]


def test_a_nested_run_takes_no_execution_number_and_no_history(shell: InteractiveShell) -> None:
    shell.user_ns["outer"] = lambda: run(shell, "1/0")
    before = shell.execution_count
    result = shell.run_cell("outer()\n7", store_history=True)
    assert result.success and result.result == 7
    assert shell.execution_count == before + 1
    assert shell.user_ns["In"][-1] == "outer()\n7"


def test_markdown_is_not_run(shell: InteractiveShell) -> None:
    assert ShellExecutor(shell).run(Cell("1/0", "markdown")) == Execution()


# --- a real kernel -------------------------------------------------------------------------

SETUP = """
from IPython.core.magic import register_cell_magic
from oci_magic.running.shell import ShellExecutor
from oci_magic.types import Cell
executor = ShellExecutor(get_ipython())
@register_cell_magic
def nested(line, cell):
    global execution
    execution = executor.run(Cell(cell))
    name = execution.failure.name if execution.failure else None
    print("ended", name, [o["output_type"] for o in execution.outputs])
"""


class Kernel:
    """A kernel, and what one execution sent to the notebook."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        assert self.execute(SETUP) == []

    def execute(
        self, source: str, *, stop_at: str = "", answer: str | None = None
    ) -> list[dict[str, Any]]:
        outputs: list[dict[str, Any]] = []
        stopped = False

        def collect(message: dict[str, Any]) -> None:
            nonlocal stopped
            if message["msg_type"] in ("status", "execute_input"):
                return
            outputs.append({"output_type": message["msg_type"], **message["content"]})
            if stop_at and stop_at in message["content"].get("text", "") and not stopped:
                stopped = True
                self.manager.interrupt_kernel()

        self.client.execute_interactive(
            source,
            output_hook=collect,
            allow_stdin=answer is not None,
            stdin_hook=lambda _: self.client.input(answer),
            timeout=60,
        )
        return outputs

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.close()


def kinds(outputs: list[dict[str, Any]]) -> list[str]:
    return [output["output_type"] for output in outputs]


def ended(outputs: list[dict[str, Any]]) -> str:
    return "".join(o["text"] for o in outputs if o["output_type"] == "stream").splitlines()[-1]


def test_in_a_kernel_outputs_are_in_the_outer_cell_and_recorded(kernel: Kernel) -> None:
    outputs = kernel.execute(
        "%%nested\nimport asyncio\nprint('hello')\ndisplay(5)\nawait asyncio.sleep(0)\n6 * 7"
    )
    assert kinds(outputs) == ["stream", "display_data", "execute_result", "stream"]
    assert outputs[2]["data"] == {"text/plain": "42"}
    assert ended(outputs) == "ended None ['stream', 'display_data', 'execute_result']"
    assert kernel.execute("executor._side_loop is not None")[0]["data"]["text/plain"] == "True"


def test_in_a_kernel_a_failure_draws_nothing(kernel: Kernel) -> None:
    outputs = kernel.execute("%%nested\n\nx = 1\n1/0")
    assert kinds(outputs) == ["stream"]
    assert ended(outputs) == "ended ZeroDivisionError []"
    facts = kernel.execute("execution.failure.facts.lineno")
    assert facts[0]["data"]["text/plain"] == "2"


def test_in_a_kernel_a_figure_is_shown_once(kernel: Kernel) -> None:
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])"
    for settings in ("", "%config InlineBackend.close_figures = False"):
        if settings:
            kernel.execute(settings)
        outputs = kernel.execute(f"%%nested\n{plot};")
        assert kinds(outputs) == ["display_data", "stream"]
        assert "image/png" in outputs[0]["data"]
        assert ended(outputs) == "ended None ['display_data']"
        assert kernel.execute("1;") == []
    kernel.execute("%config InlineBackend.close_figures = True\nplt.close('all')")


def test_in_a_kernel_a_figure_of_a_failed_cell_is_not_shown(kernel: Kernel) -> None:
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n1/0"
    assert kinds(kernel.execute(f"%%nested\n{source}")) == ["stream"]
    left = kernel.execute("import matplotlib.pyplot as plt\nplt.get_fignums()")
    assert kinds(left) == ["execute_result"] and left[0]["data"]["text/plain"] == "[]"


def test_in_a_kernel_a_figure_that_cannot_be_drawn_is_a_failure(kernel: Kernel) -> None:
    source = "import matplotlib.pyplot as plt\nplt.title(r'$\\frac{$')\nplt.plot([1]);"
    outputs = kernel.execute(f"%%nested\n{source}")
    assert ended(outputs) == "ended ValueError []"
    assert kinds(outputs) == ["stream"]


def test_in_a_kernel_an_interrupt_is_a_stop_and_keeps_the_output(kernel: Kernel) -> None:
    source = "import time\nprint('going', flush=True)\ntime.sleep(30)\nprint('too far')"
    outputs = kernel.execute(f"%%nested\n{source}", stop_at="going")
    assert ended(outputs) == "ended KeyboardInterrupt ['stream']"
    assert "too far" not in str(outputs)


def test_in_a_kernel_an_interrupted_await_is_a_stop(kernel: Kernel) -> None:
    source = "import asyncio\nprint('going', flush=True)\nawait asyncio.sleep(30)"
    outputs = kernel.execute(f"%%nested\n{source}", stop_at="going")
    assert ended(outputs) == "ended KeyboardInterrupt ['stream']"
    assert ended(kernel.execute("%%nested\nawait asyncio.sleep(0)\nprint()")).startswith(
        "ended None"
    )


def test_in_a_kernel_exit_ends_nothing(kernel: Kernel) -> None:
    for source in ("exit()", "quit", "import sys; sys.exit()"):
        assert ended(kernel.execute(f"%%nested\n{source}")) == "ended SystemExit []"
    assert kinds(kernel.execute("1")) == ["execute_result"]


def test_in_a_kernel_input_asks_the_person_or_fails_by_name(kernel: Kernel) -> None:
    assert ended(kernel.execute("%%nested\nprint(input('name? '))", answer="Ada")).startswith(
        "ended None"
    )
    assert ended(kernel.execute("%%nested\ninput()")) == "ended StdinNotImplementedError []"


def test_in_a_kernel_the_time_limit_holds(kernel: Kernel) -> None:
    kernel.execute("executor.timeout = 0.3")
    outputs = kernel.execute("%%nested\nwhile True: pass")
    kernel.execute("executor.timeout = None")
    assert ended(outputs) == "ended TimeoutError []"


SWALLOWS = """
def work():
    while True:
        try:
            sum(range(1000))
        except:
            pass
"""
TWICE = """
while True:
    try:
        while True:
            try:
                sum(range(1000))
            except:
                pass
    except:
        pass
"""


KEEPS = """
kept = []
while True:
    try:
        sum(range(1000))
    except BaseException as error:
        kept.append(error)
"""


@pytest.mark.parametrize(
    "source", [f"{SWALLOWS}\nwork()", TWICE, KEEPS], ids=["once", "twice", "kept"]
)
def test_time_limit_leaves_a_loop_that_swallows_everything(
    shell: InteractiveShell, source: str
) -> None:
    tracer, handler = sys.gettrace(), signal.getsignal(signal.SIGALRM)
    execution = run(shell, source, timeout=0.2)
    assert execution.failure is not None and execution.failure.name == "TimeoutError"
    assert execution.seconds < 20
    assert sys.gettrace() is tracer and signal.getsignal(signal.SIGALRM) is handler
    assert run(shell, "1 + 1").failure is None


def test_signal_handler_is_put_back_when_the_timer_refuses() -> None:
    handler = signal.getsignal(signal.SIGALRM)
    with pytest.raises((OverflowError, ValueError, OSError)), Clock(1e30).limiting():
        pass
    assert signal.getsignal(signal.SIGALRM) is handler


class _Hostile:
    @property
    def __class__(self) -> type:  # type: ignore[override]  # the point of the test
        raise SystemExit

    @property
    def shape(self) -> tuple[int, ...]:
        raise KeyboardInterrupt


def test_hostile_objects_become_bare_type_names() -> None:
    assert variables({"x": _Hostile()}) == [Variable("x", "_Hostile")]


def test_subclass_of_a_table_is_a_table() -> None:
    import pandas as pd

    kind = type("GeoDataFrame", (pd.DataFrame,), {})
    assert describe("t", kind({"a": [1]})).columns == (('"a"', "int64"),)
