"""The engine `server:NAME`: a model behind any server with OpenAI's chat completions.

Covers vLLM, llama.cpp, Ollama, LM Studio, `transformers serve` and what speaks like them:
streaming, sampling, usage, further tries, a stop that the server notices. A server has no
tokenizer to ask, so `count` is an estimate, and the window what the server tells, what is set, or
`WINDOW`. Not covered: tools, images, servers that take `max_completion_tokens` alone.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from ..errors import EngineError, ModelNotFound, NoAnswer
from ..types import Chunk, Message
from . import Sampling, refusals
from .addresses import Server, host_of, is_here, whole
from .answering import Answer
from .connecting import Connections, client
from .listening import is_listed, names_of, no_such_model, serving, some, told_window
from .local import END_OF_TURN
from .templates import folded, unmarked

WINDOW = 4096
"""Tokens that prompt and answer share where nobody tells."""
BYTES_PER_TOKEN, TOKENS_PER_MESSAGE = 3.0, 8
"""The estimate of a prompt's length; it grows where the server counts more."""
LIST = 10.0
"""Seconds for the list of models."""
EXTRAS = {"stream_options": {"include_usage": True}, "repeat_penalty": 1.0}
"""What is left out for a server that refuses it. The penalty is llama.cpp's and LM Studio's: some
servers have one of 1.1 by default, with which no answer is greedy."""
MARKS = (
    *END_OF_TURN, "<|im_start|>", "<|user|>", "<|assistant|>", "<|system|>", "<start_of_turn>",
    "<|start_header_id|>", "<|end_header_id|>", "<|begin_of_text|>", "<|eos|>", "<s>", "</s>",
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "### Instruction", "### Response",
)  # fmt: skip
"""Marks of published chat templates; those of the server's own template cannot be asked for."""
_NO_SYSTEM = re.compile(r"system (?:role|message|prompt)|role\W+system|roles? must alternate", re.I)


