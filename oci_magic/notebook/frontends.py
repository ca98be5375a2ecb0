"""The insertion ladder: where generated code goes besides running.

From the top: cells of their own below the prompt (`lab`, with our extension), the next cell, the
next prompt of a terminal, nowhere. A kernel learns of its front end only what the request says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..events import Finished
from ..running.redirect import can_redirect

if TYPE_CHECKING:
    from ..types import Cell, Failure, Turn
    from .display import View
    from .panel import Action
    from .queue import Replaced

NO_CODE = "there is no code yet"
SKEW = (
    "oci: JupyterLab's extension is of another version than this kernel's oci_magic, so code goes "
    "into the next cell: install the same version in both environments"
)
NOT_RUN = "oci: code is offered, not run"


@dataclass(frozen=True)
class Final:
    """The operations that bring a window up to date which does not know a prompt's `answer`.

    The window shows the notebook at `path`.
    """

    path: str
    prompt: str
    answer: str
    operations: Sequence[Mapping[str, object]]


class Place:
    """A rung below `lab`: `note` says once where code goes, `after_error` where it then is.

    Code is offered as the next input; where there is none this does no harm.
    """

    kept = ""
    """What is kept of an unchanged prompt, in words; "" if it is to be asked again."""
    rounds: int | None = None
    """Repairs at most, where the person has set them for this prompt."""
    source = ""
    """The failed cell that is to be repaired, if a button below it asks for that."""
    prompt = ""
    """The id of the prompt cell, "" where the front end tells none that counts."""
    action: Action | None = None
    """What a button of the prompt's panel says, and the words that go with it."""
    words = ""
    changed = False
    """Whether the prompt is another one than that which a button's answer was given to."""
    proposes = False
    """Whether code is tried and shown, and the person puts it into its cell."""
    numbered = False
    """Whether generated cells have execution counts of their own."""
    stands = True
    """Whether what was made here has taken the place of what stood before."""

    def __init__(self, shell: Any, note: str, after_error: str) -> None:
        self.shell, self.note, self.after_error = shell, note, after_error

    def going_on(self, last: Place | None) -> Place:  # noqa: ARG002  # there is one place alone
        """Where an answer goes that takes the place of the one in `last`."""
        return self

    def proposing(self, cell: str, source: str) -> Place:  # noqa: ARG002  # no cell is known here
        """Where a repair of the person's failed cell, known by its id, is proposed."""
        return self

    def opened(self) -> AbstractContextManager[object]:
        """Around one prompt."""
        return nullcontext()

    def loading(self, model: str) -> None:
        """A model is loaded first; the person can stop it."""

    def hosted(self, cell: Cell) -> AbstractContextManager[object]:
        """Around the run of one generated cell."""
        return nullcontext(cell)

    def view(self) -> View | None:
        """What draws the events, if that is not the usual view."""
        return None

    def standing(self, turn: Turn) -> str:
        """Where the code of a prompt is that did not end well."""
        return f"the code so far is {self.after_error}" if turn.reply.code else NO_CODE

    def made(self) -> Sequence[tuple[str, str]]:
        """Id and source of the cells that this prompt has made."""
        return ()

    def deleted_from(self, last: Place) -> Sequence[int]:  # noqa: ARG002  # nothing tells
        """Which of the code cells made in `last`, by their number, the person has deleted since.

        Told once.
        """
        return ()

    def let_go(self, cell: str) -> None:
        """The person has emptied this cell, known by its id: it is none of ours any more."""

    def lacks(self, last: Place) -> bool:  # noqa: ARG002  # there is one place alone
        """Whether what was made in `last` stands elsewhere."""
        return False

    def sources(self, turn: Turn) -> Sequence[str]:
        """The sources of the cells that hold a turn's code."""
        from ..prompting.conversation import source

        return [source(turn)]

    def withdraw(self, last: Place, line: str, *, again: bool = False) -> None:  # noqa: ARG002
        """Take back the cells made in `last`, where that can be done, and say so in a line.

        `again` tells whether what stood there before can be taken back too.
        """
        print(line)

    def tried(self, left: Sequence[str]) -> None:
        """A proposed repair has been tried and taken back, but for what is `left`."""

    def final(self, error: Exception | None) -> Final | None:
        """How the prompt ended, `error` or well, for a window that was loaded anew in mid-run."""

    def ran(
        self, failure: Failure | None, left: Sequence[str] = (), *, unseen: bool = False
    ) -> None:
        """The person has run the code that waited here; `left` is what was not put back.

        The failure is `unseen` where it is that of a check.
        """
        from .display import failure_line, left_line

        if failure and unseen:  # of a check, which the person's run could not see
            print(f"{failure_line(failure)}; your variables are as before this cell")
        if failure and left:
            print(left_line(left))

    def corrected(self) -> None:
        """The person has edited the code of this prompt and run it, and it works."""

    def tell(self, line: str) -> None:
        """Say how the prompt stands now, with what can be done next where that can be shown."""
        print(line)

    def take(self, finished: Finished) -> None:
        """Put the code of a finished prompt where it goes."""
        from ..prompting.conversation import source

        code = source(finished.turn)
        if code.strip():
            self.shell.set_next_input(code, replace=False)


def place(shell: Any, replaced: Replaced, recorded: str = "") -> Place:
    """The highest rung on which this shell stands for the request it is executing.

    `recorded` is the hash by which an unchanged prompt is known again, "" for none.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return Place(
            shell, "oci: code runs at once and is put at the next prompt", "at the next prompt"
        )
    metadata = request_metadata(kernel)
    if "oci_magic_client" in metadata:
        from .client import Client
        from .lab import LabPlace
        from .proposal import RepairPlace

        client = Client.told(metadata)
        if client and client.action == "repair":
            return RepairPlace(shell, client)
        if client and can_redirect(kernel):
            return LabPlace(shell, replaced.current(client), replaced, recorded)
        if client is None:
            return Place(shell, SKEW, "in the output above")
    if metadata.get("cellId"):
        # A next input is taken from successful cells alone.
        note = "oci: code runs inside the prompt cell and is put into the next cell"
        return Place(shell, note, "in the output above")
    note = "oci: no front end with cells here; code and results stay in this cell's output"
    return Place(shell, note, "in the output above")


def request_metadata(kernel: Any) -> dict[str, Any]:
    """The metadata of the request that the kernel is executing; {} where it tells none."""
    return dict(_request(kernel).get("metadata") or {})


def request_date(kernel: Any) -> datetime:
    """When the request was made that the kernel is executing; now, if it does not tell."""
    date = (_request(kernel).get("header") or {}).get("date")
    return date if isinstance(date, datetime) and date.tzinfo else datetime.now(UTC)


def _request(kernel: Any) -> dict[str, Any]:
    try:
        parent = kernel.get_parent("shell")
    except (AttributeError, TypeError, LookupError):
        return {}
    return parent or {}
