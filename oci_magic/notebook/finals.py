"""How prompts ended, for windows that were loaded anew in mid-run and did not see it.

Texts are kept for every prompt, what is drawn (pictures, tables in HTML) for the latest ones, as
much as `MOST` characters hold: of older ones such a window shows the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..prompting.feedback import text_alone
from .frontends import Final
from .panel import MIME

MOST = 10_000_000
Operation = Mapping[str, Any]


class Finals:
    """The last end of each prompt, by the id of its cell."""

    def __init__(self) -> None:
        self._of: dict[str, Final] = {}
        self._sizes: dict[str, int] = {}

    def add(self, final: Final) -> None:
        self.pop(final.prompt)
        self._of[final.prompt] = final
        self._sizes[final.prompt] = sum(map(_size, _drawn(final.operations)))
        room = MOST
        for prompt, each in reversed(self._of.items()):
            room -= self._sizes[prompt]
            if room < 0 and self._sizes[prompt] and each is not final:
                operations = [_in_words(operation) for operation in each.operations]
                self._of[prompt], self._sizes[prompt] = replace(each, operations=operations), 0

    def pop(self, prompt: str) -> None:
        """The prompt's last answer has been taken back."""
        self._of.pop(prompt, None)
        self._sizes.pop(prompt, None)

    def caught_up(self, comm: Any, opened: dict[str, Any]) -> None:
        """A window that was loaded anew asks how prompts ended: tell of those it does not know.

        Or it tells that its notebook has another path now.
        """
        asks = opened["content"]["data"]
        if moved := asks.get("renamed"):
            here = {name: f for name, f in self._of.items() if f.path == moved.get("from")}
            self._of |= {n: replace(f, path=str(moved.get("to"))) for n, f in here.items()}
            return
        answers, path = asks.get("answers") or {}, asks.get("path") or ""
        for prompt in answers.keys() & self._of.keys():
            final = self._of[prompt]
            if answers[prompt] != final.answer and path == final.path:
                for operation in final.operations:
                    comm.send(dict(operation))


def _drawn(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Outputs of generated cells that are more than text."""
    for operation in operations:
        data = [output.get("data", {}) for output in operation.get("outputs", ())]
        if not any(MIME in each for each in data):  # what is with our row is no code's
            pairs = zip(data, operation.get("outputs", ()), strict=True)
            yield from (output for each, output in pairs if each.keys() - {"text/plain"})


def _size(output: Operation) -> int:
    return sum(len(str(value)) for value in output["data"].values())


def _in_words(operation: Operation) -> Operation:
    drawn = [id(output) for output in _drawn([operation])]
    if not drawn:
        return operation
    outputs = [text_alone(o) if id(o) in drawn else o for o in operation["outputs"]]
    return {**operation, "outputs": outputs}
