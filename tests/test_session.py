"""The loop, driven by written replies over a plain namespace: no IPython, no model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oci_magic.engines import Sampling
from oci_magic.errors import EngineError, OciError
from oci_magic.events import (
    Drafted,
    Event,
    Executed,
    Finished,
    HeldBack,
    Prompted,
    Repairing,
    Streamed,
    follow,
)
from oci_magic.prompting.conversation import conversation, source
from oci_magic.prompting.prompts import CUT_OFF, FIX
from oci_magic.session import Session
from oci_magic.types import (
    Cell,
    Chunk,
    Effect,
    Execution,
    Facts,
    Failure,
    FinishReason,
    Message,
    Reply,
    Turn,
    Usage,
)

Said = str | tuple[str, FinishReason] | BaseException


class Written:
    """An engine of written replies that keeps what it was asked; a token is a character."""

    name = "written"

    def __init__(self, *replies: Said, window: int = 100_000) -> None:
        self.replies, self.window = list(replies), window
        self.sampling = Sampling()
        self.asked: list[list[Message]] = []
        self.drafts: list[str | None] = []
        self.warmth: list[float] = []

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) for message in messages)

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        self.asked.append(list(messages))
        self.drafts.append(draft)
        self.warmth.append(self.sampling.temperature)
        reply = self.replies.pop(0)
        if isinstance(reply, BaseException):
            yield Chunk("half a ")
            raise reply
        text, reason = reply if isinstance(reply, tuple) else (reply, "stop")
        for start in range(0, len(text), 7):
            yield Chunk(text[start : start + 7])
        yield Chunk("", reason, Usage(10, 5, 0.5))


class Plain:
    """Runs cells with `exec` in one dict."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.ran: list[str] = []

    def run(self, cell: Cell) -> Execution:
        self.ran.append(cell.source)
        try:
            exec(cell.source, self.names)
        except BaseException as error:
            return Execution(failure=Failure(type(error).__name__, str(error)), seconds=1.0)
        return Execution(seconds=1.0)


class Saved:
    """A checkpoint of a dict's bindings."""

    left = ()

    def __init__(self, names: dict[str, Any]) -> None:
        self.names, self.before = names, dict(names)

    def restore(self) -> None:
        self.names.clear()
        self.names.update(self.before)

    def done(self) -> None: ...
    def goes_on(self) -> None: ...

    def undo(self) -> tuple[str, ...]:
        self.restore()
        return ()


def code(*sources: str) -> str:
    return "\n\n".join(f"Here.\n```python\n{text}\n```" for text in sources)


def made(*replies: Said, window: int = 100_000, **options: Any) -> Session:
    executor = Plain()
    options.setdefault("checkpoint", lambda _code: Saved(executor.names))
    return Session(Written(*replies, window=window), executor, **options)


def run(events: Iterator[Event]) -> tuple[list[Event], Finished]:
    seen = list(events)
    assert isinstance(seen[-1], Finished)
    return seen, seen[-1]


def kinds(seen: Sequence[Event]) -> list[type]:
    told: list[type] = []
    for event in seen:
        if not told or told[-1] is not type(event) or not isinstance(event, Streamed):
            told.append(type(event))
    return told


def names(session: Session) -> dict[str, Any]:
    return {k: v for k, v in session.runner.executor.names.items() if k != "__builtins__"}


def test_working_answer_goes_through_every_step_in_order() -> None:
    session = made(code("x = 1"))
    seen, finished = run(session.ask("set x"))
    assert kinds(seen) == [Prompted, Streamed, Drafted, Executed, Finished]
    assert (finished.outcome, finished.repairs) == ("worked", 0)
    assert names(session)["x"] == 1


def test_streamed_chunks_add_up_to_the_reply() -> None:
    session = made(code("x = 1"))
    seen, finished = run(session.ask("set x"))
    streamed = [event for event in seen if isinstance(event, Streamed)]
    assert "".join(event.chunk for event in streamed) == finished.turn.reply.text
    assert streamed[-1].text == finished.turn.reply.text


