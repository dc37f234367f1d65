from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.loyalty import _running

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth


def test_running_sums_begin_anew_with_each_customer():
    sums = _running(np.array([0, 0, 2, 2, 2, 5]), np.array([1.0, 2.0, 10.0, 1.0, 1.0, 7.0]))
    assert sums.tolist() == [1, 3, 10, 11, 12, 7]
    assert _running(np.zeros(0, dtype=np.int64), np.zeros(0)).tolist() == []


def test_points_are_the_orders_and_vouchers_what_they_allow(clean: CompanyTruth):
    moves = pl.read_parquet(clean.data / "loyalty_movements.parquet")
    day = pl.col("occurred_at").dt.convert_time_zone("Europe/Paris").dt.date().alias("day")
    earned = moves.filter(pl.col("kind") == "earned").select("customer_id", day, "points")
    lines = pl.read_parquet(clean.data / "transactions.parquet")
    orders = (
        lines.group_by("customer_id", day)
        .agg(pl.col("net_amount").sum().round(2))
        .filter(pl.col("customer_id").str.tail(1).is_in(["0", "1", "2"]))
    )
    both = earned.join(orders, on=["customer_id", "day"], how="full", coalesce=True)
    assert (both["points"] == both["net_amount"].floor()).all()
    totals = moves.group_by("customer_id").agg(
        pl.col("points").filter(pl.col("kind") == "earned").sum().alias("earned"),
        pl.col("points").filter(pl.col("kind") == "burned").sum().alias("burned"),
        pl.col("tier").drop_nulls().len().alias("tiers"),
    )
    assert (totals["burned"] == (totals["earned"] // 500) * 500).all()
    assert (totals["tiers"] == (totals["earned"] >= 1000).cast(pl.Int32) + (totals["earned"] >= 3000).cast(pl.Int32)).all()
    burned = moves.filter(pl.col("kind") == "burned")
    assert (burned["value"] == burned["points"] / 100).all()


def test_identifiers_lead_to_customers_and_cannot_be_real(company: CompanyTruth):
    rows = pl.read_parquet(company.data / "identifiers.parquet")
    assert set(rows["id_type"]) == {"account", "card", "email"}
    assert rows.filter(pl.col("id_type") == "email")["id_value"].str.ends_with("@example.invalid").all()
    cards = rows.filter(pl.col("id_type") == "card").select("customer_id", "id_value")
    moves = pl.read_parquet(company.data / "loyalty_movements.parquet").select("customer_id", "card_id").unique()
    assert moves.join(cards, left_on=["customer_id", "card_id"], right_on=["customer_id", "id_value"], how="anti").height == 0
