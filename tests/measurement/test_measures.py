from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.measurement.measures import Adjustment, Measure, as_measure
from relkit.measurement.moments import Moments

NAMES = ("revenue", "orders", "before", "copy")


def moments(n: int = 500) -> tuple[np.ndarray, Moments]:
    rng = np.random.default_rng(3)
    before = rng.gamma(2, 5, n)
    orders = rng.poisson(1 + before / 10)
    rows = np.stack([orders * rng.gamma(2, 10, n) + before, orders.astype(float), before, 2 * before + 1], axis=1)
    return rows, Moments.of_rows(NAMES, rows)


def test_the_weights_are_the_derivatives() -> None:
    rows, found = moments()
    measure, step = Measure("revenue", per="orders"), 1e-6
    for place in range(len(NAMES)):
        moved = found.mean.copy()
        moved[place] += step
        slope = (measure.value(Moments(NAMES, found.n, moved, found.deviations)) - measure.value(found)) / step
        assert measure.weights(found)[place] == pytest.approx(slope, abs=1e-5)
    assert measure.value(found) == pytest.approx(rows[:, 0].sum() / rows[:, 1].sum())


def test_the_slope_is_that_of_least_squares_and_copies_are_left_out() -> None:
    rows, found = moments()
    adjustment = Adjustment.of(Measure("revenue"), ("before", "copy"), found, found)
    assert adjustment.theta[2] == pytest.approx(np.polyfit(rows[:, 2], rows[:, 0], 1)[0])
    assert (adjustment.theta[3], adjustment.unused) == (0.0, ("copy",))
    assert adjustment.saved == pytest.approx(np.corrcoef(rows[:, 0], rows[:, 2])[0, 1] ** 2)
    assert adjustment.value(Measure("revenue"), found) == pytest.approx(rows[:, 0].mean())


def test_a_ratio_without_denominator_has_no_value() -> None:
    empty = Moments.of_rows(("a", "b"), np.array([[1.0, 0.0], [2.0, 0.0]]))
    assert Measure("a", per="b").value(empty) is None


def test_names_become_means() -> None:
    assert as_measure("margin") == Measure("margin")
    with pytest.raises(ParameterError, match="measure: no measure is named"):
        as_measure("")
