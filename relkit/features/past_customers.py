"""Customers of the past as if they had been drawn: what they bought before a day, and in the windows after it.

They show what a campaign has to be seen against: how much customers differ, and how much of it was known before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import TableError
from relkit.features.campaign_draws import households
from relkit.features.campaign_maturity import maturity_of
from relkit.features.campaign_measures import Measure, measures_of
from relkit.features.campaign_outcomes import sums_of
from relkit.features.campaign_scope import offers_carried
from relkit.features.known_rows import YEAR_DAYS
from relkit.features.purchase_days import purchase_days
from relkit.periods import AsOf

if TYPE_CHECKING:
    from datetime import date

    from relkit.features.campaign_windows import Windows
    from relkit.tables.table_set import TableSet

_NO_ACTION = ""


@dataclass(frozen=True, eq=False)
class PastCustomers:
    """Customers on a day of the past.

    Attributes:
        units: one row per customer, in order of customer_id: customer_id, cluster_id, and the columns of the measures.
        measures: as of `relkit.features.campaign_units`, without guardrails.
        day: the day; both windows after it are known and settled.
    """

    units: pl.DataFrame
    measures: tuple[Measure, ...]
    day: date


def past_customers(tables: TableSet, as_of: AsOf, windows: Windows) -> PastCustomers:
    """Return the customers with an order in the year before the last day whose windows are known, as if drawn at its end.

    Raises:
        TableError: there are no transactions, or nobody had ordered by that day.
    """
    if not tables.has("transactions"):
        raise TableError("a plan needs transactions, which show how much customers differ.", where="transactions")
    maturity = maturity_of(tables, as_of)
    day = maturity.known_until - timedelta(days=windows.length_days + maturity.settle_days)
    eve = AsOf.end_of(day, zone=as_of.zone)
    bought = purchase_days(tables, eve).filter(pl.col("day") > eve.minus(days=YEAR_DAYS).day)
    rows = bought.select(pl.col("customer_id").cast(pl.String)).unique().sort("customer_id").with_row_index("unit")
    if rows.is_empty():
        raise TableError(
            f"nobody had ordered in the year before {day}, the last day whose windows are known.",
            where="transactions",
            remedy="Plan with shorter windows, or once there is more history.",
        )
    placed = rows.with_columns(drawn_on=pl.lit(day), drawn_at=pl.lit(eve.cutoff, pl.Datetime("us", "UTC")))
    sums, _ = sums_of(tables, as_of, placed, offers_carried(tables, as_of, action_id=_NO_ACTION), windows)
    homes = households(tables, rows["customer_id"])
    units = rows.with_columns(cluster_id=homes).join(sums, on="unit", how="left", maintain_order="left").drop("unit")
    return PastCustomers(units, tuple(each for each in measures_of(units.columns) if not each.is_guardrail), day)
