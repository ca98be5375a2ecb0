"""Examples that a model has still to learn, out of many: reading costs less than training.

Kept are those in which a token that the assistant says is less likely than three in four, and a
share of the others, lest they be forgotten (hard example mining: Shrivastava et al. 2016, arXiv
1604.03540).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import torch

from ..errors import OciError
from .batches import Batch, counts, padded
from .examples import encode, messages_of
from .model import Shape, Weights, hidden, losses, product_type, shape_of, weights_of
from .tokenizer import PAD, load_tokenizer, token_id

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HARD = 0.3
"""The loss of a token (nats) from which on it is still to be learned: a likelihood of 0.74."""
CHUNK = 4000  # lines whose examples are batched by length
TOKENS = 6000  # of a batch


def worst(weights: Weights, shape: Shape, batch: Batch) -> torch.Tensor:
    """For each example the largest loss of a token that the assistant says, (examples,)."""
    with torch.no_grad():
        states = hidden(weights, shape, batch.ids[:, :-1])
        said = batch.said[:, 1:] > 0
        norm, embeddings = weights["model.norm.weight"], weights["model.embed_tokens.weight"]
        each = losses(states[said], norm, embeddings, batch.ids[:, 1:][said])
    rows = said.nonzero()[:, 0]
    return torch.zeros(len(batch.ids)).scatter_reduce(0, rows, each, "amax")


class Miner:
    """Tells which lines of JSONL shards the model in `folder` has still to learn.

    Raises `OciError` where there is no trained model.
    """

    def __init__(self, folder: Path, known: float = 0.2, seed: int = 0) -> None:
        from safetensors.torch import load_file

        if not (folder / "model.safetensors").is_file():
            raise OciError(f"No trained model in {folder}: give the folder of one.")
        self._tokenizer: Tokenizer = load_tokenizer(folder)
        self._shape = shape_of(folder)
        kept = load_file(folder / "model.safetensors")
        self._weights = weights_of(kept, product_type(torch.device("cpu")))
        self._known, self._random = known, Random(seed)

    def chosen(self, lines: Sequence[str]) -> list[str]:
        """The hard ones of `lines`, and a share `known` of the others, in their order.

        Without those that are longer than the model's window.
        """
        found = [(n, e) for n, line in enumerate(lines)
                 for e in encode(self._tokenizer, [messages_of(line)])]  # fmt: skip
        found.sort(key=lambda pair: len(pair[1].ids))
        left = iter(found)
        hard: set[int] = set()
        pad = token_id(self._tokenizer, PAD)
        for size in counts([len(example.ids) for _, example in found], TOKENS):
            numbers, examples = zip(*islice(left, size), strict=True)
            batch = padded(examples, pad, self._random)
            told = worst(self._weights, self._shape, batch).tolist()
            hard.update(n for n, loss in zip(numbers, told, strict=True) if loss > HARD)
        kept = {n for n, _ in found if n in hard or self._random.random() < self._known}
        return [lines[n] for n in sorted(kept)]


def lines_of(data: Path, worker: int, workers: int) -> Iterator[str]:
    """This worker's lines of the shards in `data`; a half-written last one is left."""
    for path in sorted(data.glob("*.jsonl")):
        with path.open(encoding="utf-8") as shard:
            whole = (line for line in shard if line.endswith("\n"))
            yield from islice(whole, worker, None, workers)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a trained model")
    parser.add_argument("--data", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--out", type=Path, required=True, help="folder of what is kept of them")
    parser.add_argument("--known", type=float, default=0.2, help="share of the others")
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.workers < 1 or options.worker < 0:
        parser.error("--workers is 1 or more, --worker 0 or more")
    if options.out.resolve() == options.data.resolve():
        parser.error("--out must be another folder than --data")
    torch.set_num_threads(1)
    miner, lines = Miner(options.model, options.known, options.worker), 0
    left = lines_of(options.data, options.worker, options.workers)
    if not any(options.data.glob("*.jsonl")):
        raise OciError(f"No shards in {options.data}: make some first (oci-magic data).")
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / f"hard-{options.worker}.jsonl").open("w", encoding="utf-8") as shard:
        while chunk := list(islice(left, CHUNK)):
            kept = miner.chosen(chunk)
            shard.writelines(kept)
            lines += len(kept)
            shard.flush()
            print(json.dumps({"kept": lines}), flush=True)


if __name__ == "__main__":
    main()
