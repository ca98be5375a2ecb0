"""Whatever is typed, answered or raised, parser, interpolation, review and evidence go on.

`pytest -m heavy tests/test_fuzz.py` tries 10,000 cases of each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from oci_magic.prompting.feedback import failure_text
from oci_magic.prompting.interpolate import interpolate
from oci_magic.prompting.parse import parse
from oci_magic.prompting.redact import redacted
from oci_magic.running.effects import effects_line
from oci_magic.running.evidence import failure_of
from oci_magic.running.review import review
from oci_magic.types import Cell

WORDS = r"""
``` ```python ~~~ ```` >>> %pip %% % !rm ? # \ ' " {x} {In[1]} {df.a} {x!r:>9} { } {{ ( ) [ ] : = ==
, . ; @ -> * ** lambda x df 1 0x é 🎉 |a|b| $x$ <|im_end|> 1. -
"""
PIECES = (
    *WORDS.split(),
    *('"""', "f'", "\n", " ", "    ", "\t", "\r", "\x00", "\ud800", "\u2028", "... ", "In [1]: "),
    *("import os\n", "from os import *\n", "os.remove(", "open(", "pd.read_csv(", "token='abc'"),
    *("await ", "async ", "for x in ", "while 1:", "if ", "try:", "except:", "with ", "def f("),
    *("class A:", "%%bash\n", "!rm -rf /\n", "get_ipython().system("),
)
TEXT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=12).map("\n".join),
)
ERRORS = (
    KeyError,
    NameError,
    AttributeError,
    TypeError,
    ValueError,
    IndexError,
    OSError,
    SyntaxError,
)
FEW, MANY = 150, 10_000


class Odd:
    """An object that answers nothing as it should."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    __repr__ = __len__ = __iter__ = __eq__ = None  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


NAMES: dict[str, Any] = {"x": Odd(), "df": [1, 2], "f": len, "A": Odd, "In": ["", "x"], "os": 3}


def parses(text: str) -> None:
    for cell in parse(text):
        assert isinstance(cell.source, str)


def interpolates(text: str) -> None:
    interpolate(text, NAMES, ["", "x = 1"], {1: Odd()}, {1: text})


def reviews(text: str) -> None:
    effects_line(review(Cell(text), Path(), namespace=NAMES))


def tells(text: str) -> None:
    for kind in ERRORS:
        try:
            raise kind(text)
        except kind as error:
            failure_text(failure_of(error, text, NAMES))
    redacted(text)


LOOKS: list[Callable[[str], None]] = [parses, interpolates, reviews, tells]


def fuzz(look: Callable[[str], None], cases: int) -> None:
    fast = [Phase.explicit, Phase.reuse, Phase.generate]
    few = settings(
        max_examples=cases, deadline=None, phases=fast, suppress_health_check=list(HealthCheck)
    )
    few(given(TEXT)(look))()


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_escapes(look: Callable[[str], None]) -> None:
    fuzz(look, FEW)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("look", LOOKS)
def test_nothing_escapes_in_many_cases(look: Callable[[str], None]) -> None:
    fuzz(look, MANY)
