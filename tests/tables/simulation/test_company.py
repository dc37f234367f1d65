"""The company as a whole: contracts of the tables, references, boundaries in time, determinism."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from relkit.contracts import check
from relkit.errors import ParameterError
from relkit.tables import mapping
from relkit.tables.schemas import TABLES as DECLARED
from relkit.tables.simulation import SimulationSettings, simulate_company
from relkit.tables.simulation import company as company_module

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.simulation import CompanyTruth

END = datetime(2025, 6, 30, 22, tzinfo=UTC)
"""The end of 2025-06-30 in Paris."""

NOT_MADE = {"paths", "lift_tests"}
"""Tables that the company does not have: its touchpoints are there one by one, and it has tested no channel."""
TABLES = {name: contract for name, contract in DECLARED.items() if name not in NOT_MADE}
MAY_LIE_AHEAD = {"commitment_ends_on"}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_keeps_its_contract(company: CompanyTruth, table: str):
    frame = pl.read_parquet(company.data / f"{table}.parquet")
    contract = TABLES[table]
    checked = check(frame, contract)
    assert len(checked) == len(frame) > 0
    for rule in contract.rules:
        if set(rule.columns) <= set(frame.columns):
            assert not frame.select(rule.broken.any()).item(), rule.name
    for names in contract.one_of:
        given = [name for name in names if name in frame.columns]
        assert frame.select(pl.all_horizontal(pl.col(given).is_null()).any()).item() is False
    for column in contract.columns:
        if column.name in frame.columns and column.dtype == frame[column.name].dtype:
            assert _likely(frame[column.name], column.likely_low, column.likely_high)


def _likely(values: pl.Series, low: float | None, high: float | None) -> bool:
    return (low is None or bool((values >= low).all())) and (high is None or bool((values <= high).all()))


@pytest.mark.parametrize("table", TABLES)
def test_references_lead_somewhere(company: CompanyTruth, table: str):
    frame = pl.read_parquet(company.data / f"{table}.parquet")
    for column, other in TABLES[table].references:
        if column in frame.columns:
            keys = pl.read_parquet(company.data / f"{other}.parquet").get_column(TABLES[other].key[0])
            assert frame[column].drop_nulls().is_in(keys.implode()).all(), (column, other)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_happens_after_the_end(company: CompanyTruth, table: str):
    frame = pl.read_parquet(company.data / f"{table}.parquet")
    for name, dtype in frame.schema.items():
        if name not in MAY_LIE_AHEAD and frame[name].drop_nulls().len():
            edge = date(2025, 6, 30) if dtype == pl.Date else END
            latest: Any = frame[name].max()
            assert not dtype.is_temporal() or (latest <= edge if dtype == pl.Date else latest < edge), name


def test_facts_happen_within_the_data(company: CompanyTruth):
    for table in ("transactions", "contacts", "outcomes", "touchpoints", "surveys", "loyalty_movements", "assignments"):
        frame = pl.read_parquet(company.data / f"{table}.parquet")
        for name, dtype in frame.schema.items():
            if isinstance(dtype, pl.Datetime):
                earliest: Any = frame[name].min()
                assert earliest >= datetime(2022, 6, 30, 22, tzinfo=UTC), (table, name)


def test_customers_are_known_before_they_do_anything(company: CompanyTruth):
    customers = pl.read_parquet(company.data / "customers.parquet").select("customer_id", "created_on")
    assert len(customers) == 20_000
    for table, name in (("transactions", "occurred_at"), ("contacts", "sent_at"), ("surveys", "answered_at"), ("consents", "changed_at")):
        rows = pl.read_parquet(company.data / f"{table}.parquet").join(customers, on="customer_id")
        day = rows[name].dt.convert_time_zone("Europe/Paris").dt.date()
        assert (day >= rows["created_on"]).all(), table


def test_the_folder_is_read_as_it_is(clean: CompanyTruth):
    tables = mapping.read_source_tables(clean.data)
    assert set(tables.frames) == set(TABLES)
    assert (tables.currency, tables.business_zone, tables.history_starts_on) == ("EUR", "Europe/Paris", date(2022, 7, 1))


def test_a_mapping_with_sources_needs_tables(tmp_path: Path):
    (tmp_path / "mapping.yaml").write_text("sources: {a: {files: a.csv}}\ntables: {}\n")
    with pytest.raises(ParameterError, match="name at least one table, or leave out both sources and tables"):
        mapping.read_source_tables(tmp_path)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("world", ["clean", "hard"])
def test_same_settings_same_bytes(tmp_path: Path, world: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(company_module, "CHUNK", 400)
    settings = SimulationSettings(customers=1000, world=world, seed=5)
    once = _digests(simulate_company(settings, tmp_path / "a").data.parent)
    again = _digests(simulate_company(settings, tmp_path / "b").data.parent)
    assert once == again
    assert len(once) == len(TABLES) + 1 + 5
    other = SimulationSettings(customers=1000, world=world, seed=6)
    assert _digests(simulate_company(other, tmp_path / "b").data.parent)["data/transactions.parquet"] != once["data/transactions.parquet"]


def test_a_larger_company_begins_with_the_same_customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Chunks draw from their own streams: the first does not depend on the others."""
    monkeypatch.setattr(company_module, "CHUNK", 500)
    small = simulate_company(SimulationSettings(customers=500), tmp_path / "small")
    large = simulate_company(SimulationSettings(customers=1500), tmp_path / "large")
    for table, contract in TABLES.items():
        if table in {"products", "stores", "offers", "costs", "calendar"}:
            continue
        few, many = (pl.read_parquet(made.data / f"{table}.parquet") for made in (small, large))
        assert many.head(len(few)).equals(few), table
        key = [name for name in contract.key if name in many.columns]
        assert not many.select(key).is_duplicated().any(), table
    assert large.customers.collect().height == 1500


@pytest.mark.parametrize("world", ["clean", "hard"])
@pytest.mark.parametrize(
    "extreme",
    [
        {"customers": 1},
        {"customers": 5, "days": 1},
        {"customers": 50, "days": 60},
        {"customers": 100, "contract_share": 1.0, "prospect_share": 0.0},
        {"customers": 100, "contract_share": 0.0, "prospect_share": 1.0},
        {"customers": 100, "contract_share": 0.0, "prospect_share": 0.0},
    ],
)
def test_extreme_companies_keep_the_contracts_too(tmp_path: Path, world: Any, extreme: dict[str, Any]):
    made = simulate_company(SimulationSettings(world=world, **extreme), tmp_path)
    for table, contract in TABLES.items():
        check(pl.read_parquet(made.data / f"{table}.parquet"), contract)
    assert made.customers.collect().height == extreme["customers"]


def test_progress_is_reported(tmp_path: Path):
    reported: list[tuple[str, float | None]] = []
    simulate_company(SimulationSettings(customers=10), tmp_path, progress=lambda what, done=None: reported.append((what, done)))
    assert reported == [("simulating customers 1 to 10", 0.0), ("putting the tables together", 1.0)]


def test_nothing_is_left_waiting_and_an_earlier_company_is_replaced(tmp_path: Path):
    simulate_company(SimulationSettings(customers=200), tmp_path)
    made = simulate_company(SimulationSettings(customers=20), tmp_path)
    assert not (made.data / ".parts").exists()
    assert pl.read_parquet(made.data / "customers.parquet").height == 20
