"""Warnings as errors while a cell runs: its own, and those that others raise for its calls.

What is to change in the code of others one day is their concern: deprecations, open files and
the like are failures only where the cell itself is told of them. Filters that the cell sets stay.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

_OF_OTHERS: dict[type[Warning], Literal["ignore", "default"]] = {
    DeprecationWarning: "ignore", PendingDeprecationWarning: "ignore", ImportWarning: "ignore",
    ResourceWarning: "ignore", FutureWarning: "default", SyntaxWarning: "default",
}  # fmt: skip
"""What Python does by itself with warnings that are about the code of other modules."""


@contextmanager
def warnings_as_errors() -> Iterator[None]:
    before = list(warnings.filters)
    warnings.simplefilter("error")
    for category, action in _OF_OTHERS.items():
        warnings.simplefilter(action, category)
    for module in ("__main__$", r"<ipython-input-", r".*ipykernel_\d+"):  # run, and compiled
        warnings.filterwarnings("error", module=module)
    strict = list(warnings.filters)
    try:
        yield
    finally:
        now = list(warnings.filters)
        ours = set(map(id, strict))
        added = [each for each in now if id(each) not in ours]
        kept = [*added, *(each for each in before if each in now and each not in added)]
        warnings.resetwarnings()  # tells the registries of modules that something has changed
        warnings.filters[:] = kept  # type: ignore[index]  # a list, whatever its stub says
