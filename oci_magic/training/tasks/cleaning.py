"""Steps that change a table in place: missing values, types, dates, texts, columns, duplicates."""

from __future__ import annotations

from dataclasses import replace

from .scene import Scene, quote
from .tables import Column
from .words import NUMBERS


def missing(s: Scene) -> bool:
    v = s.table.var
    gaps = [c for c in s.table.columns if c.missing] or s.table.columns
    if not gaps:
        return False
    c = s.rng.choice(gaps)
    mention = s.mention(c)
    fills = ("fill_value", "fill_mean", "fill_median")
    key = s.rng.choice(("drop_missing", "drop_missing_in", *fills))
    if key in fills and not c.numeric:
        key = "fill_text" if c.missing and c.kind in ("cat", "text") else "drop_missing_in"
    match key:
        case "drop_missing":
            s.say(key, "Without the rows that have missing values")
            s.in_place(f"{v} = {v}.dropna()")
        case "drop_missing_in":
            s.say(key, f"Without the rows where `{c.name}` is missing", c=mention)
            s.in_place(f"{v} = {v}.dropna(subset=[{quote(c.name)}])")
        case "fill_value":
            x = s.rng.choice(("0", "0", "0", "-1", "1", "100", "99"))
            s.say(key, f"Missing `{c.name}` filled with {x}", c=mention, x=x)
            s.in_place(f"{s.col(c)} = {s.col(c)}.fillna({x})")
        case "fill_text":
            x = "unknown" if s.rng.random() < 0.3 else s.words.value()
            typed = f'"{x}"' if " " in x or s.rng.random() < 0.4 else x
            s.say(key, f"Missing `{c.name}` filled with {x}", c=mention, x=typed)
            s.in_place(f"{s.col(c)} = {s.col(c)}.fillna({quote(x)})")
        case _:
            method = key.removeprefix("fill_")
            s.say(key, f"Missing `{c.name}` filled with the {method}", c=mention)
            c = s.numeric(c)
            s.in_place(f"{s.col(c)} = {s.col(c)}.fillna({s.col(c)}.{method}())")
    return True


def convert(s: Scene) -> bool:
    key = s.rng.choice(("to_number", "to_number", "to_int", "to_int", "to_text", "to_category"))
    kinds = {"to_text": ("num", "int", "key"), "to_category": ("cat",)}
    c = s.pick(*kinds.get(key, ("num", "int")))
    if c is None:
        return False
    mention = s.mention(c)
    what = {"to_number": "numbers", "to_int": "whole numbers", "to_text": "text"}
    s.say(key, f"`{c.name}` as {what.get(key, 'a category')}", c=mention)
    if key == "to_number":
        s.in_place(f"{s.col(c)} = pd.to_numeric({s.col(c)})")
        s.update(c, replace(c, dirt=""))
    else:
        if key == "to_int":
            c = s.numeric(c)
        kind = {"to_int": "int", "to_text": "str", "to_category": '"category"'}[key]
        s.in_place(f"{s.col(c)} = {s.col(c)}.astype({kind})")
        if key == "to_text":
            s.update(c, replace(c, kind="key"))
    return True


def dates(s: Scene) -> bool:
    c = s.pick("date")
    if c is None:
        return False
    mention = s.mention(c)
    key = s.rng.choice(("parse_date", "parse_date", "year", "month", "weekday"))
    if key == "parse_date":
        s.say(key, f"`{c.name}` as dates", c=mention)
        s.in_place(f"{s.col(c)} = pd.to_datetime({s.col(c)})")
        s.update(c, replace(c, parsed=True))
        return True
    s.say(key, f"The {key} of `{c.name}` in a new column", c=mention)
    c = s.dated(c)
    part = {"year": "year", "month": "month", "weekday": "day_name()"}[key]
    s.in_place(f'{s.table.var}["{key}"] = {s.col(c)}.dt.{part}')
    new = Column(key, "cat") if key == "weekday" else Column(key, "int", low=1, high=12)
    s.add_column(new)
    return True


