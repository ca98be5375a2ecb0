"""Making tasks: requests in a world, and what really happens.

Every code of a task has been run: a failing one failed with the error that is told, the last
one worked and gave what the clean data give. What did not happen so is thrown away.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from ...prompting.context import Context
from ...prompting.prompts import FIX
from ...running.outcome import run
from ...types import Failure
from . import cleaning, grouping, plotting, selecting
from .mistakes import mistaken, unconverted
from .outside import FILLERS, OUTSIDE_FIXED, OUTSIDE_TEMPLATES
from .repairs import repair
from .scene import STYLES, Scene, quote
from .tables import Table
from .task import Attempt, Task, example
from .wordings import CLOSERS, GREETINGS, JOINS, NOUN_OPENERS, OPENERS, TABLE_PHRASES
from .words import Words, held
from .world import World, copied

Step = Callable[[Scene], bool]
STEPS: dict[str, Step] = {
    "inspect": selecting.inspect, "filter": selecting.filter_rows, "sort": selecting.sort,
    "top": selecting.top, "sample": selecting.sample, "columns": selecting.columns,
    "missing": cleaning.missing, "convert": cleaning.convert, "dates": cleaning.dates,
    "strings": cleaning.strings, "new": cleaning.new_column, "duplicates": cleaning.duplicates,
    "rename": cleaning.rename, "group": grouping.group, "total": grouping.total,
    "pivot": grouping.pivot, "merge": grouping.merge, "resample": grouping.resample,
    "correlation": grouping.correlation, "quantile": grouping.quantile,
    "histogram": plotting.histogram, "bar": plotting.bar, "line": plotting.line,
    "scatter": plotting.scatter, "box": plotting.box, "save": plotting.save,
}  # fmt: skip
WEIGHTS = {
    "inspect": 2.5, "filter": 2.5, "group": 2.2, "bar": 1.8, "new": 1.6, "sample": 0.5,
    "merge": 4.0, "dates": 2.0, "strings": 1.5, "pivot": 1.5, "convert": 1.5,
}  # fmt: skip
STUDIED = {"filter": 5.0, "new": 3.0, "rename": 6.0, "missing": 5.0, "save": 3.0}
"""How many times as often training has steps that small models get wrong most."""
OPENINGS = {"verb": ("", *OPENERS), "noun": NOUN_OPENERS, "whole": GREETINGS}
LONG = 9  # earlier requests of a long notebook
REQUESTS = (*(1,) * 12, 2, 2, 3, 4)
UNCONVERTED, MISTAKEN = 0.3, 0.1
"""How many tasks begin with a code that fails. It is first answers that micro lacks, and an
example with an invented mistake costs three times as many letters."""
HELD_UNCONVERTED, HELD_MISTAKEN = 0.5, 0.25
REFUSAL = (
    "That is outside what I can do: I only work with tables (load, clean, group, plot). "
    "`%oci models` lists larger models."
)


class Maker:
    """Draws conversations from a seed; `held_out` ones use words and wordings of the other side."""

    def __init__(self, seed: int, *, held_out: bool = False) -> None:
        self.rng = Random(seed if not held_out else -1 - seed)
        self.seed, self.held_out = seed, held_out
        self.words = Words(self.rng, held_out=held_out)

    def examples(self) -> list[dict[str, Any]]:
        """The requests of one notebook, a line of Code-Feedback each: `id`, `messages`."""
        if self.rng.random() < 0.1:
            tasks = [self.outside()]
        else:
            with tempfile.TemporaryDirectory() as folder:
                tasks = self.tasks(Path(folder))
        name = f"{'held' if self.held_out else 'task'}-{self.seed}"
        # Of a long notebook only the end, which has a long history: its examples cost much.
        ends = range(max(0, len(tasks) - 2) if len(tasks) > 4 else 0, len(tasks))
        told = (tasks[max(0, last - LONG) : last + 1] for last in ends)
        return [{"id": f"{name}-{n}", **example(part)} for n, part in enumerate(told)]

    def tasks(self, folder: Path) -> list[Task]:
        """The requests of one notebook, one after the other."""
        world = World(self.rng, self.words, folder)
        count = self.rng.choice(REQUESTS)
        count = LONG + 1 if self.rng.random() < 0.03 else count
        tasks: list[Task] = []
        world.furnish()
        for _ in range(count):
            task = self.request(world)
            if task is None:
                break
            tasks.append(task)
        return tasks

    def request(self, world: World) -> Task | None:
        rng = self.rng
        if world.last is not None and rng.random() < 0.2:
            from .edits import edit

            made = edit(self, world)
            if made is not None:
                return made
        if not world.tables or rng.random() < (0.2 if self.held_out else 0.3):
            return self.load_request(world)
        return self.table_request(world)

    def steps(self, scene: Scene, count: int) -> bool:
        """Draw `count` further steps into `scene`."""
        names = list(STEPS)
        more = {} if self.held_out else STUDIED
        weights = [WEIGHTS.get(name, 1.0) * more.get(name, 1.0) for name in names]
        wanted = len(scene.families) + count
        for _ in range(14):
            if len(scene.families) == wanted:
                break
            last = len(scene.families) == wanted - 1
            name = self.rng.choices(names, weights)[0]
            if not last and name in _ENDING:
                continue
            lines = list(scene.lines)
            if scene.families and name in [f.split("_")[0] for f in scene.families]:
                continue
            if not STEPS[name](scene):
                scene.lines = lines
            if scene.ended and not last:
                return False
        families = tuple(scene.families)
        return len(families) == wanted and self.side(families)

    def side(self, families: tuple[str, ...]) -> bool:
        """Whether training shows this composition, or for a held-out task does not: a tenth."""
        return len(families) < 2 or held("+".join(families)) == self.held_out

    def table_request(self, world: World) -> Task | None:
        rng = self.rng
        table = rng.choice(world.tables[-3:])
        scene = self.scene(world, table)
        count = rng.choice((1, 1, 1, 2, 2, 2, 3))
        scene.alone = count == 1
        if not self.steps(scene, count):
            return None
        several = len(world.tables) > 1
        named = scene.families[0] in ("merge", "merge_left")
        if not named and rng.random() < (0.6 if several else 0.25):
            named_as = rng.choice(TABLE_PHRASES).replace("{t}", table.var)
            scene.phrases[0] = extended(scene.phrases[0], named_as)
        elif several and not named and meant(scene.mentioned, world.tables) != table.var:
            return None
        return self.finish(world, scene, world.context(files=rng.random() < 0.9))

    def scene(self, world: World, table: Table) -> Scene:
        others = [t for t in world.tables if t.var != table.var]
        copy = Table(table.var, list(table.columns), table.frame)
        return Scene(self.rng, self.words, copy, others,
                     held_out=self.held_out, style=self.rng.choice(STYLES))  # fmt: skip

    def load_request(self, world: World) -> Task | None:
        """A request that loads a file, clean or dirty, and perhaps works on it at once."""
        from .loading import load_scene

        made = load_scene(self, world)
        if made is None:
            return None
        scene, aliases, listed = made
        return self.finish(world, scene, world.context(files=listed), aliases)

    def finish(
        self, world: World, scene: Scene, context: Context, aliases: dict[str, str] | None = None
    ) -> Task | None:
        """Run the scene's code as a first answer and repair it until it works."""
        true_code = scene.code()
        code = true_code
        for name, typed in (aliases or {}).items():
            code = code.replace(quote(name), quote(typed))
        sentence = "; ".join(scene.notes) + "."
        for name, typed in (aliases or {}).items():
            sentence = sentence.replace(f"`{name}`", f"`{typed}`")
        request = self.worded(scene)
        told = context.about(request).text()
        task = Task(told, request, tuple(scene.families), names=scene.names)
        if self.rng.random() < 0.12 and scene.visible and not aliases:
            own = Task(context.text(), FIX, ("fix",))
            return self.fix_task(world, scene, own, true_code)
        shares = (HELD_UNCONVERTED, HELD_MISTAKEN) if self.held_out else (UNCONVERTED, MISTAKEN)
        wrong = unconverted(code) if self.rng.random() < shares[0] else None
        failure = world.failure(wrong) if wrong else None
        repaired = repair(failure, wrong) if wrong and failure else None
        if wrong and failure and repaired:
            task.attempts.append(Attempt(wrong, sentence, failure, train=False))
            task.dirty = world.failure(code) is not None
            code, sentence = repaired
        elif self.rng.random() < shares[1]:
            wrong = mistaken(self.rng, code, world.names())
            failure = world.failure(wrong) if wrong else None
            # A mistake that the data hide cannot be told from their error.
            if wrong and failure and not same(failure, world.failure(code)):
                task.attempts.append(Attempt(wrong, sentence, failure, train=False))
        return self.settle(world, scene, task, code, sentence, true_code)

    def settle(
        self, world: World, scene: Scene, task: Task, code: str, sentence: str, true_code: str
    ) -> Task | None:
        """Run and repair `code` in the world; keep it if it gives what the clean data give."""
        for _ in range(4):
            namespace = copied(world.namespace)
            outcome = run(code, namespace, world.folder, task.names)
            task.attempts.append(Attempt(code, sentence, outcome.failure))
            if outcome.failure is None:
                break
            task.dirty = True
            repaired = repair(outcome.failure, code)
            if repaired is None:
                return None
            code, sentence = repaired
        else:
            return None
        if len(task.attempts) > 1 and not world.agrees(true_code, outcome):
            return None
        world.remove(outcome)
        task.outcome = outcome
        self.accept(world, scene, namespace)
        return task

    def accept(self, world: World, scene: Scene, namespace: dict[str, Any]) -> None:
        """The notebook after the accepted code: its variables and what their columns mean."""
        world.namespace = {k: v for k, v in namespace.items() if k != "__builtins__"}
        world.last = scene
        known = {t.var: t for t in world.tables}
        known[scene.table.var] = scene.table
        if scene.origin is not None:
            known[scene.origin.var] = scene.origin
        world.tables = [
            self.reread(known[var], world.namespace[var])
            for var in known
            if type(world.namespace.get(var)).__name__ == "DataFrame"
        ]
        for var, value in world.namespace.items():
            world.clean[var] = value

    def reread(self, table: Table, frame: Any) -> Table:
        """The table with the columns that its frame really has now."""
        columns = []
        for column in table.columns:
            if column.name not in frame.columns:
                continue
            kind = str(frame[column.name].dtype)
            text = kind in ("object", "str")
            dirt = column.dirt or "words" if column.numeric and text else ""
            columns.append(replace(column, dirt=dirt, parsed=kind.startswith("datetime")))
        return Table(table.var, columns, frame if len(frame) else table.frame)

    def fix_task(self, world: World, scene: Scene, task: Task, code: str) -> Task | None:
        """The person's own cell fails and is to be fixed; what was meant can be told from that."""
        wrong = mistaken(self.rng, code)
        failure = world.failure(wrong) if wrong else None
        if not wrong or not failure or same(failure, world.failure(code)):
            return None
        sentence = _mended(failure, wrong, code, tables=len(world.tables))
        if sentence is None:
            return None
        task.attempts = [Attempt(wrong, "", failure, train=False)]
        return self.settle(world, scene, task, code, sentence, code)

    def worded(self, scene: Scene) -> str:
        """The phrases joined into a request, as people type."""
        rng = self.rng
        join = rng.choice(JOINS)
        text, opener = join.join(scene.phrases), ""
        if len(scene.phrases) > 1 and rng.random() < 0.1:
            text = "\n".join(f"{i}. {phrase}" for i, phrase in enumerate(scene.phrases, 1))
        elif text[-1:] != "?":
            opener = rng.choice(OPENINGS[scene.opening])
            text = opener + text
            text += rng.choice(("", "", "", *CLOSERS))
        small = rng.random() > 0.35 or (scene.as_is and not opener)
        return text if small else text[:1].upper() + text[1:]

    def outside(self) -> Task:
        """A request beyond the range, with or without tables around."""
        rng = self.rng
        pool = [t for t in (*OUTSIDE_FIXED, *OUTSIDE_TEMPLATES) if held(t) == self.held_out]
        text = rng.choice(pool)
        for slot, fillers in FILLERS.items():
            text = text.replace("{" + slot + "}", self.words.pick(fillers))
        opener = rng.choice(("", "", *OPENERS)) if text[-1:] != "?" else ""
        request, context = opener + text, ""
        if rng.random() < 0.6:
            with tempfile.TemporaryDirectory() as folder:
                world = World(rng, self.words, Path(folder))
                world.furnish()
                context = world.context().about(request).text()
        task = Task(context, request, ("outside",))
        task.attempts.append(Attempt("", REFUSAL, None))
        return task


