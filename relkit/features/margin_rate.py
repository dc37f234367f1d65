"""Margin rate over all sales, which turns expected order values into expected margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from relkit.features.known_rows import known_rows
from relkit.features.margins import with_margins

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_READ = ("customer_id", "occurred_at", "product_id", "quantity", "net_amount", "margin_amount", "line_kind")


@dataclass(frozen=True)
class MarginRate:
    """Margin over net amount, in [0, 1], and where it comes from: measured on every line, assumed for some, or given."""

    rate: float
    source: Literal["measured", "assumed", "given"]


def margin_rate(tables: TableSet, as_of: AsOf) -> MarginRate | None:
    """Return the margin rate of what identified customers bought, as known at `as_of`.

    It is the sum of the margins (see `relkit.features.margins`) over the net amount of the lines whose margin is
    known, net of returns and cancels, and 0 for a company that sells below cost. None if no margin is known.

    Raises:
        TableError: there is no transactions table.
    """
    lines = known_rows(tables, "transactions", as_of, *_READ).filter(
        pl.col("customer_id").is_not_null(), pl.col("line_kind").is_in(["sale", "return", "cancel"])
    )
    known = with_margins(lines.with_columns(as_of.business_day("occurred_at").alias("day")), tables, as_of).filter(
        pl.col("margin").is_not_null()
    )
    sums = known.select(pl.col("margin").sum(), pl.col("net_amount").sum(), pl.col("margin_is_measured").all())
    margin, net, measured = sums.collect(engine="streaming").row(0)
    if net <= 0:
        return None
    # Rounded, so that a declared rate is returned unchanged.
    return MarginRate(min(1.0, max(0.0, round(margin / net, 9))), "measured" if measured else "assumed")