def test_failure_is_fed_back_and_the_repair_runs_on_the_state_before_it() -> None:
    session = made(code("x = 1\n1 / 0"), code("y = 'x' in globals()"))
    seen, finished = run(session.ask("divide"))
    assert (finished.outcome, finished.repairs) == ("worked", 1)
    assert names(session) == {"y": False}
    repairing = next(event for event in seen if isinstance(event, Repairing))
    assert (repairing.round, repairing.rounds, repairing.failure.name) == (
        1,
        3,
        "ZeroDivisionError",
    )
    last = session.engine.asked[-1]
    assert [message.role for message in last] == ["system", "user", "assistant", "user"]
    assert last[-1].content == repairing.feedback
    assert "ZeroDivisionError" in repairing.feedback


def test_draft_under_repair_goes_to_the_engine() -> None:
    session = made(code("1 / 0"), code("x = 1"))
    run(session.ask("divide"))
    assert session.engine.drafts == [None, "1 / 0"]


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_repairs_are_bounded(rounds: int) -> None:
    session = made(*(code(f"{n} / 0") for n in range(9)), rounds=rounds)
    _, finished = run(session.ask("divide"))
    assert (finished.outcome, finished.repairs) == ("unrepaired", rounds)
    assert len(session.runner.executor.ran) == rounds + 1
    assert finished.turn.execution and finished.turn.execution.failure


def test_rounds_of_one_request_override_the_sessions() -> None:
    session = made(code("1 / 0"), code("x = 1"))
    _, finished = run(session.ask("divide", rounds=0))
    assert finished.outcome == "unrepaired"


def test_same_code_again_is_not_run_and_the_model_is_asked_in_another_way() -> None:
    session = made(code("1 / 0"), code("1 / 0  # now"), code("x = 1"))
    seen, finished = run(session.ask("divide"))
    assert (finished.outcome, finished.repairs) == ("worked", 2)
    assert session.runner.executor.ran == ["1 / 0", "x = 1"]
    ways = [event.way for event in seen if isinstance(event, Repairing)]
    assert ways == ["", "sampling"]  # asked afresh, it would be asked just the same
    assert session.engine.warmth == [0.0, 0.0, 0.7]
    assert session.engine.sampling.temperature == 0


def test_asking_afresh_leaves_out_what_was_before_and_the_drafts_between() -> None:
    session = made(
        code("x = 1"), code("y / 0"), code("z = q / 0"), code("z = q / 0"), code("x = 2")
    )
    run(session.ask("set x"))
    seen, _ = run(session.ask("divide", rounds=5))
    assert [e.way for e in seen if isinstance(e, Repairing)] == ["", "", "asking afresh"]
    assert "set x" in session.engine.asked[-2][1].content
    _, request, draft, _ = session.engine.asked[-1]
    assert (request.content, draft.content) == ("divide", code("z = q / 0"))


def test_when_every_way_leads_to_the_same_it_ends_and_says_so() -> None:
    session = made(*[code("1 / 0")] * 9, rounds=8)
    _, finished = run(session.ask("divide"))
    assert (finished.outcome, finished.repairs) == ("unrepaired", 3)
    assert "sampled" in finished.reason
    assert session.runner.executor.ran == ["1 / 0"]
    assert finished.turn.execution and finished.turn.execution.failure


def test_a_repair_that_hides_the_error_is_fed_back_and_not_run() -> None:
    hiding = "try:\n    1 / 0\nexcept Exception:\n    pass"
    session = made(code("1 / 0"), code(hiding), code(hiding + "\nx = 1"), code("x = 1"))
    _, finished = run(session.ask("divide"))
    assert finished.outcome == "worked"
    assert session.runner.executor.ran == ["1 / 0", "x = 1"]
    assert "hides the error" in session.engine.asked[2][-1].content


def test_endless_text_is_cut_where_it_begins_to_repeat() -> None:
    endless = "```python\nx = 1\n" + "print(x)\n" * 500
    session = made(endless)
    _, finished = run(session.ask("set x"))
    assert finished.outcome == "worked"
    assert session.runner.executor.ran == ["x = 1\nprint(x)"]


def test_cells_run_in_order_and_the_first_failure_stops() -> None:
    session = made(code("x = 1", "1 / 0", "z = 3"), rounds=0)
    run(session.ask("three"))
    assert session.runner.executor.ran == ["x = 1", "1 / 0"]
    assert names(session) == {}


