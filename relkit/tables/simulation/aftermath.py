"""Consequences of a sale in the hard world: returns, cancellations, delivery fees, gift cards; and late recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.sales import RECORDED_WITHIN_S, instants
from relkit.units import US_A_DAY, US_A_SECOND

if TYPE_CHECKING:
    from relkit.tables.simulation.parameters import Disturbances

GIFT_CARD = 20.0
ONLINE = ("web", "app")


def with_aftermath(rng: np.random.Generator, sales: pl.DataFrame, planted: Disturbances, end_us: int) -> pl.DataFrame:
    """Return the lines of sale and those that followed from them, in so far as they were recorded before `end_us`.

    Args:
        rng: source of the draws.
        sales: the table transactions with lines of kind sale only, grouped by transaction.
        planted: shares and sizes.
        end_us: first instant after the data, UTC microseconds.
    """
    first = sales["transaction_id"] != sales["transaction_id"].shift(1, fill_value="")
    position = first.cum_sum().cast(pl.Int64) - 1
    orders = sales.filter(first)
    cancelled = rng.random(len(orders)) < planted.cancel_share
    is_cancelled = cancelled[position.to_numpy()] if len(sales) else np.zeros(0, dtype=bool)
    is_returned = (rng.random(len(sales)) < planted.return_share) & ~is_cancelled
    delay = 1 + np.floor(rng.exponential(planted.return_mean_days, len(sales))).astype(np.int64)
    totals = sales.group_by("transaction_id", maintain_order=True).agg(pl.col("net_amount").sum())["net_amount"]
    pays_fee = (totals < planted.fee_below) & orders["channel_id"].is_in(ONLINE)
    buys_card = pl.Series(rng.random(len(orders)) < planted.gift_card_share)
    seconds = rng.integers(60, 3600, len(sales))
    frames = [
        sales,
        _taken_back(sales.filter(is_returned), "return", delay[is_returned] * US_A_DAY, rng),
        _taken_back(sales.filter(is_cancelled), "cancel", seconds[is_cancelled] * US_A_SECOND, rng),
        _added(orders.filter(pays_fee), "fee", "8", planted.fee),
        _added(orders.filter(buys_card), "gift_card", "9", GIFT_CARD),
    ]
    known = pl.concat([frame.select(sales.columns) for frame in frames]).filter(pl.col("recorded_at") < instants(np.array([end_us])))
    return known.filter(pl.col("return_of").is_null() | pl.col("return_of").is_in(known["transaction_line_id"].implode()))


def _taken_back(
    lines: pl.DataFrame, kind: str, after_us: np.ndarray[tuple[int], np.dtype[np.int64]], rng: np.random.Generator
) -> pl.DataFrame:
    """Return lines that reverse others, `after_us` later."""
    occurred = lines["occurred_at"].to_physical().to_numpy() + after_us
    return lines.with_columns(
        transaction_line_id=pl.lit(kind[0].upper()) + pl.col("transaction_line_id"),
        transaction_id=pl.lit(kind[0].upper()) + pl.col("transaction_id"),
        return_of=pl.col("transaction_line_id"),
        line_kind=pl.lit(kind),
        quantity=-pl.col("quantity"),
        net_amount=-pl.col("net_amount"),
        margin_amount=-pl.col("margin_amount"),
        discount_amount=pl.lit(None, pl.Float64),
        discount_funder=pl.lit(None, pl.String),
        occurred_at=instants(occurred),
        recorded_at=instants(occurred + rng.integers(0, RECORDED_WITHIN_S, len(lines)) * US_A_SECOND),
    )


def _added(lines: pl.DataFrame, kind: str, rank: str, amount: float) -> pl.DataFrame:
    """Return one more line for each transaction, with the place `rank`, which no line of a sale has."""
    return lines.with_columns(
        transaction_line_id=pl.col("transaction_line_id").str.head(-1) + rank,
        line_kind=pl.lit(kind),
        product_id=pl.lit(None, pl.String),
        quantity=pl.lit(1.0),
        net_amount=pl.lit(amount),
        margin_amount=pl.lit(None, pl.Float64),
        discount_amount=pl.lit(None, pl.Float64),
        discount_funder=pl.lit(None, pl.String),
    )
