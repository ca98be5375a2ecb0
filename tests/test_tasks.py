"""The task generator: what it tells has happened, and held-out means unseen."""

from __future__ import annotations

import itertools
import re
import tempfile
import warnings
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("pandas")

import pandas as pd

from oci_magic.prompting.feedback import execution_result
from oci_magic.prompting.prompts import FIX
from oci_magic.running.outcome import plain, run
from oci_magic.training.data import write_shard
from oci_magic.training.tasks import cleaning, make, mistakes, selecting
from oci_magic.training.tasks.composing import GRAMMARS, Grammar, bare, kept_back
from oci_magic.training.tasks.make import STEPS, Maker, extended
from oci_magic.training.tasks.mistakes import mistaken, unconverted
from oci_magic.training.tasks.repairs import repair
from oci_magic.training.tasks.scene import Scene
from oci_magic.training.tasks.tables import YEARS, Column, Kind, Table, dirty, make_frame, stored
from oci_magic.training.tasks.task import Task
from oci_magic.training.tasks.wordings import FIRST_WORDS, HELD_OUT, PHRASES, WORDINGS, opening
from oci_magic.training.tasks.words import LEXICON, Words, held
from oci_magic.training.tasks.world import World, copied
from oci_magic.types import Execution

SEEDS = range(7000, 7040)


def first_task(seed: int, folder: Path, *, held_out: bool = False) -> tuple[World, Task | None]:
    maker = Maker(seed, held_out=held_out)
    world = World(maker.rng, maker.words, folder)
    world.furnish()
    before = copied(world.namespace)
    task = maker.request(world)
    world.namespace = before
    return world, task


def test_what_an_example_tells_happens_again(tmp_path: Path) -> None:
    told = 0
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        world, task = first_task(seed, folder)
        for attempt in task.attempts if task else []:
            outcome = run(attempt.code, copied(world.namespace), folder)
            assert (outcome.failure is None) == (attempt.failure is None)
            if attempt.failure and outcome.failure:
                again = execution_result(Execution((), outcome.failure))
                assert again == execution_result(Execution((), attempt.failure))
            for name, _ in outcome.files:
                (folder / name).unlink()
            told += 1
    assert told > 30


def test_data_that_make_plain_code_fail_are_dirty_whatever_was_tried_first(tmp_path: Path) -> None:
    invented: set[bool] = set()
    for seed in range(1000):
        folder = tmp_path / str(seed)
        folder.mkdir()
        _, task = first_task(seed, folder, held_out=True)
        if task is None or not task.attempts or task.families == ("fix",):
            continue
        learned = any(a.failure and a.train for a in task.attempts)
        assert task.dirty or not learned
        coerced = 'errors="coerce"' in task.attempts[-1].code
        assert task.dirty or not coerced
        if len(task.attempts) == 2 and not learned:  # the code that failed was an invented one
            assert task.dirty == coerced
            invented.add(coerced)
            if len(invented) == 2:
                return
    pytest.fail("invented codes over clean data and over dirty data are wanted")


def test_an_own_cell_is_to_be_fixed_where_its_failure_tells_what_was_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    maker = Maker(7)
    world = World(maker.rng, maker.words, tmp_path)
    while not world.tables:
        world.add_table()
    table, name = world.tables[0], world.tables[0].columns[0].name
    code = f'{table.var}["{name}"].unique()'
    for typed, told in ((name + name[-1], True), ("nothing like it", False)):
        wrong = code.replace(name, typed)
        monkeypatch.setattr(make, "mistaken", lambda *_, wrong=wrong: wrong)
        made = maker.fix_task(world, maker.scene(world, table), Task("", FIX, ("fix",)), code)
        assert (made is not None) == told
        assert made is None or made.attempts[-1].sentence == f"The column is called `{name}`."
    monkeypatch.setattr(make, "mistaken", lambda *_: code.replace(table.var, "unheard_of"))
    for count in (1, 2):  # of two tables either could be meant
        while len(world.tables) < count:
            world.add_table()
        made = maker.fix_task(world, maker.scene(world, table), Task("", FIX, ("fix",)), code)
        assert (made is not None) == (count == 1)


