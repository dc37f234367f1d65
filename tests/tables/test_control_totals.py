"""Control totals: the right rows, days and cents, whatever the order of the rows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from relkit.contracts import INSTANT
from relkit.tables.control_totals import UNDATED, ControlTotal, control_totals, main_date, whole
from relkit.tables.schemas import SOURCE, TABLES

LINES = TABLES["transactions"]
NAMES = ("occurred_at", "net_amount")


def lines(*rows):
    instants = [datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None for _, at, _ in rows]
    columns = {SOURCE: [file for file, _, _ in rows], "occurred_at": instants, "net_amount": [amount for _, _, amount in rows]}
    return pl.LazyFrame(columns, schema={SOURCE: pl.String, "occurred_at": INSTANT, "net_amount": pl.Float64})


ROWS = (
    ("a.csv", "2024-12-31T22:59:59.999999", 0.1),
    ("a.csv", "2024-12-31T23:00:00", 0.2),
    ("b.csv", "2025-01-31T23:30:00", 5.0),
    ("a.csv", "2025-01-15T12:00:00", 1e300),
    ("b.csv", None, -2.0),
)


def test_rows_days_and_sums_by_source_and_month_of_the_business_zone():
    totals = control_totals(lines(*ROWS), LINES, NAMES, zone="Europe/Paris", origins={"a.csv": "till", "b.csv": "till"})
    assert totals == (
        ControlTotal(source="till", month="2024-12", rows=1, first="2024-12-31", last="2024-12-31", money={"net_amount": 0.1}),
        ControlTotal(source="till", month="2025-01", rows=2, first="2025-01-01", last="2025-01-15", money={"net_amount": 0.2}),
        ControlTotal(source="till", month="2025-02", rows=1, first="2025-02-01", last="2025-02-01", money={"net_amount": 5.0}),
        ControlTotal(source="till", month=UNDATED, rows=1, money={"net_amount": -2.0}),
    )
    assert control_totals(lines(*reversed(ROWS)), LINES, NAMES, zone="Europe/Paris", origins={"a.csv": "till", "b.csv": "till"}) == totals


def test_zones_of_half_and_quarter_hours_cut_the_day_where_it_ends():
    at = "2024-12-31T18:14:59"
    assert control_totals(lines(("a", at, 1.0)), LINES, NAMES, zone="Asia/Kathmandu")[0].last == "2024-12-31"
    assert control_totals(lines(("a", "2024-12-31T18:15:00", 1.0)), LINES, NAMES, zone="Asia/Kathmandu")[0].last == "2025-01-01"


def test_a_table_of_days_or_without_any_is_counted_too():
    stores = pl.LazyFrame({SOURCE: ["s"] * 3, "opened_on": [date(2025, 6, 1), date(2025, 6, 30), None]})
    assert [(t.month, t.rows) for t in control_totals(stores, TABLES["stores"], ("opened_on",), zone="UTC")] == [("2025-06", 2), ("", 1)]
    assert control_totals(stores, TABLES["stores"], ("store_id",), zone="UTC") == (ControlTotal(source="s", month=UNDATED, rows=3),)


def test_no_row_gives_no_total():
    assert control_totals(lines(), LINES, NAMES, zone="UTC") == ()
    assert whole((), "till") is None


def test_the_whole_adds_the_months():
    totals = control_totals(lines(*ROWS), LINES, NAMES, zone="Europe/Paris", origins={"a.csv": "till"})
    assert whole(totals, "till") == ControlTotal(
        source="till", month=UNDATED, rows=3, first="2024-12-31", last="2025-01-15", money={"net_amount": 0.3}
    )


def test_a_table_is_counted_by_a_date_that_it_requires():
    found = {name: main_date(contract, contract.names) for name, contract in TABLES.items()}
    expected = {"transactions": "occurred_at", "assignments": "drawn_at", "contracts": "started_on", "customers": "created_on"}
    assert expected.items() <= found.items()
    assert found["contract_parties"] is None
