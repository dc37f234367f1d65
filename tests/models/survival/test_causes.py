"""Causes of ends: causes whose names are written alike, and bounds that stay probabilities."""

from __future__ import annotations

import numpy as np

from relkit.models.survival.causes import incidence_bounds, score_columns, score_of


def test_causes_written_alike_share_a_column() -> None:
    half, rest = np.array([0.1, 0.2]), np.array([0.05, 0.0])
    columns = score_columns(30, half + rest, {"Moved": half, "moved ": rest, "?": np.zeros(2)})
    assert list(columns) == ["churn_probability_30d", "churn_probability_30d_moved", "churn_probability_30d_unnamed"]
    np.testing.assert_allclose(columns["churn_probability_30d_moved"], half + rest)


def test_a_score_of_a_cause_is_plain_text() -> None:
    assert score_of(90, "Décès / succession") == "churn_probability_90d_deces_succession"


def test_bounds_are_probabilities_around_the_value() -> None:
    found = np.array([0.0, 1e-9, 0.3, 0.999, 1.0])
    low, high = incidence_bounds(found, np.full(5, 0.5), 0.95)
    assert ((low >= 0) & (low <= found + 1e-15) & (found <= high + 1e-15) & (high <= 1)).all()
    np.testing.assert_allclose(high[1] / found[1], np.exp(0.5 * 1.959964), rtol=1e-5)
