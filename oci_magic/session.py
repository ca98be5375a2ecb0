"""The loop: ask -> stream -> parse -> review -> checkpoint -> run -> feed back.

One loop for notebook, terminal, headless runner and evaluation: it tells what happens as
events and knows no IPython, no widget and no model library. A round is one reply and the run
of all its code; an exchange is the rounds of one request. Later prompts are told the request
and the last reply of an exchange, and of a failed one its error too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from .engines import Engine, warmed
from .errors import EngineError, OciError
from .events import Drafted, Event, Events, Finished, Prompted, Repairing
from .exchanges import Answer, Exchanges
from .going_on import Ends, gone_on
from .guards import circles
from .objects import encodable
from .prompting.conversation import conversation, source, told
from .prompting.feedback import execution_result, shown_result
from .prompting.parse import parse as parse_reply
from .prompting.prompts import COMMENT, FIX, GO_ON, code_block, fit
from .runner import InTurn, Nothing, Restorable, Review, Runner
from .running import Executor
from .running.interrupts import put_off
from .streaming import streamed
from .types import Cell, Execution, Failure, Message, Reply, Turn, Usage
from .verdict import Verdict, standing, still_fails


class Session:
    """One conversation with one engine about one place where code runs.

    `exchanges` holds every round of every request, `turns` the last round of each. `runner` runs
    the code, on terms that may be changed between two requests. So may `steps`, the number of
    cells by which an answer may go on from its results, and `comment`, whether the model comments
    on the last one. `room` is the number of tokens kept free for an answer (default: the engine's
    `max_new_tokens`, at most a quarter of its window).
    """

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        *,
        rounds: int = 3,
        room: int | None = None,
        parse: Callable[[str], Sequence[Cell]] = parse_reply,
        review: Review = lambda cells: [()] * len(cells),
        checkpoint: Callable[[str], Restorable] = Nothing,
    ) -> None:
        self.engine, self.runner = engine, Runner(executor, review, checkpoint)
        self.rounds, self.room, self.parse = rounds, room, parse
        self.steps, self.comment = 0, False
        self.exchanges = Exchanges()
        self._last: tuple[str, tuple[Turn, ...]] | None = None

    @property
    def request(self) -> str:
        """What the person has asked last."""
        return self._last[0] if self._last else ""

    @property
    def turns(self) -> list[Turn]:
        return self.exchanges.turns

    def ask(
        self, request: str, context: str = "", *, run: bool = True, rounds: int | None = None
    ) -> Events:
        """Answer `request`, run the answer, repair it at most `rounds` times; yields events.

        Raises EngineError when the model cannot answer or the request does not fit its window.
        """
        return self._answered(self._exchange(request, (), context, run, rounds), rounds)

    def fix(
        self, code: str, failure: Failure, context: str = "", *, sentence: str = "",
        run: bool = True, rounds: int | None = None, trial: bool = False,
    ) -> Events:  # fmt: skip
        """Repair a cell that failed, whoever wrote it; `sentence` is the person's hint.

        The model is asked at least once: who asks for a repair wants one, whatever `rounds` says.
        What runs in a `trial` is no answer: `end_trial` takes it back.
        """
        execution = Execution(failure=failure)
        feedback = "\n\n".join(filter(None, [execution_result(execution), sentence]))
        reply = Reply(code_block(code), (Cell(code),))
        seed = Turn(self._request_of(code), reply, execution, feedback)
        limit = max(1, self.rounds if rounds is None else rounds)
        exchange = self._exchange(seed.request, (seed,), context, run, limit, trial=trial)
        return self._answered(exchange, limit)

    def retry(self, context: str = "", *, run: bool = True, rounds: int | None = None) -> Events:
        """Ask the last request again, as if its answer had not been given."""
        if self._last is None:
            raise OciError("nothing to retry: ask something with %%oci first")
        return self._answered(self._again(*self._last, context, run, rounds), rounds)

    def end_trial(self) -> Sequence[str]:
        """Take back what a trial has done; gives what could not be taken back, in words."""
        saved = self._accepted()
        if saved is None:
            return ()
        with put_off():
            stay = saved.undo()
        return (*saved.left, *stay)

    def undo(self, answer: Answer | None = None) -> tuple[Answer, Sequence[str]]:
        """Take back an answer that is open, the last one if none is told.

        What its code did goes, if it was accepted, and what was said of it. Gives the answer and
        the names that later cells own. Raises OciError where there is no way back any more.
        """
        last = self.exchanges.open[-1:]
        if answer is None and last:
            answer = last[0]
        if answer is None or answer not in self.exchanges.open:
            raise OciError("nothing to undo: no code of this conversation was accepted last")
        with put_off():
            stay = answer.saved.undo() if answer.saved else ()
            self.exchanges.take_back(answer)
        return answer, stay

    def ran(self, execution: Execution, saved: Restorable) -> None:
        """The person has run the code of the last answer, which had waited; it is checked.

        After a failure the namespace is put back and the error is the next thing to be told.
        """
        failed = execution.failure and not execution.failure.stopped
        feedback = execution_result(execution) if failed else ""
        with put_off():
            self.runner.settled(execution, saved)
            self.exchanges.accept(self._accepted())
            turn = self.exchanges[self.exchanges.answers[-1].start][-1]
            self.exchanges.ran(replace(turn, execution=execution, feedback=feedback))

    def new(self) -> None:
        """Forget the conversation."""
        self.exchanges.clear()
        self._last = None

    def prompt(
        self, request: str, context: str = "", tried: Sequence[Turn] = (), *, fresh: bool = False
    ) -> Prompted:
        """The messages for `request` after the rounds `tried`, fitted to the engine's window.

        Asked `fresh`, they tell of no exchange before the person's last request.
        Raises EngineError when even the request, the current code and its error do not fit.
        """
        limit = self.engine.window - self._room()
        request, context = encodable(request), encodable(context)
        for known, shorten in ((context, False), ("", False), ("", True)):
            earlier = self.exchanges.asked if fresh else self.exchanges
            history, current = conversation(earlier, request, known, tried)
            current = [Message(m.role, encodable(m.content)) for m in current]
            messages, dropped = fit(history, current, self.engine.count, limit, shorten=shorten)
            tokens = self.engine.count(messages)
            if tokens <= limit:
                return Prompted(tuple(messages), tokens, dropped)
        raise EngineError(
            f"the prompt takes {tokens:,} tokens and {self.engine.name} reads at most {limit:,}: "
            "shorten it or choose a model with a larger window (%oci models)"
        )

    def _answered(self, exchange: Ends, rounds: int | None) -> Events:
        """An exchange of a request, and those in which its answer goes on."""

        def more(execution: Execution, comment: bool) -> Ends:
            request = f"{shown_result(execution)}\n\n{COMMENT if comment else GO_ON}"
            return self._exchange(request, (), "", True, rounds, joined=True, comment=comment)

        yield (yield from gone_on(exchange, more, self.steps, self.comment))

    def _exchange(
        self, request: str, seed: tuple[Turn, ...], context: str, run: bool, rounds: int | None,
        given: Sequence[tuple[Turn, ...]] = (), *, joined: bool = False, comment: bool = False,
        trial: bool = False,
    ) -> Ends:  # fmt: skip
        """Ask until it is settled. The answer `given` before stays if nothing comes for it.

        A `joined` exchange goes on from the one before it, in a `comment` by words alone.
        """
        started, tried, request = time.perf_counter(), list(seed), encodable(request)
        limit = self.rounds if rounds is None else rounds
        if not joined:
            self._last = request, seed
            self.exchanges.begin()
        verdict = Verdict("stopped")
        try:
            verdict = yield from self._rounds(request, tried, context, run, limit, comment)
        except KeyboardInterrupt:
            verdict = Verdict("stopped")
        except EngineError as error:
            if len(tried) == len(seed):
                raise
            verdict = Verdict("unrepaired", str(error))
        finally:
            made = tried[len(seed) :]
            with put_off():
                if joined:
                    self._join(made, verdict)
                elif self.exchanges.keep(tried, made, given) and not trial:
                    self.exchanges.answered(given, self._accepted())
        turn = standing(tried, made, request)
        return Finished(
            verdict.outcome or "unrepaired", turn, verdict.reason, max(0, len(tried) - 1),
            sum((each.reply.usage for each in made), Usage()), time.perf_counter() - started,
            self.engine.name, self.runner.checks if verdict.outcome == "worked" else (),
            turn.reply.code,
        )  # fmt: skip

    def _again(
        self, request: str, seed: tuple[Turn, ...], context: str, run: bool, rounds: int | None
    ) -> Ends:
        """The exchange of a request that has been answered: a stop before it changes nothing."""
        given = self.exchanges.taken(request)
        return (yield from self._exchange(request, seed, context, run, rounds, given))

    def _accepted(self) -> Restorable | None:
        """The state before what has just been accepted; the runner lets go of it."""
        saved, self.runner.accepted = self.runner.accepted, None
        return saved

    def _join(self, made: Sequence[Turn], verdict: Verdict) -> None:
        """Remember an exchange as a part of the answer before it, if it came to anything."""
        after, before = self._accepted(), self.exchanges.answers[-1].saved
        if verdict.outcome not in ("worked", "answered"):
            return
        self.exchanges.join(made)
        if before and after:
            before.goes_on()
            self.exchanges.accept(InTurn(before, after))

    def _rounds(
        self, request: str, tried: list[Turn], context: str, run: bool, limit: int, comment: bool
    ) -> Generator[Event, None, Verdict]:
        """Reply after reply, each added to `tried`, until one settles the request."""
        parse = _words if comment else self.parse
        while True:
            failed, way = tried[-1] if tried else None, circles.PLAIN
            if failed and failed.execution and failed.execution.failure:
                if len(tried) > limit:
                    return Verdict("unrepaired", still_fails(limit))
                found = circles.way(tried, history=bool(self.exchanges.request))
                if found is None:
                    return Verdict("unrepaired", "the same again, asked afresh and sampled too")
                way, failure = found, failed.execution.failure
                yield Repairing(len(tried), limit, failure, failed.feedback, way.name)
            shown = [circles.best(tried)] if way.fresh else tried
            prompted = self.prompt(request, context, shown, fresh=way.fresh)
            yield prompted
            draft = source(shown[-1]) if shown else None
            with warmed(self.engine, way.temperature, len(tried)):
                reply = yield from streamed(self.engine, prompted.messages, draft, parse)
            tried.append(Turn(request, reply))
            yield Drafted(reply)
            if circles.same(tried[-1], [rounds[-1] for rounds in self.exchanges.asked]):
                return Verdict("unrepaired", "the model said the same code once more")
            verdict = yield from self.runner.attempt(tried[-1], tried[:-1], run)
            tried[-1] = replace(tried[-1], execution=verdict.execution, feedback=verdict.feedback)
            if verdict.outcome:
                return verdict

    def _room(self) -> int:
        sampling = getattr(self.engine, "sampling", None)
        wanted = self.room or getattr(sampling, "max_new_tokens", None) or self.engine.window
        return int(min(wanted, self.engine.window // 4))

    def is_last(self, code: str) -> bool:
        """Whether `code` is the last answer, and it failed."""
        last = told(self.exchanges[-1]) if self.exchanges else None
        return bool(last and last.feedback and source(last) == code)

    def _request_of(self, code: str) -> str:
        return self.exchanges[-1][-1].request if self.is_last(code) else FIX


def _words(text: str) -> Sequence[Cell]:
    """A reply that is all words; code in it is to be read."""
    return [Cell(text.strip(), "markdown")] if text.strip() else []
