"""The summary of terms that are above zero and of those that may have any sign."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.intervals import normal_reach
from relkit.models.summaries import summary_of


def test_terms_above_zero_come_first() -> None:
    found = summary_of(("r", "age"), np.array([2.0, -0.1]), np.array([0.5, np.nan]), 0.9, positive=1)
    z = normal_reach(0.9)
    assert found.columns == ["term", "estimate", "std_error", "lower", "upper"]
    assert found.row(0)[1:] == pytest.approx((2.0, 1.0, 2 * np.exp(-z / 2), 2 * np.exp(z / 2)))
    assert found.row(1) == ("age", -0.1, None, None, None)