def test_of_a_step_too_many_nobody_says_that_a_method_was_misspelt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    maker = Maker(7)
    world = World(maker.rng, maker.words, tmp_path)
    while len(world.tables) < 2:
        world.add_table()
    table = world.tables[0]
    step = f"result = {table.var}.nunique()"
    code = f"{step}\nlen(result)"
    for wrong, told in (
        (code.replace("nunique", "numique"), "A method was misspelt."),
        (code.replace(step, f"{step}\nresult = result.crosstab(1)"), None),
    ):
        monkeypatch.setattr(make, "mistaken", lambda *_, wrong=wrong: wrong)
        made = maker.fix_task(world, maker.scene(world, table), Task("", FIX, ("fix",)), code)
        assert (made and made.attempts[-1].sentence) == told
    code = "import pandas as pd\npd.Series([1])"
    monkeypatch.setattr(make, "mistaken", lambda *_: "pd.Series([1])")
    made = maker.fix_task(world, maker.scene(world, table), Task("", FIX, ("fix",)), code)
    assert made is not None  # whatever the tables: the failure tells it
    assert made.attempts[-1].sentence == "The import of pandas was missing."


def test_a_name_is_cut_or_lacks_its_folder() -> None:
    assert mistakes._cut(Random(0), 'pd.read_csv("data/a.csv")') == 'pd.read_csv("a.csv")'
    for seed in range(20):
        made = mistakes._cut(Random(seed), 'df["unit price"]')
        assert made is not None
        assert "unit price".startswith(made[4:-2]) and made != 'df["unit price"]'


def test_no_invented_mistake_hides_behind_a_failure_of_the_data(tmp_path: Path) -> None:
    """A repair answers the failure that is told: as the expert would, or by another code."""
    invented = 0
    for seed in range(600):
        folder = tmp_path / str(seed)
        folder.mkdir()
        for task in Maker(seed).tasks(folder):
            for attempt, after in itertools.pairwise(task.attempts):
                assert attempt.failure is not None
                found = repair(attempt.failure, attempt.code)
                if found is None or found[0] != after.code:
                    assert not make.same(attempt.failure, after.failure)
                    invented += 1
    assert invented > 5


def test_same_seed_gives_the_same_examples() -> None:
    for seed in (1, 2, 3, 5, 8):
        assert Maker(seed).examples() == Maker(seed).examples()


