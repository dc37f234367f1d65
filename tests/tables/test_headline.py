"""Figures of the whole, and the first and last business day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from relkit.tables.headline import business_days, headline
from relkit.tables.table_set import TableFacts, TableSet, write_facts

TODAY = date(2025, 7, 1)


def written(tmp_path, **frames):
    for name, columns in frames.items():
        pl.DataFrame(columns).write_parquet(tmp_path / f"{name}.parquet")
    rows = {name: len(next(iter(columns.values()))) for name, columns in frames.items()}
    write_facts(tmp_path, TableFacts(rows=rows, fingerprints={}, first_day=date(2025, 1, 1)))
    return TableSet.open(tmp_path), {name: tmp_path / f"{name}.parquet" for name in frames}


def at(day, hour):
    return datetime(2025, 6, day, hour, tzinfo=UTC)


LINES = {
    "transaction_id": ["a", "a", "b", "c", "d"],
    "customer_id": ["p", "p", None, "q", "q"],
    "occurred_at": [at(1, 23), at(2, 1), at(10, 12), at(20, 12), at(30, 12)],
    "net_amount": [10.0, 20.0, -5.0, 3.0, 50.0],
    "line_kind": ["sale", "sale", "return", "sale", "gift_card"],
}
CONTRACTS = {
    "contract_id": ["x", "x", "y"],
    "customer_id": ["p", "p", "r"],
    "started_on": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 5, 1)],
    "valid_from": [date(2024, 1, 1), date(2024, 8, 1), date(2024, 5, 1)],
    "ended_on": [None, date(2099, 1, 1), date(2025, 3, 31)],
}


def test_days_are_those_of_sales_in_the_zone_of_the_business(tmp_path):
    _, files = written(tmp_path, transactions=LINES, contracts=CONTRACTS)
    assert business_days(files, "Europe/Paris") == (date(2025, 6, 2), date(2025, 6, 20))
    assert business_days(files, "UTC") == (date(2025, 6, 1), date(2025, 6, 20))


def test_without_sales_the_days_are_those_of_contracts_and_planned_ends_are_no_facts(tmp_path):
    _, files = written(tmp_path, transactions=LINES | {"line_kind": ["fee"] * 5}, contracts=CONTRACTS)
    assert business_days(files, "UTC", today=TODAY) == (date(2024, 1, 1), date(2025, 3, 31))
    assert business_days(files, "UTC", today=date(2025, 1, 1)) == (date(2024, 1, 1), date(2024, 8, 1))


def test_contracts_may_have_a_start_only(tmp_path):
    _, files = written(tmp_path, contracts={name: CONTRACTS[name] for name in ("contract_id", "started_on")})
    assert business_days(files, "UTC", today=TODAY) == (date(2024, 1, 1), date(2024, 5, 1))


def test_without_contracts_the_days_are_those_of_the_snapshots(tmp_path):
    _, files = written(tmp_path, customer_snapshots={"customer_id": ["p", "p"], "as_of": [date(2025, 1, 31), date(2025, 2, 28)]})
    assert business_days(files, "UTC") == (date(2025, 1, 31), date(2025, 2, 28))


def test_without_any_there_is_no_day(tmp_path):
    assert business_days({}, "UTC") == (None, None)


def test_figures_of_a_shop(tmp_path):
    tables, _ = written(tmp_path, transactions=LINES)
    assert headline(tables) == {
        "customers": 2,
        "transactions": 4,
        "transaction_lines": 5,
        "lines_by_kind": {"sale": 3, "gift_card": 1, "return": 1},
        "net_amount": 78.0,
        "revenue": 28.0,
        "unidentified_lines": 1,
        "first_day": "2025-01-01",
        "last_day": None,
    }


def test_figures_of_a_shop_that_knows_no_customer(tmp_path):
    tables, _ = written(tmp_path, transactions=LINES | {"customer_id": pl.Series([None] * 5, dtype=pl.String)})
    assert (headline(tables)["customers"], headline(tables)["unidentified_lines"]) == (0, 5)


def test_customers_are_those_of_their_table_where_there_is_one(tmp_path):
    snapshots = {"customer_id": ["p", "q"], "as_of": [date(2025, 1, 31)] * 2}
    tables, _ = written(tmp_path, customers={"customer_id": ["p", "q", "z"]}, contracts=CONTRACTS, customer_snapshots=snapshots)
    figures = headline(tables)
    assert (figures["customers"], figures["contracts"], figures["customer_snapshots"]) == (3, 2, 2)
