"""What the person does between prompts: their cells, their errors, the last failed cell.

Covers cells that the shell ran while the extension was loaded; for one that failed just
before, the shell's own record. A failed cell that works after an edit has not failed any more: it
is known by its id, else by its text. Prompts and `%oci` lines are no cells of the person.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from IPython.core.error import UsageError

from ..errors import OciError
from ..running.reserve import NOTHING, Reserve
from ..types import Failure

MAX_CELLS = 20
ALIKE = 0.7
"""From this share of equal text on, a cell counts as an edit of the one that failed."""
_COMPARED = 4000
_OURS = re.compile(r"\s*(?:%%oci\b|(?:%oci\b|%(?:re|un)?load_ext\s+oci_magic\b)[^\n]*\s*$)")


@dataclass(frozen=True)
class _Failed:
    """A cell that failed; `cell` is its id in the notebook, "" where the front end tells none."""

    source: str
    error: Failure | BaseException
    cell: str = ""

    def told(self, names: dict[str, Any], reserve: Reserve) -> tuple[str, Failure]:
        """Source and failure, with facts gathered now among these names of the notebook."""
        if isinstance(self.error, Failure):
            return self.source, self.error
        from ..running.evidence import failure_of
        from ..running.ipython_syntax import without_leading_blank_lines

        source = without_leading_blank_lines(self.source)
        return source, failure_of(self.error, source, names, reserve=reserve)

    def is_source(self, source: str) -> bool:
        """Whether this is the cell's source."""
        return source.strip() == self.source.strip()

    def is_of(self, source: str, cell: str) -> bool:
        """Whether a run of `source` in the cell with id `cell` is a run of this cell."""
        if source == self.source or (cell and cell == self.cell):
            return True
        if cell and self.cell:
            return False
        mine, theirs = self.source.strip()[:_COMPARED], source.strip()[:_COMPARED]
        return bool(get_close_matches(theirs, [mine], cutoff=ALIKE))


class Journal:
    """Filled by IPython's `post_run_cell` event; `paused` while a prompt runs its own cells.

    `errors` maps execution counts to the text of their error; `failed` is called when a cell fails,
    `reserve` tells what of the notebook is not to be told.
    """

    def __init__(
        self,
        shell: Any,
        failed: Callable[[], object] = lambda: None,
        reserve: Callable[[], Reserve] = lambda: NOTHING,
    ) -> None:
        self.shell, self._on_failure, self._reserve = shell, failed, reserve
        self._cells: dict[str, str] = {}
        self.errors: dict[int, str] = {}
        self._failed: _Failed | None = None
        self._earlier: dict[str, _Failed] = {}
        self._paused = False

    @property
    def is_paused(self) -> bool:
        return self._paused

    @property
    def cells(self) -> list[str]:
        """The person's since the last prompt, oldest first; one that ran again stands once."""
        return list(self._cells.values())

    def after_run(self, result: Any) -> None:
        """The `post_run_cell` hook."""
        source = getattr(result.info, "raw_cell", None) or ""
        cell = getattr(result.info, "cell_id", None) or ""
        if not source.strip():
            self.forget([cell])
        if self._paused or not source.strip() or _OURS.match(source):
            return
        self._note(cell or source.strip(), source.strip())
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, Exception) and not isinstance(error, OciError | UsageError):
            self._displace()
            self._failed = _Failed(source, error, cell)
            self.errors[result.execution_count] = f"{type(error).__name__}: {_text(error)}"
            self._on_failure()
        elif error is None:
            self._earlier.pop(cell, None)
            if self._failed and self._failed.is_of(source, cell):
                self._failed = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The cells of a prompt's nested runs are not the person's."""
        was, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = was

    @contextmanager
    def trying(self) -> Iterator[None]:
        """However a repair does that is only proposed, the person's cell has failed."""
        was = self._failed, dict(self._earlier)
        try:
            yield
        finally:
            self._failed, self._earlier = was

    def prompted(self) -> None:
        """A prompt has been answered: cells before it are not recent any more."""
        self._cells.clear()

    def forget(self, cells: Iterable[str]) -> None:
        """Cells with these ids are gone, or empty."""
        for cell in cells:
            self._cells.pop(cell, None)

    def settle(self, source: str, failure: Failure | None) -> None:
        """Generated code ended so: a failure is the next thing to fix, else nothing is."""
        self._displace()
        self._failed = _Failed(source, failure) if failure else None

    def failed(self, source: str = "") -> tuple[str, Failure] | None:
        """The last failed cell and its failure; with `source` the last one of this source."""
        found = self._failed or self._before_loading()
        if source and (found is None or not found.is_source(source)):
            earlier = reversed(self._earlier.values())
            found = next((each for each in earlier if each.is_source(source)), None)
        return found.told(self.shell.user_ns, self._reserve()) if found else None

    def cell_of(self, source: str) -> str:
        """The id of the last failed cell if this is its source, "" if it has none."""
        found = self._failed
        return found.cell if found and found.is_source(source) else ""

    def inputs(self) -> list[str]:
        """Every cell as it was typed, numbered as in `In`."""
        return list(self.shell.history_manager.input_hist_raw)

    def _displace(self) -> None:
        """Another cell fails: what the last one's error tells is kept, not what it keeps alive."""
        last = self._failed
        if last and last.cell:
            self._earlier.pop(last.cell, None)
            told = last.told(self.shell.user_ns, self._reserve())
            self._earlier[last.cell] = _Failed(*told, last.cell)
            if len(self._earlier) > MAX_CELLS:
                del self._earlier[next(iter(self._earlier))]

    def _note(self, key: str, source: str) -> None:
        self._cells.pop(key, None)
        self._cells[key] = source
        if len(self._cells) > MAX_CELLS:
            del self._cells[next(iter(self._cells))]

    def _before_loading(self) -> _Failed | None:
        """The cell whose error the interpreter still remembers, if its source can be found."""
        error = getattr(sys, "last_value", None)
        if not isinstance(error, Exception) or isinstance(error, OciError | UsageError):
            return None
        if self._cells or self.errors:
            return None
        sources = [cell for cell in self.inputs() if not _OURS.match(cell)]
        return _Failed(sources[-1], error) if sources and sources[-1] else None


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except Exception:
        return ""