def test_answer_without_code_is_an_answer() -> None:
    _, finished = run(made("It has three columns.").ask("how many columns?"))
    assert finished.outcome == "answered"
    assert finished.turn.execution is None


def test_answer_without_code_to_an_error_is_no_success() -> None:
    _, finished = run(made(code("1 / 0"), "That cannot be done.").ask("divide"))
    assert finished.outcome == "unrepaired"
    assert finished.turn.reply.text == code("1 / 0")
    assert finished.turn.execution and finished.turn.execution.failure


def test_empty_answer_is_no_success() -> None:
    _, finished = run(made("").ask("divide"))
    assert (finished.outcome, finished.reason) == ("unrepaired", "the model answered nothing")


def test_no_run_runs_nothing() -> None:
    session = made(code("x = 1"))
    _, finished = run(session.ask("set x", run=False))
    assert finished.outcome == "inserted"
    assert session.runner.executor.ran == []


def test_cut_off_code_is_fed_back_and_not_run() -> None:
    session = made(("```python\nx = (1,", "length"), code("x = 1"))
    _, finished = run(session.ask("set x"))
    assert (finished.outcome, finished.repairs) == ("worked", 1)
    assert session.runner.executor.ran == ["x = 1"]
    assert session.engine.asked[-1][-1].content == CUT_OFF


def test_cut_off_prose_after_whole_code_does_not_matter() -> None:
    session = made((code("x = 1") + "\nThis sets", "length"))
    _, finished = run(session.ask("set x"))
    assert finished.outcome == "worked"


def test_held_code_does_not_run_nor_what_stands_before_it() -> None:
    from oci_magic.types import Effect

    effect = Effect("delete", "os.remove", 1)
    session = made(
        code("x = 1", "import os"),
        review=lambda cells: [(effect,) if "os" in cell.source else () for cell in cells],
    )
    seen, finished = run(session.ask("remove"))
    assert finished.outcome == "held" and finished.reason
    assert [event.cell.source for event in seen if isinstance(event, HeldBack)] == ["import os"]
    assert session.runner.executor.ran == []


def test_undo_takes_the_last_answer_back_once() -> None:
    session = made(code("x = 1"), code("x = 2"), code("x = 3"))
    run(session.ask("one"))
    run(session.ask("two"))
    turn, stay = session.undo()
    assert (turn.request, stay, len(session.exchanges)) == ("two", (), 1)
    with pytest.raises(OciError, match="nothing to undo"):  # the way back to "one" is forgotten
        session.undo()
    with pytest.raises(OciError, match="nothing to undo"):
        made().undo()


def test_undo_of_an_answer_that_failed_takes_it_from_the_conversation() -> None:
    session = made(code("1 / 0"))
    run(session.ask("fails", rounds=0))
    turn, stay = session.undo()
    assert (turn.request, stay, session.exchanges) == ("fails", (), [])


BREAKS = ("1 / 0", "raise KeyboardInterrupt")


def leaves_nothing(session: Session, how: str) -> None:
    """Ask for `b = 2`, which then does not come to anything."""
    if how == "held":
        session.runner.review = lambda cells: [(Effect("delete", "it", 1),)] * len(cells)
    session.runner.confirm = how == "confirm"
    run(session.ask("second", run=how != "not run", rounds=0))
    session.runner.review, session.runner.confirm = (lambda cells: [()] * len(cells)), False


@pytest.mark.parametrize("how", [*BREAKS, "held", "confirm", "not run"])
def test_an_answer_that_left_nothing_leaves_the_way_back_to_the_one_before(how: str) -> None:
    session = made(code("a = 1"), code(f"b = 2\n{how if how in BREAKS else ''}"))
    run(session.ask("first"))
    leaves_nothing(session, how)
    (first, _), (second, _) = reversed([session.undo() for _ in range(2)])
    assert (first.request, second.request) == ("first", "second")
    assert (names(session), session.exchanges) == ({}, [])


