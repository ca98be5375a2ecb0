"""Train `micro` from nothing: `train(data, out, minutes=100)`.

Covers the run: budget by time or tokens, progress lines, checkpoints and going on after a
stop. `out` gets `checkpoint.pt`, `tokenizer/` and `model/`, a folder for `from_pretrained`
that is renewed at every checkpoint. Making the data and scoring the model happen elsewhere.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import torch

from ..errors import OciError
from ..types import Message
from .batches import Batches, padded
from .curriculum import COPIES_BELOW, STAGES
from .examples import Example, Shards, text_of
from .model import Shape, Weights, averaged, export, grown, new_model, shape_of
from .optim import optimizers, schedule
from .parallel import Gradients
from .resident import Resident
from .tokenizer import VOCABULARY, load_tokenizer, save_tokenizer, train_tokenizer

TOKENIZER_SAMPLE = 20_000
HISTORY = "training.json"
COUNTS = ("seconds", "tokens", "step", "copies")
GPU_SCALE = 8
"""How many times larger a step is on a GPU: smaller ones leave most of it idle."""
START_SCALE, START_LR = 4, 0.03
"""From a trained model on. Measured on two cores after 0.9 M tokens from `micro` at 2 times the
tokens of a step: rates of 0.5 and 0.2 times raised its loss on what it had not seen (more than
double, a third), 0.05 a little, 0.015 lowered it by 3%; 14.5 M tokens at 4 times and 0.03, by 20%.
"""


@dataclass(frozen=True)
class Plan:
    """How long and how to train. `tokens` (not 0) is the budget instead of `minutes`.

    A step has `scale` times the curriculum's tokens (0: once, on a GPU 8 times), and the learning
    rates are `lr` times those of `optimizers` (0: once). From a trained model `start` on, 0 means
    4 times the tokens, on a GPU 8, and 0.03 times the rates: larger ones undo what it knows.

    Of `start`, the folder of such a model, the shape is taken, with further
    layers up to `grow`. The model that is written then lies between that one and what it has
    become, at `share` of the way. `compiled` fuses operations by torch.compile, which takes a
    minute at the start and a C++ compiler.
    """

    minutes: float = 100.0
    tokens: int = 0
    shape: Shape = field(default_factory=Shape)
    vocabulary: int = VOCABULARY
    scale: int = 0
    seed: int = 0
    threads: int = 0
    start: Path | None = None
    grow: int = 0
    share: float = 1.0
    compiled: bool = False
    lr: float = 0.0
    save_every: float = 180.0
    report_every: float = 20.0


@dataclass
class Run:
    """A training run: what a checkpoint keeps, and what it is kept for."""

    plan: Plan
    out: Path
    tokenizer: Any
    batches: Batches | Resident
    model: Any
    gradients: Gradients
    optimizers: list[torch.optim.Optimizer]
    device: torch.device
    mean_loss: torch.Tensor
    seconds: float = 0.0
    tokens: int = 0
    step: int = 0
    copies: bool = False
    before: list[dict[str, Any]] = field(default_factory=list)  # the runs that it goes on from
    old: Weights = field(default_factory=dict)  # what it began with, if not from nothing

    @property
    def progress(self) -> float:
        """From 0 to 1: how much of the budget is used."""
        if self.plan.tokens:
            return min(1.0, self.tokens / self.plan.tokens)
        return min(1.0, self.seconds / (60 * self.plan.minutes))


def train(
    data: Path,
    out: Path,
    plan: Plan | None = None,
    say: Callable[[str], None] = print,
    until: float = 1.0,
) -> Path:
    """Train on the JSONL shards in `data` up to progress `until`; returns the model's folder.

    At progress 1 the budget is used up. Goes on from `out/checkpoint.pt` if there is one. Without a
    GPU, shards may still be appearing. Raises `OciError` when `data` holds no conversation, or the
    checkpoint is no such run's.
    """
    run = open_run(data, out, plan or Plan())
    say(_title(run))
    if run.plan.compiled and run.progress < until:
        any_batch = padded([Example([0] * 40, [1] * 40)] * 16, 0, Random(0))
        run.gradients.of(any_batch.to(run.device))  # compiles, off the clock
    reported, saved, began, offset = 0.0, time.monotonic(), time.monotonic(), run.seconds
    try:
        while run.progress < until:
            assistant = take_step(run)
            run.seconds = offset + time.monotonic() - began
            if time.monotonic() - reported > run.plan.report_every:
                reported = time.monotonic()
                say(_line(run, float(assistant)))
            if time.monotonic() - saved > run.plan.save_every:
                save(run)
                saved = time.monotonic()
    finally:
        run.gradients.close()
    save(run)
    say(f"done: {run.tokens:,} tokens, {run.step} steps, {run.seconds / 60:.1f} min: {out}/model")
    return out / "model"


def open_run(data: Path, out: Path, plan: Plan) -> Run:
    """A new run, or the one that `out` holds."""
    if plan.threads:
        torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    begun = (out / "checkpoint.pt").exists()
    before = runs_of(plan.start) if plan.start and not begun else []
    plan = replace(plan, shape=_shape(out if begun else None, plan))
    tokenizer = _tokenizer(data, out, plan)
    model = new_model(plan.shape, tokenizer).to(device)
    batches = _batches(tokenizer, data, plan, device)
    gradients = Gradients(model, plan.shape, plan.compiled)
    built = optimizers(model, plan.lr or (START_LR if plan.start else 1.0))
    mean_loss = torch.tensor(10.0, device=device)
    run = Run(
        plan, out, tokenizer, batches, model, gradients, built, device, mean_loss, before=before
    )
    if plan.start and not begun:
        _take_weights(run, plan.start)
    if begun:
        restore(run)
    else:
        batches.look()
    if not run.old:
        check_share(plan.share)
    if not batches.count:
        raise OciError(f"No conversation in {data}/*.jsonl: make some first (oci-magic data).")
    return run


def take_step(run: Run) -> torch.Tensor:
    """One update; returns the mean loss on the assistant's tokens, ().

    A GPU is not waited for, once the model copies.
    """
    batch = run.batches.next(run.progress, run.copies)
    run.tokens += batch.size
    run.step += 1
    factor = schedule(run.progress)
    assistant = run.gradients.of(batch)
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    for optimizer in run.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        optimizer.step()
        optimizer.zero_grad()
    run.mean_loss.lerp_(assistant, 0.05)
    run.copies = run.copies or bool(run.mean_loss < COPIES_BELOW)
    return assistant


def save(run: Run) -> None:
    """Write model folder and checkpoint, each put in place only when complete."""
    weights = run.model.state_dict()
    if run.plan.share != 1:
        weights = averaged(run.old, weights, run.plan.share)
    export(weights, run.plan.shape, run.tokenizer, run.out / "model")
    _write_history(run)
    state = {
        "model": run.model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in run.optimizers],
        "batches": run.batches.state(),
        "counts": {name: getattr(run, name) for name in COUNTS},
        "mean_loss": run.mean_loss,
        "before": run.before,
        "old": run.old,
    }
    torch.save(state, run.out / "checkpoint.new")
    (run.out / "checkpoint.new").replace(run.out / "checkpoint.pt")


def restore(run: Run) -> None:
    """Put `run` where its checkpoint was saved. Raises `OciError` if that was not such a run."""
    path = run.out / "checkpoint.pt"
    state = torch.load(path, map_location=run.device, weights_only=True)
    try:
        run.model.load_state_dict(state["model"])
        for optimizer, kept in zip(run.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        run.batches.restore(state["batches"])
        for name in COUNTS:
            setattr(run, name, state["counts"][name])
        run.mean_loss.copy_(state["mean_loss"])
        run.before, run.old = state["before"], state["old"]
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise OciError(
            f"{path} is of another shape, version or device: give the options that the run began "
            "with, or start anew with --fresh."
        ) from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a training run."""
    plan = Plan()
    parser.add_argument("--data", type=Path, help="folder of *.jsonl shards made before")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=plan.minutes, help="budget in time")
    parser.add_argument("--tokens", type=int, default=0, help="budget in tokens, instead")
    parser.add_argument("--vocabulary", type=int, default=plan.vocabulary)
    for name in ("layers", "width", "heads", "inner"):
        parser.add_argument(f"--{name}", type=int, default=getattr(plan.shape, name))
    parser.add_argument(
        "--scale",
        type=_count,
        default=0,
        help="times the usual tokens a step (0: 1, with --start 4, on a GPU 8)",
    )
    parser.add_argument(
        "--lr",
        type=_lr,
        default=0.0,
        help="times the usual learning rates (0: 1, with --start 0.03)",
    )
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (0: torch's choice)")
    parser.add_argument("--compile", action="store_true", help="faster; wants a C++ compiler")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="folder of a model to go on from")
    parser.add_argument(
        "--grow", type=int, default=0, help="layers that the model of --start gets, in all"
    )
    parser.add_argument(
        "--share",
        type=_share,
        default=1.0,
        help="how far (0 to 1) the model goes from that of --start to what it becomes",
    )
    parser.add_argument("--fresh", action="store_true", help="do not go on from a checkpoint")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("a number of 0 or more is wanted")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


