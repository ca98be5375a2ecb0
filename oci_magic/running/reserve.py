"""What of the notebook is told of a failure: the person may have left names out, or all of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLAIN = (int, float, complex, bool, str, bytes, type(None))


@dataclass(frozen=True)
class Reserve:
    """`names` are left out, and so is what they stand for under another name.

    With `named_only` so is all of the notebook that the failing code does not name.
    """

    names: frozenset[str] = frozenset()
    named_only: bool = False

    def notebook(self, namespace: Mapping[str, object], source: str) -> Mapping[str, object]:
        """The names of the notebook that may be told of where `source` fails."""
        told = self.of(namespace, namespace)
        if not self.named_only:
            return told
        words = frozenset(re.findall(r"[^\W\d]\w*", source))
        return {name: value for name, value in told.items() if name in words}

    def of(
        self, names: Mapping[str, object], namespace: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Those of `names`, the notebook's or a function's, that are not left out."""
        if not self.names:
            return names
        held = {id(namespace[n]) for n in self.names if n in namespace}
        return {
            name: value
            for name, value in names.items()
            if name not in self.names and (id(value) not in held or type(value) in _PLAIN)
        }


NOTHING = Reserve()