def test_the_accepted_answer_is_taken_back_from_before_one_that_failed() -> None:
    session = made(code("a = 1"), "Words.", code("1 / 0"), code("c = 3"))
    run(session.ask("first"))
    run(session.ask("what is it?"))
    run(session.ask("second", rounds=0))
    session.undo(session.exchanges.open[0])
    assert names(session) == {} and [turn.request for turn in session.turns] == ["second"]
    run(session.ask("third"))
    assert "ZeroDivisionError" in session.engine.asked[-1][-1].content
    assert session.undo()[0].request == "third"
    with pytest.raises(OciError, match="nothing to undo"):
        session.undo()


def test_what_a_retry_took_the_place_of_is_told_again_once_that_is_undone() -> None:
    session = made(code("a = 1"), code("a = 2\n1 / 0"), code("b = 1"))
    run(session.ask("first"))
    run(session.retry(rounds=0))
    assert [turn.reply.text for turn in session.turns] == [code("a = 2\n1 / 0")]
    session.undo()
    assert names(session) == {"a": 1} and session.turns[0].reply.text == code("a = 1")
    run(session.ask("more"))
    assert [m.content for m in session.engine.asked[-1]][2:] == [code("a = 1"), "more"]


def test_a_stop_before_a_retry_or_a_trial_begins_changes_nothing() -> None:
    session = made(code("a = 1"), code("a = 2"))
    run(session.ask("set a"))
    session.retry()
    session.fix("1 / 0", Failure("ZeroDivisionError", "division by zero"), trial=True)
    assert [turns[-1].request for turns in session.exchanges] == ["set a"]
    run(session.ask("set a anew"))
    session.undo()
    assert names(session) == {"a": 1}


def test_what_is_edited_or_deleted_after_a_stop_in_mid_repair_is_told() -> None:
    for change, told_now in (("edited()", "edited()"), (None, "")):
        session = made(code("draft()"), (code("repai"), "interrupted"))
        run(session.ask("go"))
        (answer,) = session.exchanges.answers
        session.exchanges.revise(answer, {0: change})
        assert session.exchanges.sources(answer) == ([told_now] if told_now else [])


def test_later_answers_move_when_an_earlier_one_is_taken_back() -> None:
    session = made(code("a = 1"), code("1 / 0"), code("1 / 0"), rounds=0)
    for request in "one", "two", "three":
        run(session.ask(request))
    first, second, third = session.exchanges.answers
    session.undo(first)
    assert session.exchanges.sources(second) == session.exchanges.sources(third) == ["1 / 0"]
    assert [turns[-1].request for turns in session.exchanges.asked] == ["three"]
    session.undo(third)
    assert [turns[-1].request for turns in session.exchanges] == ["two"]


def test_a_trial_is_no_answer_and_leaves_the_way_back_to_the_last_one() -> None:
    session = made(code("a = 1"), code("a = 7"))
    run(session.ask("first"))
    run(session.fix("1 / 0", Failure("ZeroDivisionError", "division by zero"), trial=True))
    assert (names(session), session.end_trial(), names(session)) == ({"a": 7}, (), {"a": 1})
    session.undo()
    assert names(session) == {}


def test_what_a_run_has_drawn_is_not_kept_in_the_conversation() -> None:
    drawn = {"output_type": "display_data", "metadata": {},
             "data": {"image/png": "x" * 9999, "text/plain": "<Figure>"}}  # fmt: skip

    class Draws(Plain):
        def run(self, cell: Cell) -> Execution:
            return replace(super().run(cell), outputs=(drawn,))

    session = Session(Written(code("a = 1")), Draws())
    _, finished = run(session.ask("draw"))
    assert finished.turn.execution.outputs == (drawn,)
    (kept,) = session.exchanges[0][0].execution.outputs
    assert kept["data"] == {"text/plain": "<Figure>"}


def test_stop_while_generating_is_never_repaired() -> None:
    session = made(KeyboardInterrupt(), code("x = 1"))
    _, finished = run(session.ask("set x"))
    assert finished.outcome == "stopped"
    assert finished.turn.reply.text == "half a "
    assert finished.turn.reply.finish_reason == "interrupted"
    assert len(session.engine.asked) == 1