def test_an_example_ends_with_an_answer_that_is_learned() -> None:
    for seed in SEEDS:
        for example in Maker(seed).examples():
            assert example["messages"][-1]["role"] == "assistant"
            assert example["messages"][-1]["train"] is True
            roles = [m["role"] for m in example["messages"]]
            assert roles == ["user", "assistant"] * (len(roles) // 2)


def test_held_out_compositions_are_never_trained_on() -> None:
    for side in (False, True):
        composed = [
            example["families"]
            for seed in SEEDS
            for example in Maker(seed, held_out=side).examples()
            if "+" in example["families"]
        ]
        assert composed
        assert all(held(families) == side for families in composed)


def test_every_kind_of_step_has_wordings_on_both_sides() -> None:
    assert WORDINGS.keys() >= HELD_OUT.keys()
    for key, texts in WORDINGS.items():
        assert texts, key
        assert key.endswith("?") or HELD_OUT[key], key


def test_held_out_wordings_use_no_word_that_training_never_shows() -> None:
    def words(table: dict[str, tuple[str, ...]]) -> set[str]:
        text = " ".join(line for lines in table.values() for line in lines).lower()
        return set(re.findall(r"[a-z']+", re.sub(r"\{\w+\}", " ", text)))

    assert words(HELD_OUT) <= words(WORDINGS)


def test_courtesy_is_no_part_of_what_is_asked() -> None:
    asked = "bar chart of {v} by {g}"
    assert bare("Please, show me the bar chart of {v}, by {g} now, please!") == asked
    assert bare("could we have a bar chart, ok?") == "have bar chart"


def test_no_held_out_sentence_is_a_trained_one_with_other_courtesies() -> None:
    asked: dict[str, set[str]] = {}
    for key, texts in WORDINGS.items():
        asked.setdefault(key.removesuffix("?"), set()).update(map(bare, texts))
    for key, texts in HELD_OUT.items():
        assert not asked[key.removesuffix("?")] & set(map(bare, texts)), key


def test_a_grammar_draws_every_way_and_never_what_is_held_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = {"load": ["<verb> {file}[| please]"], "<verb>": ["read", "open [the|a] file"]}
    grammar, rng = Grammar(rules), Random(0)
    read = {"read {file}", "read {file} please"}
    opened = {f"open {a} file {{file}}{end}" for a in ("a", "the") for end in ("", " please")}
    assert {grammar.draw("load", rng) for _ in range(200)} == read | opened
    held_back = frozenset([bare("Could you read the {file}?")])
    monkeypatch.setattr("oci_magic.training.tasks.composing.kept_back", lambda: held_back)
    assert {grammar.draw("load", rng) for _ in range(200)} == opened


@pytest.mark.parametrize("key", sorted(GRAMMARS))
def test_what_a_grammar_draws_can_be_filled(key: str) -> None:
    rng, slots = Random(1), sorted(re.findall(r"{\w+}", WORDINGS[key][0]))
    drawn = {GRAMMARS[key].draw(key, rng) for _ in range(300)}
    assert len(drawn) > 100
    for text in drawn:
        assert sorted(re.findall(r"{\w+}", text)) == slots, text
        assert not re.search(r"[\[\]|]|<[a-z_]+>", text), text
        assert bare(text) not in kept_back()


def test_a_grammar_with_a_heading_that_stands_twice_would_lose_lines() -> None:
    keys: list[str] = []
    for path in sorted((PHRASES / "composed").glob("*.txt")):
        headings = re.findall(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(headings) == len(set(headings)), path
        keys += [heading for heading in headings if not heading.startswith("<")]
    assert sorted(keys) == sorted(GRAMMARS)


def test_nobody_asks_to_be_given_what_is_to_go() -> None:
    rng = Random(2)
    for key in ("filter_ge", "filter_ne", "filter_missing", "drop_missing", "dupes_drop"):
        for _ in range(400):
            text = GRAMMARS[key].draw(key, rng)
            if re.search(r"(should|must|can) go\b|: (drop|remove)|(throw|toss) them out", text):
                assert opening(text) == "whole" or text.split()[0] in FIRST_WORDS["verb"], text


def test_every_part_of_a_grammar_is_used() -> None:
    for grammar in set(GRAMMARS.values()):
        text = "\n".join(line for lines in grammar.rules.values() for line in lines)
        parts = {part for part in grammar.rules if part.startswith("<")}
        assert parts == set(re.findall(r"<[a-z_]+>", text))


def test_the_held_out_side_draws_from_no_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grammar, "draw", lambda *_: pytest.fail("drawn"))
    assert all(Maker(seed, held_out=True).examples() is not None for seed in range(40))
    with pytest.raises(pytest.fail.Exception):
        for seed in range(40):
            Maker(seed).examples()


def test_what_training_studies_more_changes_no_held_out_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def requests(*, held_out: bool) -> list[str]:
        return [str(Maker(seed, held_out=held_out).examples()) for seed in range(8)]

    trained, held_back = requests(held_out=False), requests(held_out=True)
    monkeypatch.setattr(make, "STUDIED", {"sort": 30.0})
    assert requests(held_out=False) != trained
    assert requests(held_out=True) == held_back


def test_all_templates_of_a_key_have_the_same_slots() -> None:
    for key, texts in WORDINGS.items():
        every = {frozenset(re.findall(r"{\w+}", t)) for t in (*texts, *HELD_OUT.get(key, ()))}
        assert len(every) == 1, key


def test_every_known_first_word_is_one() -> None:
    both = (WORDINGS, HELD_OUT)
    clauses = (t for table in both for key in table if key[-1] != "?" for t in table[key])
    firsts = {text.lower().split()[0].rstrip(",") for text in clauses}
    rules = (rule for each in set(GRAMMARS.values()) for rule in each.rules.values())
    firsts |= {word for rule in rules for word in re.findall(r"[\w'-]+", " ".join(rule).lower())}
    assert not FIRST_WORDS["verb"] & FIRST_WORDS["whole"]
    assert FIRST_WORDS["verb"] | FIRST_WORDS["whole"] <= firsts


@pytest.mark.parametrize(
    ("template", "kind"),
    [("sort by {c}", "verb"), ("change type of {c} to text", "verb"), ("count rows", "verb"),
     ("count of rows per {g}", "noun"), ("pivot table of {v}", "noun"), ("the rows", "noun"),
     ("{c}: sort by it", "whole"), ("{new} = {a} + {b}", "whole"), ("df.head({n})", "whole"),
     ("{c} is text and must be numbers", "whole"), ("for each {g} the mean", "whole"),
     ("rows where {c} is {x} can go", "whole"), ("duplicate rows should go", "whole"),
     ("duplicate the rows", "verb"), ("rows without {c}: drop", "whole"),
     ("dispose of {c}", "verb"), ("sample size per {g}", "noun"), ("{c} isn't a date yet", "whole"),
     ("all rows where {c} is {x}", "noun"), ("sample {n} rows", "verb")],
)  # fmt: skip
def test_how_a_phrase_may_be_led_in(template: str, kind: str) -> None:
    assert opening(template) == kind


def test_a_question_ends_with_its_mark_when_it_names_the_table() -> None:
    assert extended("how many rows are there?", " in df") == "how many rows are there in df?"
    assert extended("count the rows", " in df") == "count the rows in df"


def test_there_are_more_than_24_families() -> None:
    assert len(STEPS) + 1 >= 25  # and loading


def test_a_first_answer_may_take_text_for_numbers() -> None:
    top = 'result = df.nlargest(3, "a b")'
    code = f'import pandas as pd\ndf["a b"] = pd.to_numeric(df["a b"])\n{top}'
    assert unconverted(code) == top
    assert unconverted(top) is None
    kept = 'df["d"] = pd.to_datetime(df["d"])\npd.crosstab(df["d"], df["e"])'
    assert unconverted(f"import pandas as pd\n{kept}") == (
        'import pandas as pd\npd.crosstab(df["d"], df["e"])'
    )


def test_names_resemble_each_other_in_half_of_trainings_notebooks() -> None:
    def known(seed: int) -> set[str]:
        words = Words(Random(seed), held_out=False)
        return {words.pick(LEXICON) for _ in range(800)}

    each = [known(seed) for seed in range(60)]
    few = [names for names in each if len(names) < len(LEXICON) / 6]
    assert 15 < len(few) < 45
    assert all(len(names) > len(LEXICON) / 3 for names in each if names not in few)
    assert not any(held(name) for names in each for name in names)
    assert len(set[str]().union(*few)) > len(LEXICON) / 2  # another few in each


def test_years_that_are_whole_numbers_do_not_become_dates() -> None:
    year = Column("Year", "int", low=YEARS[0], high=YEARS[1])
    seen = set()
    for seed in range(30):
        rng = Random(seed)
        words = Words(rng, held_out=False)
        columns = [year, Column("cost", "num", low=1, high=9)]
        scene = Scene(rng, words, Table("df", columns, make_frame(rng, words, columns)))
        if STEPS["line"](scene) or STEPS["group"](scene):
            seen.add('"Year"' in scene.code())
            assert "to_datetime" not in scene.code()
    assert True in seen


def test_a_column_of_dates_may_have_gaps() -> None:
    rng = Random(1)
    words = Words(rng, held_out=False)
    days = Column("day", "date", parsed=True)
    gaps = pd.DataFrame({"day": [pd.NaT, pd.Timestamp("2021-03-06"), pd.NaT]})
    scene = Scene(rng, words, Table("df", [days], gaps))
    assert selecting._filter_date(scene)
    assert '"2021' in scene.code()


def test_after_a_day_is_said_with_the_whole_day() -> None:
    """`> "2021"` keeps nearly all of 2021."""
    days = Column("day", "date", parsed=True)
    frame = pd.DataFrame({"day": pd.to_datetime(["2021-03-06", "2021-05-06", "2022-01-01"])})
    seen = set()
    for seed in range(60):
        rng = Random(seed)
        scene = Scene(rng, Words(rng, held_out=False), Table("df", [days], frame))
        assert selecting._filter_date(scene)
        seen.add(re.sub(r"[^<>\d-]", "", scene.code()))
    assert seen == {">2021-05-06", "<2021-05-06", "<2021-05", "<2021"}


@pytest.mark.parametrize("held_out", [False, True])
def test_a_loaded_table_gets_whatever_name_the_person_wants(held_out: bool, tmp_path: Path) -> None:
    names: list[str] = []
    for seed in range(120):
        folder = tmp_path / str(seed)
        folder.mkdir()
        maker = Maker(seed, held_out=held_out)
        task = maker.load_request(World(maker.rng, maker.words, folder))
        if task and task.names:
            assert task.outcome.named == task.names
            assert re.search(rf"(?<![\w.]){task.names[0]}(?!\w|\.[a-z])", task.request)
            names += task.names
    assert len(set(names)) > 10


@pytest.mark.parametrize("kind, said", [("cat", True), ("num", False), ("date", None)])
def test_gaps_are_filled_with_what_the_column_holds(kind: Kind, said: bool | None) -> None:
    filled = set()
    for seed in range(60):
        words = Words(Random(seed), held_out=False)
        column = Column("c", kind, missing=True)
        scene = Scene(Random(seed), words, Table("t", [column], pd.DataFrame()))
        assert cleaning.missing(scene)
        if scene.families[0] in ("fill_value", "fill_text"):
            filled.add('fillna("' in scene.code())
    assert filled == (set() if said is None else {said})


def test_number_is_no_word_of_a_text_that_fills_gaps() -> None:
    for texts in (WORDINGS, HELD_OUT):
        for key in ("fill_text", "fill_text?"):
            assert texts[key] and not any("number" in text for text in texts[key])


def test_what_is_to_be_spelt_so_begins_no_sentence_with_a_capital() -> None:
    began = 0
    for seed in range(600):
        maker = Maker(seed, held_out=True)
        with tempfile.TemporaryDirectory() as folder:
            task = maker.load_request(World(maker.rng, maker.words, Path(folder)))
        if task and task.names and task.request.lower().startswith(task.names[0].lower()):
            began += task.request.startswith(task.names[0])
            assert task.request.startswith(task.names[0])
    assert began


def test_numbers_may_be_stored_with_commas_between_thousands() -> None:
    rng = Random(0)
    words = Words(rng, held_out=False)
    column = Column("cost", "num", low=0, high=20)
    columns = [c for c in (dirty(rng, column) for _ in range(60)) if c.dirt == "thousands"]
    assert columns
    texts = stored(rng, make_frame(rng, words, columns[:1]), columns[:1])["cost"].dropna()
    assert any("," in text for text in texts)


def test_mistakes_change_the_code() -> None:
    code = 'import pandas as pd\ndf = pd.read_csv("sales.csv")\ndf["price"].mean()'
    made = [mistaken(Random(seed), code) for seed in range(30)]
    assert all(m != code for m in made)
    assert len({m for m in made if m}) > 8


def test_the_expert_repairs_a_file_of_three_troubles() -> None:
    text = "Straße;Wert\nA;1,5\nB;k.A.\n".encode("latin-1")
    code = 'import pandas as pd\ndf = pd.read_csv("x.csv")\ndf["Wert"].mean()'
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.csv").write_bytes(text)
        failures = []
        for _ in range(4):
            outcome = run(code, {}, folder)
            if outcome.failure is None:
                break
            failures.append(outcome.failure.name)
            fixed = repair(outcome.failure, code)
            assert fixed is not None
            code = fixed[0]
    assert failures[0] == "UnicodeDecodeError"
    assert outcome.failure is None


def test_outcomes_compare_tables_by_value() -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert plain(frame) == plain(frame.copy())
    assert plain(frame) != plain(frame.sort_values("a", ascending=False))
    assert plain(frame["a"].unique()) == (1.0, 2.0)


def test_a_shard_goes_on_behind_its_last_seed(tmp_path: Path) -> None:
    write_shard(tmp_path, 5, 0, 1)
    write_shard(tmp_path, 10, 0, 1)
    whole = tmp_path / "whole"
    write_shard(whole, 10, 0, 1)
    shard = (tmp_path / "tasks-0.jsonl").read_text().splitlines()
    ids = [line.split('"')[3] for line in shard]
    assert len(set(ids)) == len(ids)
    assert shard[:5] == (whole / "tasks-0.jsonl").read_text().splitlines()[:5]


def test_a_word_among_dates_is_stored_without_a_warning() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-02", "2026-03-04", "2026-05-06"])})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = stored(Random(1), frame, [Column("day", "date", date_format="word")])
    texts = list(table["day"])
    assert texts[0] == "2026-01-02" and texts.count("2026-03-04") + texts.count("2026-05-06") == 1
