"""The prompts that judge the bundled model: true data, solvable prompts, a judge that can say no.

Whether the model answers them is measured elsewhere; here stands whether the measure is sound.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from micro.cells import run_cells
from micro.judge import judge
from micro.tables import same_table

HERE = Path(__file__).parent / "micro"
DATA = HERE / "data"
EXAMPLES = Path(__file__).parents[1] / "examples" / "data"
LINES = (HERE / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
PROMPTS: list[dict[str, Any]] = [json.loads(line) for line in LINES]
TASKS = [prompt for prompt in PROMPTS if prompt["check"]["kind"] != "refuses"]
WRONG = [(prompt, code) for prompt in PROMPTS for code in prompt["wrong"]]
RIGHT = [
    ("laender-total", 'd = df["Einwohner"].sum()\nprint(f"In total: {d:,} people")'),
    ("laender-smallest", 'print(df.sort_values("Fläche").head(1))'),
    ("laender-smallest", 'print("The smallest is", df.loc[df["Fläche"].idxmin()]["Land"])'),
    ("laender-bar", 'd = df.sort_values("Einwohner")\nplt.barh(d["Land"], d["Einwohner"])'),
    ("laender-top5", 'top = df.sort_values("Einwohner", ascending=False).head(5)\nprint(top)'),
    ("laender-region-sums", 'df.groupby("Region", as_index=False)[["Fläche", "Einwohner"]].sum()'),
    ("laender-region-mean", 'df.pivot_table("Fläche", "Region").sort_values("Fläche")[::-1]'),
    ("laender-region-counts", 'display(df.groupby("Region").size().reset_index(name="n"))'),
    ("laender-merge", 'both = votes.merge(df, how="right", on="Land")'),
    ("laender-corr", 'df[["Fläche", "Einwohner"]].corr()'),
    ("laender-corr", 'print(round(df["Fläche"].corr(df["Einwohner"]), 2))'),
    ("laender-columns", "df.info()"),
    ("laender-save-east", 'df.query("Region == \'Ost\'").to_csv("ost.csv", sep=";")'),
    ("laender-hist", 'plt.hist(df["Einwohner"], bins=8)\nplt.show()'),
    ("laender-box", 'df.boxplot("Einwohner", by="Region", vert=False)'),
    ("planets-fillna", 'planets.fillna({"Pressure": planets["Pressure"].median()})'),
    ("planets-exclude", 'print((~planets["Kind"].isin(["moon", "dwarf planet"])).sum())'),
    ("games-repeat-hosts", 'n = games.groupby("City").size()\nlist(n[n > 1].index)'),
    ("games-line", 'games.set_index("Year")["Athletes"].plot()'),
    ("games-json", 'games[["Year", "City", "Nations"]].to_json("games.json", indent=1)'),
]


def named(prompts: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(prompt, id=prompt["id"]) for prompt in prompts]


@pytest.mark.parametrize("prompt", named(TASKS))
def test_reference_solves_its_own_check(prompt: dict[str, Any]) -> None:
    tries = 3 if prompt["check"]["kind"] == "sample" else 1  # by chance they are the first rows
    assert any(judge(prompt, [prompt["reference"]], DATA) for _ in range(tries))


@pytest.mark.parametrize("prompt", named(TASKS))
@pytest.mark.parametrize("idle", ["pass", "0", "raise SystemExit"])
def test_code_that_does_nothing_is_wrong(prompt: dict[str, Any], idle: str) -> None:
    assert not judge(prompt, [idle], DATA)


@pytest.mark.parametrize(
    ("prompt", "code"), [pytest.param(p, c, id=f"{p['id']}-{i}") for i, (p, c) in enumerate(WRONG)]
)
def test_plausible_wrong_answer_is_rejected(prompt: dict[str, Any], code: str) -> None:
    assert not judge(prompt, [code], DATA)


@pytest.mark.parametrize(("which", "code"), RIGHT)
def test_other_ways_to_the_right_answer_are_accepted(which: str, code: str) -> None:
    prompt = next(p for p in PROMPTS if p["id"] == which)
    load = "" if prompt["setup"] else prompt["reference"].partition(")\n")[0] + ")"
    assert judge(prompt, [f"import matplotlib.pyplot as plt\n{load}", code], DATA)


@pytest.mark.parametrize(("prompt", "code"), [(p, c) for p, c in WRONG if p in TASKS])
def test_wrong_answers_run_so_that_the_check_must_reject_them(
    prompt: dict[str, Any], code: str
) -> None:
    assert run_cells([prompt["setup"], code], DATA).failure is None


@pytest.mark.parametrize("prompt", named([p for p in PROMPTS if p not in TASKS]))
def test_refusal_is_an_answer_without_code(prompt: dict[str, Any]) -> None:
    assert judge(prompt, [], DATA)
    assert judge(prompt, ["  \n"], DATA)
    assert not judge(prompt, ["print('no')"], DATA)


def test_prompts_are_many_varied_and_unique() -> None:
    loading = [p for p in TASKS if not p["setup"]]
    kinds = Counter(p["check"]["kind"] for p in PROMPTS)
    assert len(TASKS) >= 66 and kinds["refuses"] >= 8
    assert len({p["id"] for p in PROMPTS}) == len({p["prompt"] for p in PROMPTS}) == len(PROMPTS)
    assert 0.35 <= len(loading) / len(TASKS) <= 0.5
    assert all(p["file"] in p["prompt"] for p in loading)
    assert {p["file"] for p in PROMPTS} == {path.name for path in DATA.glob("*.csv")}
    assert all(p["wrong"] for p in PROMPTS)


def test_judging_leaves_folder_and_working_directory_alone(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    home = Path.cwd()
    seen = run_cells(["open('t.csv', 'w').close(); open('new', 'w').close(); 1 / 0"], tmp_path)
    assert isinstance(seen.failure, ZeroDivisionError) and set(seen.files) == {"t.csv", "new"}
    assert (tmp_path / "t.csv").read_text() == "a\n1\n" and Path.cwd() == home


def test_cell_that_asks_for_input_ends() -> None:
    assert isinstance(run_cells(["input()"], DATA).failure, EOFError)


def test_layout_of_a_table_is_free_but_its_values_are_not() -> None:
    table = pd.DataFrame({"k": ["a", "b"], "v": [1, 2]})
    means = table.set_index("k")["v"]
    assert same_table(means, table) and same_table(table, means)
    assert same_table(table[::-1][["v", "k"]].astype({"v": float}), table)
    assert not same_table(table[::-1], table, ordered=True)
    assert not same_table(table.assign(v=[2, 1]), table)
    assert not same_table(table.astype(str), table)
    assert not same_table(table.assign(w=0), table)
    assert same_table(table.assign(w=0), table, extra=True)
    assert not same_table(table.rename(columns={"v": "w"}), table, names=True)


def test_states_add_up_to_the_published_sums_for_germany() -> None:
    states = pd.read_csv(EXAMPLES / "bundeslaender.csv", sep=";", encoding="latin-1")
    districts = states.loc[states["Landkreise"] != "keine", "Landkreise"].astype(int)
    assert len(states) == 16
    assert (states["Einwohner"].sum(), states["Fläche"].sum()) == (84_358_845, 357_592)
    assert districts.sum() == 294
    with pytest.raises(UnicodeDecodeError):
        (EXAMPLES / "bundeslaender.csv").read_text(encoding="utf-8")


def test_prompts_use_the_table_of_the_examples() -> None:
    copy, original = DATA / "bundeslaender.csv", EXAMPLES / "bundeslaender.csv"
    assert copy.read_bytes() == original.read_bytes()
