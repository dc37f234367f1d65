"""Contracts that ended without a day: in quarantine with all their rows, or ended as declared; and their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.features.spells import contract_spells
from relkit.tables.reading import read_tables
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "contract_id,customer_id,status,started_on,ended_on,valid_from,recorded_at"
ROWS = [
    "k1,c1,ended,2023-04-01,,,",
    "k2,c2, Résilié ,2023-04-01,,2023-09-01,",
    "k2,c2,active,2023-04-01,,2023-04-01,",
    "k3,c3,closed,2023-04-01,,2023-04-01,2023-08-01T22:30:00Z",
    "k4,c4,active,2023-04-01,,2023-04-01,",
    "k5,c5,ended,2023-04-01,2023-10-01,2023-04-01,",
    "k6,c6,active,2023-04-01,2023-07-01,2023-04-01,",
    "k7,c7,ended,2023-04-01,2023-03-01,2023-04-01,",
    "k8,c8,active,2023-11-30,,2023-11-30,",
]


def read(folder: Path, mapping: str = "", *, rows: list[str] = ROWS, head: str = HEAD, share: float = 0.9) -> tuple[Any, TableSet]:
    (folder / "contracts.csv").write_text("\n".join([head, *rows]) + "\n")
    if mapping:
        (folder / "mapping.yaml").write_text(f"company:\n  business_zone: Europe/Paris\n  {mapping}\n")
    report = read_tables(folder, folder / "out", max_quarantine_share=share)
    return report, TableSet.open(folder / "out" / "tables")


def ends(tables: TableSet) -> dict[str, str | None]:
    spells = contract_spells(tables, tables.as_of("2024-01-01"))
    return {row[0]: None if row[1] is None else str(row[1]) for row in spells.select("contract_id", "ended_on").rows()}


def test_an_end_without_a_day_is_in_quarantine_with_every_row_of_its_contract(tmp_path: Path) -> None:
    report, tables = read(tmp_path)
    found = {finding.rule: finding.rows for finding in report.tables["contracts"].rules}
    assert found == {
        "status: ended without ended_on": 3,
        "status: ended without ended_on in another row of the contract": 1,
        "ended_on: before started_on": 1,
    }
    assert "contract_ended_without_day: last_known_day" in report.tables["contracts"].rules[0].remedy
    assert ends(tables) == {"k4": None, "k5": "2023-10-01", "k6": "2023-07-01", "k8": None}
    remark = next(remark for remark in report.remarks if remark.code == "running_with_an_end")
    assert remark.en == "contracts: 1 contract ended by 2023-11-30 while the status says running; the day holds, so they count as ended."
    assert "1 contrat avec une fin au plus tard le 30/11/2023" in remark.fr


def test_declared_it_ends_on_the_earliest_day_by_which_the_source_knew(tmp_path: Path) -> None:
    """k1: the last day of the table. k2: the day from which the row is valid. k3: recorded at 0:30 on 2 August in Paris."""
    report, tables = read(tmp_path, "contract_ended_without_day: last_known_day")
    found = ends(tables)
    assert [found[name] for name in ("k1", "k2", "k3", "k4")] == ["2023-11-30", "2023-09-01", "2023-08-02", None]
    remark = next(remark for remark in report.remarks if remark.code == "contracts_ended_without_day")
    assert remark.en.startswith("contracts: 3 rows say that the contract ended, without a day.")
    assert "3 lignes indiquent une fin de contrat sans date" in remark.fr
    assert any(warning.startswith("contracts: 3 rows say") for warning in report.warnings)


def test_a_source_without_a_column_for_the_day(tmp_path: Path) -> None:
    head, rows = "contract_id,customer_id,status,started_on", ["k1,c1,Ended,2023-04-01", "k2,c2,active,2023-12-01"]
    (quarantined := tmp_path / "a").mkdir()
    (declared := tmp_path / "b").mkdir()
    _, tables = read(quarantined, head=head, rows=rows)
    assert ends(tables) == {"k2": None}
    _, tables = read(declared, "contract_ended_without_day: last_known_day", head=head, rows=rows)
    assert ends(tables) == {"k1": "2023-12-01", "k2": None}


def test_the_words_of_a_company(tmp_path: Path) -> None:
    rows = ["k1,c1,X9,2023-04-01,,,", "k2,c2,ended,2023-04-01,,,", "k3,c3,A,2023-12-01,,,"]
    report, tables = read(tmp_path, "contract_ended_statuses: [x9]", rows=rows)
    assert report.tables["contracts"].rows_quarantined == 1
    assert ends(tables) == {"k2": None, "k3": None}


def test_columnar_sources_and_no_end_at_all(tmp_path: Path) -> None:
    """A Parquet file keeps its technical columns apart; a table in which every end has a day is not written again."""
    frame = pl.DataFrame(
        {"contract_id": ["k1", "k2"], "customer_id": ["c1", "c2"], "status": ["ended", "active"], "started_on": ["2023-04-01"] * 2}
    )
    frame.with_columns(ended_on=pl.lit(None, pl.Date)).write_parquet(tmp_path / "contracts.parquet")
    (tmp_path / "mapping.yaml").write_text("company: {contract_ended_without_day: last_known_day}\n")
    read_tables(tmp_path, tmp_path / "out")
    assert ends(TableSet.open(tmp_path / "out" / "tables")) == {"k1": "2023-04-01", "k2": None}
    assert not list((tmp_path / "out").rglob("*.ended"))


def test_an_unknown_way(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="contract_ended_without_day is 'today': input should be 'quarantine' or 'last_known_day'"):
        read(tmp_path, "contract_ended_without_day: today")
