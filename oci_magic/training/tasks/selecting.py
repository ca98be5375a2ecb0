"""Steps that look at a table or select from it: inspect, filter, sort, top, sample, columns."""

from __future__ import annotations

from .scene import Scene, quote

AGGREGATES = {
    "mean": ("mean", "average", "mean", "average", "avg"),
    "sum": ("sum", "total", "sum", "total"),
    "max": ("maximum", "highest", "largest", "max"),
    "min": ("minimum", "lowest", "smallest", "min"),
    "median": ("median",),
    "std": ("standard deviation", "std"),
}

SIGNS = {"gt": ">", "lt": "<", "ge": ">=", "le": "<="}


def inspect(s: Scene) -> bool:
    v, m = s.table.var, s.mention
    key = s.rng.choice(
        ("head", "head", "tail", "columns", "dtypes", "describe", "shape", "missing_count",
         "unique", "nunique", "counts", "counts")
    )  # fmt: skip
    n = str(s.rng.randint(2, 15))
    if key in ("unique", "nunique", "counts"):
        c = s.pick("cat", "text", "int")
        if c is None:
            return False
        call = {"unique": "unique()", "nunique": "nunique()", "counts": "value_counts()"}[key]
        what = {"unique": "Distinct values", "nunique": "Number of distinct values"}
        s.say(key, f"{what.get(key, 'Counts')} of `{c.name}`", c=m(c))
        s.end(f"{s.col(c)}.{call}")
        return True
    expression, note = {
        "head": (f"{v}.head({n})", f"The first {n} rows"),
        "tail": (f"{v}.tail({n})", f"The last {n} rows"),
        "columns": (f"list({v}.columns)", "The column names"),
        "dtypes": (f"{v}.dtypes", "The column types"),
        "describe": (f"{v}.describe()", "Summary statistics"),
        "shape": (f"{v}.shape", "Rows and columns"),
        "missing_count": (f"{v}.isna().sum()", "Missing values per column"),
    }[key]
    s.say(key, note, n=n)
    s.end(expression)
    return True


def filter_rows(s: Scene) -> bool:
    maker = s.rng.choice((_filter_number, _filter_number, _filter_text, _filter_date))
    return maker(s)


def _filter_number(s: Scene) -> bool:
    c = s.pick("num", "int")
    if c is None:
        return False
    mention = s.mention(c)
    c = s.numeric(c)
    whole = c.kind == "int"
    span = c.high - c.low
    x = s.words.number(c.low + 0.1 * span, c.low + 0.6 * span, whole=whole)
    if s.rng.random() < 0.15:
        y = s.words.number(c.low + 0.62 * span, c.high, whole=whole)
        s.say("filter_between", f"Rows with `{c.name}` from {x} to {y}", c=mention, x=x, y=y)
        condition = f"{s.col(c)}.between({x}, {y})"
    elif s.rng.random() < 0.08:
        s.say("filter_missing", f"Rows without `{c.name}`", c=mention)
        condition = f"{s.col(c)}.isna()"
    else:
        # In training as often each: "5 or less" is also what goes where more than 5 is kept.
        key = s.rng.choice(("gt", "gt", "lt", "lt", "ge", "le") if s.held_out else tuple(SIGNS))
        sign = SIGNS[key]
        s.say(f"filter_{key}", f"Rows with `{c.name}` {sign} {x}", c=mention, x=x)
        condition = f"{s.col(c)} {sign} {x}"
    s.into_result(f"{s.table.var}[{condition}]")
    return True


def _filter_text(s: Scene) -> bool:
    c = s.pick("cat")
    if c is None or not c.values:
        return False
    x = s.rng.choice(c.values)
    kinds = ("eq", "eq", "eq", "ne", "contains", "in")
    key = s.rng.choice(kinds if s.held_out else (*kinds, "ne"))
    typed = f'"{x}"' if s.rng.random() < 0.25 else x
    slots = {"c": s.mention(c), "x": typed}
    match key:
        case "eq":
            condition, note = f"{s.col(c)} == {quote(x)}", f"is {x}"
        case "ne":
            condition, note = f"{s.col(c)} != {quote(x)}", f"is not {x}"
        case "contains":
            condition, note = f"{s.col(c)}.str.contains({quote(x)}, na=False)", f"contains {x}"
        case _:
            y = s.rng.choice([v for v in c.values if v != x] or [s.words.value()])
            slots["y"] = y
            condition, note = f"{s.col(c)}.isin([{quote(x)}, {quote(y)}])", f"is {x} or {y}"
    s.say(f"filter_{key}", f"Rows where `{c.name}` {note}", **slots)
    s.into_result(f"{s.table.var}[{condition}]")
    return True


