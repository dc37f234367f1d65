"""The months that contracts should run yet, against closed forms of the conditional mean life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy.special import gamma, gammaincc

from relkit.models.lifetime_value.discounted_months import discounted_months, months_ahead
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.models.survival.remaining_life import remaining_months, remaining_months_errors
from relkit.scores.remaining_life import remaining_life
from relkit.scores.score_table import Source
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.metrics.risk_sets import Floats

AGES = np.array([0.0, 45.0, 400.0, 2000.0])
CONTRACTS = pl.DataFrame({"customer_id": list("abcd"), "duration_days": AGES})
DAY = date(2025, 6, 30)
TOLD = Source(model="survival.cox", version="1", trained_as_of=DAY)


@dataclass(frozen=True)
class Known:
    """A model whose survival from the start is a formula."""

    survival: Callable[[Floats], Floats]

    def survival_ahead(self, features: pl.DataFrame, days: Floats) -> Floats:
        ages = features["duration_days"].to_numpy()[:, None]
        return self.survival(ages + days) / self.survival(ages)


def weibull(shape: float, scale: float) -> Known:
    return Known(lambda t: np.exp(-((t / scale) ** shape)))


def mean_ahead(shape: float, scale: float, ages: Floats, until: Floats | float = np.inf) -> Floats:
    """Return the integral of S over [age, until] over S(age): incomplete gamma functions (Lawless 2003, 1.3.2)."""
    k = 1 / shape
    upper = np.zeros(len(ages)) if np.isinf(until).all() else gammaincc(k, (until / scale) ** shape)
    whole = scale * k * gamma(k) * (gammaincc(k, (ages / scale) ** shape) - upper)
    return np.asarray(whole / np.exp(-((ages / scale) ** shape)))


@pytest.mark.parametrize("shape", [0.8, 1.0, 1.25, 2.0])
@pytest.mark.parametrize("months", [6, 24, 60])
def test_of_a_horizon_as_the_formula_says(shape: float, months: int) -> None:
    """The middle of a month stands for it: at most half a day in five years, where hazards of young contracts fall fastest."""
    found = remaining_months(weibull(shape, 1000.0), CONTRACTS, months)
    truth = mean_ahead(shape, 1000.0, AGES, AGES + months * DAYS_PER_MONTH) / DAYS_PER_MONTH
    assert found == pytest.approx(truth, abs=0.5 / DAYS_PER_MONTH)


@pytest.mark.parametrize("shape", [0.8, 1.0, 1.25, 2.0])
def test_without_end_as_the_formula_says(shape: float) -> None:
    found = remaining_months(weibull(shape, 1000.0), CONTRACTS, None)
    assert found == pytest.approx(mean_ahead(shape, 1000.0, AGES) / DAYS_PER_MONTH, rel=1e-3)


def test_a_life_without_a_mean_has_no_number() -> None:
    """Pareto tails of index 0.5 and 1 have no mean; one of index 3 has (scale + age) / 2."""
    for index in (0.5, 1.0):
        heavy = Known(lambda t, index=index: (1 + t / 100.0) ** -index)
        assert np.isnan(remaining_months(heavy, CONTRACTS, None)).all()
        assert np.isfinite(remaining_months(heavy, CONTRACTS, 24)).all()
    light = Known(lambda t: (1 + t / 1000.0) ** -3.0)
    assert remaining_months(light, CONTRACTS, None) == pytest.approx((1000.0 + AGES) / 2 / DAYS_PER_MONTH, rel=2e-3)


def test_it_is_the_margin_ahead_of_one_a_month_undiscounted() -> None:
    model = weibull(1.25, 800.0)
    assert (remaining_months(model, CONTRACTS, 24) == discounted_months(model, CONTRACTS, months_ahead(24, 0.0))).all()


def spells() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    life, seen = rng.weibull(1.3, 3000) * 700, rng.uniform(30, 1500, 3000)
    return pl.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(3000)],
            "duration_days": np.ceil(np.minimum(life, seen)),
            "event": life <= seen,
            "entry_days": np.zeros(3000),
        }
    )


def test_restricted_mean_of_a_curve_agrees_with_lifelines() -> None:
    """Compared with lifelines 0.30: KaplanMeierFitter and restricted_mean_survival_time, from the start, up to 36 months."""
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    frame = spells()
    fitted = KaplanMeier().fit(frame, as_of=DAY)
    peer = KaplanMeierFitter().fit(frame["duration_days"].to_numpy(), frame["event"].to_numpy())
    mean = restricted_mean_survival_time(peer, t=36 * DAYS_PER_MONTH) / DAYS_PER_MONTH
    new = pl.DataFrame({"customer_id": ["x"], "duration_days": [0.0]})
    assert remaining_months(fitted, new, 36)[0] == pytest.approx(float(mean), abs=0.5 / DAYS_PER_MONTH)


def test_the_score_lies_within_its_bounds_and_its_horizon() -> None:
    frame = spells()
    fitted = KaplanMeier().fit(frame, as_of=DAY)
    running = frame.filter(~pl.col("event"))
    for months, name in ((24, "expected_remaining_months_24m"), (None, "expected_remaining_months_endless")):
        scores = remaining_life(fitted, running, months=months, as_of=DAY, source=TOLD).frame
        assert scores["score"].unique().to_list() == [name]
        assert len(scores) == len(running)
        assert ((scores["lower"] < scores["value"]) & (scores["value"] < scores["upper"])).all()
        assert scores["upper"].max() <= (months or np.inf)  # type: ignore[operator]
        assert remaining_life(fitted, running, months=months, as_of=DAY, source=TOLD, intervals=False).frame["lower"].is_null().all()


def test_bounds_of_the_mean_life_hold_the_truth() -> None:
    """Of 40 samples of 3,000, the 95 % bounds at age 0 contain the truth in at least 34 (38 expected; fewer: one in a hundred)."""
    truth = float(mean_ahead(1.3, 700.0, np.zeros(1), np.full(1, 24 * DAYS_PER_MONTH))[0]) / DAYS_PER_MONTH
    rng, held = np.random.default_rng(8), 0
    new = pl.DataFrame({"customer_id": ["x"], "duration_days": [0.0]})
    for _ in range(40):
        life, seen = rng.weibull(1.3, 3000) * 700, rng.uniform(30, 1500, 3000)
        fitted = KaplanMeier().fit(pl.DataFrame({"duration_days": np.minimum(life, seen), "event": life <= seen}), as_of=DAY)
        low, high = remaining_life(fitted, new, months=24, as_of=DAY, source=TOLD).frame.select("lower", "upper").row(0)
        held += low <= truth <= high
    assert held >= 34


def test_nobody_has_no_score() -> None:
    fitted = KaplanMeier().fit(spells(), as_of=DAY)
    assert remaining_life(fitted, spells().clear(), months=24, as_of=DAY, source=TOLD).frame.is_empty()
    errors = remaining_months_errors(fitted, spells().clear(), 24)
    assert errors is not None
    assert len(errors) == 0


def test_a_model_without_errors_has_no_bounds() -> None:
    scores = remaining_life(weibull(1.0, 500.0), CONTRACTS, months=12, as_of=DAY, source=TOLD).frame
    assert scores["lower"].is_null().all()
    assert scores["value"].is_between(0, 12).all()