def _lr(text: str) -> float:
    if not 0 <= (lr := _number(text)) < math.inf:
        raise argparse.ArgumentTypeError("a number of 0 or more is wanted")
    return lr


def _share(text: str) -> float:
    if not 0 < (share := _number(text)) <= 1:
        raise argparse.ArgumentTypeError("a number above 0, at most 1, is wanted")
    return share


def run_arguments(given: argparse.Namespace, until: float = 1.0) -> Path:
    """Train as `add_arguments` parsed, up to progress `until`; returns the model's folder."""
    plan = Plan(
        minutes=given.minutes,
        tokens=given.tokens,
        shape=Shape(given.layers, given.width, given.heads, given.inner),
        vocabulary=given.vocabulary,
        scale=given.scale,
        seed=given.seed,
        threads=given.threads,
        lr=given.lr,
        start=given.start,
        grow=given.grow,
        share=given.share,
        compiled=given.compile,
    )
    if given.fresh:
        (given.out / "checkpoint.pt").unlink(missing_ok=True)
        (given.out / "tokenizer" / "tokenizer.json").unlink(missing_ok=True)
        given.fresh = False
    return train(given.data, given.out, plan, lambda line: print(line, flush=True), until)


def _batches(tokenizer: Any, data: Path, plan: Plan, device: torch.device) -> Batches | Resident:
    if device.type == "cuda":
        return Resident(tokenizer, Shards(data), plan.seed, plan.scale or GPU_SCALE, device)
    scale = plan.scale or (START_SCALE if plan.start else 1)
    return Batches(tokenizer, Shards(data), Random(plan.seed), scale)


