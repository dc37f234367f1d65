"""Rows of a table that were known as of an edge: the one place where the future is kept out.

A fact with an instant is known when it happened, and was recorded, before the edge. A fact that bears
only a day counts from the start of that day, so an instant in the middle of a day knows the facts of
that whole day unless their `recorded_at` says that they came later. Columns of plans (an end that is
announced) are the business of the module that reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

HAPPENED = {
    "customers": "created_on",
    "customer_snapshots": "as_of",
    "identifiers": "valid_from",
    "transactions": "occurred_at",
    "products": "valid_from",
    "contracts": "valid_from",
    "assignments": "drawn_at",
    "contacts": "sent_at",
    "outcomes": "occurred_at",
    "touchpoints": "occurred_at",
    "surveys": "answered_at",
    "consents": "changed_at",
    "suppressions": "starts_at",
    "loyalty_movements": "occurred_at",
    "costs": "valid_from",
    "cases": "opened_at",
}
"""The column that says when a row became true, by table; tables that are not here bear no such column."""

RECORDED = ("recorded_at", "known_at")
"""Columns that say when the company learnt of a row, where a source gives them."""


def known_rows(tables: TableSet, table: str, as_of: AsOf) -> pl.LazyFrame:
    """Return the rows of `table` that were known at `as_of`, lazily.

    A row that does not say when it happened (no value, or no such column) was always true; one that
    does not say when it was recorded was recorded when it happened.
    """
    rows = tables.scan(table)
    schema = rows.collect_schema()
    dated = [name for name in (HAPPENED.get(table), *RECORDED) if name in schema]
    return rows.filter(*[_before(name, schema[name], as_of) for name in dated if name is not None])


def _before(column: str, dtype: pl.DataType, as_of: AsOf) -> pl.Expr:
    edge = pl.col(column) <= as_of.day if dtype == pl.Date else pl.col(column) < as_of.cutoff
    return pl.col(column).is_null() | edge


def marked_as_test(tables: TableSet) -> pl.Series:
    """Return the ids of test accounts, which no feature counts; empty where no table marks any."""
    if not tables.has("customers") or "is_test" not in tables.columns("customers"):
        return pl.Series("customer_id", [], dtype=pl.String)
    return tables.scan("customers").filter(pl.col("is_test").fill_null(value=False)).select("customer_id").collect()["customer_id"]
