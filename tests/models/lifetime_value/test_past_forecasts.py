"""Tests of past forecasts of totals and the bounds that follow from them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy import stats

from relkit.errors import ParameterError
from relkit.models.lifetime_value.past_forecasts import PastForecasts


def of(horizons: list[float], origins: list[date], forecast: list[float], came: list[float]) -> PastForecasts:
    unknown = np.full(len(origins), np.nan)
    return PastForecasts(
        horizons=np.array(horizons),
        origins=tuple(origins),
        forecast=np.array(forecast),
        came=np.array(came),
        forecast_money=unknown,
        came_money=unknown,
    )


def test_only_origins_that_do_not_overlap_count_and_the_newest_first() -> None:
    days = [date(2025, 1, 1), date(2025, 3, 31), date(2025, 2, 28), date(2024, 12, 31)]
    past = of([90.0] * 4, days, [100.0, 100.0, 100.0, 100.0], [130.0, 110.0, 120.0, 140.0])
    assert past.errors(90) == pytest.approx(np.log([1.1, 1.4]))


def test_errors_are_those_of_the_nearest_horizon() -> None:
    past = of([28.0, 180.0], [date(2025, 5, 1), date(2025, 1, 1)], [10.0, 100.0], [20.0, 50.0])
    assert past.errors(30) == pytest.approx(np.log([2.0]))
    assert past.errors(365) == pytest.approx(np.log([0.5]))


def test_bounds_without_any_past_are_the_prior_spread_alone() -> None:
    reach = of([], [], [], []).spread(90).reach(10_000.0)
    expected = np.exp(stats.t.ppf(0.975, 3) * np.sqrt(0.16**2 + 1e-4))
    assert reach == pytest.approx(expected)


def test_an_origin_at_which_nothing_came_has_no_error() -> None:
    assert not len(of([90.0], [date(2025, 1, 1)], [10.0], [0.0]).errors(90))


def test_few_orders_widen_the_bounds_of_their_money() -> None:
    past = of([90.0], [date(2025, 1, 1)], [100.0], [100.0])
    wide, narrow = (past.spread(90, money=True).reach(orders) for orders in (4.0, 4_000.0))
    assert wide > 1.5 * narrow


def test_a_horizon_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ParameterError, match="must be positive"):
        of([], [], [], []).spread(0.0)