def _filter_date(s: Scene) -> bool:
    c = s.pick("date")
    if c is None:
        return False
    mention = s.mention(c)
    c = s.dated(c)
    values = list(s.table.frame[c.name]) if c.name in s.table.frame else []
    values = sorted(v for v in values if hasattr(v, "strftime") and v == v)  # NaT is not itself
    if not values:
        return False
    key, sign = s.rng.choice((("after", ">"), ("before", "<")))
    # "after 2021" is not `> "2021"`, which keeps nearly all of 2021.
    forms = ("%Y-%m-%d",) if key == "after" else ("%Y-%m-%d", "%Y-%m-%d", "%Y-%m", "%Y")
    day = values[len(values) // 2].strftime(s.rng.choice(forms))
    s.say(f"filter_{key}", f"Rows with `{c.name}` {key} {day}", c=mention, d=day)
    s.into_result(f"{s.table.var}[{s.col(c)} {sign} {quote(day)}]")
    return True


def sort(s: Scene) -> bool:
    c = s.pick("num", "int", "cat", "text", "date", "key")
    # Nothing in the request tells that a column of text should be numbers or dates.
    if c is None or c.dirt or (c.kind == "date" and not c.parsed):
        return False
    mention = s.mention(c)
    key = s.rng.choice(("sort_asc", "sort_asc", "sort_desc", "sort_desc", "sort_two"))
    other = s.pick("num", "int", "cat", without=[c])
    if key == "sort_two" and other is not None and not other.dirt:
        s.say(key, f"Sorted by `{c.name}` and `{other.name}`", a=mention, b=s.mention(other))
        s.into_result(f"{s.table.var}.sort_values([{quote(c.name)}, {quote(other.name)}])")
        return True
    down = key == "sort_desc"
    order = ", ascending=False" if down else ""
    s.say("sort_desc" if down else "sort_asc", f"Sorted by `{c.name}`", c=mention)
    s.into_result(f"{s.table.var}.sort_values({quote(c.name)}{order})")
    return True


def top(s: Scene) -> bool:
    c = s.pick("num", "int")
    if c is None:
        return False
    mention = s.mention(c)
    c = s.numeric(c)
    n = str(s.rng.randint(2, 12) if s.rng.random() < 0.8 else s.rng.randint(13, 200))
    key, method = s.rng.choice((("top", "nlargest"), ("top", "nlargest"), ("bottom", "nsmallest")))
    size = "largest" if key == "top" else "smallest"
    s.say(key, f"The {n} rows with the {size} `{c.name}`", n=n, c=mention)
    s.into_result(f"{s.table.var}.{method}({n}, {quote(c.name)})")
    return True


def sample(s: Scene) -> bool:
    if s.rng.random() < 0.6:
        n = str(s.rng.randint(1, 6))
        s.say("sample", f"{n} random rows", n=n)
        s.into_result(f"{s.table.var}.sample({n}, random_state=0)")
    else:
        percent = s.rng.choice((5, 10, 20, 25, 30, 40, 50, 60, 75, 80, 90))
        s.say("sample_frac", f"A random {percent}% of the rows", p=str(percent))
        s.into_result(f"{s.table.var}.sample(frac={percent / 100:g}, random_state=0)")
    return True


def columns(s: Scene) -> bool:
    """Select, drop or rename columns."""
    c = s.pick("num", "int", "cat", "text", "date", "key")
    d = s.pick("num", "int", "cat", "text", "date", "key", without=[c] if c else ())
    if c is None or d is None:
        return False
    v = s.table.var
    match s.rng.choice(("select", "drop_column", "set_index")):
        case "select":
            s.say("select", f"Only `{c.name}` and `{d.name}`", a=s.mention(c), b=s.mention(d))
            s.into_result(f"{v}[[{quote(c.name)}, {quote(d.name)}]]", [c, d])
        case "drop_column":
            s.say("drop_column", f"Without `{c.name}`", c=s.mention(c))
            s.in_place(f"{v} = {v}.drop(columns={quote(c.name)})")
            s.table.columns = [k for k in s.table.columns if k.name != c.name]
        case _:
            s.say("set_index", f"`{c.name}` as the index", c=s.mention(c))
            s.into_result(f"{v}.set_index({quote(c.name)})")
            s.table.columns = [k for k in s.table.columns if k.name != c.name]
    return True
