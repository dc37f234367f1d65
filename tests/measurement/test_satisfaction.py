"""Net promoter scores, against the R package NPS (its documentation), and shares satisfied, against statsmodels 0.15.0."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from relkit.errors import ParameterError, TableError
from relkit.measurement.satisfaction import (
    Answers,
    net_promoter_answers,
    satisfaction,
    satisfaction_change,
    satisfied_answers,
)


@pytest.mark.parametrize(
    ("scores", "estimate", "variance", "se"),
    [((0, 7, 7, 9, 9, 9), 1 / 3, 5 / 9, 0.304), ((0, 7, 9), 0.0, 2 / 3, 0.471), ((7, 9), 0.5, 0.25, 0.354), ((1, 9), 0.0, 1.0, 0.707)],
)
def test_scores_of_the_r_package(scores: tuple[int, ...], estimate: float, variance: float, se: float) -> None:
    answers = net_promoter_answers(scores)
    assert (answers.estimate, answers.variance) == pytest.approx((estimate, variance))
    assert satisfaction(answers, method="wald").se == pytest.approx(se, abs=5e-4)


def test_another_scale_of_the_r_package() -> None:
    """Breaks (0, 6, 8, 15) on 1 to 15: 2/30, variance 0.8622."""
    answers = net_promoter_answers(range(1, 16), scale=(0, 15), detractors_to=6, promoters_from=9)
    assert answers.estimate == pytest.approx(2 / 30)
    assert answers.variance == pytest.approx(0.8622, abs=5e-5)


def test_the_adjusted_interval_by_hand() -> None:
    """Three promoters and a detractor of six, plus 0.75, 1.5 and 0.75: 2/9, variance (5.5/9 - 4/81) / 9."""
    found = satisfaction(net_promoter_answers((0, 7, 7, 9, 9, 9)))
    half = 1.959964 * math.sqrt((5.5 / 9 - 4 / 81) / 9)
    assert (found.low, found.high) == pytest.approx((2 / 9 - half, 2 / 9 + half), abs=1e-6)
    assert found.estimate == pytest.approx(1 / 3)


@pytest.mark.parametrize(("low", "high", "n"), [(3, 9, 20), (0, 5, 30), (7, 0, 12), (4, 4, 15)])
def test_the_score_interval_by_brute_force(low: int, high: int, n: int) -> None:
    """At each bound the score statistic is 1.96 with the likeliest shares given the bound, found by a numerical search."""
    found = satisfaction(Answers(low / n, high / n, n, n, is_net=True), method="score")

    def statistic(net: float) -> float:
        def unlikely(p: float) -> float:
            shares = np.array([p, p + net, 1 - 2 * p - net])
            return -float(stats.multinomial.logpmf([low, high, n - low - high], n, shares / shares.sum())) if (shares >= 0).all() else 1e9

        span = (max(0.0, -net) + 1e-9, (1 - net) / 2 - 1e-9)
        p = optimize.minimize_scalar(unlikely, bounds=span, method="bounded", options={"xatol": 1e-10}).x
        return abs((high - low) / n - net) / math.sqrt((2 * p + net - net**2) / n)

    for bound in (found.low, found.high):
        if abs(bound) < 1:
            assert statistic(bound) == pytest.approx(1.959964, abs=2e-3)


def test_intervals_of_a_share_are_statsmodels() -> None:
    """proportion_confint(43, 60): normal, agresti_coull and wilson of statsmodels 0.15.0."""
    answers = satisfied_answers([5] * 43 + [2] * 17)
    expected = {
        "wald": (0.6026469640578752, 0.8306863692754581),
        "adjusted_wald": (0.5916118420764207, 0.8156470219953402),
        "score": (0.5923271483560882, 0.8149317157156729),
    }
    for method, bounds in expected.items():
        found = satisfaction(answers, method=method)
        assert (found.low, found.high) == pytest.approx(bounds, abs=1e-8)


def test_all_satisfied_still_has_an_interval_within_the_scale() -> None:
    for answers in (satisfied_answers([5] * 8), net_promoter_answers([10] * 8)):
        for method in ("adjusted_wald", "score"):
            found = satisfaction(answers, method=method)
            assert found.low < found.high <= 1
        assert satisfaction(answers, method="wald").low == 1


def test_weights_count_as_fewer_answers() -> None:
    scores = [10, 9, 3, 8, 7, 6]
    plain, doubled = net_promoter_answers(scores), net_promoter_answers(scores, weights=[2] * 6)
    assert plain == doubled
    uneven = net_promoter_answers(scores, weights=[3, 1, 1, 1, 1, 1])
    assert uneven.effective_n == pytest.approx(64 / 14)
    assert uneven.estimate == pytest.approx((4 - 2) / 8)
    assert satisfaction(uneven).effective_n < 6


def test_differences() -> None:
    first, second = net_promoter_answers([9] * 50 + [7] * 30 + [2] * 20), net_promoter_answers([9] * 30 + [7] * 40 + [2] * 30)
    wald, adjusted = (satisfaction_change(first, second, method=method) for method in ("wald", "adjusted_wald"))
    assert wald.estimate == pytest.approx(0.3)
    assert wald.se == pytest.approx(math.sqrt((0.7 - 0.09) / 100 + 0.6 / 100))
    assert wald.p_value == pytest.approx(2 * stats.norm.sf(0.3 / wald.se))
    assert adjusted.estimate == wald.estimate
    assert wald.low < adjusted.high < wald.high
    back = satisfaction_change(second, first)
    assert (back.low, back.high) == pytest.approx((-adjusted.high, -adjusted.low))


def test_the_difference_of_shares_adds_as_agresti_and_caffo() -> None:
    """Each arm gets z2/2 answers, half of them satisfied: about the one success and one failure of Agresti and Caffo (2000)."""
    first, second = satisfied_answers([5] * 7 + [1] * 3), satisfied_answers([5] * 4 + [1] * 6)
    found = satisfaction_change(first, second)
    shares = [(count + 1) / 12 for count in (7, 4)]
    se = math.sqrt(sum(share * (1 - share) / 12 for share in shares))
    assert found.se == pytest.approx(se, rel=0.01)
    assert (found.low + found.high) / 2 == pytest.approx(shares[0] - shares[1], rel=0.01)


def test_answers_that_do_not_exist_are_refused() -> None:
    with pytest.raises(TableError, match=r"surveys: 2 answers are missing or outside the scale. Answers are from 0 to 10"):
        net_promoter_answers([5, 11, float("nan")])
    with pytest.raises(TableError, match="there are no answers"):
        net_promoter_answers([])
    with pytest.raises(TableError, match="the weights are not one number above 0 for each answer"):
        net_promoter_answers([5, 6], weights=[1, 0])
    with pytest.raises(ParameterError, match="satisfaction: unknown method 'agresti'"):
        satisfaction(net_promoter_answers([5]), method="agresti")
    with pytest.raises(ParameterError, match="unknown method 'score'"):
        satisfaction_change(net_promoter_answers([5]), net_promoter_answers([5]), method="score")
    with pytest.raises(ParameterError, match="are not compared"):
        satisfaction_change(net_promoter_answers([5]), satisfied_answers([5]))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["adjusted_wald", "score"])
def test_the_intervals_cover(method: str) -> None:
    """5,000 samples of 15 to 200 answers: 95 % intervals contain the net score in 93 to 98 %."""
    rng = np.random.default_rng(4)
    for n, shares in ((15, (0.2, 0.3, 0.5)), (40, (0.05, 0.15, 0.8)), (200, (0.4, 0.3, 0.3))):
        counts = rng.multinomial(n, shares, 5000)
        found = [satisfaction(Answers(low / n, high / n, n, n, is_net=True), method=method) for low, _, high in counts]
        inside = np.mean([each.low <= shares[2] - shares[0] <= each.high for each in found])
        assert 0.93 < inside < 0.98
