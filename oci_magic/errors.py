"""Everything oci_magic raises on purpose.

    OciError
    ├── EngineError            a model cannot be opened or cannot answer
    │   ├── ModelNotFound      no such alias, hub name, folder or file
    │   ├── NoAnswer           a model has no answer to this prompt; to others it may
    │   └── NoMemory           a model does not fit into the free memory
    ├── Unrepaired             a prompt ended without working code
    ├── Held                   review kept the code from running
    └── Stopped                the person stopped the prompt

Each message is one line that says what to do next; notebooks show it without a traceback.
A mistake on the magic line is IPython's `UsageError`.
"""

from __future__ import annotations


class OciError(Exception):
    """Base of all errors of oci_magic."""

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: show the one line instead of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class EngineError(OciError):
    """A model cannot be opened or cannot answer."""


class ModelNotFound(EngineError):
    """No such alias, hub name, folder or file."""


class NoAnswer(EngineError):
    """A model has no answer to this prompt; another may be answered."""


class NoMemory(EngineError):
    """A model does not fit into the memory that is free now."""


class Unrepaired(OciError):
    """A prompt ended without working code."""


class Held(OciError):
    """Review kept the generated code from running."""


class Stopped(OciError):
    """The person stopped the prompt."""