class ServerEngine:
    """`name` is `server:NAME`, `server` says where; `away` is its host unless it is on loopback.

    Raises `EngineError`, one line, when the client is not installed, nothing answers there, or
    no server on the usual ports has the model.
    """

    def __init__(
        self, name: str, server: Server | None = None, notify: Callable[[str], None] | None = None
    ) -> None:
        self.name, self.server = name, server or Server()
        self.sampling = Sampling()
        self._notify = notify or _silent
        self._model = name.removeprefix("server:").strip()
        self.url = whole(self.server.url) if self.server.url else serving(self._model)
        self.place = host_of(self.url)
        self.away = "" if is_here(self.url) else self.place
        self._key = os.environ.get(refusals.KEY, "").strip()
        self._connections = Connections()
        self._client = client(self.url, self._key, self.server.timeout, self._connections)
        self._extras, self._folds, self._stretch = list(EXTRAS), False, 1.0
        listed = self._listed()
        if not self._model:
            raise ModelNotFound(no_such_model("", names_of(listed), self.place))
        self._warn(names_of(listed))
        self.window = self.server.window or told_window(listed, self._model) or WINDOW

    def count(self, messages: Sequence[Message]) -> int:
        """An estimate of the tokens that `messages` take; no server is asked."""
        return math.ceil(_estimate(messages) * self._stretch)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        draft: str | None = None,  # noqa: ARG002  part of the Engine protocol
    ) -> Iterator[Chunk]:
        """Yields the answer as it comes; closing the iterator closes the request.

        A stream that breaks is asked for again, at most three times, and what a server has too
        many requests for as long as `Server.patience` lasts: text that comes the same is
        not told again, other text begins with a chunk `anew`. On KeyboardInterrupt the last chunk
        says "interrupted" and the exception goes on from the next step. Raises `NoAnswer` when
        the prompt is too long, and behind the last chunk when nothing was said.
        """
        answer = Answer(self.count(messages), self.sampling.max_new_tokens)
        try:
            yield from self._tries(messages, answer)
        except KeyboardInterrupt:
            yield answer.end("interrupted")
            raise
        self._learn(messages, answer.counted)
        yield answer.end()
        if not answer.text.strip():
            raise NoAnswer(self._empty(answer))

    def close(self) -> None:
        """End what is asked as by Ctrl-C, and whatever will be; for any thread."""
        self._connections.close()

    def _tries(self, messages: Sequence[Message], answer: Answer) -> Iterator[Chunk]:
        tries = refusals.Tries(self.server.patience)
        while True:
            self._connections.check()
            try:
                with closing(self._events(messages)) as events:
                    yield from answer.pieces(events)
                return
            except EngineError:
                raise
            except Exception as error:
                # What the client lets through differs between its versions and those of httpx.
                self._connections.check()
                if answer.reason:  # only what comes after the end of the answer is lost
                    return
                if self._adapted(error, messages):
                    continue
                wait = None if self._is_unknown(error) else tries.pause(error)
                if wait is None:
                    raise self._explained(error) from error
                gap = "\n" if answer.in_mid_line else ""
                self._notify(
                    f"{gap}{self.place}: {refusals.why(error)}; asking again in {wait:.3g} s"
                )
            self._connections.wait(wait)

    def _events(self, messages: Sequence[Message]) -> Generator[Any, None, None]:
        """The pieces of one answer; the request is closed with the iterator."""
        stream = self._client.chat.completions.create(**self._request(messages))
        with closing(stream):
            refusals.answer(stream.response.headers, self.place)
            yield from stream

    def _request(self, messages: Sequence[Message]) -> dict[str, Any]:
        told = folded(messages) if self._folds else messages
        sampling, room = self.sampling, self.window - self.count(messages)
        request: dict[str, Any] = {
            "model": self._model, "stream": True,
            "messages": [{"role": m.role, "content": unmarked(m.content, MARKS)} for m in told],
            "temperature": sampling.temperature, "top_p": sampling.top_p,
            "max_tokens": max(1, min(sampling.max_new_tokens, room)),
            "extra_body": {name: EXTRAS[name] for name in self._extras},
        }  # fmt: skip
        if sampling.seed is not None:
            request["seed"] = sampling.seed
        return request

    def _adapted(self, error: Exception, messages: Sequence[Message]) -> bool:
        """Whether the same can be asked in a way that this server, or its template, takes."""
        words, window = refusals.said(error), refusals.too_long(error) or 0
        if self.count(messages) < window < self.window:
            self.window = window
            return True
        if refused := [name for name in self._extras if name in words]:
            self._extras = [name for name in self._extras if name not in refused]
            return True
        if not self._folds and refusals.status_of(error) and _NO_SYSTEM.search(words):
            self._folds = True
            return True
        return False

    def _is_unknown(self, error: Exception) -> bool:
        """Whether the server refuses because it does not have the model."""
        status = refusals.status_of(error)
        if status not in (400, 404, 422, 500) or refusals.too_long(error) is not None:
            return False
        names = names_of(self._listed(quiet=True))
        return not is_listed(self._model, names) if names else refusals.names_model(error)

    def _explained(self, error: Exception) -> EngineError:
        window = refusals.too_long(error)
        if window is not None:
            return NoAnswer(self._too_long(window))
        if self._is_unknown(error):
            names = names_of(self._listed(quiet=True))
            said = refusals.said(error).replace(self._key or "\0", "***")
            told = f" (it says: {said})" if said else ""
            return ModelNotFound(no_such_model(self._model, names, self.place) + told)
        return EngineError(self._line(error))

    def _too_long(self, window: int) -> str:
        if 0 < window < self.window:
            self.window = window
            return (
                f"the prompt was too long for {self.name}, which reads {window:,} tokens, answer "
                "included: run the cell again, it will be fitted to that"
            )
        return (
            f"the prompt was too long for {self.name}: set OCIMagics.server_window to less than "
            f"{self.window:,} tokens, or begin a new conversation (%oci new)"
        )

    def _empty(self, answer: Answer) -> str:
        if answer.thought and answer.reason == "length":
            return (
                f"{self.name} thought until its {answer.usage.completion_tokens} tokens were used "
                "and said nothing: allow more with --max-new-tokens"
            )
        return f"{self.name} sent an empty answer: ask in other words, or choose another model"

    def _listed(self, *, quiet: bool = False) -> Any:
        """The server's list of models, None where it has none that can be read."""
        try:
            return self._client.get("/models", cast_to=object, options={"timeout": LIST})
        except Exception as error:
            # As in `_tries`. A list is no must: what is wrong is told when the prompt is asked.
            unheard = not refusals.status_of(error) and not refusals.is_slow(error)
            if not quiet and (unheard or refusals.status_of(error) in (401, 403)):
                raise EngineError(self._line(error)) from error
            return None

    def _warn(self, names: Sequence[str]) -> None:
        """A name that is not listed may be served all the same: llama.cpp takes any."""
        if names and not is_listed(self._model, names):
            self._notify(f"{self.place} does not list {self._model}; it has {some(names)}")

    def _line(self, error: Exception) -> str:
        return refusals.line(error, self.place, self.url, self._key, self.server.timeout)

    def _learn(self, messages: Sequence[Message], counted: int) -> None:
        """The estimate is stretched to what the server has counted, where that is more."""
        self._stretch = max(self._stretch, counted / _estimate(messages))


def _estimate(messages: Sequence[Message]) -> float:
    size = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
    return max(1.0, size / BYTES_PER_TOKEN + TOKENS_PER_MESSAGE * len(messages))


def _silent(_: str) -> None:
    """Nobody listens."""
