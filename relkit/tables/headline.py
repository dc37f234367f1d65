"""Headline figures by which a company recognises its data: customers, transactions, amounts, first and last day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.tables.keys import distinct

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.table_set import TableSet

REVENUE_KINDS = ("sale", "return", "cancel")
"""Kinds of line whose amounts are revenue."""


def business_days(files: dict[str, Path], zone: str, *, today: date | None = None) -> tuple[date | None, date | None]:
    """Return the first and the last business day of the facts.

    They are those of the sale lines; without any, those on which contracts started, changed or ended; without
    contracts, those of the snapshots; without these, those on which periods of grouped paths began. A future end of a contract is a plan,
    not a fact.

    Args:
        files: the Parquet file of each existing table.
        zone: IANA zone of the business day.
        today: ends of contracts after this day are plans; None is the present day (UTC).
    """
    present = today or datetime.now(UTC).date()
    for name, days in _DAYS.items():
        if name in files:
            found = days(pl.scan_parquet(files[name]), zone, present).collect(engine="streaming").row(0)
            if found[0] is not None:
                return found[0], found[1]
    return None, None


def _sale_days(rows: pl.LazyFrame, zone: str, _: date) -> pl.LazyFrame:
    edges = rows.filter(pl.col("line_kind") == "sale").select(first=pl.col("occurred_at").min(), last=pl.col("occurred_at").max())
    return edges.select(pl.all().dt.convert_time_zone(zone).dt.date())


def _contract_days(rows: pl.LazyFrame, zone: str, today: date) -> pl.LazyFrame:  # noqa: ARG001  (days of contracts have no zone)
    names = rows.collect_schema().names()
    dated = [pl.col(name).filter(pl.col(name) <= today).max() for name in ("started_on", "valid_from", "ended_on") if name in names]
    return rows.select(first=pl.col("started_on").min(), last=pl.max_horizontal(dated))


def _snapshot_days(rows: pl.LazyFrame, _: str, __: date) -> pl.LazyFrame:
    return rows.select(first=pl.col("as_of").min(), last=pl.col("as_of").max())


def _path_days(rows: pl.LazyFrame, _: str, __: date) -> pl.LazyFrame:
    given = pl.col("period") if "period" in rows.collect_schema() else pl.lit(None, pl.Date)
    return rows.select(first=given.min(), last=given.max())


_DAYS = {"transactions": _sale_days, "contracts": _contract_days, "customer_snapshots": _snapshot_days, "paths": _path_days}
"""Functions for the first and last day of a table, the surest first."""


def headline(tables: TableSet) -> dict[str, Any]:
    """Return the figures of validated tables, as far as they have them.

    Returns:
        customers (of the customers table, else those who occur elsewhere), transactions, transaction_lines, lines_by_kind,
        net_amount (all lines), revenue (sales less returns), unidentified_lines, contracts, customer_snapshots, paths, first_day, last_day.
    """
    figures: dict[str, Any] = {"customers": _customers(tables)}
    if tables.has("transactions"):
        figures |= _sales(tables.scan("transactions"))
    if tables.has("contracts"):
        figures["contracts"] = distinct(tables.scan("contracts"), "contract_id")
    if tables.has("customer_snapshots"):
        figures["customer_snapshots"] = tables.facts.rows["customer_snapshots"]
    if tables.has("paths"):
        figures["paths"] = tables.facts.rows["paths"]
    days = {"first_day": tables.facts.first_day, "last_day": tables.facts.last_day}
    return figures | {name: day.isoformat() if day else None for name, day in days.items()}


def _customers(tables: TableSet) -> int:
    for name in ("customers", "transactions", "contracts", "customer_snapshots"):
        if tables.has(name) and (found := distinct(tables.scan(name), "customer_id")):
            return found
    return 0


def _sales(lines: pl.LazyFrame) -> dict[str, Any]:
    by_kind = (
        lines.group_by("line_kind")
        .agg(pl.len(), pl.col("net_amount").sum())
        .sort("len", "line_kind", descending=[True, False])
        .collect(engine="streaming")
    )
    revenue = by_kind.filter(pl.col("line_kind").is_in(list(REVENUE_KINDS)))["net_amount"].sum()
    return {
        "transactions": distinct(lines, "transaction_id"),
        "transaction_lines": int(by_kind["len"].sum()),
        "lines_by_kind": dict(zip(by_kind["line_kind"], by_kind["len"], strict=True)),
        "net_amount": round(float(by_kind["net_amount"].sum()), 2),
        "revenue": round(float(revenue), 2),
        "unidentified_lines": int(lines.select(pl.col("customer_id").is_null().sum()).collect(engine="streaming").item()),
    }
