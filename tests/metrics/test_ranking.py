from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.ranking import decile_lift, lorenz_curve, normalised_gini, share_of_top


def test_gini_by_hand() -> None:
    """Values 4, 1, 3, 2 in the order of the score: area under (0, .4, .5, .8, 1) is .55; the best order has .625.

    Gini 2 * .55 - 1 = .1 over 2 * .625 - 1 = .25 is .4.
    """
    assert normalised_gini(np.array([4, 1, 3, 2]), np.array([9, 8, 7, 6])) == pytest.approx(0.4)


def test_the_truth_ranks_perfectly_and_its_opposite_as_badly() -> None:
    value = np.random.default_rng(0).gamma(1.0, size=500)
    assert normalised_gini(value, value) == pytest.approx(1)
    assert normalised_gini(value, -value) == pytest.approx(-1)


def test_equal_scores_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(1)
    value, score = rng.gamma(1.0, size=200), rng.integers(0, 4, 200)
    again = rng.permutation(200)
    assert normalised_gini(value[again], score[again]) == pytest.approx(normalised_gini(value, score), abs=1e-12)
    assert share_of_top(value[again], score[again]) == pytest.approx(share_of_top(value, score), abs=1e-12)


def test_gini_of_a_score_that_knows_nothing_is_near_zero() -> None:
    """Its standard error with 20,000 customers is about 0.006."""
    rng = np.random.default_rng(2)
    gini = normalised_gini(rng.gamma(1.0, size=20_000), rng.random(20_000))
    assert gini == pytest.approx(0, abs=0.025)


def test_no_gini_if_all_are_worth_the_same() -> None:
    assert normalised_gini(np.ones(5), np.arange(5)) is None
    assert normalised_gini(np.zeros(5), np.arange(5)) is None


def test_share_of_top_by_hand() -> None:
    assert share_of_top(np.array([5, 3, 1, 1]), np.array([4, 3, 2, 1]), top=0.5) == pytest.approx(0.8)
    assert share_of_top(np.array([5, 3, 1, 1]), np.array([4, 3, 2, 1]), top=1) == 1
    assert share_of_top(np.zeros(3), np.arange(3)) is None


def test_lorenz_curve_of_ties_is_one_straight_segment() -> None:
    curve = lorenz_curve(np.array([1, 3, 0]), np.array([2, 2, 1]))
    assert curve.customer_share == pytest.approx([0, 2 / 3, 1])
    assert curve.value_share.tolist() == [0, 1, 1]


def test_decile_lift_by_hand() -> None:
    found = decile_lift(np.array([0.0, 6.0, 2.0, 4.0, 0.0]), np.array([1, 9, 5, 8, 2]), bins=2)
    assert found.decile.tolist() == [1, 2]
    assert found.customers.tolist() == [3, 2]
    assert found.actual.tolist() == [4.0, 0.0]
    assert found.lift == pytest.approx([4 / 2.4, 0])
    assert found.score.tolist() == [22 / 3, 1.5]


def test_lift_is_unknown_where_nobody_is_worth_anything() -> None:
    assert np.isnan(decile_lift(np.zeros(4), np.arange(4), bins=2).lift).all()


def test_more_bins_than_customers() -> None:
    with pytest.raises(ParameterError, match="bins is 10; it must lie between 1 and the number of customers, 3"):
        decile_lift(np.ones(3), np.ones(3))


def test_a_share_of_none() -> None:
    with pytest.raises(ParameterError, match="top is 0; it must be above 0 and at most 1"):
        share_of_top(np.ones(3), np.ones(3), top=0)


def test_shapes_that_do_not_meet() -> None:
    with pytest.raises(ParameterError, match=r"actual has shape \(3,\) and score \(2,\)"):
        normalised_gini(np.ones(3), np.ones(2))


def test_values_that_are_no_numbers() -> None:
    with pytest.raises(ParameterError, match="ranking: score: 1 of 2 values are not finite"):
        normalised_gini(np.ones(2), np.array([1.0, np.nan]))
