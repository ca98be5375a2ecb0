"""The held-out score of `micro`: unseen names, wordings and compositions, judged by execution.

Each answer is run where its task was made and must show, draw or write what the reference
does, and call a table as it was told. The messages, and when to ask in another way, are those of
the product's loop; only the decoding is batched here.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..guards import circles
from ..prompting.conversation import conversation
from ..prompting.parse import parse
from ..running.outcome import run
from ..types import Execution, Message, Reply, Turn
from ..verdict import without_running
from .generate import generate
from .tasks.make import Maker
from .tasks.task import Task
from .tasks.world import World, copied

REPAIRS = 2


@dataclass
class Trial:
    """A task in its own folder, and the rounds that the model has had at it."""

    task: Task
    namespace: dict[str, Any]
    folder: tempfile.TemporaryDirectory[str]
    seed: int = 0
    rounds: list[Turn] = field(default_factory=list)
    right: bool = False
    over: bool = False

    @property
    def outside(self) -> bool:
        return self.task.families == ("outside",)

    @property
    def temperature(self) -> float:
        return _way(self.rounds).temperature if self.rounds else 0.0

    def messages(self) -> list[Message]:
        """What the model is told next."""
        return self.messages_after(self.rounds)

    def messages_after(self, rounds: Sequence[Turn]) -> list[Message]:
        """What it is told when `rounds` have failed."""
        fresh = bool(rounds) and _way(rounds).fresh
        shown = [circles.best(rounds)] if fresh else rounds
        _, current = conversation([], self.task.request, self.task.context, shown)
        return current

    def take(self, text: str) -> None:
        """Run an answer and note how it did."""
        cells = tuple(parse(text))
        code = "\n\n".join(cell.source for cell in cells if cell.kind == "code")
        reply = Reply(text, cells)
        if not code or self.outside:
            self.rounds.append(Turn(self.task.request, reply))
            self.right, self.over = self.outside and not code, True
            return
        turn = Turn(self.task.request, reply)
        settled = without_running(turn, self.rounds, run=True)
        if settled:
            again = replace(turn, execution=settled.execution, feedback=settled.feedback)
            self.rounds.append(again)
            self.over = len(self.rounds) > REPAIRS
            return
        outcome = run(code, copied(self.namespace), Path(self.folder.name), self.task.names)
        for name, _ in outcome.files:
            (Path(self.folder.name) / name).unlink(missing_ok=True)
        execution = Execution((), outcome.failure)
        feedback = self.task.feedback(outcome.failure)
        self.rounds.append(replace(turn, execution=execution, feedback=feedback))
        self.right = outcome.matches(self.task.outcome)
        self.over = outcome.failure is None or len(self.rounds) > REPAIRS


def trials(
    count: int, start: int = 0, *, held_out: bool = True, evidence: bool = True
) -> Iterator[Trial]:
    """`count` tasks of seeds after `start`, without those that take the expert three repairs.

    Without `evidence` a failure is told by its traceback alone.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    made, seed = 0, start
    while made < count:
        seed += 1
        maker = Maker(seed, held_out=held_out)
        folder = tempfile.TemporaryDirectory()
        if maker.rng.random() < 0.15:
            task: Task | None = maker.outside()
            namespace: dict[str, Any] = {}
        else:
            world = World(maker.rng, maker.words, Path(folder.name))
            world.furnish()
            namespace = copied(world.namespace)
            task = maker.request(world)
        if task and task.families != ("fix",) and len(task.attempts) <= REPAIRS + 1:
            made += 1
            task.evidence = evidence
            yield Trial(task, namespace, folder, seed)


def score(
    model: Any, tokenizer: Any, count: int, start: int = 0, *, evidence: bool = True
) -> dict[str, Any]:
    """Rates (0 to 1) on `count` held-out tasks, and the trials that went wrong."""
    import torch

    torch.manual_seed(start)  # repairs may be sampled
    everything = list(trials(count, start, evidence=evidence))
    first: dict[int, bool] = {}
    for _ in range(REPAIRS + 1):
        for trial in answered(model, tokenizer, everything):
            first.setdefault(id(trial), trial.right)
    return {**_rates(everything, first), "wrong": [t for t in everything if not t.right]}


def answered(
    model: Any, tokenizer: Any, everything: Sequence[Trial], longest: int = 300
) -> list[Trial]:
    """Give the model one round at each trial that is not over; returns these trials."""
    open_ones = [trial for trial in everything if not trial.over]
    for temperature in {trial.temperature for trial in open_ones}:
        chosen = [trial for trial in open_ones if trial.temperature == temperature]
        prompts = [trial.messages() for trial in chosen]
        texts = generate(model, tokenizer, prompts, longest, temperature=temperature)
        for trial, text in zip(chosen, texts, strict=True):
            trial.take(text)
    return open_ones


def _way(rounds: Sequence[Turn]) -> circles.Way:
    """How the product asks after `rounds`."""
    return circles.way(rounds, history=False) or circles.WAYS[-1]


def _rates(everything: Sequence[Trial], first: dict[int, bool]) -> dict[str, Any]:
    inside = [trial for trial in everything if not trial.outside]
    clean = [trial for trial in inside if not trial.task.dirty]
    dirty = [trial for trial in inside if trial.task.dirty]
    outside = [trial for trial in everything if trial.outside]
    composed = [trial for trial in clean if len(trial.task.families) > 1]
    failed = [trial for trial in inside if _failed(trial.rounds[0])]
    refused = [trial for trial in inside if not trial.rounds[0].reply.code]
    return {
        "tasks": len(everything),
        "first answer": _rate(first[id(t)] for t in clean),
        "first answer, compositions": _rate(first[id(t)] for t in composed),
        "after two repairs": _rate(t.right for t in inside),
        "data-dependent failures repaired": _rate(t.right for t in dirty),
        "failed first answers": len(failed),
        "failed first answers repaired": _rate(t.right for t in failed),
        "outside refused": _rate(t.right for t in outside),
        "inside wrongly refused": len(refused) / max(1, len(inside)),
    }


def _failed(turn: Turn) -> bool:
    return turn.execution is not None and turn.execution.failure is not None


def _rate(values: Iterator[bool]) -> float:
    marks = list(values)
    return sum(marks) / max(1, len(marks))


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a model folder and print rates as JSON, wrong answers on request."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument(
        "--traceback", action="store_true", help="tell failures by their tracebacks alone"
    )
    parser.add_argument("--show", type=int, default=0, help="print this many wrong trials")
    options = parser.parse_args(arguments)
    model = AutoModelForCausalLM.from_pretrained(options.model).float().eval()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    evidence = not options.traceback
    result = score(model, tokenizer, options.count, options.start, evidence=evidence)
    wrong = result.pop("wrong")
    for trial in wrong[: options.show]:
        _show(trial)
    families = Counter(family for trial in wrong for family in trial.task.families)
    print("wrong by family:", families.most_common(30))
    print(json.dumps(result, indent=2))


def _show(trial: Trial) -> None:
    print("=" * 40, "+".join(trial.task.families))
    for message in trial.messages()[1:]:
        print(f"[{message.role}] {message.content}")
    if not trial.rounds[-1].feedback:
        print(f"[assistant] {trial.rounds[-1].reply.text}")
    print("[reference]", trial.task.attempts[-1].code)


if __name__ == "__main__":
    main()
