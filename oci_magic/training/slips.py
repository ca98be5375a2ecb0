"""A model's own mistakes as training examples: what it answered, how that failed, what is right.

Invented mistakes look unlike a model's own, and what it believed once it says again. So it is
asked tasks of the training side; where its answer fails, the example goes on with the error and
the right answer (the idea is DAgger's: Ross et al. 2011, arXiv 1011.0686). What it got wrong
without an error is told once more as it is.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..guards import circles
from ..prompting.conversation import source
from ..running.outcome import run
from ..types import Message, Turn
from .score import REPAIRS, Trial, answered, trials
from .tasks.repairs import repair
from .tasks.task import Attempt, example
from .tasks.world import copied

BATCH = 128
FIRST_SEED = 1_000_000_000
LONGEST = 160  # tokens of an answer: the right ones are shorter
SEEDS = 10_000_000  # for each worker; seeds below FIRST_SEED are for tasks


def slips(model: Any, tokenizer: Any, start: int) -> Iterator[dict[str, Any]]:
    """Examples from tasks of the seeds after `start`, without end.

    `model` and `tokenizer` are transformers objects.
    """
    while True:
        batch = list(trials(BATCH, start, held_out=False))
        for _ in range(REPAIRS + 1):
            answered(model, tokenizer, batch, LONGEST)
        for trial in batch:
            yield from lessons(trial)
        start = batch[-1].seed


def lessons(trial: Trial) -> Iterator[dict[str, Any]]:
    """What there is to learn from a trial that is over: an example for each round that slipped."""
    task = trial.task
    expected = [attempt.code for attempt in task.attempts]
    for number, turn in enumerate(trial.rounds):
        if source(turn) in expected or circles.same(turn, trial.rounds[:number]):
            continue
        if turn.execution is None or turn.execution.failure is None:
            if not trial.right:
                yield example([task])
            return
        right = _right(trial, turn)
        if right is not None:
            yield _told(trial, trial.rounds[: number + 1], right)


def _right(trial: Trial, turn: Turn) -> Attempt | None:
    """The answer to a failed round: the only one there is, or the expert's if that works."""
    attempts = trial.task.attempts
    if len(attempts) == 1:
        return attempts[0]
    assert turn.execution is not None
    failure = turn.execution.failure
    repaired = repair(failure, source(turn)) if failure else None
    if repaired is None:
        return None
    code, sentence = repaired
    folder = Path(trial.folder.name)
    outcome = run(code, copied(trial.namespace), folder, trial.task.names)
    return Attempt(code, sentence, None) if outcome.matches(trial.task.outcome) else None


def _told(trial: Trial, rounds: Sequence[Turn], right: Attempt) -> dict[str, Any]:
    said = trial.messages_after(rounds)[1:]
    entries = [_entry(message) for message in said]
    entries.append({"role": "assistant", "content": right.text(), "train": True})
    return {"messages": entries, "families": "+".join(trial.task.families)}


def _entry(message: Message) -> dict[str, Any]:
    learned = {"train": False} if message.role == "assistant" else {}
    return {"role": message.role, "content": message.content, **learned}


def main(arguments: Sequence[str] | None = None) -> None:
    """Append examples to a shard of the worker's own until it holds enough."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--count", type=int, default=3000, help="examples of this worker")
    parser.add_argument("--worker", type=int, default=0)
    options = parser.parse_args(arguments)
    os.environ.setdefault("MPLBACKEND", "Agg")
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(options.model).float().eval()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"slips-{options.worker}"
    start = FIRST_SEED + options.worker * SEEDS
    with (options.out / f"{name}.jsonl").open("w", encoding="utf-8", buffering=1) as shard:
        for number, found in enumerate(slips(model, tokenizer, start)):
            if number == options.count:
                break
            line = {"id": f"{name}-{number}", **found}
            shard.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
