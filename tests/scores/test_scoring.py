"""From fitted models to the score table."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.contracts import Column, Contract
from relkit.errors import ParameterError, TableError
from relkit.models import catalogue
from relkit.scores.score_table import Source
from relkit.scores.scoring import future_margin, scorable, score_model

DAY = date(2025, 6, 30)
RATE = Source(model="lifetime_value.bg_nbd", version="4", trained_as_of=DAY)
BOTH = RATE.with_(Source(model="lifetime_value.gamma_gamma", version="2", trained_as_of=DAY))


@pytest.fixture(scope="module")
def features() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    n = 400
    observed = rng.integers(100, 700, n).astype(float)
    repeats = rng.poisson(rng.gamma(0.8, 2.0, n))
    last = np.where(repeats > 0, np.floor(observed * rng.beta(3, 1, n)), 0.0)
    value = np.where(repeats > 0, rng.gamma(6.0, 6.0, n), np.nan)
    return pl.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "repeat_purchases": repeats,
            "last_purchase_age_days": last,
            "observed_days": observed,
            "mean_repeat_value": value,
        }
    ).with_columns(pl.col("mean_repeat_value").fill_nan(None))


@pytest.fixture(scope="module")
def models(features):
    return tuple(catalogue.make(f"lifetime_value.{name}").fit(features, as_of=DAY) for name in ("bg_nbd", "gamma_gamma"))


def test_a_model_gives_a_row_a_customer_and_score(models, features):
    scores = score_model(models[0], features, as_of=DAY, source=RATE, horizon_days=30)
    assert scores.group_by("score").len().sort("score").rows() == [("expected_orders_30d", 400), ("p_alive", 400)]
    wide = models[0].score(features, horizon_days=30)
    assert scores.filter(pl.col("score") == "p_alive")["value"].equals(wide["p_alive"], check_names=False)
    assert scores["version"].unique().to_list() == ["4"]


def test_future_margin_without_discount_is_orders_times_value_times_rate(models, features):
    margin = future_margin(*models, features, as_of=DAY, source=BOTH, margin_rate=0.3, annual_discount_rate=0.0)
    expected = models[0].expected_purchases(features, 730) * models[1].expected_order_value(features) * 0.3
    assert np.allclose(margin["value"].to_numpy(), expected, rtol=1e-12)
    assert margin.select("score", "model", "version", "horizon_days").unique().rows() == [
        ("future_margin_24m", "lifetime_value.bg_nbd+lifetime_value.gamma_gamma", "4+2", 730)
    ]


def test_discounting_lowers_it_and_a_longer_horizon_raises_it(models, features):
    def total(**given):
        return float(future_margin(*models, features, as_of=DAY, source=BOTH, margin_rate=0.3, **given)["value"].sum())

    assert total(annual_discount_rate=0.0) > total() > total(annual_discount_rate=0.5)
    assert total(horizon_months=36) > total() > total(horizon_months=12)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"margin_rate": 30.0}, r"margin_rate is 30.0; it must lie in \[0, 1\]. Write 0.30 for 30 %"),
        ({"margin_rate": 0.3, "horizon_months": 0}, r"horizon_months is 0; it must be at least 1"),
        ({"margin_rate": 0.3, "annual_discount_rate": -0.1}, r"annual_discount_rate is -0.1"),
    ],
)
def test_impossible_settings_are_refused(models, features, given, said):
    with pytest.raises(ParameterError, match=said):
        future_margin(*models, features, as_of=DAY, source=BOTH, **given)


def test_rows_that_lack_what_a_model_must_know_are_set_aside():
    needs = Contract(
        name="m",
        key=(),
        columns=(
            Column(name="monthly_amount", dtype=pl.Float64, required=True, nullable=False),
            Column(name="mean_repeat_value", dtype=pl.Float64, required=True),
            Column(name="absent", dtype=pl.Float64, required=True, nullable=False),
        ),
    )
    frame = pl.DataFrame({"customer_id": ["a", "b", "c"], "monthly_amount": [1.0, None, 3.0], "mean_repeat_value": [None, 1.0, 2.0]})
    kept, aside = scorable(frame, needs)
    assert (kept["customer_id"].to_list(), aside) == (["a", "c"], 1)


def test_a_missing_column_is_named(models, features):
    with pytest.raises(TableError, match=r"column 'observed_days' is missing"):
        score_model(models[0], features.drop("observed_days"), as_of=DAY, source=RATE)
