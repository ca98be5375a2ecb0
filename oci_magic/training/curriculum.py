"""What a step shows at each point of the run: first how to copy, then short tasks, then all.

A small model learns table work only once it can copy a name from its context (induction).
Measured on a 4 x 192 model: repeats of a few random tokens alone taught that in about 350
steps; mixed a fifth into the tasks, they had not after as many.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .examples import Example


@dataclass(frozen=True)
class Stage:
    """A part of the run that ends at progress `until` (0 to 1).

    A step has at most `tokens` tokens; examples longer than `longest` wait for a later stage;
    `repeats` and `copies` are the shares of examples that are no tasks. A token of the few long
    ones costs several times as much as others, so they wait for the last stage.
    """

    until: float
    tokens: int
    longest: int
    repeats: float = 0.0
    copies: float = 0.0


COPIES_BELOW = 1.7
"""Mean loss on repeats under which a model can copy; where a part begins stays a guess."""
REPEATS = Stage(0.12, 1400, 0, repeats=1.0)
STAGES = (
    Stage(0.15, 2048, 260, repeats=0.2, copies=0.25),
    Stage(0.40, 3072, 440, repeats=0.12, copies=0.15),
    Stage(0.85, 5120, 800, repeats=0.06, copies=0.05),
    Stage(1.00, 8192, 4096),
)


def stage_at(progress: float, copies: bool) -> Stage:
    """The stage at `progress`; only repeats until the model copies or their time is over."""
    if not copies and progress < REPEATS.until:
        return REPEATS
    return next((stage for stage in STAGES if progress < stage.until), STAGES[-1])


def repeat(random: Random, marks: tuple[int, int, int], vocabulary: int) -> Example:
    """Random tokens, and a part of them said again; `marks` are the ids of user, assistant, end."""
    user, assistant, end = marks
    count = random.randint(5, 14)
    tokens = [random.randrange(max(marks) + 2, vocabulary) for _ in range(count)]
    start = random.randint(0, count // 2)
    part = tokens[start : start + random.randint(4, count)]
    ids = [user, *tokens, end, assistant, *part, end]
    return Example(ids, [0] * (count + 3) + [1] * (len(part) + 1))
