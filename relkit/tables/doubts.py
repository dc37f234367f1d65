"""What is doubtful about tables that are valid each by itself: unknown references, no margin, other currencies, days ahead."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl

from relkit.tables.findings import counted
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from relkit.tables.table_set import TableSet


NO_IDS = ("null", "na", "n/a", "#n/a", "nan", "none", "nil", "unknown", "inconnu", "?", "-")
"""What programs and people write where there is no customer."""


def doubts(tables: TableSet, *, today: date | None = None) -> tuple[str, ...]:
    """Return a sentence for each doubt; none of them stops anything.

    Args:
        tables: the validated tables.
        today: days after this one lie ahead; None is the present day (UTC).
    """
    said = [sentence for name in tables.facts.rows for sentence in _unknown(tables, name)]
    return (
        *said,
        *_unidentified(tables),
        *_no_ids(tables),
        *_margin(tables),
        *_currency(tables),
        *_history(tables),
        *_ahead(tables, today or datetime.now(UTC).date()),
    )


def _unknown(tables: TableSet, name: str) -> list[str]:
    """Return a sentence for each column that refers to rows which another table does not have."""
    said = []
    for column, other in TABLES[name].references:
        if not tables.has(other) or column not in tables.columns(name):
            continue
        key = TABLES[other].key[0]
        values = tables.scan(name).filter(pl.col(column).is_not_null()).group_by(column).len()
        known = tables.scan(other).select(pl.col(key).alias(column)).unique()
        lonely = values.join(known, on=column, how="anti").select(pl.len().alias("values"), pl.col("len").sum().alias("rows"))
        found = lonely.collect(engine="streaming").row(0, named=True)
        if found["values"]:
            values_said, rows_said = counted(int(found["values"]), "value"), counted(int(found["rows"]))
            said.append(f"{name}: {values_said} of {column}, in {rows_said}, unknown to {other}; kept.")
    return said


def _unidentified(tables: TableSet) -> list[str]:
    """Return a sentence when no line leads to a customer: a column that was not mapped, as a rule."""
    if not tables.has("transactions") or "customer_id" not in tables.columns("transactions"):
        return []
    lines = tables.scan("transactions").select(pl.len(), pl.col("customer_id").count().alias("known")).collect(engine="streaming").row(0)
    if not lines[0] or lines[1]:
        return []
    return [
        (
            "transactions: no line has a customer, so nothing can be said of who buys. "
            "Map customer_id to the column of the card, account or customer number."
        )
    ]


def _no_ids(tables: TableSet) -> list[str]:
    """Return a sentence for each table where customers have an id that stands for none, and would be one great customer."""
    said = []
    for name in ("customers", "transactions", "contracts", "customer_snapshots"):
        if not tables.has(name) or "customer_id" not in tables.columns(name):
            continue
        rows = tables.scan(name).filter(pl.col("customer_id").str.to_lowercase().is_in(NO_IDS)).group_by("customer_id").len()
        found = rows.sort("len", "customer_id", descending=[True, False]).collect(engine="streaming")
        if len(found):
            marks = ", ".join(f"{mark!r}" for mark in found["customer_id"])
            said.append(
                f"{name}: {counted(int(found['len'].sum()))} with the customer_id {marks}, taken for a customer; "
                f"if it stands for no value, add nulls: [{marks}] to the source in the mapping file."
            )
    return said


def _margin(tables: TableSet) -> list[str]:
    if not tables.has("transactions") or tables.facts.assumed_margin_rate is not None:
        return []
    if "margin_amount" in tables.columns("transactions") or (tables.has("products") and "unit_margin" in tables.columns("products")):
        return []
    return [
        (
            "no margin is known: lines carry no margin_amount, products no unit_margin and no rate is assumed, so all values in margin "
            "stay empty. Declare assumed_margin_rate under company in the mapping file, 0.3 for 30 %."
        )
    ]


def _currency(tables: TableSet) -> list[str]:
    if not tables.has("transactions") or "currency" not in tables.columns("transactions"):
        return []
    others = tables.scan("transactions").filter(pl.col("currency") != tables.facts.currency).group_by("currency").len()
    found = others.sort("len", "currency", descending=[True, False]).collect(engine="streaming")
    if not len(found):
        return []
    listed = ", ".join(f"{code} {rows:,}" for code, rows in found.head(5).iter_rows())
    return [
        (
            f"transactions: {counted(int(found['len'].sum()))} were paid in another currency than {tables.facts.currency} ({listed}); "
            f"their amounts are taken to be in {tables.facts.currency} already."
        )
    ]


def _history(tables: TableSet) -> list[str]:
    if tables.facts.history_starts_on is not None or tables.facts.first_day is None:
        return []
    if not (tables.has("transactions") or tables.has("contracts")):
        return []
    return [
        (
            f"no source says when its history starts, so the first day seen, {tables.facts.first_day}, is taken; "
            "customers of long before then look new. State history_starts_on in the mapping file."
        )
    ]


def _ahead(tables: TableSet, today: date) -> list[str]:
    if tables.facts.last_day is None or tables.facts.last_day <= today:
        return []
    return [f"the last day in the data is {tables.facts.last_day}, which lies ahead; give --as-of, or work is done as of that day."]
