"""What a prompt tells the model: the request, names in it replaced, and the notebook around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import encodable
from ..prompting.context import Context
from ..prompting.interpolate import interpolate
from ..running.variables import working_folder
from ..types import Message
from .arguments import Options
from .surroundings import surroundings

if TYPE_CHECKING:
    from .magics import OCIMagics


class Telling:
    """Reads the notebook of `magics` as it is now."""

    def __init__(self, magics: OCIMagics) -> None:
        self.magics = magics

    def request(self, prompt: str) -> str:
        """The prompt with `{name}`, `{In[3]}`, ... replaced where they exist."""
        names, journal = self.magics.shell.user_ns, self.magics.journal
        outputs = names.get("Out", {})
        return encodable(interpolate(prompt, names, journal.inputs(), outputs, journal.errors))

    def context(self, options: Options, request: str = "") -> str:
        """The text of the context that goes with `request`; says once if it was shortened."""
        magics, engine = self.magics, self.magics.shelf.loaded
        if (options.context or magics.context) == "none" or engine is None:
            return ""
        budget = min(magics.context_tokens, engine.window // 4)
        whole = self.surroundings(options.leave_out).about(request)
        fitted = whole.fitted(lambda text: engine.count([Message("user", text)]), budget)
        if fitted is not whole and not magics.told_shortened:
            print(f"the notebook is told of in {budget} tokens, not whole: %oci context shows it")
            magics.told_shortened = True
        return fitted.text()

    def surroundings(self, leave_out: tuple[str, ...] = ()) -> Context:
        """All that could be told, whatever its length."""
        magics = self.magics
        turns = magics.session.turns if magics.session else []
        left_out = (*magics.leave_out, *leave_out)
        names, cells = magics.shell.user_ns, magics.journal.cells
        return surroundings(names, working_folder(), cells, turns, left_out)

    def unknown(self, names: tuple[str, ...]) -> None:
        """Say which of the names to be left out do not exist."""
        unknown = [name for name in names if name not in self.magics.shell.user_ns]
        if unknown:
            print(f"-x {', '.join(unknown)}: there is no such variable")
