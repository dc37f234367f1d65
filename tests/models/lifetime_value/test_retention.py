"""Curves of renewals: observed values counted by hand, expected ones from the model."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.models.lifetime_value.beta_discrete_weibull import BetaDiscreteWeibull
from relkit.models.lifetime_value.retention import FARTHEST, retention_curves
from relkit.models.lifetime_value.shifted_beta_geometric import ShiftedBetaGeometric

DAY = date(2025, 6, 30)


def spells() -> pl.DataFrame:
    """Return 100 contracts of plan a and 40 of plan b; of b, 10 were first observed after a renewal."""
    rows = [("a", 1, True, 0)] * 30 + [("a", 2, True, 0)] * 14 + [("a", 4, False, 0)] * 56
    rows += [("b", 2, True, 0)] * 6 + [("b", 3, False, 0)] * 24 + [("b", 3, True, 1)] * 4 + [("b", 4, False, 1)] * 6
    plan, periods, ended, entry = (list(column) for column in zip(*rows, strict=True))
    return pl.DataFrame({"plan": plan, "duration_days": 30.0 * np.array(periods), "event": ended, "entry_days": 30.0 * np.array(entry)})


SETTINGS = {"period_days": 30.0, "tolerance_days": 0.0}


@pytest.mark.parametrize("model", [ShiftedBetaGeometric, BetaDiscreteWeibull])
def test_observed_and_expected_curves(model: type[ShiftedBetaGeometric]) -> None:
    fitted = model(**SETTINGS).fit(spells(), as_of=DAY)
    (curve,) = retention_curves(fitted, spells()).values()
    assert curve.at_risk.tolist() == [130, 110, 90, 62]
    assert curve.seen_retention == pytest.approx([100 / 130, 90 / 110, 86 / 90, 1.0])
    assert curve.seen_survival == pytest.approx(np.cumprod([100 / 130, 90 / 110, 86 / 90, 1.0]))
    k = np.arange(1.0, 11)
    assert curve.survival[0] == pytest.approx(fitted.survival(30 * k))
    assert curve.retention[0] == pytest.approx(fitted.retention_rate(k))
    tenures = pl.DataFrame({"customer_id": [str(i) for i in range(10)], "duration_days": 30.0 * np.arange(10)})
    assert curve.discounted[0] == pytest.approx(fitted.discounted_renewals(tenures, annual_discount_rate=0.10))
    for value, low, high in (curve.survival, curve.retention, curve.discounted):
        assert (low < value).all()
        assert (value < high).all()


def test_each_cohort_has_its_curve() -> None:
    fitted = ShiftedBetaGeometric(**SETTINGS, covariates=("plan",)).fit(spells(), as_of=DAY)
    curves = retention_curves(fitted, spells())
    assert list(curves) == ["a", "b"]
    assert curves["b"].at_risk.tolist() == [30, 40, 34, 6]
    own = fitted.survival(30 * np.arange(1.0, 5), spells().filter(pl.col("plan") == "b").head(1).with_columns(customer_id=pl.lit("1")))
    assert curves["b"].survival[0, :4] == pytest.approx(own[0])


def test_contracts_that_differ_are_averaged_with_those_who_left_gone() -> None:
    """Of two kinds, the retention expected later is that of the kind that stays."""
    rng = np.random.default_rng(7)
    z = rng.integers(0, 2, 4000)
    life = rng.geometric(rng.beta(np.where(z == 1, 4.0, 0.4), 6.0))
    frame = pl.DataFrame({"z": z, "duration_days": 30.0 * np.minimum(life, 9), "event": life <= 9})
    fitted = ShiftedBetaGeometric(**SETTINGS, covariates=("z",)).fit(frame, as_of=DAY)
    (curve,) = retention_curves(fitted, frame).values()
    assert curve.retention[0, :9] == pytest.approx(curve.seen_retention, abs=0.02)
    assert curve.survival[0, :9] == pytest.approx(curve.seen_survival, abs=0.02)


def test_no_curve_is_endless() -> None:
    daily = pl.DataFrame({"duration_days": [1.0, 2.0, 90.0, 100.0], "event": [True, True, True, False]})
    fitted = ShiftedBetaGeometric(period_days=1.0, tolerance_days=0).fit(daily, as_of=DAY)
    (curve,) = retention_curves(fitted, daily).values()
    assert curve.survival.shape == (3, FARTHEST)
