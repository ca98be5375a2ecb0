"""What a model is told in an evaluation: instructions, and conversations in the paper's form.

Covers the protocol of OpenCodeInterpreter (arXiv 2402.14658; its repository, `evaluation/
evaluate/`): greedy, at most 1,024 new tokens, one user message that grows by answer and feedback
between the marks `@@ Instruction` and `@@ Response`; opening sentence, marks, fences, and what is
said of a wrong answer are to the letter; the instructions, and errors, are in our words
(`prompting.feedback`). As `chat` the same goes as turns of a conversation, as in a notebook;
`notebook` leaves messages as the product words them, system prompt and all. What differs: from
the third round on, what comes the same again is asked for afresh and sampled, as in a notebook;
and as `chat`, a mentor's sentences follow the execution result, as a person's do there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Literal

from ..engines import Engine, Sampling
from ..engines.local import LocalEngine
from ..errors import EngineError, NoAnswer
from ..types import Chunk, Message
from .mentor import Guidance
from .problems import Problem

Form = Literal["paper", "chat", "notebook"]
NEW_TOKENS = 1024
_OPENING = (
    "You are an exceptionally intelligent coding assistant that consistently delivers accurate "
    "and reliable responses to user instructions."
)
_FORMAT = "Return all of the code in one block of this form:\n```python\n# Your codes here\n```"
_HUMANEVAL = """\
Complete this Python function:
```python
{prompt}
```
Keep the given code as it is and continue it. {form}"""
_MBPP = """\
This is a problem, with tests as examples:
{prompt}

Solve it in Python. Define the functions that the tests call; what they take and return must \
match the tests. {form}"""


def instruction(problem: Problem) -> str:
    """The request for a solution."""
    form = _HUMANEVAL if problem.suite == "humaneval" else _MBPP
    return form.format(prompt=problem.prompt.strip(), form=_FORMAT)


class Told:
    """An engine that is told the messages of a session in the protocol's form.

    `broke` is the error of the model itself, if it could not answer; where it has none for a
    prompt alone, `note` says why, and what came of it, nothing, is the answer. `sampling` is of
    this one alone, so that several may share an engine that takes it by the call. Once `stop` is
    set, an answer ends as by Ctrl-C. `guided` is what a mentor has said, round by round.
    """

    def __init__(
        self, engine: Engine, form: Form, sampling: Sampling, stop: threading.Event | None = None
    ) -> None:
        self.engine, self.form, self.sampling = engine, form, sampling
        self.name, self.window = engine.name, engine.window
        self.broke: EngineError | None = None
        self.note = ""
        self.guided: list[Guidance] = []
        self.stop = stop or threading.Event()

    def count(self, messages: Sequence[Message]) -> int:
        return self.engine.count(self._told(messages))

    def stream(self, messages: Sequence[Message], *, draft: str | None = None) -> Iterator[Chunk]:
        ended = False
        try:
            for chunk in self._answer(self._told(messages), draft):
                ended = chunk.finish_reason is not None
                yield chunk
                if self.stop.is_set():
                    raise KeyboardInterrupt
        except NoAnswer as error:
            self.note = str(error)
            if not ended:
                raise
        except EngineError as error:
            self.broke = error
            raise

    def _answer(self, messages: Sequence[Message], draft: str | None) -> Iterator[Chunk]:
        if isinstance(self.engine, LocalEngine):
            return self.engine.stream(messages, draft=draft, sampling=self.sampling)
        self.engine.sampling = self.sampling
        return self.engine.stream(messages, draft=draft)

    def _told(self, messages: Sequence[Message]) -> list[Message]:
        if self.form == "notebook":
            return list(messages)
        turns = [message for message in messages if message.role != "system"]
        if self.form == "chat":
            return turns
        text = f"{_OPENING}\n\n@@ Instruction\n{turns[0].content}\n\n@@ Response"
        for turn in turns[1:]:
            mark = "\n" if turn.role == "assistant" else "\n\n@@ Instruction\n"
            text += f"{mark}{self._in_paper(turn)}"
        return [Message("user", text if len(turns) == 1 else f"{text}\n")]

    def _in_paper(self, turn: Message) -> str:
        """A turn as there: guidance stands alone, and results begin as models were trained on."""
        if turn.role == "assistant":
            return turn.content
        said = (each.text for each in self.guided if each.text)
        alone = (each for each in said if turn.content.endswith(f"\n{each}"))
        return next(alone, turn.content.replace("Execution result:\n", "Execution result: \n", 1))
