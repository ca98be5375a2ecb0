"""Train `micro` from nothing with one command: tasks, tokenizer, training, score, model card.

Tasks are made by worker processes beside the training, which takes in what has appeared.
Started again, it goes on where it stopped. `--install` puts the result into the package.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .card import card

FIRST_TASKS = 5_000
MICRO = Path(__file__).parent.parent / "micro"


def retrain(options: argparse.Namespace) -> dict[str, Any]:
    """Run every stage; returns the held-out score (rates from 0 to 1)."""
    from . import train

    data = options.data or options.out / "tasks"
    making = contextlib.nullcontext() if options.data else workers(data, options)
    with making:
        wait_for(data, FIRST_TASKS if not options.data else 1)
        options.data = data
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


@contextlib.contextmanager
def workers(data: Path, options: argparse.Namespace) -> Iterator[None]:
    """Processes that make tasks in the background; they end with the block."""
    command = [sys.executable, "-m", "oci_magic.training.data", "--out", str(data)]
    command += ["--count", str(options.tasks // options.workers)]
    command += ["--workers", str(options.workers), "--worker"]
    processes = [subprocess.Popen([*command, str(n)]) for n in range(options.workers)]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def wait_for(data: Path, count: int) -> None:
    """Return when there are `count` tasks in `data`."""
    while True:
        lines = sum(path.read_bytes().count(b"\n") for path in data.glob("*.jsonl"))
        if lines >= count:
            return
        print(f"{lines:,} of the first {count:,} tasks made", flush=True)
        time.sleep(10)


def main(arguments: Sequence[str] | None = None) -> int:
    from . import train

    parser = argparse.ArgumentParser(prog="oci-magic train", description=__doc__)
    train.add_arguments(parser)
    parser.add_argument("--tasks", type=int, default=80_000, help="tasks to make")
    parser.add_argument("--workers", type=int, default=1, help="processes that make tasks")
    parser.add_argument("--score", type=int, default=500, help="held-out tasks to score with")
    parser.add_argument("--install", action="store_true", help="make it the package's micro")
    retrain(parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
