"""Near names: what a misspelt name may have meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic.running.evidence import failure_of
from oci_magic.running.near import near


def test_case_blanks_and_marks_do_not_count() -> None:
    assert near("unit price", ["id", "Unit_Price", "price"])[0] == "Unit_Price"
    assert near("umsatzs", ["Umsatz", "Datum"]) == ("Umsatz",)


def test_a_name_within_a_longer_one_is_near() -> None:
    assert near("pottery", ["year", "noise pottery per region"]) == ("noise pottery per region",)
    assert near("id", ["width of the tyre"]) == ()


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


def missing(name: str) -> tuple[str, ...]:
    with pytest.raises(FileNotFoundError) as caught:
        Path(name).read_text()
    return failure_of(caught.value, "", {}).facts.files
