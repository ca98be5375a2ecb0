"""Train `micro` from nothing with one command: tasks, tokenizer, training, score, model card.

Tasks are made by a process for each core, all of them before the training: beside it they
slow it down to a third. On the way the training rests for a while: the model is asked tasks, and
its own mistakes join the examples. Memory has pages of 2 MB: a third faster on a virtual machine.
Started again, it goes on where it stopped. `--install` puts the result into the package.
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

from ..errors import OciError
from ..running.cores import cores
from .card import card
from .score import REPAIRS

MICRO = Path(__file__).parent.parent / "micro"
LONGEST = 300
"""Tokens of an answer at most: more is text without end."""
SLIPS_AT = 0.6
"""The progress at which the model's own mistakes are gathered."""


def retrain(options: argparse.Namespace) -> dict[str, float]:
    """Run every stage; returns the held-out score (rates from 0 to 1)."""
    from . import train

    if options.fresh or not (options.out / "checkpoint.pt").exists():  # before hours of work
        if options.start:
            train.runs_of(options.start)
        else:
            train.check_share(options.share)
    if not options.data:
        options.data = options.out / "tasks"
        make_tasks(options.data, options.tasks, options.workers)
    model = train.run_arguments(options, until=SLIPS_AT)
    make_slips(model, options.data, options.slips, options.workers)
    train.run_arguments(options)
    return finish(options)


def finish(options: argparse.Namespace) -> dict[str, float]:
    """Score the trained model, write its card, and install it if that is wanted."""
    from transformers import AutoModelForCausalLM

    folder = options.out / "model"
    rates = measured(folder, options.out, options.score)
    history = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    size = sum(each.numel() for each in AutoModelForCausalLM.from_pretrained(folder).parameters())
    (folder / "README.md").write_text(card(size, history, rates, options.score), encoding="utf-8")
    print(json.dumps(rates, indent=2))
    if options.install:
        install(folder)
    return rates


def measured(model: Path, out: Path, count: int) -> dict[str, float]:
    """The rates (0 to 1) that `oci-magic eval` gives on `count` held-out tasks, anew."""
    tasks, run = out / "held-out.jsonl", out / "score"
    shutil.rmtree(run, ignore_errors=True)
    make = ["oci_magic.training.held_out", "--count", str(count), "--out", str(tasks)]
    ask = ["oci_magic", "eval", str(tasks), "--model", str(model), "--out", str(run)]
    limits = ["--rounds", str(REPAIRS + 1), "--max-new-tokens", str(LONGEST)]
    for command in (make, [*ask, *limits]):
        if subprocess.run([sys.executable, "-m", *command], check=False).returncode:
            raise OciError(f"{model} was not scored: start the command again")
    found = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    rates = found["suites"][tasks.stem]["cells"]
    return {name: each["rate"] / 100 for name, each in rates.items()}


def install(folder: Path) -> None:
    """Put a trained model into the package as `micro`."""
    MICRO.mkdir(exist_ok=True)
    for path in folder.iterdir():
        new = MICRO / f"{path.name}.new"
        shutil.copyfile(path, new)
        new.replace(MICRO / path.name)  # what has the old file open keeps it
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
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # read by torch at its first tensor
    from . import train

    parser = argparse.ArgumentParser(prog="oci-magic train", description=__doc__)
    train.add_arguments(parser)
    parser.add_argument("--tasks", type=int, default=90_000, help="tasks to make")
    parser.add_argument("--slips", type=int, default=2000, help="mistakes of its own to gather")
    parser.add_argument("--workers", type=int, default=cores(), help="processes that make tasks")
    parser.add_argument("--score", type=int, default=500, help="held-out tasks to score with")
    parser.add_argument("--install", action="store_true", help="make it the package's micro")
    retrain(parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
