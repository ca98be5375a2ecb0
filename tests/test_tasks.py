"""The task generator: what it tells has happened, and held-out means unseen."""

from __future__ import annotations

import re
import tempfile
import warnings
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("pandas")

import pandas as pd

from oci_magic.prompting.feedback import execution_result
from oci_magic.running.outcome import plain, run
from oci_magic.training.data import write_shard
from oci_magic.training.tasks import selecting
from oci_magic.training.tasks.make import STEPS, Maker
from oci_magic.training.tasks.mistakes import mistaken, unconverted
from oci_magic.training.tasks.repairs import repair
from oci_magic.training.tasks.scene import Scene
from oci_magic.training.tasks.tables import YEARS, Column, Table, dirty, make_frame, stored
from oci_magic.training.tasks.task import Task
from oci_magic.training.tasks.wordings import HELD_OUT, WORDINGS
from oci_magic.training.tasks.words import Words, held
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


def test_wordings_are_split_and_the_sides_share_nothing() -> None:
    for key, texts in WORDINGS.items():
        assert texts
        assert HELD_OUT[key] or key.endswith("?"), key
        assert not set(texts) & set(HELD_OUT[key]), key


def test_held_out_wordings_use_no_word_that_training_never_shows() -> None:
    def words(table: dict[str, tuple[str, ...]]) -> set[str]:
        text = " ".join(line for lines in table.values() for line in lines).lower()
        return set(re.findall(r"[a-z']+", re.sub(r"\{\w+\}", " ", text)))

    assert words(HELD_OUT) <= words(WORDINGS)


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
