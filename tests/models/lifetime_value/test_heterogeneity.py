from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import simulated_purchases

from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.heterogeneity import spreads
from relkit.models.lifetime_value.pareto_nbd import ParetoNbd

BUYERS = simulated_purchases.buyers(3000, np.random.default_rng(8), r=0.8, alpha=40.0, a=0.8, b=4.0)


def test_the_share_above_each_level_is_that_of_draws():
    fitted = BgNbd(period_days=1.0).fit(BUYERS, as_of=date(2025, 6, 30))
    rates, leaving = spreads(fitted)
    rng = np.random.default_rng(9)
    drawn = rng.gamma(fitted.r, 365.25 / fitted.alpha, 200_000)
    chance = rng.beta(fitted.a, fitted.b, 200_000)
    for spread, sample in ((rates, drawn), (leaving, chance)):
        above = [float((sample >= level).mean()) for level in spread.level]
        np.testing.assert_allclose(above, spread.share_above, atol=0.005)
        assert spread.mean == pytest.approx(sample.mean(), rel=0.02)
        assert spread.level_of(0.5) == pytest.approx(np.median(sample), rel=0.03)


def test_the_unit_of_the_fit_does_not_matter():
    days, weeks = (spreads(ParetoNbd(period_days=unit).fit(BUYERS, as_of=date(2025, 6, 30))) for unit in (1.0, 7.0))
    assert [spread.of for spread in weeks] == ["purchase_rate", "leaving_rate"]
    for one, other in zip(days, weeks, strict=True):
        np.testing.assert_allclose(one.level, other.level, rtol=1e-5)
