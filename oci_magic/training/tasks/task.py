"""A task: one request, the codes tried on it and what they came to; and how a model meets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...prompting.conversation import conversation
from ...prompting.feedback import execution_result, traceback_alone
from ...prompting.prompts import code_block
from ...running.outcome import Outcome
from ...types import Execution, Failure, Reply, Turn


@dataclass
class Attempt:
    """One code of a task, the sentence before it, and its failure if it had one."""

    code: str
    sentence: str
    failure: Failure | None
    train: bool = True

    def text(self) -> str:
        """The attempt as an answer."""
        return "\n".join(filter(None, (self.sentence, self.code and code_block(self.code))))


@dataclass
class Task:
    """A request in a world; `attempts` end with the code that works and gave `outcome`.

    `dirty` tasks are those whose data make plain code fail: what an expert writes at first, who
    has not seen them, with names as the person has typed them. Without `evidence` the failures
    are told by their tracebacks alone.
    """

    context: str
    request: str
    families: tuple[str, ...]
    attempts: list[Attempt] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    names: tuple[str, ...] = ()  # variables that the request wants made
    dirty: bool = False
    evidence: bool = True

    def feedback(self, failure: Failure | None) -> str:
        """What a model is told of an attempt."""
        if failure is None:
            return ""
        told = failure if self.evidence else traceback_alone(failure)
        return execution_result(Execution((), told))

    def rounds(self) -> tuple[Turn, ...]:
        """The attempts as a session's rounds of one request."""
        return tuple(map(self._round, self.attempts))

    def _round(self, attempt: Attempt) -> Turn:
        execution = Execution((), attempt.failure)
        return Turn(self.request, Reply(attempt.text()), execution, self.feedback(attempt.failure))


def example(tasks: Sequence[Task]) -> dict[str, Any]:
    """The last of `tasks` as a model meets it, told of the ones before as a session tells it.

    `train` is False on what the assistant says but is not to learn: earlier replies, mistakes.
    """
    *before, task = tasks
    rounds = task.rounds()
    history, current = conversation(
        [earlier.rounds() for earlier in before], task.request, task.context, rounds[:-1]
    )
    told = [message for exchange in history for message in exchange] + current[1:]
    entries: list[dict[str, Any]] = [{"role": m.role, "content": m.content} for m in told]
    learned = {len(told) - 2 * n: task.attempts[-1 - n].train for n in range(1, len(rounds))}
    for index, entry in enumerate(entries):
        if entry["role"] == "assistant":
            entry["train"] = learned.get(index, False)
    entries.append({"role": "assistant", "content": task.attempts[-1].text(), "train": True})
    return {"messages": entries, "families": "+".join(task.families)}
