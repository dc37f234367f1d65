"""The truth about customers: it adds up, and expected values come true on average (4 standard errors)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation.actions import ACTIONS
from relkit.tables.simulation.assortment import CATEGORIES

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth


@pytest.fixture
def truth(company: CompanyTruth) -> pl.DataFrame:
    return company.customers.collect()


def test_margins_are_those_of_purchases_and_contracts(company: CompanyTruth, truth: pl.DataFrame):
    contracts = company.contracts.collect()
    for how in ("expected", "realised"):
        for h in (365, 730):
            parts = truth[f"{how}_purchase_margin_{h}d"] + truth[f"{how}_contract_margin_{h}d"]
            np.testing.assert_allclose(truth[f"{how}_margin_{h}d"], parts)
            assert truth[f"{how}_contract_margin_{h}d"].sum() == pytest.approx(contracts[f"{how}_contract_margin_{h}d"].sum())
        assert (truth[f"{how}_margin_730d"] >= truth[f"{how}_margin_365d"]).all()


@pytest.mark.parametrize("what", ["orders", "purchase_margin", "contract_margin", "margin"])
@pytest.mark.parametrize("h", [365, 730])
def test_what_was_expected_came_about_on_average(truth: pl.DataFrame, what: str, h: int):
    gap = (truth[f"realised_{what}_{h}d"] - truth[f"expected_{what}_{h}d"]).to_numpy()
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(len(gap))
    assert gap.std() > 0


def test_contracts_end_as_often_as_their_hazards_say(company: CompanyTruth):
    running = company.contracts.filter("is_running").collect()
    for h in (90, 365):
        ended = (running["ends_on"] - date(2025, 6, 30)).dt.total_days() <= h
        p = running[f"churn_probability_{h}d"].to_numpy()
        assert abs(ended.to_numpy().sum() - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum())


def test_kinds_are_what_customers_did(company: CompanyTruth, truth: pl.DataFrame):
    bought = set(pl.read_parquet(company.data / "transactions.parquet")["customer_id"])
    held = set(pl.read_parquet(company.data / "contracts.parquet")["customer_id"])
    seen = truth.with_columns(buys=pl.col("customer_id").is_in(list(bought)), holds=pl.col("customer_id").is_in(list(held)))
    assert not seen.filter(pl.col("kind") == "prospect").select(pl.any_horizontal("buys", "holds").any()).item()
    assert seen.filter(pl.col("kind").is_in(["contract", "both"]))["holds"].all()
    assert not seen.filter(pl.col("kind") == "contract")["buys"].any()
    fresh = seen.filter(pl.col("kind").is_in(["buyer", "both"]) & ~pl.col("is_left_censored"))
    assert fresh["buys"].mean() > 0.999  # in the hard world a first order may still be unrecorded
    shares = dict(truth.group_by("kind").agg(pl.len() / len(truth)).iter_rows())
    assert 0.07 < shares["prospect"] < 0.11
    assert 0.13 < shares["contract"] < 0.20  # a fifth comes as such; actions bring a quarter of them to a first order


def test_traits_of_buyers_are_hidden_where_nobody_bought(truth: pl.DataFrame):
    never = truth.filter(pl.col("first_ordered_on").is_null())
    assert never["purchase_rate_per_week"].null_count() == never["is_active"].null_count() == len(never)
    assert (never["expected_orders_365d"] == 0).all()
    assert (never["realised_orders_730d"] == 0).all()
    gone = truth.filter(~pl.col("is_active"))
    assert (gone["expected_orders_730d"] == 0).all()
    assert gone.filter(pl.col("realised_orders_730d") > 0).height == 0


def test_affinities_are_probabilities(truth: pl.DataFrame):
    sums = truth.select(pl.sum_horizontal(f"affinity_{name}" for name in CATEGORIES)).to_series()
    np.testing.assert_allclose(sums, 1)


def test_effects_are_known_for_those_they_concern(company: CompanyTruth, truth: pl.DataFrame):
    buys = pl.col("kind").is_in(["buyer", "both"])
    assert truth.filter(buys)["effect_welcome_offer"].null_count() == truth.filter(buys).height
    assert truth.filter(~buys)["effect_welcome_offer"].null_count() == 0
    assert truth.filter(buys)["effect_newsletter"].null_count() == 0
    assert (truth["effect_newsletter"].drop_nulls() == 0).all()
    assert truth.filter(pl.col("contracts_running") > 0)["effect_retention_call"].null_count() == 0
    hard = company.parameters["company"]["world"] == "hard"
    for action in ACTIONS:
        values = truth[f"effect_{action.id}"].drop_nulls()
        assert values.abs().max() <= abs(action.mean) + abs(action.slope)
        assert (values.std() > 0) == (action.slope != 0 and (hard or not action.breaks_assumptions))


def test_the_main_contract_gives_the_risk(company: CompanyTruth, truth: pl.DataFrame):
    contracts = company.contracts.filter("is_running").collect()
    several = contracts.filter(pl.len().over("customer_id") > 1)
    largest = several.sort("monthly_amount", descending=True).unique("customer_id", keep="first", maintain_order=True)
    both = truth.join(largest, on="customer_id", suffix="_main")
    assert len(both) > 100
    assert (both["churn_probability_90d"] == both["churn_probability_90d_main"]).all()
    counts = contracts.group_by("customer_id").len("n").join(truth, on="customer_id")
    assert (counts["n"] == counts["contracts_running"]).all()
