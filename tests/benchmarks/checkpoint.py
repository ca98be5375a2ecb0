"""How long does protecting the notebook take?

    python tests/benchmarks/checkpoint.py [--gigabytes G] [--names N]

A checkpoint and its restore, best of several, against `copy.deepcopy` of the same namespace in the
same run: of a table that the attempt does not write to (pandas copies on write), of small variables
of which the code names ten, and of as many that the code could all reach.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from typing import Any

from oci_magic.running.checkpoint import Checkpoint

ROUNDS = 7


def main() -> None:
    import numpy as np
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--names", type=int, default=10_000)
    options = parser.parse_args()
    rows = int(options.gigabytes * 1e9 / 80)
    table = pd.DataFrame(np.ones((rows, 10)), columns=[f"c{n}" for n in range(10)])
    tell(f"{options.gigabytes:g} GB DataFrame", {"df": table}, "df.describe()")
    makers: list[Callable[[int], Any]] = [int, str, lambda n: [n], lambda n: {"a": n}]
    small = {f"v_{n}": makers[n % 4](n) for n in range(options.names)}
    tell(f"{options.names:,} small, 10 named", small, " ".join(list(small)[:10]))
    tell(f"{options.names:,} small, all in reach", small, "exec(code)")


def tell(title: str, namespace: dict[str, Any], code: str) -> None:
    def protected() -> None:
        Checkpoint(namespace, code).restore()

    ours, deep = best(protected), best(lambda: copy.deepcopy(namespace), 2)
    print(
        f"{title:<28} {ours * 1000:7.1f} ms, deep copy {deep * 1000:8.1f} ms: {deep / ours:.0f} x"
    )


def best(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
