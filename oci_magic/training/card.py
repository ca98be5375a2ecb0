"""The model card of `micro`, written from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
---

# micro

A Llama of {size:.1f} M parameters that comes with `oci_magic`: it writes pandas and matplotlib code for table work and
repairs it from its own errors. It exists so that the first command works on any machine without a download; for real
work choose a real model (`%oci models`).

**Can** (in English): load CSV, Excel and JSON; inspect, filter, sort, take the top rows; group, total, pivot, merge,
resample; missing values, types, dates, text, new columns, duplicates, renaming; correlation, quantiles, samples; save;
histogram, bar, line, scatter, box and pie; two or three of these in one request; simple changes of what it just made. It repairs
wrong encodings and separators, text and decimal commas in number columns, date forms, misspelt columns and files,
missing imports, mixed types, key types that differ, JSON lines.

**Cannot**: anything else, and it says so in one sentence; reason, explain, know facts, follow long conversations.

## How it was made

Trained from nothing by `oci-magic train` on tasks made by this package's `training` (each executed while it was made,
with the product's own wording of context and errors): {runs}. Tokenizer:
byte-level BPE of {vocabulary:,} tokens with StarCoder's pre-tokenizer, digits and capitals apart, blanks never joined with letters. Its chat
template leaves system messages out: it was trained without one. Window: 2,048 tokens.

## Held-out score

On {tasks} tasks of unseen seeds, wordings (sentences never trained, of words that were), names and compositions, by `oci-magic eval`:
each answer is run: it must show, draw or write what the reference does, and call a table as it was told. Two repairs at most:

| | |
| --- | --- |
{rows}

{prompts}
"""
PROMPTS = """\
`tests/micro/prompts.jsonl` holds 109 prompts on three real, dirty CSV files, written by someone who had not read the task
generator: `python tests/micro/score.py` runs them in a real shell.
"""


def card(size: int, history: Mapping[str, Any], rates: Mapping[str, float], tasks: int) -> str:
    """The card: `size` in parameters, `history` as `train` leaves it, rates from 0 to 1."""
    return (
        CARD.format(
            size=size / 1e6,
            runs=", then ".join(map(_run, history["runs"])),
            vocabulary=history["vocabulary"],
            tasks=tasks,
            rows="\n".join(f"| {name} | {rate:.1%} |" for name, rate in rates.items()),
            prompts=PROMPTS,
        ).rstrip()
        + "\n"
    )


def _run(run: Mapping[str, Any]) -> str:
    tokens, minutes = run["tokens"] / 1e6, run["seconds"] / 60
    told = f"{tokens:.1f} M tokens in {minutes:.0f} minutes on {run['device']}"
    if share := run.get("share"):
        told += f" (averaged with the weights before, {share:.0%} of the new)"
    return told