def strings(s: Scene) -> bool:
    c = s.pick("text", "cat")
    if c is None:
        return False
    mention = s.mention(c)
    key = s.rng.choice(("strip", "strip", "lower", "upper", "title", "replace", "length"))
    if key == "length":
        new = f"{c.name}_length"
        s.say(key, f"The length of `{c.name}` in a new column", c=mention)
        s.in_place(f"{s.table.var}[{quote(new)}] = {s.col(c)}.str.len()")
        s.add_column(Column(new, "int", low=1, high=20))
        return True
    if key == "replace":
        x = s.rng.choice(c.values) if c.values else s.words.value()
        y = s.words.value()
        s.say(key, f"{x} replaced by {y} in `{c.name}`", c=mention, x=x, y=y)
        call = f"replace({quote(x)}, {quote(y)})"
    else:
        done = {"strip": "Blanks trimmed in", "lower": "Lower case in", "upper": "Upper case in"}
        s.say(key, f"{done.get(key, 'Capitals in')} `{c.name}`", c=mention)
        call = f"{key}()"
    s.in_place(f"{s.col(c)} = {s.col(c)}.str.{call}")
    s.update(c, replace(c, values=()))
    return True


def new_column(s: Scene) -> bool:
    a = s.pick("num", "int")
    b = s.pick("num", "int", without=[a] if a else ())
    if a is None:
        return False
    pairs = ("add", "subtract", "multiply", "divide", "divide")
    singles = ("scale", "share", "rank", "cumsum", "round", "diff")
    key = s.rng.choice(pairs + singles if b is not None else singles)
    first, second = s.mention(a), s.mention(b) if b else ""
    a = s.numeric(a)
    if key == "round":
        n = str(s.rng.randint(0, 2))
        s.say(key, f"`{a.name}` rounded to {n} digits", c=first, n=n)
        s.in_place(f"{s.col(a)} = {s.col(a)}.round({n})")
        return True
    new = s.words.column(NUMBERS) if s.rng.random() < 0.7 else s.words.invented()
    if new.lower() in {c.name.lower() for c in s.table.columns}:
        return False
    if key in pairs and b is not None:
        b = s.numeric(b)
        sign = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}[key]
        s.say(key, f"`{new}` is `{a.name}` {sign} `{b.name}`", new=new, a=first, b=second)
        value = f"{s.col(a)} {sign} {s.col(b)}"
    elif key == "scale":
        x = s.rng.choice(("1.19", "2", "100", "1000", "0.5", "1.2", "12", "0.01", "60", "3.6"))
        s.say(key, f"`{new}` is `{a.name}` times {x}", new=new, a=first, x=x)
        value = f"{s.col(a)} * {x}"
    else:
        value, note = {
            "share": (f"{s.col(a)} / {s.col(a)}.sum() * 100", "the share in percent of"),
            "rank": (f"{s.col(a)}.rank(ascending=False)", "the rank of"),
            "cumsum": (f"{s.col(a)}.cumsum()", "the running total of"),
            "diff": (f"{s.col(a)}.diff()", "the change of"),
        }[key]
        s.say(key, f"`{new}` is {note} `{a.name}`", new=new, c=first)
    s.in_place(f"{s.table.var}[{quote(new)}] = {value}")
    s.add_column(Column(new, "num", low=a.low, high=a.high))
    return True


def duplicates(s: Scene) -> bool:
    v = s.table.var
    key = s.rng.choice(("dupes_drop", "dupes_drop_by", "dupes_count"))
    if key == "dupes_count":
        s.say(key, "The number of duplicate rows")
        s.end(f"{v}.duplicated().sum()")
    elif key == "dupes_drop":
        s.say(key, "Without duplicate rows")
        s.in_place(f"{v} = {v}.drop_duplicates()")
    else:
        c = s.pick("cat", "text", "key", "int")
        if c is None:
            return False
        s.say(key, f"One row for each `{c.name}`", c=s.mention(c))
        s.in_place(f"{v} = {v}.drop_duplicates({quote(c.name)})")
    return True


def rename(s: Scene) -> bool:
    v = s.table.var
    if s.rng.random() < 0.2:
        s.say("lower_columns", "Column names in lower case")
        s.in_place(f"{v}.columns = {v}.columns.str.lower()")
        s.table.columns = [replace(c, name=c.name.lower()) for c in s.table.columns]
        return True
    c = s.pick("num", "int", "cat", "text", "date", "key")
    if c is None:
        return False
    new = s.words.column(NUMBERS if c.numeric else (c.name + "_new", "label", "name2", "kind"))
    if new.lower() in {k.name.lower() for k in s.table.columns}:
        return False
    s.say("rename", f"`{c.name}` is now `{new}`", a=s.mention(c), b=new)
    s.in_place(f"{v} = {v}.rename(columns={{{quote(c.name)}: {quote(new)}}})")
    s.update(c, replace(c, name=new))
    return True