def test_stop_during_a_repair_leaves_the_draft_before_it() -> None:
    session = made(code("1 / 0"), KeyboardInterrupt(), code("x = 1"))
    _, finished = run(session.ask("divide"))
    assert (finished.outcome, source(finished.turn)) == ("stopped", "1 / 0")
    assert finished.turn.execution and finished.turn.execution.failure
    run(session.ask("use a one"))
    assert "ZeroDivisionError" in session.engine.asked[-1][-1].content


def test_stop_in_the_middle_of_a_repairs_code_leaves_the_whole_draft() -> None:
    session = made(code("1 / 0"), code("x = (1 +\n 2)"))

    def show(event: Event) -> None:
        if isinstance(event, Streamed) and event.text.endswith("x = (1"):
            raise KeyboardInterrupt

    session.engine.stream = by_character(session.engine.stream)
    finished = follow(session.ask("divide"), show)
    assert (finished.outcome, source(finished.turn)) == ("stopped", "1 / 0")


def by_character(stream: Any) -> Any:
    def streamed(*given: Any, **more: Any) -> Iterator[Chunk]:
        for chunk in stream(*given, **more):
            yield from (Chunk(letter) for letter in chunk.text)
            if chunk.finish_reason:
                yield chunk

    return streamed


def test_stop_during_the_fix_of_a_cell_offers_nothing_of_it() -> None:
    session = made(KeyboardInterrupt())
    _, finished = run(session.fix("1 / 0", Failure("ZeroDivisionError", "division by zero")))
    assert (finished.outcome, source(finished.turn)) == ("stopped", "")


def test_engine_error_during_a_repair_leaves_the_draft_unrepaired() -> None:
    session = made(code("1 / 0"), EngineError("out of memory"))
    _, finished = run(session.ask("divide"))
    assert (finished.outcome, finished.reason) == ("unrepaired", "out of memory")
    assert source(finished.turn) == "1 / 0"
    assert finished.turn.execution and finished.turn.execution.failure


def test_engine_error_before_anything_is_made_is_raised() -> None:
    session = made(EngineError("out of memory"))
    with pytest.raises(EngineError):
        run(session.fix("1 / 0", Failure("ZeroDivisionError", "division by zero")))
    assert session.exchanges == []


def test_stop_while_running_is_never_repaired_and_restores() -> None:
    session = made(code("x = 1\nraise KeyboardInterrupt"), code("x = 2"))
    _, finished = run(session.ask("set x"))
    assert finished.outcome == "stopped"
    assert names(session) == {}
    assert len(session.engine.asked) == 1


@pytest.mark.parametrize("kind", [Prompted, Streamed, Drafted, Executed, Repairing])
def test_stop_while_an_event_is_shown_reaches_the_session(kind: type) -> None:
    session = made(code("x = 1\n1 / 0"), code("x = 2"))

    def show(event: Event) -> None:
        if isinstance(event, kind):
            raise KeyboardInterrupt

    finished = follow(session.ask("set x"), show)
    assert finished.outcome == "stopped"
    assert names(session) == {}


def test_what_cannot_be_shown_is_put_back_at_once() -> None:
    session = made(code("x = 1", "y = 2"))

    def show(event: Event) -> None:
        if isinstance(event, Executed):
            raise OSError("no space left")

    with pytest.raises(OSError) as raised:
        follow(session.ask("set x"), show)
    assert names(session) == {} and raised.value


def test_abandoned_run_is_put_back() -> None:
    session = made(code("x = 1", "y = 2"))
    events = session.ask("set x")
    while not isinstance(next(events), Executed):
        pass
    events.close()
    assert names(session) == {}


def test_engine_error_leaves_the_session_as_it_was() -> None:
    session = made(code("x = 1"), EngineError("out of memory"), code("y = 2"))
    run(session.ask("set x"))
    with pytest.raises(EngineError):
        run(session.ask("boom"))
    assert [turn.request for turn in session.turns] == ["set x"]
    assert run(session.ask("set y"))[1].outcome == "worked"


def test_failed_rounds_are_left_out_of_later_prompts() -> None:
    session = made(code("1 / 0"), code("x = 1"), code("y = 2"))
    run(session.ask("set x", "Variables: a int"))
    run(session.ask("set y", "Variables: b int"))
    said = [message.content for message in session.engine.asked[-1][1:]]
    assert said == ["set x", code("x = 1"), "Variables: b int\n\nset y"]


