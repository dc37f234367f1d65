"""Store purchases after a visit to the web site (research online, purchase offline), by window, alongside the base rate of visiting.

The people are the identified customers who have bought in a store, from the first instant at which any of their moments is known: the base
rate is that of the same people at the same instants. Visits of people who were not identified on the web are unknown, so the shares are
lower bounds; so is the base rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.channels import HUMAN_CHANNELS
from relkit.features.preceding_moments import preceding_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOWS_DAYS = (1, 7, 30)
WEB_KINDS = ("visit", "click", "app")
"""Kinds of touchpoints that lead to the web site or the application."""
STORE_CHANNELS = tuple(name for name in HUMAN_CHANNELS if name in {"store", "branch", "agency", "counter"})
"""Channels of a purchase in a store, if the purchase names no store."""


def visits_before_stores(moments: pl.DataFrame, purchases: pl.DataFrame, *, windows_days: Sequence[int] = WINDOWS_DAYS) -> pl.DataFrame:
    """Return one row per window.

    Args:
        moments: of `relkit.features.customer_moments`.
        purchases: of `relkit.features.customer_moments.purchases_of`.
        windows_days: of 24 hours.

    Returns:
        The columns of `relkit.features.preceding_moments`, the events being purchases in a store; no event if there are none.
    """
    bought = store_purchases(purchases)
    buyers = bought.select("customer_id").unique()
    people = moments.join(buyers, on="customer_id", how="semi").group_by("customer_id").agg(since=pl.col("at").min())
    visits = moments.filter(pl.col("kind").is_in(WEB_KINDS))
    return preceding_moments(bought, visits, people, windows_days=windows_days)


def store_purchases(purchases: pl.DataFrame) -> pl.DataFrame:
    """Return the purchases that name a store, or whose channel is one."""
    in_store = pl.col("channel").cast(pl.String).str.to_lowercase().is_in(STORE_CHANNELS).fill_null(value=False)
    return purchases.filter(pl.col("store_id").is_not_null() | in_store)
