"""Files of a ranking: the same rows in every format, safe cells, safe names, and all of them or none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from relkit.delivery.ranking_files import LONGEST_NAME, file_stem, ranking_columns, write_ranking

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pl.DataFrame(
    {
        "rank": [1, 2],
        "customer_id": ["c1", "c2"],
        "product_id": ["P1", "P1"],
        "product": ["@tea", "@tea"],
        "probability": [0.123456, 0.1],
        "expected_margin_chf": [1.239, None],
        "is_repeat": [True, False],
        "reason": ["because you have bought it before", "because many customers buy it"],
    }
)


def written(folder: Path, language: str = "en") -> dict[str, Path]:
    return write_ranking(ROWS, folder, "P1", currency="CHF", language=language, facts={"left_out": {"protected": 3}})  # type: ignore[arg-type]


def test_every_format_has_the_same_rows(tmp_path: Path) -> None:
    paths = written(tmp_path / "rankings")
    assert sorted(path.name for path in (tmp_path / "rankings").iterdir()) == ["P1.csv", "P1.json", "P1.parquet", "P1.xlsx"]
    frame = pl.read_parquet(paths["parquet"])
    assert frame.columns == [column.name for column in ranking_columns("CHF")]
    assert frame.row(0) == (1, "c1", "P1", "@tea", 0.1235, 1.24, True, "because you have bought it before")
    plain = pl.read_csv(paths["csv"])
    assert plain.columns == frame.columns
    assert plain["product"].to_list() == ["'@tea", "'@tea"]
    sheet = pl.read_excel(paths["xlsx"])
    assert sheet.columns[:2] == ["Rank (1 = best)", "Customer"]
    assert sheet["Customer"].to_list() == plain["customer_id"].to_list() == ["c1", "c2"]
    assert json.loads(paths["json"].read_text()) == {"left_out": {"protected": 3}}


def test_a_french_ranking_is_french_throughout(tmp_path: Path) -> None:
    paths = written(tmp_path, "fr")
    text = paths["csv"].read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    header, first, _ = text.decode("utf-8-sig").split("\r\n", 2)
    assert header.split(";")[:2] == ["Rang (1 = meilleur)", "Client"]
    assert first.split(";")[4:7] == ["0,1235", "1,24", "Oui"]
    assert pl.read_excel(paths["xlsx"])["Déjà acheté"].to_list() == ["Oui", "Non"]


def test_a_ranking_that_cannot_be_written_leaves_the_last_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {kind: path.read_bytes() for kind, path in written(tmp_path).items()}

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("relkit.delivery.list_files._write_xlsx", broken)
    with pytest.raises(OSError, match="full"):
        written(tmp_path, "fr")
    assert {path.name for path in tmp_path.iterdir()} == {f"P1.{kind}" for kind in before}
    assert all((tmp_path / f"P1.{kind}").read_bytes() == content for kind, content in before.items())


def test_names_of_files_are_safe_and_different_for_different_products() -> None:
    ids = ["a/b", "a\\b", "..", "a.b", "a b", "é", "a+b", "=1", "x" * 200, "x" * 201]
    stems = [file_stem(each) for each in ids]
    assert len(set(stems)) == len(ids)
    assert all(len(stem) <= LONGEST_NAME and not set(stem) & set('/\\.:*?"<>|') for stem in stems)
    assert file_stem("a", "b") != file_stem("a+b")