def test_human_sentence_goes_on_from_an_unrepaired_error() -> None:
    session = made(code("1 / 0"), code("2 / 0"), code("x = 1"), rounds=1)
    run(session.ask("divide"))
    run(session.ask("use a one"))
    *_, first, failing, steered = session.engine.asked[-1]
    assert first.content == "divide"
    assert failing.content == code("2 / 0")
    assert steered.content.startswith("Execution result:") and "use a one" in steered.content


def test_interrupted_answers_are_not_told_later() -> None:
    session = made(KeyboardInterrupt(), code("x = 1"))
    run(session.ask("first"))
    run(session.ask("second"))
    assert [message.content for message in session.engine.asked[-1][1:]] == ["second"]


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_code_that_failed_is_told_later_where_its_repair_was_blank(blank: str) -> None:
    session = made(code("1 / 0"), blank, code("x = 1"))
    run(session.ask("divide"))
    run(session.ask("use a one"))
    *_, first, failing, steered = session.engine.asked[-1]
    assert (first.content, failing.content) == ("divide", code("1 / 0"))
    assert steered.content.startswith("Execution result:") and "use a one" in steered.content


def test_blank_answer_is_not_told_later() -> None:
    session = made("  \n", code("x = 1"))
    run(session.ask("first"))
    run(session.ask("second"))
    assert [message.content for message in session.engine.asked[-1][1:]] == ["second"]


def test_roles_alternate_whatever_happened_before() -> None:
    session = made(
        code("1 / 0"), code("2 / 0"), "prose", KeyboardInterrupt(), "", code("x = 1"), rounds=1
    )
    for request in "abcde":
        run(session.ask(request))
        roles = [message.role for message in session.engine.asked[-1][1:]]
        assert roles == [("user", "assistant")[n % 2] for n in range(len(roles))]
        assert roles[-1] == "user"


def test_full_window_drops_the_oldest_and_says_so() -> None:
    session = made(*(code(f"x{n} = '{'a' * 400}'") for n in range(9)), window=3000)
    dropped = []
    for n in range(9):
        seen, _ = run(session.ask(f"request {n}"))
        prompted = next(event for event in seen if isinstance(event, Prompted))
        dropped.append(prompted.dropped)
        assert prompted.tokens <= 3000 * 3 // 4
        assert prompted.messages[-1].content == f"request {n}"
    assert dropped[0] == 0 and dropped[-1] > 0


def test_context_gives_way_before_the_request() -> None:
    session = made(code("x = 1"), window=3000)
    _, finished = run(session.ask("short", "c" * 3000))
    assert finished.outcome == "worked"
    assert session.engine.asked[0][-1].content == "short"


def test_request_larger_than_the_window_is_one_line() -> None:
    session = made(code("x = 1"), window=2048)
    with pytest.raises(EngineError) as caught:
        run(session.ask("long " * 20_000))
    assert "\n" not in str(caught.value) and "larger window" in str(caught.value)
    assert session.turns == []


def test_repair_that_does_not_fit_ends_unrepaired() -> None:
    session = made(code(f"x = '{'a' * 3000}'\n1 / 0"), code("x = 1"), window=3000)
    _, finished = run(session.ask("divide"))
    assert finished.outcome == "unrepaired"
    assert "larger window" in finished.reason


def test_a_long_error_gives_way_before_the_repair_does() -> None:
    source = f"raise ValueError('{'a' * 900}')"
    session = made(code(source), code("x = 1"), window=2600)
    _, finished = run(session.ask("divide"))
    said = session.engine.asked[-1][-1].content
    assert finished.outcome == "worked" and "ValueError: aaa" in said and "\n...\n" in said


def test_fix_shows_the_failed_cell_as_code_and_its_error() -> None:
    session = made(code("x = 1"))
    _, finished = run(session.fix("x = 1 / 0", Failure("ZeroDivisionError", "division by zero")))
    said = session.engine.asked[-1]
    assert [message.role for message in said] == ["system", "user", "assistant", "user"]
    assert said[1].content == FIX
    assert "x = 1 / 0" in said[2].content
    assert "ZeroDivisionError" in said[3].content
    assert (finished.outcome, finished.repairs) == ("worked", 1)


