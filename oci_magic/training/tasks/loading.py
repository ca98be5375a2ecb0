"""Requests that load a file: CSV, TSV, text, Excel, JSON, clean or with the dirt of real life."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from .scene import STYLES, Scene, quote
from .tables import (
    Column,
    FileForm,
    Table,
    dirty,
    make_columns,
    make_frame,
    stored,
    usual_kinds,
    write,
)
from .words import TABLES, Words, is_free

if TYPE_CHECKING:
    from .make import Maker
    from .world import World

Aliases = dict[str, str]
UNSEEN = [style for style in STYLES if style != "loose"]
"""How columns are typed that nobody has seen yet: what is typed loosely could mean any case."""
UMLAUTS = str.maketrans({"a": "ä", "o": "ö", "u": "ü", "e": "é", "s": "ß"})


def load_scene(maker: Maker, world: World) -> tuple[Scene, Aliases, bool] | None:
    """A load and up to two more steps, columns typed wrongly, and whether files are listed."""
    rng, words = maker.rng, maker.words
    form = _form(maker)
    columns = _columns(rng, words, form)
    frame = make_frame(rng, words, columns)
    name = words.file(form.suffix)
    if form.suffix == ".xlsx" and "/" in name:
        return None
    write(stored(rng, frame, columns), world.folder / name, form)
    world.loaded[name] = (stored(rng, frame, [replace(c, dirt="", date_format="%Y-%m-%d")
                                              for c in columns]), form.suffix)  # fmt: skip
    var = _table_name(words, name)
    table = Table(var, columns, frame)
    scene = Scene(rng, words, table, visible=False, held_out=maker.held_out,
                  style=rng.choice(UNSEEN))  # fmt: skip
    typed, listed = _typed_name(maker, name)
    scene.alone = False
    further = rng.choice((0, 0, 1, 1, 1, 2, 2))
    scene.alone = further == 0
    _say_load(scene, typed, var)
    code_name = typed if not listed and typed != name else name
    scene.lines.append(f"{var} = {_reader(form)}({quote(code_name)}{_extra(form)})")
    scene.show = f"{var}.head()"
    scene.alone = False
    if further and not maker.steps(scene, further):
        return None
    aliases = _aliases(maker, columns, scene.code())
    for true, alias in aliases.items():
        scene.phrases[1:] = [phrase.replace(true, alias) for phrase in scene.phrases[1:]]
    if listed and "/" not in name and name not in world.files:
        world.files.insert(rng.randint(0, len(world.files)), name)
    return scene, aliases, listed


def _columns(rng: Random, words: Words, form: FileForm) -> list[Column]:
    """The columns of a file of that form, some of them dirty."""
    columns = make_columns(rng, words, usual_kinds(rng))
    if form.encoding != "utf-8":
        columns[0] = _with_umlaut(columns[0])
    if rng.random() < 0.35:
        columns = [dirty(rng, c) if rng.random() < 0.6 else c for c in columns]
    if form.decimal == ",":
        columns = [replace(c, dirt="comma") if c.kind == "num" else c for c in columns]
    return columns


def _table_name(words: Words, file: str) -> str:
    """What the table is to be called: nothing special, as its file is, or as one likes."""
    roll, stem = words.rng.random(), Path(file).stem
    stem = stem if words.rng.random() < 0.3 else stem.lower()
    if roll < 0.2 and is_free(stem):
        return stem
    if roll < 0.35:
        return words.rng.choice(TABLES)
    return words.variable() if roll < 0.5 else "df"


def _form(maker: Maker) -> FileForm:
    rng = maker.rng
    roll = rng.random()
    if roll < 0.40:
        return FileForm()
    if roll < 0.66:
        separator = rng.choice((",", ";", ";", ";", "\t", "|"))
        encoding = rng.choice(("utf-8", "latin-1", "latin-1"))
        decimal = "," if separator == ";" and rng.random() < 0.5 else "."
        return FileForm(rng.choice((".csv", ".csv", ".csv", ".txt")), separator, encoding, decimal)
    if roll < 0.74:
        return FileForm(".csv", ",", "latin-1")
    if roll < 0.78:
        return FileForm(".tsv", "\t")
    return FileForm(".xlsx") if roll < 0.86 else FileForm(".json", json_lines=rng.random() < 0.5)


def _reader(form: FileForm) -> str:
    return {".xlsx": "pd.read_excel", ".json": "pd.read_json"}.get(form.suffix, "pd.read_csv")


def _extra(form: FileForm) -> str:
    return r', sep="\t"' if form.suffix == ".tsv" else ""


def _say_load(scene: Scene, typed: str, var: str) -> None:
    style = f'"{typed}"' if scene.rng.random() < 0.15 else typed
    scene.names = () if var == "df" else (var,)
    if var == "df":
        scene.say("load", f"{typed} is loaded as `{var}`", file=style)
    else:
        scene.say("load_as", f"{typed} is loaded as `{var}`", file=style, name=var)


def _typed_name(maker: Maker, name: str) -> tuple[str, bool]:
    """The file name as the person types it, and whether the folder's files are listed."""
    rng = maker.rng
    path = Path(name)
    roll = rng.random()
    if roll < 0.80:
        return name, rng.random() < 0.85
    if roll < 0.88 and "/" not in name:
        return rng.choice((path.stem, name.lower(), name.upper().replace(".CSV", ".csv"))), True
    at = rng.randrange(max(1, len(path.stem) - 1))
    stem = path.stem
    wrong = rng.choice((stem[:at] + stem[at + 1 :], stem[:at] + stem[at] + stem[at:], stem + "s",
                        stem.lower(), stem.capitalize(), stem.replace("_", "-")))  # fmt: skip
    return (str(path.with_name(wrong + path.suffix)) if wrong else name), False


def _aliases(maker: Maker, columns: list[Column], code: str) -> Aliases:
    """Columns that the person names in another case or spelling than the file does."""
    rng = maker.rng
    used = [c.name for c in columns if quote(c.name) in code]
    if not used or rng.random() > 0.22:
        return {}
    name = rng.choice(used)
    wrong = rng.choice((name.lower(), name.capitalize(), name.replace("_", " "), name.upper(),
                        name[:-1], name + "s", name.replace(" ", "_")))  # fmt: skip
    taken = {c.name for c in columns}
    overlapping = any(name in other and name != other for other in taken)
    return {name: wrong} if len(wrong) > 1 and wrong not in taken and not overlapping else {}


def _with_umlaut(column: Column) -> Column:
    name = column.name.translate(UMLAUTS)
    return replace(column, name=name if name != column.name else f"{name}ä")
