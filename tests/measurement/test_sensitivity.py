from __future__ import annotations

import numpy as np
import pytest

from relkit.measurement.sensitivity import partial_shares, robustness, robustness_value


def test_the_published_example() -> None:
    """Cinelli and Hazlett (2020), table 1: Darfur, t 4.18 with 783 degrees of freedom: 13.9 %, for the interval 7.6 %."""
    assert robustness_value(4.18, 783) == pytest.approx(0.139, abs=5e-4)
    assert robustness_value(4.18, 783, level=0.95) == pytest.approx(0.076, abs=5e-4)


def test_a_confounder_of_that_strength_brings_the_estimate_to_zero() -> None:
    """With both shares at the robustness value r the bias is the estimate itself: r^2 / (1 - r) = f^2 (Cinelli and Hazlett 2020)."""
    for t, df in ((2.5, 50), (10.0, 2000)):
        r = robustness_value(t, df)
        assert r**2 / (1 - r) == pytest.approx(t**2 / df)


def test_partial_shares_are_those_left_by_the_other_columns() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 3))
    x[:, 1] += x[:, 0]
    y = x @ [1.0, 0.5, 0.0] + rng.normal(size=300)
    others = np.hstack([np.ones((300, 1)), x[:, [0, 2]]])
    left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (y, x[:, 1])]
    assert partial_shares(x, y)[1] == pytest.approx(np.corrcoef(*left)[0, 1] ** 2)


def test_nothing_to_compare_with() -> None:
    rng = np.random.default_rng(3)
    found = robustness(3.0, rng.normal(size=20), rng.random(20) < 0.5, (), np.zeros((20, 0)))
    assert (found.strongest, found.of_estimate > 0) == ("", True)
    assert robustness_value(3.0, 1) == 0
    assert robustness_value(1.0, 500, level=0.95) == 0
