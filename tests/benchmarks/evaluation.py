"""How much faster is an evaluation with batches, and judging beside them, than one by one?

    python tests/benchmarks/evaluation.py [--model micro | --random SHAPE] [--problems N]

A whole run (two rounds, execution feedback) over the problems of `tests/problems.jsonl`, repeated,
or of another file: by one prompt and one judge at a time as the paper's repository does it, with
transformers' `generate` for each; the same with this package's decoder (a batch of 1), which goes
on from what it has computed of a conversation; and by batches. Each in a process of its own, as
people start it: one that has computed before is up to a third slower. Loading the model is not
timed. `--random` makes a model of 100 M random weights: `shared` has the shape of SmolLM2-135M
but for its vocabulary (30 layers, three heads share keys and values), `full` is wider (13 layers,
12 heads with keys and values of their own, which at 600 tokens of 16 answers weigh twice as much
as the weights). Most answers of these
models are wrong, so both rounds are asked and judged.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from oci_magic.engines import Sampling
from oci_magic.engines.decoding import Decoder
from oci_magic.evaluation.attempts import Attempt, Options
from oci_magic.evaluation.crew import Crew
from oci_magic.evaluation.problems import Problem, read
from oci_magic.running.cores import cores
from oci_magic.types import Message

SHAPES: dict[str, dict[str, Any]] = {
    "shared": {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
               "num_attention_heads": 9, "num_key_value_heads": 3},
    "full": {"hidden_size": 768, "intermediate_size": 2304, "num_hidden_layers": 13,
             "num_attention_heads": 12},
}  # fmt: skip
T = TypeVar("T")
OWN = Path(__file__).parents[1] / "problems.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="micro")
    parser.add_argument("--random", choices=SHAPES)
    parser.add_argument("--file", type=Path, default=OWN, help="problems, such as HumanEval's")
    parser.add_argument("--problems", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16, 32])
    given = parser.parse_args()
    problems = repeated(given.file, given.problems)
    with tempfile.TemporaryDirectory() as folder:
        model = afresh(random_model, Path(folder), given.random) if given.random else given.model
        first: float | None = None
        for batch in (0, *given.batches):
            made, seconds = afresh(whole_run, model, problems, given.tokens, batch)
            first = first or seconds
            tokens = sum(r.usage.completion_tokens for each in made for r in each.rounds)
            rounds = sum(len(each.rounds) for each in made)
            name = f"batch {batch}" if batch else "generate"
            print(f"{name}: {rounds} rounds and {tokens} tokens in {seconds:.1f} s "
                  f"({first / seconds:.1f} x)", flush=True)  # fmt: skip


def afresh(work: Callable[..., T], *given: object) -> T:
    """What `work` gives in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def whole_run(
    model: str, problems: Sequence[Problem], tokens: int, batch: int
) -> tuple[list[Attempt], float]:
    """All attempts, and seconds; with batch 0 by `generate`."""
    helpers = cores() - 1 if batch else 0
    with Crew(model, None, Options(new_tokens=tokens), batch or 1, helpers=helpers) as crew:
        engine: Any = crew._model.engine  # every thread has the same
        if not batch:
            engine.decoder = Generate(engine.model, tokens)
        list(engine.stream([Message("user", "hello")], sampling=Sampling(max_new_tokens=2)))
        began = time.perf_counter()
        made = list(crew.attempts((each, 0) for each in problems))
        return made, time.perf_counter() - began


class Generate(Decoder):
    """Tokens by transformers' `generate`: the whole answer, from the beginning of the prompt."""

    def __init__(self, model: Any, tokens: int) -> None:
        super().__init__(model)
        self._tokens = tokens

    def tokens(
        self,
        prompt: Sequence[int],
        pick: Callable[[Any], int],  # noqa: ARG002  greedy here
    ) -> Generator[int, None, None]:
        import torch

        ids = torch.tensor([list(prompt)], device=self._model.device)
        mask = torch.ones_like(ids)
        made = self._model.generate(
            ids, attention_mask=mask, do_sample=False, max_new_tokens=self._tokens
        )
        yield from made[0, len(prompt) :].tolist()


def repeated(file: Path, number: int) -> list[Problem]:
    """Problems of a file, again and again, each with a first line of its own."""
    found = islice(cycle(each for each in read(file) if isinstance(each, Problem)), number)
    return [
        replace(each, task_id=f"{n}", prompt=f"# {n}\n{each.prompt}")
        for n, each in enumerate(found)
    ]


def random_model(folder: Path, shape: str) -> str:
    """100 M parameters that mean nothing, with the tokenizer of `micro`."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from oci_magic.engines.models import micro_folder

    tokenizer = AutoTokenizer.from_pretrained(micro_folder())
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        **SHAPES[shape], vocab_size=2048, max_position_embeddings=2048, tie_word_embeddings=True,
        eos_token_id=2, pad_token_id=3, bos_token_id=None,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.0f} M parameters")
    model.to(torch.bfloat16).save_pretrained(folder)
    return str(folder)


if __name__ == "__main__":
    main()