MENDED = {
    "SyntaxError": "The code was not valid Python.",
    "AttributeError": "A method was misspelt.",
    "NameError": "A name was wrong.",
}
"""What is said of a mistake in the person's own cell that has no more telling remedy."""


def _mended(failure: Failure, wrong: str, code: str, *, tables: int) -> str | None:
    """The sentence of a repair that the failure tells, or None where nobody could know it.

    An unknown name may be any of several `tables`, and a step too many something else.
    """
    found = repair(failure, wrong)
    if found is not None:
        return found[1] if found[0] == code else None
    if wrong.count("\n") != code.count("\n") or (failure.name == "NameError" and tables > 1):
        return None
    return MENDED.get(failure.name)


def same(failure: Failure, other: Failure | None) -> bool:
    """Whether two codes fail in the same way."""
    return other is not None and (failure.name, failure.message) == (other.name, other.message)


def extended(phrase: str, more: str) -> str:
    """`phrase` with `more` behind it, but before a question's mark."""
    asks = "?" if phrase.endswith("?") else ""
    return phrase.removesuffix("?") + more + asks


def meant(mentioned: set[str], tables: Sequence[Table]) -> str | None:
    """The table that a request is about which names columns and no table, where it can be told.

    It is the only one that has as many of the columns as any; what earlier answers left in
    `result` gives way to the person's own tables.
    """
    had = {t.var: len(mentioned & {c.name for c in t.columns}) for t in tables}
    most = [var for var, count in had.items() if count and count == max(had.values())]
    own = [var for var in most if var != "result"] or most
    return own[0] if len(own) == 1 else None


_PLOTS = ("histogram", "bar", "line", "scatter", "box")
_ENDING = frozenset(("inspect", "total", "correlation", "quantile", "save", *_PLOTS))
