"""Steps that aggregate or join: group, total, pivot, merge, resample, correlation, quantiles."""

from __future__ import annotations

from .scene import Scene, quote
from .selecting import AGGREGATES
from .tables import Column


def aggregate(s: Scene) -> tuple[str, str]:
    """A method of pandas and the word that the person uses for it."""
    loaded_now = not s.visible
    # On text that nobody has seen, sum, min and max give a wrong answer without an error.
    names = ("mean", "mean", "median") if loaded_now else (*AGGREGATES, "mean", "sum")
    name = s.rng.choice(names)
    return name, s.rng.choice(AGGREGATES[name])


def group(s: Scene) -> bool:
    g = s.pick_years() or s.pick("cat")
    value = s.pick("num", "int", without=[g] if g else ())
    if g is None:
        return False
    v, by = s.table.var, s.mention(g)
    kind = s.rng.choice(("group", "group", "group", "group_count", "group_aggs", "group_two"))
    if kind == "group_count" or value is None:
        s.say("group_count", f"Rows per `{g.name}`", g=by)
        s.into_result(f"{v}.groupby({quote(g.name)}, as_index=False).size()",
                      [g, Column("size", "int", low=1, high=9)])  # fmt: skip
        return True
    mention = s.mention(value)
    value = s.numeric(value)
    method, word = aggregate(s)
    other = s.pick("cat", without=[g])
    if kind == "group_two" and other is not None:
        s.say(kind, f"{word.capitalize()} `{value.name}` per `{g.name}` and `{other.name}`",
              agg=word, v=mention, g=by, h=s.mention(other))  # fmt: skip
        keys = f"[{quote(g.name)}, {quote(other.name)}]"
        s.into_result(f"{v}.groupby({keys}, as_index=False)[{quote(value.name)}].{method}()",
                      [g, other, value])  # fmt: skip
    elif kind == "group_aggs":
        s.say(kind, f"Mean, minimum and maximum of `{value.name}` per `{g.name}`", v=mention, g=by)
        aggs = '["mean", "min", "max"]'
        s.into_result(f"{v}.groupby({quote(g.name)})[{quote(value.name)}].agg({aggs})", [])
    else:
        s.say("group", f"{word.capitalize()} `{value.name}` per `{g.name}`",
              agg=word, v=mention, g=by)  # fmt: skip
        groups = f"{v}.groupby({quote(g.name)}, as_index=False)"
        s.into_result(f"{groups}[{quote(value.name)}].{method}()", [g, value])
    return True


def total(s: Scene) -> bool:
    c = s.pick("num", "int")
    if c is None:
        return False
    mention = s.mention(c)
    c = s.numeric(c)
    method, word = aggregate(s)
    s.say("total", f"{word.capitalize()} of `{c.name}`", agg=word, c=mention)
    s.end(f"{s.col(c)}.{method}()")
    return True


def pivot(s: Scene) -> bool:
    g = s.pick("cat")
    h = s.pick("cat", without=[g] if g else ())
    value = s.pick("num", "int")
    if g is None or h is None:
        return False
    v = s.table.var
    if value is None or s.rng.random() < 0.25:
        note = f"Counts of `{g.name}` against `{h.name}`"
        s.say("crosstab", note, g=s.mention(g), h=s.mention(h))
        s.into_result(f"pd.crosstab({s.col(g)}, {s.col(h)})", [])
        return True
    slots = {"v": s.mention(value), "g": s.mention(g), "h": s.mention(h)}
    value = s.numeric(value)
    method, word = aggregate(s)
    note = f"{word.capitalize()} `{value.name}` by `{g.name}` and `{h.name}`"
    s.say("pivot", note, agg=word, **slots)
    s.into_result(
        f"{v}.pivot_table(index={quote(g.name)}, columns={quote(h.name)}, "
        f'values={quote(value.name)}, aggfunc="{method}")',
        [],
    )
    return True


def merge(s: Scene) -> bool:
    if not s.others:
        return False
    other = s.others[0]
    shared = {c.name for c in other.columns}
    keys = [c for c in s.table.of("key", "cat") if c.name in shared]
    if not keys or s.table.var == "result":
        return False
    key = keys[0]
    left = s.rng.random() < 0.3
    s.say("merge_left" if left else "merge", f"`{s.table.var}` and `{other.var}` joined on "
          f"`{key.name}`", t=s.table.var, u=other.var, k=s.mention(key))  # fmt: skip
    names = {c.name for c in s.table.columns}
    added = [c for c in other.columns if c.name not in names]
    how = ', how="left"' if left else ""
    s.into_result(f"{s.table.var}.merge({other.var}, on={quote(key.name)}{how})",
                  [*s.table.columns, *added])  # fmt: skip
    return True


def resample(s: Scene) -> bool:
    d, value = s.pick("date"), s.pick("num", "int")
    if d is None or value is None:
        return False
    slots = {"v": s.mention(value), "d": s.mention(d)}
    d, value = s.dated(d), s.numeric(value)
    method, word = aggregate(s)
    key, rule = s.rng.choice((("resample_month", "MS"), ("resample_month", "MS"),
                              ("resample_year", "YS")))  # fmt: skip
    unit = key.removeprefix("resample_")
    s.say(key, f"{word.capitalize()} `{value.name}` per {unit}", agg=word, **slots)
    s.into_result(
        f'{s.table.var}.resample("{rule}", on={quote(d.name)})[{quote(value.name)}].{method}()'
        ".reset_index()",
        [d, value],
    )
    return True


def correlation(s: Scene) -> bool:
    a = s.pick("num", "int")
    b = s.pick("num", "int", without=[a] if a else ())
    if s.rng.random() < 0.3 or a is None or b is None:
        s.say("corr_all", "Correlations of the numeric columns")
        s.end(f"{s.table.var}.corr(numeric_only=True)")
        return True
    slots = {"a": s.mention(a), "b": s.mention(b)}
    a, b = s.numeric(a), s.numeric(b)
    s.say("corr", f"Correlation of `{a.name}` and `{b.name}`", **slots)
    s.end(f"{s.col(a)}.corr({s.col(b)})")
    return True


def quantile(s: Scene) -> bool:
    c = s.pick("num", "int")
    if c is None:
        return False
    mention = s.mention(c)
    c = s.numeric(c)
    percent = s.rng.choice((5, 10, 25, 50, 75, 80, 90, 95, 99, s.rng.randint(1, 99)))
    words = [f"{percent}th percentile", f"{percent / 100:g} quantile", f"{percent}% quantile"]
    words += {25: ["first quartile", "lower quartile"], 75: ["third quartile"]}.get(percent, [])
    s.say("quantile", f"The {percent / 100:g} quantile of `{c.name}`",
          q=s.rng.choice(words), c=mention)  # fmt: skip
    s.end(f"{s.col(c)}.quantile({percent / 100:g})")
    return True
