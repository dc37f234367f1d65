"""Estimates with influence values: intervals, households, paired differences."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.uplift_figures import cluster_codes, figure_of, mean_figure


def test_the_interval_of_a_mean_by_hand():
    found = mean_figure(np.array([1.0, 2.0, 3.0, 6.0]))
    assert (found.estimate, found.std_error) == pytest.approx((3.0, np.sqrt(14 / 3 / 4)))
    assert (found.low, found.high) == pytest.approx((3 - 1.959963985 * found.std_error, 3 + 1.959963985 * found.std_error))


def test_p_value_of_two_standard_errors():
    """Abramowitz and Stegun 1964, 26.2: 2 Q(2) = erfc(sqrt 2) = 0.0455002639."""
    found = figure_of(2.0, np.array([-1.0, 1.0]))
    assert found.std_error == pytest.approx(1.0)
    assert found.p_value == pytest.approx(0.0455002639, abs=1e-10)


def test_a_figure_that_no_row_can_change():
    assert figure_of(0.0, np.zeros(3)).p_value == 1.0
    assert figure_of(1.0, np.zeros(3)).p_value == 0.0


def test_households_by_text_and_by_number_are_the_same():
    influence = np.array([1.0, 3.0, -2.0, -2.0])
    by_text, by_number = (figure_of(0.0, influence, cluster=each) for each in (["x", "x", "y", "z"], [7, 7, 2, 4]))
    assert by_text.std_error == pytest.approx(by_number.std_error)
    assert by_text.std_error == pytest.approx(np.sqrt((16 + 4 + 4) * 3 / 2) / 4)
    assert cluster_codes([10_000_000, 3], 2).tolist() == [1, 0]


def test_weights_of_a_mean():
    found = mean_figure(np.array([0.0, 4.0, 1.0]), weight=np.array([1.0, 1.0, 2.0]))
    assert found.estimate == pytest.approx(1.5)
    assert found.std_error > 0


def test_other_rows_are_not_compared():
    with pytest.raises(ParameterError, match="2 and 3 rows are compared"):
        figure_of(0.0, np.zeros(2)).minus(figure_of(0.0, np.zeros(3)))
