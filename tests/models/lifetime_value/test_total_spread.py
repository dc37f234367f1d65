"""Tests of the spread of totals: by hand, and by the coverage of its bounds in a small simulation."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from relkit.errors import ParameterError
from relkit.models.lifetime_value.total_spread import HISTORY_SPREAD, TotalSpread, spread_of


def test_two_past_errors_by_hand() -> None:
    """(3 x .16^2 + .3^2 + .1^2) / 5 = .03536, five degrees of freedom, 400 orders: 2.5706 x sqrt(.03536 + .0025) = .50017."""
    spread = spread_of(np.array([0.3, -0.1]), days=90)
    assert (spread.degrees, spread.origins, spread.judged_days) == (5, 2, 90)
    assert spread.log_spread == pytest.approx(np.sqrt(0.03536))
    assert spread.reach(400.0) == pytest.approx(np.exp(0.50017), rel=1e-4)


def test_a_segment_by_hand() -> None:
    """With .0256 shared and .09 of its own, 3 x (.1156 / .0256)^2 = 61.17 degrees of freedom (orders without end)."""
    prior = spread_of(np.empty(0), days=90)
    reach = prior.reach(1e12, of_segment=HISTORY_SPREAD)
    assert np.log(reach) == pytest.approx(stats.t.ppf(0.975, 61.17) * np.sqrt(0.1156), rel=1e-4)
    assert reach > prior.reach(1e12)


def test_further_ahead_is_no_narrower_than_the_longest_horizon_judged() -> None:
    errors = np.array([0.2, -0.2])
    assert spread_of(errors, days=730).reach(1e6) == spread_of(errors, days=180).reach(1e6)


def test_facts_become_the_same_spread_and_none_the_prior() -> None:
    spread = spread_of(np.array([0.3]), days=730, judged_days=182, in_money=True)
    assert TotalSpread.of_facts(json.loads(json.dumps(spread.facts())), days=90) == spread
    assert TotalSpread.of_facts({"total_origins": 3}, days=90) == spread_of(np.empty(0), days=90)


def test_bounds_hold_as_often_as_promised_when_shops_differ() -> None:
    """Shops whose error has a spread of their own, around .16: with no, two or six past origins, 95 % bounds hold in 93 to 98 %."""
    rng = np.random.default_rng(5)
    shops = 4_000
    spreads = 0.16 * np.sqrt(3 / rng.chisquare(3, shops))
    for origins in (0, 2, 6):
        past, now = rng.normal(0, spreads[:, None], (shops, origins)), rng.normal(0, spreads)
        total = rng.poisson(300 * np.exp(now))
        reach = np.array([spread_of(errors, days=90).reach(300.0) for errors in past])
        held = ((total >= 300 / reach) & (total <= 300 * reach)).mean()
        assert 0.93 <= held <= 0.98, (origins, held)


@pytest.mark.parametrize("wrong", [{"orders": -1.0}, {"orders": 1.0, "of_segment": -0.1}, {"orders": 1.0, "level": 1.0}])
def test_impossible_arguments_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="must be positive"):
        spread_of(np.empty(0), days=90).reach(**wrong)
