"""Rows of a table known as of a cutoff: the one place where the future is kept out.

A fact with an instant is known if it happened, and was recorded, before the cutoff. A fact that has
only a day counts from the start of that day, so a cutoff in the middle of a day knows the facts of
that whole day unless their `recorded_at` is later. Columns about later steps of
a row (an end, a repair) are left to the module that reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.tables.disagreements import one_per_fact
from relkit.tables.schemas import TABLES

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
    "contacts": "sent_at",
    "outcomes": "occurred_at",
    "surveys": "answered_at",
    "consents": "changed_at",
    "suppressions": "starts_at",
    "cases": "opened_at",
}
"""The column with the time at which a row became true, for every table that features read."""

YEAR_DAYS = 365
"""Length of the windows named 12m: the same for every cutoff, so that figures can be compared."""
RECENT_DAYS = 30
"""Length of the windows named 30d."""


def known_rows(tables: TableSet, table: str, as_of: AsOf, *columns: str) -> pl.LazyFrame:
    """Return the rows of `table` that were known at `as_of`, lazily.

    Of rows that disagree on one fact the more restrictive one is returned (`relkit.tables.disagreements`), unless the reader of the table
    weighs them all, as that of consents.

    A row without a time of occurrence (no value, or no such column) was always true; one without
    a recording time was recorded when it happened.

    Args:
        tables: the company.
        table: name of a table that features read.
        as_of: cutoff of what is known.
        columns: to return, in that order; one that no source gave is null. All if none is named.
    """
    rows = tables.scan(table)
    schema = rows.collect_schema()
    rows = rows.filter(is_known(table, schema, as_of))
    if tables.facts.disagreements.get(table):
        rows = one_per_fact(rows, TABLES[table], schema.names())
    if not columns:
        return rows
    return rows.select(pl.col(name) if name in schema else _nothing(table, name) for name in columns)


def is_known(table: str, schema: pl.Schema, as_of: AsOf) -> pl.Expr:
    """Return the filter for rows of `table`, which have the columns of `schema`, that were known at `as_of`."""
    dated = [name for name in (HAPPENED[table], "recorded_at") if name in schema]
    return pl.all_horizontal([pl.lit(value=True), *(_before(name, schema[name], as_of) for name in dated)])


def _before(column: str, dtype: pl.DataType, as_of: AsOf) -> pl.Expr:
    edge = pl.col(column) <= as_of.day if dtype == pl.Date else pl.col(column) < as_of.cutoff
    return pl.col(column).is_null() | edge


def _nothing(table: str, column: str) -> pl.Expr:
    return pl.lit(None, TABLES[table][column].dtype).alias(column)


def within(instant: str, as_of: AsOf, days: int) -> pl.Expr:
    """Return the filter for known facts of the last `days` business days, the last being the day of the cutoff."""
    return pl.col(instant) >= as_of.minus(days=days).cutoff


def marked_as_test(tables: TableSet) -> pl.Series:
    """Return the ids of test accounts, which no feature counts; empty if no table marks any."""
    if not tables.has("customers") or "is_test" not in tables.columns("customers"):
        return pl.Series("customer_id", [], dtype=pl.String)
    return tables.scan("customers").filter(pl.col("is_test").fill_null(value=False)).select("customer_id").collect()["customer_id"]
