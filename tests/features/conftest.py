"""Small companies, written as validated tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from relkit.features.known_rows import HAPPENED
from relkit.tables.schemas import TABLES
from relkit.tables.table_set import TableFacts, TableSet, write_facts

if TYPE_CHECKING:
    from pathlib import Path

Company = Callable[..., TableSet]


def typed(table: str, rows: dict[str, list[Any]]) -> pl.DataFrame:
    """Return rows in the types that the table declares; undeclared columns keep the types they have."""
    declared = {c.name: c.dtype for c in TABLES[table].columns if c.name in rows}
    return pl.DataFrame(rows, schema_overrides=declared)


def write_company(folder: Path, frames: dict[str, pl.DataFrame], **facts: Any) -> TableSet:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    write_facts(folder, TableFacts(rows={n: len(f) for n, f in frames.items()}, fingerprints=dict.fromkeys(frames, ""), **facts))
    return TableSet.open(folder)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Return a function that writes tables given as columns and opens them; facts are named arguments."""

    def build(tables: dict[str, dict[str, list[Any]]], *, folder: str = "tables", **facts: Any) -> TableSet:
        frames = {name: typed(name, rows) for name, rows in tables.items()}
        return write_company(tmp_path / folder, frames, **({"history_starts_on": date(2020, 1, 1)} | facts))

    return build


@pytest.fixture(scope="session")
def cdnow(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> TableSet:
    """Return the CDNOW sample (2,357 customers who first bought in the first quarter of 1997) as tables."""
    raw = pl.read_csv(real_data / "cdnow_sample.txt", has_header=False, new_columns=["line"], separator="\t")
    parts = raw["line"].str.strip_chars().str.replace_all(r"\s+", " ").str.split(" ")
    lines = pl.DataFrame(
        {
            "transaction_line_id": [str(i) for i in range(len(parts))],
            "transaction_id": [str(i) for i in range(len(parts))],
            "customer_id": parts.list.get(1),
            "occurred_at": parts.list.get(2).str.to_datetime("%Y%m%d", time_unit="us", time_zone="UTC"),
            "net_amount": parts.list.get(4).cast(pl.Float64),
            "line_kind": pl.Series(["sale"] * len(parts)),
        }
    )
    return write_company(tmp_path_factory.mktemp("cdnow"), {"transactions": lines}, currency="USD", last_day=date(1998, 6, 30))


Rows = dict[str, dict[str, list[Any]]]
NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)
"""Noon of the last day of the company below."""


def ago(*days: int | None) -> list[datetime | None]:
    return [None if n is None else NOW - timedelta(days=n) for n in days]


def days_ago(*days: int | None) -> list[date | None]:
    return [None if instant is None else instant.date() for instant in ago(*days)]


@pytest.fixture
def everything() -> Rows:
    """Return a small company with every table that features read: buyer, subscriber, both, prospect and a test account."""
    return {
        "customers": {
            "customer_id": ["both", "buyer", "prospect", "robot", "subscriber"],
            "created_on": days_ago(900, 400, 10, 5, 3000),
            "country": ["FR", "FR", "BE", "FR", None],
            "language": ["fr", "fr", "nl", "fr", None],
            "birth_year": [1980, None, 1990, 2000, 1970],
            "postcode": ["01000", "75001", "1000", "0", "69001"],
            "type": ["person"] * 5,
            "household_id": ["h1", "h2", "h3", "h4", "h1"],
            "entity_id": ["e"] * 5,
            "is_test": [None, False, False, True, False],
        },
        "transactions": {
            "transaction_line_id": [str(i) for i in range(8)],
            "transaction_id": ["t1", "t1", "t2", "t3", "t4", "t5", "t6", "t7"],
            "customer_id": ["both", "both", "both", "buyer", "buyer", "buyer", "robot", None],
            "occurred_at": ago(500, 500, 20, 390, 15, 14, 3, 2),
            "product_id": ["p", "q", "p", "p", "q", "q", "p", "p"],
            "quantity": [1.0, 2.0, 1.0, 1.0, 1.0, -1.0, 1.0, 1.0],
            "net_amount": [10.0, 20.0, 12.0, 10.0, 9.0, -9.0, 1.0, 4.0],
            "margin_amount": [4.0, None, None, None, None, None, None, None],
            "line_kind": ["sale"] * 5 + ["return", "sale", "sale"],
            "channel_id": ["web", "web", "store", "web", "web", "web", "web", "web"],
            "recorded_at": ago(500, 500, 20, 390, 14, None, 3, 2),
        },
        "products": {
            "product_id": ["p", "p", "q"],
            "valid_from": days_ago(None, 100, None),
            "category_1": ["food", "food", "care"],
            "unit_margin": [3.0, 5.0, 2.0],
            "margin_source": ["measured", "measured", "assumed"],
        },
        "contracts": {
            "contract_id": ["k1", "k1", "k2", "k3", "k4"],
            "valid_from": days_ago(None, 50, None, None, None),
            "customer_id": ["both", "both", "subscriber", "subscriber", "robot"],
            "status": ["active"] * 5,
            "started_on": days_ago(300, 300, 3000, 40, 100),
            "ended_on": days_ago(None, None, None, 10, None),
            "end_reason": [None, None, None, "voluntary", None],
            "term_months": [12, 12, None, 12, 12],
            "monthly_amount": [20.0, 25.0, 30.0, 5.0, 1.0],
            "monthly_margin": [5.0, 5.0, 6.0, 1.0, 0.0],
            "payment_method": ["direct_debit", "card", "card", "card", "card"],
            "recorded_at": ago(300, 50, None, None, None),
        },
        "contacts": {
            "contact_id": list("1234"),
            "customer_id": ["both", "both", "buyer", "robot"],
            "channel_id": ["email", "phone", "email", "email"],
            "sent_at": ago(3, 200, 40, 3),
            "class": ["marketing", "service", "marketing", "marketing"],
            "direction": ["outbound", "inbound", "outbound", "outbound"],
            "recorded_at": ago(3, 200, 40, 3),
        },
        "consents": {
            "customer_id": ["both", "both", None, "buyer"],
            "identifier": [None, None, "b@example.org", None],
            "purpose": ["marketing", "profiling", "marketing", "marketing"],
            "channel_id": ["email", None, "email", "sms"],
            "changed_at": ago(400, 400, 300, 300),
            "status": ["granted", "refused", "granted", "granted"],
            "valid_to": days_ago(None, None, 1, None),
            "recorded_at": ago(400, 400, 300, 300),
        },
        "outcomes": {
            "contact_id": ["1", "3"],
            "outcome": ["delivered", "bounced"],
            "occurred_at": ago(3, 40),
            "recorded_at": ago(3, 40),
        },
        "suppressions": {
            "customer_id": ["subscriber", "both"],
            "reason": ["litigation", "staff"],
            "starts_at": ago(20, 90),
            "ends_at": ago(None, 30),
            "scope": ["phone", None],
        },
        "identifiers": {
            "source": ["shop"],
            "id_type": ["email"],
            "id_value": ["b@example.org"],
            "valid_from": days_ago(400),
            "valid_to": days_ago(None),
            "customer_id": ["buyer"],
        },
        "surveys": {
            "response_id": ["1", "2"],
            "customer_id": ["both", "both"],
            "answered_at": ago(100, 30),
            "mode": ["cold", "hot"],
            "question": ["nps", "nps"],
            "score": [9.0, 4.0],
            "recorded_at": ago(100, 30),
        },
        "cases": {
            "case_id": ["1", "2"],
            "customer_id": ["both", "subscriber"],
            "opened_at": ago(30, 30),
            "repaired_at": ago(None, 2),
            "recorded_at": ago(30, 30),
        },
        "customer_snapshots": {
            "customer_id": ["both", "both", "outsider"],
            "as_of": days_ago(60, 30, 30),
            "income": ["low", "high", "low"],
            "country": ["DE", "DE", "DE"],
            "recorded_at": ago(60, 30, 30),
        },
    }


