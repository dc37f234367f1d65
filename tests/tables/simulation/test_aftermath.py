"""Disturbances of sales in the hard world, as observed in the table transactions; tolerances are 4 standard errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation import Disturbances

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth

PLANTED = Disturbances()
EARLY = pl.datetime(2025, 1, 1, time_zone="UTC")
"""Sales before this day have had half a year to be recorded and returned."""


@pytest.fixture(scope="module")
def lines(hard: CompanyTruth) -> pl.DataFrame:
    return pl.read_parquet(hard.data / "transactions.parquet")


def test_the_clean_world_has_sales_only(clean: CompanyTruth):
    rows = pl.read_parquet(clean.data / "transactions.parquet")
    assert set(rows["line_kind"]) == {"sale"}
    assert (rows["discount_amount"] == 0).all()
    assert ((rows["recorded_at"] - rows["occurred_at"]).dt.total_seconds() < 600).all()
    assert not rows.drop("transaction_line_id").is_duplicated().any()


def test_returns_take_back_a_share_of_the_lines(lines: pl.DataFrame):
    sold = lines.filter((pl.col("line_kind") == "sale") & (pl.col("occurred_at") < EARLY))
    returns = lines.filter(pl.col("line_kind") == "return")
    pairs = sold.join(returns, left_on="transaction_line_id", right_on="return_of", suffix="_back")
    share = PLANTED.return_share * (1 - PLANTED.cancel_share)
    assert abs(len(pairs) / len(sold) - share) < 4 * np.sqrt(share / len(sold))
    assert (pairs["net_amount_back"] == -pairs["net_amount"]).all()
    assert (pairs["margin_amount_back"] == -pairs["margin_amount"]).all()
    assert (pairs["quantity_back"] == -pairs["quantity"]).all()
    waited = (pairs["occurred_at_back"] - pairs["occurred_at"]).dt.total_days().to_numpy()
    assert waited.min() == 1
    assert abs(waited.mean() - (1 + 1 / np.expm1(1 / PLANTED.return_mean_days))) < 4 * PLANTED.return_mean_days / np.sqrt(len(waited))


def test_cancellations_take_back_whole_orders_on_the_day(lines: pl.DataFrame):
    sold = lines.filter(pl.col("line_kind") == "sale")
    cancels = lines.filter(pl.col("line_kind") == "cancel")
    taken = pl.col("transaction_line_id").is_in(cancels["return_of"].implode())
    orders = sold.group_by("transaction_id").agg(pl.len(), taken.sum().alias("n"))
    assert orders["n"].is_in([0]).sum() + (orders["n"] == orders["len"]).sum() == len(orders)
    share = (orders["n"] > 0).mean()
    assert abs(share - PLANTED.cancel_share) < 4 * np.sqrt(PLANTED.cancel_share / len(orders))
    pairs = cancels.join(sold, left_on="return_of", right_on="transaction_line_id", suffix="_sold")
    assert ((pairs["occurred_at"] - pairs["occurred_at_sold"]).dt.total_seconds() < 3600).all()


def test_small_orders_from_afar_pay_a_fee(lines: pl.DataFrame):
    orders = (
        lines.filter(pl.col("line_kind") == "sale").group_by("transaction_id").agg(pl.col("net_amount").sum(), pl.col("channel_id").first())
    )
    due = orders.filter((pl.col("net_amount") < PLANTED.fee_below) & pl.col("channel_id").is_in(["web", "app"]))
    fees = lines.filter(pl.col("line_kind") == "fee")
    assert set(fees["transaction_id"]) == set(due["transaction_id"])
    assert set(fees["net_amount"]) == {PLANTED.fee}
    cards = lines.filter(pl.col("line_kind") == "gift_card")
    assert abs(len(cards) / len(orders) - PLANTED.gift_card_share) < 4 * np.sqrt(PLANTED.gift_card_share / len(orders))


def test_a_share_of_orders_is_recorded_late_and_the_latest_are_not_there_yet(lines: pl.DataFrame):
    sold = lines.filter(pl.col("line_kind") == "sale").unique("transaction_id")
    early = sold.filter(pl.col("occurred_at") < EARLY)
    late = (early["recorded_at"] - early["occurred_at"]).dt.total_days() >= 1
    assert abs(late.mean() - PLANTED.late_share) < 4 * np.sqrt(PLANTED.late_share / len(early))
    waited = (early["recorded_at"] - early["occurred_at"]).dt.total_days().filter(late)
    assert abs(waited.mean() - (1 + 1 / np.expm1(1 / PLANTED.late_mean_days))) < 4 * PLANTED.late_mean_days / np.sqrt(len(waited))
    last_week = sold.filter(pl.col("occurred_at") > pl.datetime(2025, 6, 23, time_zone="UTC"))
    assert ((last_week["recorded_at"] - last_week["occurred_at"]).dt.total_days() >= 1).mean() < PLANTED.late_share
    assert lines["recorded_at"].max() < pl.select(pl.datetime(2025, 6, 30, 22, time_zone="UTC")).item()


def test_promotions_sell_more_of_their_category_at_a_discount(hard: CompanyTruth, lines: pl.DataFrame):
    products = pl.read_parquet(hard.data / "products.parquet").unique("product_id").select("product_id", "category_2")
    promotions = pl.read_parquet(hard.data / "calendar.parquet").filter(pl.col("kind") == "promotion")
    sold = lines.filter(pl.col("line_kind") == "sale").join(products, on="product_id")
    sold = sold.with_columns(day=pl.col("occurred_at").dt.convert_time_zone("Europe/Paris").dt.date())
    running = sold.join_where(promotions, pl.col("day") >= pl.col("starts_on"), pl.col("day") <= pl.col("ends_on"))
    there = running.filter(pl.col("category_2") == pl.col("scope"))
    assert (there["discount_amount"] - 0.2 * (there["net_amount"] + there["discount_amount"])).abs().max() <= 0.0051
    assert set(there["discount_funder"].drop_nulls()) == {"shared"}
    assert sold.filter(pl.col("discount_amount") > 0).height == there.filter(pl.col("discount_amount") > 0).height
    a_day = len(running) / (10 * len(promotions))
    assert a_day / (len(sold) / 1096) > 1.3
