from __future__ import annotations

import math

import pytest
from scipy import stats

from relkit.errors import ParameterError
from relkit.measurement.t_intervals import bounds, p_value, reach


@pytest.mark.parametrize("df", [3.7, 40.0, math.inf])
def test_they_are_students(df: float) -> None:
    right = stats.norm if math.isinf(df) else stats.t(df)
    assert reach(0.9, df) == pytest.approx(right.ppf(0.95))
    assert reach(0.9, df, "less") == pytest.approx(right.ppf(0.9))
    assert p_value(1.7, df) == pytest.approx(2 * right.sf(1.7))
    assert p_value(1.7, df, "greater") == pytest.approx(right.sf(1.7))
    assert p_value(1.7, df, "less") == pytest.approx(right.cdf(1.7))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_interval_and_p_value_agree_about_zero(alternative: str) -> None:
    for estimate in (-3.0, -1.8, -1.0, 1.0, 1.8, 3.0):
        low, high = bounds(estimate, 1.0, 0.95, 20, alternative)
        assert (p_value(estimate, 20, alternative) < 0.05) == (not low <= 0 <= high)


def test_open_sides_are_infinite() -> None:
    assert bounds(1.0, 0.5, alternative="greater")[1] == math.inf
    assert bounds(1.0, 0.5, alternative="less")[0] == -math.inf


def test_far_statistics_keep_their_digits() -> None:
    assert p_value(30.0) == pytest.approx(9.8e-198, rel=0.01)


def test_invalid_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"level: 1.0 is not between 0 and 1"):
        reach(1.0)
    with pytest.raises(ParameterError, match="alternative: unknown alternative 'both'"):
        reach(alternative="both")
