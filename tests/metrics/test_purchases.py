from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.purchases import calibration_by_frequency, compare


def test_compare_by_hand() -> None:
    """Errors -1, 1, 2: MAE 4/3, RMSE sqrt 2; the correlation of (1, 2, 6) and (0, 3, 8) is 22.333 / sqrt(14 * 32.667)."""
    found = compare(np.array([1, 2, 6]), np.array([0.0, 3.0, 8.0]), of="orders")
    assert found["mae_orders"] == pytest.approx(4 / 3)
    assert found["rmse_orders"] == pytest.approx(np.sqrt(2))
    assert (found["total_actual_orders"], found["total_predicted_orders"]) == (9, 11)
    assert found["correlation_orders"] == pytest.approx(21 / np.sqrt(14 * 98 / 3))


def test_no_correlation_where_nothing_varies() -> None:
    assert "correlation_orders" not in compare(np.array([1, 2]), np.array([3.0, 3.0]), of="orders")


def test_calibration_puts_the_frequent_together_and_leaves_empty_bins_out() -> None:
    found = calibration_by_frequency(np.array([0, 5, 3, 0]), np.array([1, 4, 2, 0]), np.array([0.5, 3.0, 2.0, 0.1]), top=3)
    assert found.labels == ("0", "3+")
    assert found.customers.tolist() == [2, 2]
    assert found.actual.tolist() == [0.5, 3.0]
    assert found.predicted.tolist() == [0.3, 2.5]
