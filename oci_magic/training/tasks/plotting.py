"""Steps that draw or save: histogram, bar, line, scatter, box, pie; CSV, Excel, JSON."""

from __future__ import annotations

from .grouping import aggregate
from .scene import Scene, quote


def histogram(s: Scene) -> bool:
    c = s.pick("num", "int")
    if c is None:
        return False
    mention = s.mention(c)
    c = s.numeric(c)
    bins = str(s.rng.randint(4, 40)) if s.rng.random() < 0.4 else ""
    if bins:
        s.say("hist_bins", f"Histogram of `{c.name}`", c=mention, n=bins)
    else:
        s.say("hist", f"Histogram of `{c.name}`", c=mention)
    s.end(f"{s.col(c)}.plot.hist(bins={bins or 20}, xlabel={quote(c.name)});")
    return True


def bar(s: Scene) -> bool:
    g = s.pick("cat", "text")
    value = s.pick("num", "int")
    if g is None:
        return False
    v, by = s.table.var, s.mention(g)
    kind = s.rng.choice(("bar", "bar_agg", "bar_agg", "bar_count", "barh_agg", "pie"))
    if kind == "bar_count" or value is None:
        s.say("bar_count", f"Bars: rows per `{g.name}`", g=by)
        s.end(f'{s.col(g)}.value_counts().plot.bar(ylabel="count");')
        return True
    mention = s.mention(value)
    value = s.numeric(value)
    g_name, v_name = quote(g.name), quote(value.name)
    if kind in ("bar", "pie"):
        what = "Bars" if kind == "bar" else "Pie"
        s.say(kind, f"{what}: `{value.name}` for each `{g.name}`", v=mention, g=by)
        s.end(f"{v}.plot.bar(x={g_name}, y={v_name});" if kind == "bar"
              else f"{v}.set_index({g_name})[{v_name}].plot.pie();")  # fmt: skip
        return True
    method, word = aggregate(s)
    s.say(kind, f"Bars: {word} `{value.name}` per `{g.name}`", agg=word, v=mention, g=by)
    draw = f"bar(ylabel={v_name})" if kind == "bar_agg" else f"barh(xlabel={v_name})"
    s.end(f"{v}.groupby({g_name})[{v_name}].{method}().plot.{draw};")
    return True


def line(s: Scene) -> bool:
    d = s.pick_years() or s.pick("date")
    value = s.pick("num", "int", without=[d] if d else ())
    if d is None or value is None:
        return False
    v, slots = s.table.var, {"v": s.mention(value), "d": s.mention(d)}
    d, value = s.dated(d), s.numeric(value)
    d_name, v_name = quote(d.name), quote(value.name)
    if s.rng.random() < 0.3:
        method, word = aggregate(s)
        s.say("line_agg", f"Line: {word} `{value.name}` per `{d.name}`", agg=word, **slots)
        s.end(f"{v}.groupby({d_name})[{v_name}].{method}().plot.line(ylabel={v_name});")
    else:
        s.say("line", f"Line: `{value.name}` over `{d.name}`", **slots)
        s.end(f"{v}.sort_values({d_name}).plot.line(x={d_name}, y={v_name});")
    return True


def scatter(s: Scene) -> bool:
    a = s.pick("num", "int")
    b = s.pick("num", "int", without=[a] if a else ())
    if a is None or b is None:
        return False
    slots = {"a": s.mention(a), "b": s.mention(b)}
    a, b = s.numeric(a), s.numeric(b)
    s.say("scatter", f"Points: `{b.name}` against `{a.name}`", **slots)
    s.end(f"{s.table.var}.plot.scatter(x={quote(a.name)}, y={quote(b.name)});")
    return True


def box(s: Scene) -> bool:
    c, g = s.pick("num", "int"), s.pick("cat")
    if c is None:
        return False
    mention = s.mention(c)
    by = s.mention(g) if g else ""
    c = s.numeric(c)
    if g is not None and s.rng.random() < 0.5:
        s.say("box_by", f"Box plot of `{c.name}` per `{g.name}`", c=mention, g=by)
        s.end(f"{s.table.var}.boxplot(column={quote(c.name)}, by={quote(g.name)});")
    else:
        s.say("box", f"Box plot of `{c.name}`", c=mention)
        s.end(f"{s.col(c)}.plot.box();")
    return True


def save(s: Scene) -> bool:
    key, suffix, call = s.rng.choice(
        (
            ("save_csv", ".csv", "to_csv({}, index=False)"),
            ("save_csv", ".csv", "to_csv({}, index=False)"),
            ("save_excel", ".xlsx", "to_excel({}, index=False)"),
            ("save_json", ".json", 'to_json({}, orient="records")'),
        )
    )
    file = s.words.file(suffix)
    if "/" in file:
        return False
    s.say(key, f"Saved as {file}", file=file)
    s.end(f"{s.table.var}.{call.format(quote(file))}")
    return True
