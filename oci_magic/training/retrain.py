"""Train `micro` from nothing with one command: tasks, tokenizer, training, score, model card.

Tasks are made by a process for each core, all of them before the training: beside it they
slow it down to a third. On the way the training rests for a while: the model is asked tasks, and
its own mistakes join the examples. Started again, it goes on where it stopped. `--install` puts the
result into the package.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import OciError
from .card import card

MICRO = Path(__file__).parent.parent / "micro"
SLIPS_AT = 0.6
"""The progress at which the model's own mistakes are gathered."""


def retrain(options: argparse.Namespace) -> dict[str, Any]:
    """Run every stage; returns the held-out score (rates from 0 to 1)."""
    from . import train

    if not options.data:
        options.data = options.out / "tasks"
        make_tasks(options.data, options.tasks, options.workers)
    model = train.run_arguments(options, until=SLIPS_AT)
    make_slips(model, options.data, options.slips, options.workers)
    train.run_arguments(options)
    return finish(options)


def finish(options: argparse.Namespace) -> dict[str, Any]:
    """Score the trained model, write its card, and install it if that is wanted."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from .score import score

    folder = options.out / "model"
    model = AutoModelForCausalLM.from_pretrained(folder).float().eval()
    result = score(model, AutoTokenizer.from_pretrained(folder), options.score)
    result.pop("wrong")
    (options.out / "score.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    history = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    size = sum(parameter.numel() for parameter in model.parameters())
    (folder / "README.md").write_text(card(size, history, result), encoding="utf-8")
    print(json.dumps(result, indent=2))
    if options.install:
        install(folder)
    return result


def install(folder: Path) -> None:
    """Put a trained model into the package as `micro`."""
    MICRO.mkdir(exist_ok=True)
    for path in folder.iterdir():
        shutil.copyfile(path, MICRO / path.name)
    print(f"micro is now {folder}")


def make_tasks(data: Path, count: int, workers: int) -> None:
    """Make `count` tasks in `data`, less those that are there already."""
    command = ["data", "--out", str(data), "--count", str(count // workers)]
    _work([*command, "--workers", str(workers)], workers, data, "tasks", count)


def make_slips(model: Path, data: Path, count: int, workers: int) -> None:
    """Add `count` examples of the model's own mistakes to `data`, unless they are there."""
    if _lines(data, "slips") < count // workers * workers:
        command = ["slips", str(model), "--out", str(data), "--count", str(count // workers)]
        _work(command, workers, data, "slips", count)


def _work(command: Sequence[str], workers: int, data: Path, kind: str, count: int) -> None:
    """Run a module of the training in `workers` processes that write `data/KIND-*.jsonl`."""
    module, *arguments = command
    whole = [sys.executable, "-m", f"oci_magic.training.{module}", *arguments]
    processes = [subprocess.Popen([*whole, "--worker", str(number)]) for number in range(workers)]
    try:
        for second in itertools.count():
            if all(process.poll() is not None for process in processes):
                break
            if second % 10 == 0:
                print(f"{_lines(data, kind):,} of {count:,} {kind} made", flush=True)
            time.sleep(1)
    finally:
        for process in processes:
            process.terminate()
    if any(process.wait() for process in processes):
        raise OciError(f"the {kind} in {data} were not all made: start the command again")


def _lines(data: Path, kind: str) -> int:
    return sum(path.read_bytes().count(b"\n") for path in data.glob(f"{kind}-*.jsonl"))


def main(arguments: Sequence[str] | None = None) -> int:
    from . import train

    parser = argparse.ArgumentParser(prog="oci-magic train", description=__doc__)
    train.add_arguments(parser)
    parser.add_argument("--tasks", type=int, default=90_000, help="tasks to make")
    parser.add_argument("--slips", type=int, default=2000, help="mistakes of its own to gather")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes that make tasks"
    )
    parser.add_argument("--score", type=int, default=500, help="held-out tasks to score with")
    parser.add_argument("--install", action="store_true", help="make it the package's micro")
    retrain(parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
