"""Writing task examples to JSONL shards, one line a training example, seed by seed.

A run that is started again goes on behind the last seed written; several workers share the
seeds by their number.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def examples(start: int, step: int = 1, *, held_out: bool = False) -> Iterator[dict[str, Any]]:
    """Examples of the seeds `start`, `start + step`, ... without end."""
    import matplotlib as mpl

    mpl.use("Agg")
    from .tasks.make import Maker

    seed = start
    while True:
        yield from Maker(seed, held_out=held_out).examples()
        seed += step


def write_shard(folder: Path, count: int, worker: int, workers: int) -> None:
    """Append examples to `folder/tasks-WORKER.jsonl` until it holds `count` lines."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"tasks-{worker}.jsonl"
    start, lines = _position(path, worker, workers)
    with path.open("a", encoding="utf-8") as shard:
        for example in examples(start, workers):
            if lines >= count:
                return
            shard.write(json.dumps(example, ensure_ascii=False) + "\n")
            lines += 1
            if lines % 100 == 0:
                shard.flush()


def _position(path: Path, worker: int, workers: int) -> tuple[int, int]:
    """The next seed to draw and the lines already there."""
    if not path.exists():
        return worker, 0
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        return worker, 0
    return int(json.loads(lines[-1])["id"].split("-")[1]) + workers, len(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--count", type=int, default=50_000, help="examples of this worker")
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    write_shard(options.out, options.count, options.worker, options.workers)


if __name__ == "__main__":
    main()
