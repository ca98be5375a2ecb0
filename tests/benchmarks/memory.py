"""What 100 prompts in one kernel cost in memory that is not given back.

    python tests/benchmarks/memory.py [--model micro] [--prompts 100]

A kernel is asked after a warm-up, each prompt about the same table, in one conversation. Printed is
the kernel's resident memory after every tenth prompt, in megabytes, and how much it grew by a
prompt over the second half: the model is there from the beginning, the kept cache is as large as it
gets once the conversation fills the window, and what `Out` holds of the person's is let go before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kernels import Kernel, value

TABLE = "import pandas as pd\ndf = pd.DataFrame({'city': list('abcd') * 250, 'price': range(1000)})"
MEMORY = "psutil.Process().memory_info().rss"
PROMPTS = (
    "total price per city in df", "show the first 5 rows of df", "sort df by price, highest first",
    "histogram of price in df", "mean price in df",
)  # fmt: skip


def megabytes(kernel: Kernel) -> float:
    kernel.run("%reset -f out")  # results are the person's data
    kernel.run(f"import gc, psutil\ngc.collect()\n_memory = {MEMORY}")
    return float(value(kernel, "_memory")) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="micro")
    parser.add_argument("--prompts", type=int, default=100)
    options = parser.parse_args()
    kernel = Kernel(Path(tempfile.mkdtemp()))
    kernel.run(f"%matplotlib inline\n{TABLE}")
    kernel.run(f"%config OCIMagics.model = {options.model!r}")
    measured: list[float] = []
    for number in range(-len(PROMPTS), options.prompts + 1):
        if number >= 0 and number % 10 == 0:
            measured.append(megabytes(kernel))
            print(f"{number:4} prompts: {measured[-1]:8.1f} MB", flush=True)
        kernel.run(f"%%oci --again\n{PROMPTS[number % len(PROMPTS)]}")
    half = len(measured) // 2
    growth = (measured[-1] - measured[half]) / (10 * (len(measured) - 1 - half))
    print(f"over the second half: {1000 * growth:.0f} kB a prompt")
    kernel.close()


if __name__ == "__main__":
    main()