def test_fix_of_generated_code_keeps_its_request() -> None:
    session = made(code("1 / 0"), code("x = 1"), rounds=0)
    run(session.ask("divide"))
    failure = Failure("ZeroDivisionError", "division by zero")
    run(session.fix("1 / 0", failure, sentence="use a one", rounds=1))
    said = session.engine.asked[-1]
    assert said[1].content == "divide" or said[-3].content.endswith("divide")
    assert said[-1].content.endswith("use a one")


def test_retry_asks_as_if_nothing_had_been_answered() -> None:
    session = made(code("x = 1"), code("x = 2"))
    run(session.ask("set x"))
    run(session.retry())
    first, second = session.engine.asked
    assert first == second
    assert [source(turn) for turn in session.turns] == ["x = 2"]


def test_retry_of_nothing_says_what_to_do() -> None:
    with pytest.raises(OciError, match="%%oci"):
        made().retry()


def test_new_forgets() -> None:
    session = made(code("x = 1"), code("y = 1"))
    run(session.ask("set x"))
    session.new()
    run(session.ask("set y"))
    assert len(session.engine.asked[-1]) == 2


def test_usage_adds_up_over_rounds() -> None:
    _, finished = run(made(code("1 / 0"), code("x = 1")).ask("divide"))
    assert finished.usage == Usage(20, 10, 1.0)


def test_turns_of_an_exchange_keep_what_was_fed_back() -> None:
    session = made(code("1 / 0"), code("x = 1"))
    run(session.ask("divide"))
    failed, accepted = session.exchanges[0]
    assert "ZeroDivisionError" in failed.feedback
    assert accepted.feedback == "" and accepted.execution is not None


turns = st.tuples(
    st.sampled_from(["", "request"]),
    st.sampled_from(["", " ", "reply"]),
    st.sampled_from(["stop", "length", "interrupted"]),
    st.sampled_from(["", "Execution result:\nKeyError: 'x'"]),
).map(lambda said: Turn(said[0], Reply(said[1], (), said[2]), feedback=said[3]))


@settings(deadline=None)
@given(st.lists(st.lists(turns, min_size=1, max_size=3), max_size=4), st.lists(turns, max_size=2))
def test_conversations_alternate_and_end_with_the_user(
    exchanges: list[list[Turn]], tried: list[Turn]
) -> None:
    history, current = conversation(exchanges, "now", "", tried)
    told = [*(m for exchange in history for m in exchange), *current[1:]]
    assert current[0].role == "system"
    assert [m.role for m in told] == [("user", "assistant")[n % 2] for n in range(len(told))]
    assert told[-1].role == "user"


FORBIDDEN = (
    "import sys, oci_magic.session;"
    "print(*sorted({'IPython', 'ipywidgets', 'torch', 'transformers'} & set(sys.modules)))"
)


def test_session_imports_no_shell_and_no_model_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


class Checking(Plain):
    """Looks the checks up among written failures."""

    def __init__(self, *failures: Failure | None) -> None:
        super().__init__()
        self.failures, self.checked = list(failures), list[Sequence[str]]()

    def check(self, checks: Sequence[str]) -> Failure | None:
        self.checked.append(checks)
        return self.failures.pop(0)


def test_a_check_that_fails_is_a_failure_and_is_fed_back() -> None:
    session = made(code("x = 1"), code("x = 2"))
    failure = Failure("CheckFailed", "x > 1", facts=Facts(parts=(("x", "1"),)))
    session.runner.executor = Checking(failure, None)
    session.runner.checks = ("assert x > 1",)
    _, finished = run(session.ask("set x"))
    assert (finished.outcome, finished.repairs) == ("worked", 1)
    assert finished.checks == ("assert x > 1",)
    assert session.runner.executor.checked == [("assert x > 1",)] * 2
    told = "Execution result:\nCheckFailed: x > 1\nx is 1"
    assert session.engine.asked[-1][-1].content == told


def test_code_that_fails_is_not_checked() -> None:
    session = made(code("1 / 0"), rounds=0)
    session.runner.executor = Checking()
    session.runner.checks = ("assert True",)
    _, finished = run(session.ask("divide"))
    assert (finished.outcome, finished.checks) == ("unrepaired", ())