@pytest.fixture(params=["after", "late"])
def planted(everything: Rows, request: pytest.FixtureRequest) -> Rows:
    """Return `everything` with each table's rows repeated with other values: after the last day, or before it and recorded later."""
    plant = _after_the_day if request.param == "after" else _recorded_late
    return {name: _joined(columns, plant(name, columns)) for name, columns in everything.items()}


LATER = datetime(2024, 7, 1, tzinfo=UTC)
"""First instant after the last day (its business days are those of UTC)."""


def _joined(columns: dict[str, list[Any]], more: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: values + more.get(name, []) for name, values in columns.items()}


def _after_the_day(table: str, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    instant = HAPPENED[table]
    value = LATER if isinstance(_type(table, instant), pl.Datetime) else LATER.date()
    return _changed(table, columns) | {instant: [value] * len(columns[instant])}


def _recorded_late(table: str, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    if "recorded_at" not in columns:
        return {}
    instant, n = HAPPENED[table], len(columns["recorded_at"])
    yesterday = ago(*[1] * n) if isinstance(_type(table, instant), pl.Datetime) else days_ago(*[1] * n)
    return _changed(table, columns) | {instant: yesterday, "recorded_at": [LATER] * n}


def _type(table: str, column: str) -> Any:
    return TABLES[table][column].dtype


SAME = {
    "contracts": ("contract_id",),
    "products": ("product_id",),
    "identifiers": ("source", "id_type", "id_value"),
    "consents": ("customer_id", "identifier", "purpose", "channel_id"),
    "customer_snapshots": ("customer_id",),
}
"""Keys that later rows share with the earlier ones: another version, another change, another snapshot of the same thing."""


def _changed(table: str, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return rows that would change every feature: other ids and categories, larger amounts, ends and repairs."""
    names = {name for name in TABLES[table].key if name not in SAME.get(table, ())}
    names |= {"channel_id", "category_1", "country", "income", "transaction_id"}
    texts = [name for name in names if _all(columns.get(name, []), str)]
    changed: dict[str, list[Any]] = {name: [None if v is None else f"later {v}" for v in columns[name]] for name in texts}
    changed |= {name: [None if v is None else v + 1000.0 for v in vs] for name, vs in columns.items() if _all(vs, float)}
    if table == "contracts":
        changed |= {"ended_on": days_ago(*[2] * 5), "status": ["ended"] * 5, "payment_method": ["direct_debit"] * 5}
    if table == "consents":
        changed |= {"status": ["withdrawn"] * 4, "channel_id": [None] * 4}
    if table == "outcomes":
        changed |= {"outcome": ["bounced", "delivered"], "contact_id": columns["contact_id"]}
    if table == "suppressions":
        changed |= {"customer_id": ["both", "buyer"], "ends_at": [None, None], "scope": ["all", "all"]}
    if table == "cases":
        changed |= {"repaired_at": [None, None]}
    if table == "surveys":
        changed |= {"score": [0.0, 0.0]}
    return columns | changed


def _all(values: list[Any], kind: type) -> bool:
    return all(value is None or isinstance(value, kind) for value in values) and any(value is not None for value in values)
