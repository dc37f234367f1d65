"""From fitted models to the score table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.contracts import Column, Contract
from relkit.errors import TableError
from relkit.models import catalogue
from relkit.models.lifetime_value.uncertainty import interval
from relkit.scores.score_table import Source
from relkit.scores.scoring import scorable, score_model

DAY = date(2025, 6, 30)
RATE = Source(model="lifetime_value.bg_nbd", version="4", trained_as_of=DAY)


def scored(fitted, features, **more) -> pl.DataFrame:
    """Return the scores of a model, of the kinds of its role."""
    return score_model(fitted, features, kinds=catalogue.role_of(fitted.name).scores, as_of=DAY, source=RATE, **more).frame


def simulated_spells(n: int, *, seed: int) -> pl.DataFrame:
    """Return contracts of which a third still run, with a covariate that halves or doubles the hazard."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    life, seen = np.ceil(rng.exponential(400 * np.exp(-0.5 * x))), np.ceil(rng.uniform(30, 1000, n))
    return pl.DataFrame(
        {"customer_id": [f"k{i}" for i in range(n)], "duration_days": np.minimum(life, seen), "event": life <= seen, "x": x}
    )


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
    scores = scored(models[0], features, horizon_days=30)
    assert scores.group_by("score").len().sort("score").rows() == [
        ("expected_orders_30d", 400),
        ("order_probability_30d", 400),
        ("p_alive", (features["repeat_purchases"] > 0).sum()),
    ]
    wide = models[0].score(features, horizon_days=30)
    assert scores.filter(pl.col("score") == "p_alive")["value"].equals(wide["p_alive"].drop_nulls(), check_names=False)
    assert scores["version"].unique().to_list() == ["4"]


@pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"])
def test_a_score_has_the_bounds_of_the_delta_method(features, name):
    fitted = catalogue.make(f"lifetime_value.{name}").fit(features, as_of=DAY)
    scores = scored(fitted, features, horizon_days=30).sort("score")
    _, low, high = interval(fitted, lambda model: model.expected_purchases(features, 30), scale="log")
    assert scores.filter(score="expected_orders_30d")["lower"].to_numpy() == pytest.approx(low, rel=1e-12)
    assert scores.filter(score="expected_orders_30d")["upper"].to_numpy() == pytest.approx(high, rel=1e-12)
    if name != "nbd":
        _, low, high = interval(fitted, lambda model: model.probability_alive(features), scale="logit")
        found, known = scores.filter(score="p_alive"), fitted.tells_alive(features)
        assert found["lower"].to_numpy() == pytest.approx(low[known], rel=1e-12)
        assert found["upper"].to_numpy() == pytest.approx(high[known], rel=1e-12)


def test_a_score_that_no_parameter_moves_has_no_interval(features):
    """A model of constant spend has none; by the NBD every customer is alive, whatever the parameters, which is not a score."""
    nbd = catalogue.make("lifetime_value.nbd").fit(features, as_of=DAY)
    assert set(scored(nbd, features)["score"]) == {"expected_orders_90d", "order_probability_90d"}
    alike = features.with_columns(mean_repeat_value=pl.when(pl.col("repeat_purchases") > 0).then(20.0))
    constant = catalogue.make("lifetime_value.gamma_gamma").fit(alike, as_of=DAY)
    assert scored(constant, alike)["lower"].null_count() == len(alike)


def test_intervals_can_be_left_out(models, features):
    scores = scored(models[0], features, intervals=False)
    assert scores["lower"].null_count() == scores["upper"].null_count() == len(scores)


@pytest.mark.parametrize("name", ["cox", "kaplan_meier"])
def test_a_curve_has_bounds_of_its_own(name):
    spells = simulated_spells(800, seed=2)
    given = {"covariates": ("x",)} if name == "cox" else {}
    fitted = catalogue.make(f"survival.{name}", given).fit(spells, as_of=DAY)
    running = spells.filter(~pl.col("event"))
    scores = scored(fitted, running)
    assert scores["lower"].null_count() == 0
    assert (scores["lower"] < scores["value"]).all()
    assert (scores["value"] < scores["upper"]).all()


def test_a_model_without_standard_errors_gives_no_interval(models, features):
    lost = replace(models[0], covariance=np.full((4, 4), np.nan))
    assert scored(lost, features)["lower"].is_null().all()


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
        scored(models[0], features.drop("observed_days"))