def _write_history(run: Run) -> None:
    """Say beside the model in which runs it was trained."""
    gpu = run.device.type == "cuda"
    this = {
        "tokens": run.tokens,
        "seconds": round(run.seconds),
        "device": torch.cuda.get_device_name() if gpu else f"{torch.get_num_threads()} CPU threads",
    }
    if run.plan.share != 1:
        this["share"] = run.plan.share
    history = {"vocabulary": run.tokenizer.get_vocab_size(), "runs": [*run.before, this]}
    path = run.out / "model" / HISTORY
    path.write_text(json.dumps(history) + "\n", encoding="utf-8")


def _take_weights(run: Run, folder: Path) -> None:
    """Begin with the weights in `folder`, and behind the stages that teach to copy."""
    from safetensors.torch import load_file

    run.old = grown(load_file(folder / "model.safetensors"), run.plan.shape.layers)
    try:
        missing, unknown = run.model.load_state_dict(run.old, strict=False)
    except RuntimeError as error:
        raise OciError(f"The weights in {folder} are not of the shape that it tells.") from error
    if set(missing) - {"lm_head.weight"} or unknown:
        raise OciError(f"{folder} holds no model that `oci-magic train` made.")
    run.copies, run.batches.first = True, STAGES[1].until


def runs_of(folder: Path) -> list[dict[str, Any]]:
    """The runs in which the model in `folder` was trained. Raises `OciError` if nothing tells."""
    path, runs = folder / HISTORY, []
    with suppress(OSError, ValueError, KeyError, TypeError):
        for run in json.loads(path.read_text(encoding="utf-8"))["runs"]:
            tokens, seconds = int(run["tokens"]), round(run["seconds"])
            read = {"tokens": tokens, "seconds": seconds, "device": str(run["device"])}
            runs.append(read | {"share": float(run["share"])} if "share" in run else read)
    if not runs:
        raise OciError(
            f"{path} does not tell in which runs a model was trained (see that of "
            "oci_magic/micro): start with another model, or write it."
        )
    return runs


def check_share(share: float) -> None:
    """Raises OciError if a run from nothing is to be averaged with what it began with."""
    if share != 1:
        raise OciError(
            "--share is of the way from another model: begin a run from that with --start "
            "(and another --out, or --fresh)."
        )


def _shape(begun: Path | None, plan: Plan) -> Shape:
    """The shape of a new run, or of the one that `begun` holds."""
    if not plan.start:
        return plan.shape
    if begun:
        return shape_of(begun / "model")
    shape = shape_of(plan.start)
    return replace(shape, layers=max(shape.layers, plan.grow))


def _tokenizer(data: Path, out: Path, plan: Plan) -> Any:
    folder = out / "tokenizer"
    if plan.start and not (out / "checkpoint.pt").exists():
        save_tokenizer(load_tokenizer(plan.start), folder)
    if not (folder / "tokenizer.json").exists():
        save_tokenizer(train_tokenizer(_sample(data), plan.vocabulary), folder)
    return load_tokenizer(folder)


def _sample(data: Path) -> Iterator[str]:
    conversations: Iterator[list[Message]] = Shards(data).news()
    return (text_of(c) for c in islice(conversations, TOKENIZER_SAMPLE))


def _title(run: Run) -> str:
    size = sum(p.numel() for p in run.model.parameters())
    shape = run.plan.shape
    return (
        f"{size / 1e6:.2f} M parameters ({shape.layers} layers x {shape.width}), "
        f"{run.batches.count:,} examples, {run.device}, "
        f"{'going on at' if run.step else 'starting at'} {run.progress:.0%}"
    )


def _line(run: Run, assistant: float) -> str:
    return (
        f"{run.seconds / 60:6.1f} min {run.progress:4.0%}  step {run.step}  "
        f"{run.tokens / 1e6:.2f} M tokens ({run.tokens / max(run.seconds, 1e-9):,.0f}/s)  "
        f"loss {assistant:.3f}  lr x{schedule(run.progress):.2f}  "
        f"{run.batches.count:,} examples"
    )
