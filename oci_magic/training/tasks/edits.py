"""Follow-ups that change what was just made: "use a log scale", "only the top 5"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .scene import Scene
from .selecting import AGGREGATES
from .tables import Table

if TYPE_CHECKING:
    from .make import Maker
    from .task import Task
    from .world import World

COLORS = ("red", "green", "orange", "purple", "black", "grey", "teal", "brown", "pink", "navy")


def edit(maker: Maker, world: World) -> Task | None:
    """A follow-up on the last code of the world, or None if none fits."""
    last = world.last
    if last is None or not last.show or last.table.var not in world.namespace:
        return None
    scene = Scene(maker.rng, maker.words, Table(last.table.var, list(last.table.columns),
                  last.table.frame), held_out=maker.held_out, alone=True)  # fmt: skip
    made = _edit_plot(scene, last.show) if ".plot." in last.show else _edit_table(scene, last)
    return maker.finish(world, scene, world.context()) if made else None


def _edit_plot(s: Scene, plot: str) -> bool:
    keys = ["edit_log", "edit_title", "edit_color"]
    keys += ["edit_bins"] if "bins=" in plot else []
    keys += ["edit_horizontal"] * 2 if ".plot.bar(ylabel" in plot else []
    method = re.search(r"\]\.(mean|sum|max|min|median|std)\(\)\.plot", plot)
    keys += ["edit_agg"] * 2 if method else []
    key = s.rng.choice(keys)
    match key:
        case "edit_log":
            s.say(key, "On a log scale")
            s.end(_with(plot, "logy=True"))
        case "edit_title":
            title = " ".join(s.words.value() for _ in range(s.rng.randint(1, 3)))
            s.say(key, f"With the title {title}", title=title)
            s.end(_with(plot, f'title="{title}"'))
        case "edit_color":
            color = s.words.pick(COLORS)
            s.say(key, f"In {color}", color=color)
            s.end(_with(plot, f'color="{color}"'))
        case "edit_bins":
            n = str(s.rng.randint(4, 60))
            s.say(key, f"With {n} bins", n=n)
            s.end(re.sub(r"bins=\d+", f"bins={n}", plot))
        case "edit_horizontal":
            s.say(key, "With horizontal bars")
            s.end(plot.replace(".plot.bar(ylabel", ".plot.barh(xlabel"))
        case _:
            name = s.rng.choice([a for a in AGGREGATES if method and a != method[1]])
            word = s.rng.choice(AGGREGATES[name])
            s.say(key, f"With the {word}", agg=word)
            s.end(re.sub(r"\]\.\w+\(\)\.plot", f"].{name}().plot", plot))
    return True


def _edit_table(s: Scene, last: Scene) -> bool:
    value = s.pick("num", "int")
    if last.show != "result" or value is None or value.dirt:
        return False
    sorted_by = re.search(r'sort_values\(("[^"]*")', last.lines[-1])
    if sorted_by:
        down = "ascending=False" not in last.lines[-1]
        key = "edit_desc" if down else "edit_asc"
        s.say(key, "Descending" if down else "Ascending")
        order = ", ascending=False" if down else ""
        s.into_result(f"result.sort_values({sorted_by[1]}{order})")
        return True
    if "groupby" not in last.lines[-1]:
        return False
    n = str(s.rng.randint(2, 10))
    s.say("edit_top", f"Only the {n} largest", n=n)
    s.into_result(f'result.nlargest({n}, "{value.name}")')
    return True


def _with(plot: str, argument: str) -> str:
    """The plotting call with one more argument, the same argument replaced."""
    name = argument.partition("=")[0]
    plot = re.sub(rf',? ?{name}=("[^"]*"|\w+)', "", plot)
    head, _, tail = plot.rpartition(");")
    return f"{head}{'' if head.endswith('(') else ', '}{argument});{tail}"
