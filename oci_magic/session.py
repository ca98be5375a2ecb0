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

from . import guards
from .engines import Engine, warmed
from .errors import EngineError, OciError
from .events import (
    Drafted,
    Event,
    Events,
    Finished,
    Prompted,
    Repairing,
    Streamed,
)
from .objects import encodable
from .prompting.conversation import conversation, source, told
from .prompting.feedback import execution_result
from .prompting.parse import parse as parse_reply
from .prompting.prompts import FIX, code_block, fit
from .runner import Nothing, Restorable, Review, Runner
from .running import Executor
from .types import Cell, Chunk, Execution, Failure, Message, Reply, Turn, Usage
from .verdict import Verdict, came, standing, still_fails


class Session:
    """One conversation with one engine about one place where code runs.

    `exchanges` holds every round of every request, `turns` the last round of each. `runner` runs
    the code, on terms that may be changed between two requests. `room` is the number of tokens
    kept free for an answer (default: the engine's `max_new_tokens`, at most a quarter of its
    window).
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
        self.exchanges: list[tuple[Turn, ...]] = []
        self._answer = 0  # the exchange whose code stands
        self._last: tuple[str, tuple[Turn, ...]] | None = None

    @property
    def turns(self) -> list[Turn]:
        return [rounds[-1] for rounds in self.exchanges]

    def ask(
        self, request: str, context: str = "", *, run: bool = True, rounds: int | None = None
    ) -> Events:
        """Answer `request`, run the answer, repair it at most `rounds` times; yields events.

        Raises EngineError when the model cannot answer or the request does not fit its window.
        """
        return self._exchange(request, (), context, run, rounds)

    def fix(
        self, code: str, failure: Failure, context: str = "", *, sentence: str = "",
        run: bool = True, rounds: int | None = None,
    ) -> Events:  # fmt: skip
        """Repair a cell that failed, whoever wrote it; `sentence` is the person's hint.

        The model is asked at least once: who asks for a repair wants one, whatever `rounds` says.
        """
        execution = Execution(failure=failure)
        feedback = "\n\n".join(filter(None, [execution_result(execution), sentence]))
        reply = Reply(code_block(code), (Cell(code),))
        seed = Turn(self._request_of(code), reply, execution, feedback)
        limit = max(1, self.rounds if rounds is None else rounds)
        return self._exchange(seed.request, (seed,), context, run, limit)

    def retry(self, context: str = "", *, run: bool = True, rounds: int | None = None) -> Events:
        """Ask the last request again, as if its answer had not been given."""
        if self._last is None:
            raise OciError("nothing to retry: ask something with %%oci first")
        request, seed = self._last
        again = bool(self.exchanges) and self.exchanges[-1][-1].request == request
        given = self.exchanges.pop() if again else ()
        return self._exchange(request, seed, context, run, rounds, given)

    def undo(self) -> tuple[Turn, Sequence[str]]:
        """Take back the last answer with code, what it did and what was said since.

        Gives its turn and the names that later cells own. Code that failed or did not run has
        left nothing. Raises OciError where there is nothing to take back, or no way any more.
        """
        there = self._answer < len(self.exchanges)
        saved, last = self.runner.accepted, self.exchanges[self._answer][-1] if there else None
        worked = last and last.execution and not last.execution.failure
        if last is None or (saved is None and (worked or not came(last))):
            raise OciError("nothing to undo: no code of this conversation was accepted last")
        self.runner.accepted = None
        stay = saved.undo() if saved else ()
        del self.exchanges[self._answer :]
        self._answer = max(0, len(self.exchanges) - 1)
        return last, stay

    def ran(self, execution: Execution, saved: Restorable) -> Failure | None:
        """The person has run the code of the last exchange, which had waited for them.

        After a failure the namespace is put back and the error is the next thing to be told; it
        is returned, also where a check fails that the person's run could not see.
        """
        *before, turn = self.exchanges.pop()
        execution = self.runner.settled(execution, saved)
        failed = execution.failure and not execution.failure.stopped
        feedback = execution_result(execution) if failed else ""
        self.exchanges.append((*before, replace(turn, execution=execution, feedback=feedback)))
        return execution.failure

    def edited(self, at: int, source: str) -> None:
        """The person has another version of the last answer's code cell `at`, and it works."""
        rounds = self.exchanges[self._answer] if self._answer < len(self.exchanges) else ()
        held = [number for number, each in enumerate(rounds) if len(each.reply.code) > at]
        if not held:
            return
        before, turn = rounds[: held[-1]], rounds[held[-1]]
        code = list(turn.reply.code)
        code[at] = Cell(source)
        left = iter(code)
        cells = tuple(next(left) if cell.kind == "code" else cell for cell in turn.reply.cells)
        said = (code_block(c.source) if c.kind == "code" else c.source for c in cells)
        reply = replace(turn.reply, text="\n\n".join(said), cells=cells)
        edited = replace(turn, reply=reply, execution=Execution(), feedback="")
        self.exchanges[self._answer] = (*before, edited)

    def new(self) -> None:
        """Forget the conversation."""
        self.exchanges.clear()
        self._answer = 0
        self._last = self.runner.accepted = None

    def prompt(
        self, request: str, context: str = "", tried: Sequence[Turn] = (), *, fresh: bool = False
    ) -> Prompted:
        """The messages for `request` after the rounds `tried`, fitted to the engine's window.

        Asked `fresh`, they tell of no earlier exchange.
        Raises EngineError when even the request, the current code and its error do not fit.
        """
        limit = self.engine.window - self._room()
        request, context = encodable(request), encodable(context)
        for known in (context, ""):
            earlier = () if fresh else self.exchanges
            history, current = conversation(earlier, request, known, tried)
            current = [Message(m.role, encodable(m.content)) for m in current]
            messages, dropped = fit(history, current, self.engine.count, limit)
            tokens = self.engine.count(messages)
            if tokens <= limit:
                return Prompted(tuple(messages), tokens, dropped)
        raise EngineError(
            f"the prompt takes {tokens:,} tokens and {self.engine.name} reads at most {limit:,}: "
            "shorten it or choose a model with a larger window (%oci models)"
        )

    def _exchange(
        self, request: str, seed: tuple[Turn, ...], context: str, run: bool, rounds: int | None,
        given: tuple[Turn, ...] = (),
    ) -> Events:  # fmt: skip
        """Ask until it is settled. The answer `given` before stays if nothing comes for it."""
        started, tried, request = time.perf_counter(), list(seed), encodable(request)
        limit = self.rounds if rounds is None else rounds
        self._last, before, self.runner.accepted = (request, seed), self.runner.accepted, None
        verdict = Verdict("stopped")
        try:
            verdict = yield from self._rounds(request, tried, context, run, limit)
        except KeyboardInterrupt:
            verdict = Verdict("stopped")
        except EngineError as error:
            if len(tried) == len(seed):
                raise
            verdict = Verdict("unrepaired", str(error))
        finally:
            made = tried[len(seed) :]
            new = any(map(came, made))
            kept = tuple(tried) if new or not given else given
            self.exchanges += [kept] if made or given else []
            if new:
                self._answer = len(self.exchanges) - 1
            else:
                self.runner.accepted = before
        turn = standing(tried, made, request)
        usage = sum((each.reply.usage for each in made), Usage())
        yield Finished(
            verdict.outcome or "unrepaired", turn, verdict.reason, max(0, len(tried) - 1),
            usage, time.perf_counter() - started, self.engine.name,
            self.runner.checks if verdict.outcome == "worked" else (),
        )  # fmt: skip

    def _rounds(
        self, request: str, tried: list[Turn], context: str, run: bool, limit: int
    ) -> Generator[Event, None, Verdict]:
        """Reply after reply, each added to `tried`, until one settles the request."""
        while True:
            failed, way = tried[-1] if tried else None, guards.PLAIN
            if failed and failed.execution and failed.execution.failure:
                if len(tried) > limit:
                    return Verdict("unrepaired", still_fails(limit))
                found = guards.way(tried, history=bool(self.exchanges))
                if found is None:
                    return Verdict("unrepaired", "the same again, asked afresh and sampled too")
                way, failure = found, failed.execution.failure
                yield Repairing(len(tried), limit, failure, failed.feedback, way.name)
            shown = [guards.best(tried)] if way.fresh else tried
            prompted = self.prompt(request, context, shown, fresh=way.fresh)
            yield prompted
            draft = source(shown[-1]) if shown else None
            with warmed(self.engine, way.temperature, len(tried)):
                reply = yield from self._stream(prompted.messages, draft)
            tried.append(Turn(request, reply))
            yield Drafted(reply)
            verdict = yield from self.runner.attempt(tried[-1], tried[:-1], run)
            tried[-1] = replace(tried[-1], execution=verdict.execution, feedback=verdict.feedback)
            if verdict.outcome:
                return verdict

    def _stream(
        self, messages: Sequence[Message], draft: str | None
    ) -> Generator[Event, None, Reply]:
        text, last, started = "", Chunk(""), time.perf_counter()
        try:
            for last in self.engine.stream(messages, draft=draft):
                text = last.text if last.anew else text + last.text
                if last.text or last.anew:
                    yield Streamed(last.text, text, last.anew)
                looked = len(text) // guards.LINES > (len(text) - len(last.text)) // guards.LINES
                start = guards.loop_start(text) if looked else None
                if start is not None:
                    text, last = text[:start], Chunk("", "length", last.usage)
                    break
        except KeyboardInterrupt:
            last = Chunk("", "interrupted", last.usage)
        usage = last.usage or Usage(seconds=time.perf_counter() - started)
        return Reply(text, tuple(self.parse(text)), last.finish_reason or "stop", usage)

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
