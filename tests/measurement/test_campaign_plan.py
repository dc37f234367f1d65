"""Plans of waves: detectable effects by the formula, and an A/A check that finds intervals which do not hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from relkit.errors import TableError
from relkit.measurement.campaign_plan import PastUnits, is_as_expected

Z = norm.ppf(0.975) + norm.ppf(0.8)


def past(n: int = 3_000, *, seed: int = 2) -> PastUnits:
    rng = np.random.default_rng(seed)
    before = rng.gamma(2.0, 10.0, (n, 1))
    return PastUnits(values=before[:, 0] + rng.gamma(2.0, 10.0, n), covariates=before, cost=1.0)


def test_the_detectable_effect_follows_the_formula_and_the_time_before_helps() -> None:
    found = past()
    row = found.table((10_000,), (0.9,)).row(0, named=True)
    plain = Z * found.values.std(ddof=1) * np.sqrt(1 / 9_000 + 1 / 1_000)
    assert row["effect"] == pytest.approx(plain)
    assert row["effect_adjusted"] == pytest.approx(plain * np.sqrt(1 - np.corrcoef(found.covariates[:, 0], found.values)[0, 1] ** 2))
    assert row["lift_adjusted"] == pytest.approx(row["effect_adjusted"] / found.values.mean())


def test_the_units_that_an_effect_needs_detect_it() -> None:
    found = past()
    needed = found.units_for(1.0)
    assert found.table((needed,), (0.5,))["effect_adjusted"].item() == pytest.approx(1.0, rel=1e-3)
    assert found.table((needed,), (0.5,))["chance_to_see_cost"].item() == pytest.approx(0.8, abs=0.001)


def test_draws_without_treatment_come_out_significant_as_often_as_they_should() -> None:
    share = past().false_positives(3)
    assert is_as_expected(share)
    assert 0.02 < share < 0.08


def test_one_unit_that_carries_everything_is_found() -> None:
    """A single amount decides each draw: the interval never leaves zero, and the check states that it is not to be relied on."""
    values = np.zeros(400)
    values[0] = 1e6
    share = PastUnits(values=values, covariates=np.zeros((400, 0))).false_positives(3)
    assert not is_as_expected(share)


def test_amounts_that_do_not_vary_cannot_be_planned_with() -> None:
    with pytest.raises(TableError, match="past amounts do not vary"):
        PastUnits(values=np.ones(10), covariates=np.zeros((10, 0)))
