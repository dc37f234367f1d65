from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from relkit.delivery.rule_files import COLUMNS, rule_rows, write_rules
from relkit.models.affinity.rules import Rules

if TYPE_CHECKING:
    from pathlib import Path

LISTS = [["=A1", "P2"], ["=A1", "P2", "P3"], ["P3"], ["P4"]]
NAMES = {"=A1": "@milk", "P2": "Bread"}


def rows(by: str = "") -> pl.DataFrame:
    frame = pl.DataFrame({"products": LISTS, "channel_id": ["web", "web", "store", None]})
    return rule_rows(Rules(by=by, min_count=1).fit(frame, as_of=date(2025, 6, 30)).rules, NAMES, by=by)


def test_rules_are_in_names_and_in_ids_and_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    paths = write_rules(rows(), tmp_path / "rules", "rules", language="en", facts={"rules": 3})
    assert sorted(path.name for path in (tmp_path / "rules").iterdir()) == ["rules.csv", "rules.json", "rules.parquet", "rules.xlsx"]
    frame = pl.read_parquet(paths["parquet"])
    assert frame.columns == [column.name for column in COLUMNS if column.name != "group"]
    first = frame.row(0, named=True)
    assert (first["if_bought"], first["also_bought"], first["antecedent"]) == ("@milk", "Bread", "=A1")
    assert (first["count"], first["lift"], first["baskets_beyond_chance"]) == (2, 2.0, 1.0)
    plain = pl.read_csv(paths["csv"])
    assert (plain["if_bought"][0], plain["antecedent"][0]) == ("'@milk", "'=A1")
    sheet = pl.read_excel(paths["xlsx"])
    assert sheet.columns[:2] == ["Who buys", "Also buys"]
    assert len(sheet) == len(plain) == len(frame)
    assert "@milk + Bread" in frame["if_bought"].to_list()
    assert json.loads(paths["json"].read_text()) == {"rules": 3}


def test_french_rules_have_their_group(tmp_path: Path) -> None:
    paths = write_rules(rows("channel_id"), tmp_path, "rules", language="fr", facts={})
    header, first, *_ = paths["csv"].read_text(encoding="utf-8-sig").split("\n")
    assert header.split(";")[:3] == ["Groupe de paniers", "Qui achète", "Achète aussi"]
    assert first.split(";")[0] in {"web", "store"}
    assert "," in first
