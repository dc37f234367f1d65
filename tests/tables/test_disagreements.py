"""Rows on one fact that disagree: kept whatever their order, counted, reported, and the more restrictive one holds for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from relkit.features.campaign_draws import campaign_draws
from relkit.features.contactability import contactability
from relkit.features.contract_versions import contract_versions
from relkit.features.customer_table import customer_table
from relkit.features.drawn_waves import drawn_waves
from relkit.features.spells import contract_spells
from relkit.tables.disagreements import fact_of, one_per_fact
from relkit.tables.reading import read_tables
from relkit.tables.schemas import TABLES
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from pathlib import Path

CONTRACTS = ["contract_id,customer_id,status,started_on,ended_on,valid_from,monthly_amount"]
SALES = "transaction_line_id,transaction_id,customer_id,occurred_at,net_amount\n1,1,c1,2024-01-01T10:00:00Z,5\n"


def read(folder: Path, *, backwards: bool = False, **files: list[str]) -> tuple[Any, TableSet]:
    """Check tables with their rows in order or backwards."""
    place = folder / ("backwards" if backwards else "forwards")
    place.mkdir()
    if "contracts" not in files:
        (place / "transactions.csv").write_text(SALES)
    for name, (head, *rows) in files.items():
        (place / f"{name}.csv").write_text("\n".join([head, *(reversed(rows) if backwards else rows)]) + "\n")
    report = read_tables(place, place / "out", max_quarantine_share=0.5)
    return report, TableSet.open(place / "out" / "tables")


def said(report: Any, code: str = "rows_disagree") -> list[tuple[str, str]]:
    return [(remark.en, remark.fr) for remark in report.remarks if remark.code == code]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_consent_granted_and_withdrawn_at_one_instant_is_withdrawn(tmp_path: Path, backwards: bool) -> None:
    rows = ["c1,marketing,email,2024-05-01T10:00:00Z,granted", "c1,marketing,email,2024-05-01T10:00:00Z,withdrawn"]
    rows += ["c1,marketing,sms,2024-05-01T10:00:00Z,granted", "c1,marketing,sms,2024-05-01T10:00:00Z,granted"]
    head = "customer_id,purpose,channel_id,changed_at,status"
    report, tables = read(tmp_path, backwards=backwards, consents=[head, *rows])
    assert report.tables["consents"].rows_kept == 3  # one of two equal copies goes, as before
    assert (
        said(report)[0][0]
        == "consents: 1 row with another answer at the same instant as an earlier one; the more restrictive answer holds."
    )
    may = contactability(pl.DataFrame({"customer_id": ["c1"]}), tables, tables.as_of("2024-06-01"))
    assert may.select("may_contact_email", "may_contact_sms").row(0) == (False, True)


@pytest.mark.parametrize("backwards", [False, True])
def test_an_exclusion_with_two_ends_lasts_until_the_later_one(tmp_path: Path, backwards: bool) -> None:
    rows = ["c1,guardianship,2024-01-01T00:00:00Z,2024-03-01T00:00:00Z", "c1,guardianship,2024-01-01T00:00:00Z,"]
    rows += ["c2,staff,2024-01-01T00:00:00Z,2024-03-01T00:00:00Z", "c2,staff,2024-03-01T00:00:00Z,"]  # one ends as the next one begins
    report, tables = read(tmp_path, backwards=backwards, suppressions=["customer_id,reason,starts_at,ends_at", *rows])
    assert report.tables["suppressions"].rows_quarantined == 0
    assert [en for en, _ in said(report)] == [
        "suppressions: 1 row with another end of the same exclusion than an earlier one; the exclusion that lasts longest holds."
    ]
    asked = pl.DataFrame({"customer_id": ["c1", "c2", "c3"]})
    assert contactability(asked, tables, tables.as_of("2024-06-01"))["is_protected"].to_list() == [True, True, False]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_contract_active_and_ended_from_one_day_has_ended(tmp_path: Path, backwards: bool) -> None:
    rows = [
        "k1,c1,active,2023-01-01,,2023-01-01,10",
        "k1,c1,ended,2023-01-01,2023-06-01,2023-01-01,10",
        "k1,c1,ended,2023-01-01,2023-05-01,2023-01-01,10",
        "k2,c2,suspended,2023-01-01,,2023-01-01,10",
        "k2,c2,active,2023-01-01,,2023-01-01,10",
        "k3,c3,active,2023-01-01,,2023-01-01,10",
        "k3,c3,ended,2023-01-01,2023-09-01,2023-06-01,10",
    ]
    report, tables = read(tmp_path, backwards=backwards, contracts=[*CONTRACTS, *rows])
    assert report.tables["contracts"].rows_quarantined == 0
    assert tables.facts.disagreements == {"contracts": 3}
    as_of = tables.as_of("2024-01-01")
    spells = contract_spells(tables, as_of).select("contract_id", "status", "event", "duration_days").rows()
    assert spells == [("k1", "ended", True, 120.0), ("k2", "suspended", False, 365.0), ("k3", "ended", True, 243.0)]
    assert contract_versions(tables, as_of)["contract_id"].to_list() == ["k1", "k2", "k3", "k3"]
    assert len(customer_table(tables, as_of)) == 3


def test_a_row_recorded_later_is_a_correction_and_no_disagreement(tmp_path: Path) -> None:
    head = "contract_id,customer_id,status,started_on,ended_on,valid_from,recorded_at"
    rows = ["k1,c1,ended,2023-01-01,2023-06-01,2023-01-01,2023-02-01T00:00:00Z", "k1,c1,active,2023-01-01,,2023-01-01,2023-03-01T00:00:00Z"]
    rows += [
        "k2,c2,active,2023-01-01,,2023-01-01,2023-02-01T00:00:00Z",
        "k2,c2,ended,2023-01-01,2023-06-01,2023-01-01,2023-02-01T00:00:00Z",
    ]
    report, tables = read(tmp_path, contracts=[head, *rows])
    assert tables.facts.disagreements == {"contracts": 1}
    assert len(said(report)) == 1
    assert contract_spells(tables, tables.as_of("2024-01-01"))["event"].to_list() == [False, True]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_unit_in_both_arms_of_a_wave_is_kept_and_in_no_comparison(tmp_path: Path, backwards: bool) -> None:
    """Copies in one arm are harmless, two waves are two draws, and two offers in one wave are no comparison either."""
    head = "unit_id,customer_id,wave_id,action_id,arm,propensity,drawn_at"
    rows = [
        *("u1,c1,w1,offer,treated,0.5,2024-05-01T00:00:00Z", "u1,c1,w1,offer,control,0.5,2024-05-01T00:00:00Z"),
        *("u2,c2,w1,offer,treated,0.5,2024-05-01T00:00:00Z", "u2,c2,w1,offer,treated,0.5,2024-05-01T00:00:00Z"),
        *("u3,c3,w1,offer,treated,0.5,2024-05-01T00:00:00Z", "u3,c3,w2,offer,control,0.5,2024-05-02T00:00:00Z"),
        *("u4,c4,w1,offer,control,0.5,2024-05-01T00:00:00Z", "h5,c5,w1,offer,control,0.5,2024-05-01T00:00:00Z"),
        *("h5,c6,w1,offer,treated,0.5,2024-05-01T00:00:00Z", "u7,c7,w1,offer,treated,0.5,2024-05-01T00:00:00Z"),
        "u7,c7,w1,other,treated,0.5,2024-05-01T00:00:00Z",
    ]
    report, tables = read(tmp_path, backwards=backwards, assignments=[head, *rows])
    assert (report.tables["assignments"].rows_kept, report.tables["assignments"].rows_quarantined) == (10, 1)
    assert said(report)[0][0].startswith("assignments: 1 row with a unit in the other arm of the same wave than an earlier one")
    assert "ces unités n’entrent dans aucune comparaison" in said(report)[0][1]
    draws = campaign_draws(tables, tables.as_of("2024-06-01"), action_id="offer")
    assert draws.rows.select("customer_id", "wave_id", "arm").rows() == [
        *(("c2", "w1", "treated"), ("c3", "w1", "treated"), ("c4", "w1", "control"), ("c3", "w2", "control"))
    ]
    assert draws.counts["in_both_arms"] == 4
    waves = drawn_waves(tables, tables.as_of("2024-06-01"), days=10).filter(pl.col("action_id") == "offer", pl.col("wave_id") == "w1")
    assert waves.select("treated", "control").row(0) == (4, 2)


def test_the_fact_and_the_row_that_holds() -> None:
    contract = TABLES["contracts"]
    assert fact_of(contract, contract.names) == ["contract_id", "valid_from", "recorded_at"]
    assert fact_of(TABLES["suppressions"], TABLES["suppressions"].names) == ["customer_id", "reason", "starts_at", "scope"]
    rows = pl.LazyFrame({"contract_id": ["k", "k"], "status": ["b", "a"]})
    assert one_per_fact(rows, contract, ("contract_id", "status")).collect()["status"].to_list() == ["b"]
    assert one_per_fact(rows, TABLES["consents"], ("customer_id",)) is rows
