"""Near names: what a misspelt name may have meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic.running.evidence import failure_of
from oci_magic.running.facts import misspelt
from oci_magic.running.facts.near import _first, near


def test_case_blanks_and_marks_do_not_count() -> None:
    assert near("unit price", ["id", "Unit_Price", "price"])[0] == "Unit_Price"
    assert near("umsatzs", ["Umsatz", "Datum"]) == ("Umsatz",)


def test_a_name_within_a_longer_one_is_near() -> None:
    assert near("pottery", ["year", "noise pottery per region"]) == ("noise pottery per region",)
    assert near("id", ["width of the tyre"]) == ()
    assert near("phase", ["Phle", "phase standard (kg)"])[0] == "phase standard (kg)"
    assert near("price", ["price per unit", "Prices"])[0] == "Prices"
    assert near("rate", ["corporate tax", "rates pc"]) == ("rates pc", "corporate tax")
    assert near("rate", ["rate of a", "rate of b"]) == ("rate of a", "rate of b")


def test_nothing_is_near_what_nothing_resembles() -> None:
    assert near("zzz", ["Umsatz"]) == ()
    assert near("", []) == ()


@given(st.text(), st.lists(st.text(), max_size=5), st.integers(1, 3))
def test_near_names_are_some_of_those_given(name: str, names: list[str], count: int) -> None:
    found = near(name, names, count)
    assert len(found) <= count
    assert set(found) <= set(names)


def test_a_missing_file_is_looked_for_in_the_folders_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sales[1].csv").touch()
    (tmp_path / "sale.csv").touch()
    assert missing("sales[1].csv") == (str(Path("data") / "sales[1].csv"),)
    assert missing("sales.csv") == ("sale.csv",)


def test_a_missing_file_is_looked_for_among_all_that_end_as_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("sales.csv", "config.yaml", "photo.png"):
        (tmp_path / name).touch()
    for number in range(40):
        (tmp_path / f"{number}.csv").touch()
        os.utime(tmp_path / f"{number}.csv", (2e9, 2e9))
    assert missing("salse.csv")[0] == "sales.csv"
    assert missing("confg.yaml") == ("config.yaml",)
    assert missing("foto.png") == ("photo.png",)
    assert missing("gone/deep/sales.csv") == ("sales.csv",)


def test_many_long_names_are_compared_in_part() -> None:
    long = [f"{number:04}" + "abcdefghij" * 19 for number in range(1000)]
    compared = _first("q" + "abcdefghjj" * 19, long)
    assert 0 < len(compared) < 100 and compared == long[-len(compared) :]
    assert _first(long[5], long)[0] == long[5]
    assert _first("umsatz", ["Umsatz"] * 2000) == ["Umsatz"] * 2000


def test_no_more_names_are_looked_for_than_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    asked: list[str] = []
    monkeypatch.setattr(misspelt, "near", lambda name, _: asked.append(name) or ())
    with pytest.raises(KeyError) as caught:
        pd.DataFrame({"a": [1]})[[f"b{number}" for number in range(60)]]
    failure_of(caught.value, "", {})
    assert len(asked) == 3


def missing(name: str) -> tuple[str, ...]:
    with pytest.raises(FileNotFoundError) as caught:
        Path(name).read_text()
    return failure_of(caught.value, "", {}).facts.files
