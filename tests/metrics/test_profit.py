"""The profit measures of churn, against empulse 0.13.1 and against profit counted customer by customer."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.profit import expected_maximum_profit, maximum_profit

I = np.arange(1000)  # noqa: E741
SCORE = (I * 619 % 1000) / 1000
ENDED = (I * 383 + 7) % 1000 / 1000 < 0.3 * SCORE**2 + 0.02
TIED = np.floor(SCORE * 20) / 20
DEAR = {"clv": 100.0, "d": 30.0, "f": 5.0}
RARE = {"clv": 500.0, "d": 20.0, "f": 3.0, "alpha": 2.0, "beta": 9.0}


def test_the_example_of_another_program():
    """`empc_score` of empulse 0.13.1 and its `optimal_rate`, the example of their documentation."""
    found = expected_maximum_profit(np.array([0, 1, 0, 1, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]))
    assert found.profit == pytest.approx(23.875593418348124, rel=1e-13)
    assert found.fraction == pytest.approx(0.8743700763487141, rel=1e-13)


@pytest.mark.parametrize(
    ("score", "costs", "profit", "fraction", "known_profit", "known_fraction"),
    [
        (SCORE, {}, 1.8540651795289014, 0.2765909189583264, 1.588, 0.282),
        (SCORE, DEAR, 0.11200889100907861, 0.006988824948877261, 0.112, 0.007),
        (SCORE, RARE, 2.442342154450186, 0.16662259997551812, 1.422727272727273, 0.19),
        (TIED, {}, 1.7828513408875684, 0.28004758728322865, 1.496, 0.4),
        (TIED, DEAR, 2.5091040356528486e-17, 1.1102230246251566e-17, 0.0, 0.0),
        (TIED, RARE, 2.2919225340871026, 0.17098211986978099, 1.3472727272727274, 0.1),
    ],
)
def test_agrees_with_another_program(score, costs, profit, fraction, known_profit, known_fraction):
    """Against empulse 0.13.1: empc_score, mpc_score (accept_rate: mean of the Beta), their optimal_rate; with and without ties."""
    found = expected_maximum_profit(ENDED, score, **costs)
    assert (found.profit, found.fraction) == pytest.approx((profit, fraction), rel=1e-11, abs=1e-15)
    money = {name: costs[name] for name in ("clv", "d", "f") if costs}
    gamma = costs.get("alpha", 6.0) / (costs.get("alpha", 6.0) + costs.get("beta", 14.0))
    known = maximum_profit(ENDED, score, gamma=gamma, **money)
    assert (known.profit, known.fraction) == pytest.approx((known_profit, known_fraction), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("score", [SCORE, TIED])
@pytest.mark.parametrize("gamma", [0.05, 0.3, 0.9])
def test_the_maximum_is_the_best_of_all_depths(score, gamma):
    """Every depth that does not cut a tie, its profit counted customer by customer."""
    order = np.argsort(-score, kind="stable")
    gained = np.where(ENDED, gamma * (200 - 10) - 1, -(10 + 1))[order].cumsum() / len(score)
    ends = np.r_[np.diff(score[order]) != 0, True]
    assert maximum_profit(ENDED, score, gamma=gamma).profit == pytest.approx(max(0.0, gained[ends].max()), rel=1e-12)


def test_the_expectation_is_the_mean_over_acceptance():
    """10,001 values of gamma by the midpoint rule over Beta(6, 14)."""
    gamma = (np.arange(10_000) + 0.5) / 10_000
    density = gamma**5 * (1 - gamma) ** 13
    best = np.array([maximum_profit(ENDED[::10], SCORE[::10], gamma=float(g)).profit for g in gamma[::5]])
    mean = best @ density[::5] / density[::5].sum()
    assert expected_maximum_profit(ENDED[::10], SCORE[::10]).profit == pytest.approx(mean, rel=1e-3)


def test_a_perfect_ranking_earns_most_and_one_that_knows_nothing_all_or_none():
    perfect, none = (expected_maximum_profit(ENDED, by) for by in (ENDED.astype(float), np.zeros(len(ENDED))))
    assert perfect.fraction == pytest.approx(ENDED.mean(), rel=1e-3)
    assert perfect.profit > expected_maximum_profit(ENDED, SCORE).profit > none.profit >= 0


def test_only_the_order_counts():
    found, by_rank = (expected_maximum_profit(ENDED, by) for by in (SCORE, np.exp(5 * SCORE)))
    assert found == by_rank
    mixed = np.random.default_rng(1).permutation(len(ENDED))
    assert expected_maximum_profit(ENDED[mixed], TIED[mixed]) == expected_maximum_profit(ENDED, TIED)


def test_a_hull_that_many_passes_leave_unfinished_is_walked():
    """A curve of points of which each pass drops only one: the result is that of the walk."""
    x = np.r_[0, np.arange(1, 200), 400].astype(float)
    from relkit.metrics.profit import _corners

    rng = np.random.default_rng(3)
    for _ in range(20):
        y = np.r_[0.0, np.sort(rng.integers(0, 10_000, 199)), 10_000.0]
        kept = _corners(x, y)
        slopes = np.diff(y[kept]) / np.diff(x[kept])
        assert (np.diff(slopes) < 0).all()
        assert (np.interp(x, x[kept], y[kept]) >= y - 1e-9).all()


@pytest.mark.parametrize(
    ("ended", "score", "costs", "message"),
    [
        ([0, 0], [0.1, 0.2], {}, "0 of 2 contracts ended"),
        ([1, 1], [0.1, 0.2], {}, "2 of 2 contracts ended"),
        ([0, 1], [0.1, np.nan], {}, "every score a finite number"),
        ([0, 2], [0.1, 0.2], {}, "must be 0 or 1"),
        ([0, 1], [0.1], {}, "both must be"),
        ([0, 1], [0.1, 0.2], {"clv": 5.0}, "clv above d"),
        ([0, 1], [0.1, 0.2], {"alpha": 0.0}, "both must be above 0"),
    ],
)
def test_invalid_values_are_refused(ended, score, costs, message):
    with pytest.raises(ParameterError, match=message):
        expected_maximum_profit(np.array(ended), np.array(score), **costs)


def test_an_invalid_share_is_refused():
    with pytest.raises(ParameterError, match=r"gamma is 1\.5"):
        maximum_profit(ENDED, SCORE, gamma=1.5)
