"""Restricted means: R's printed values, survRM2's printed contrasts, the bootstrap, coverage, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest
from survival_peers import PEERS

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.risk_sets import risk_sets
from relkit.models.survival.curve import SurvivalCurve
from relkit.models.survival.restricted_mean import RestrictedMean, compare_restricted_means, restricted_mean


def curve(duration, event) -> SurvivalCurve:
    return SurvivalCurve.from_counts(risk_sets(np.asarray(duration, float), np.asarray(event, bool)), tail_hazard=0.1)


def test_r_on_lung() -> None:
    """R survival, print(survfit(Surv(time, status) ~ sex, lung), rmean = "common"): men, to 1022 days: 326, error 22.9."""
    seen = PEERS["lung"]
    men = seen.group == "1"
    found = restricted_mean(curve(seen.duration[men], seen.event[men]), 1022)
    assert (round(found.estimate), round(found.std_error, 1)) == (326, 22.9)


@pytest.mark.parametrize(("event", "mean", "error"), [([1, 0, 1, 0, 1, 0, 1, 0, 1, 1], 7.94, 1.12), ([1] * 10, 6.3, 0.892)])
def test_r_on_ten_claims(event: list[int], mean: float, error: float) -> None:
    """R survival, print(fit, rmean = "common") of ten times, with and without censoring, as published in a course's solutions."""
    found = restricted_mean(curve([1.5, 3.5, 4.5, 4.5, 5.5, 6.5, 8.5, 8.5, 8.5, 11.5], event), 11.5)
    assert (float(f"{found.estimate:.3g}"), float(f"{found.std_error:.3g}")) == (mean, error)


def test_without_censoring_it_is_the_plain_mean() -> None:
    days = np.array([3.0, 8.0, 8.0, 20.0, 31.0])
    found = restricted_mean(curve(days, np.ones(5)), 25)
    capped = np.minimum(days, 25)
    assert found.estimate == pytest.approx(capped.mean())
    assert found.std_error == pytest.approx(capped.std() / np.sqrt(5))


@pytest.mark.parametrize(
    ("one", "other", "difference", "ratio"),
    [
        ((82.970, 1.332), (75.895, 1.819), (7.075, 2.655, 11.495, 0.002), (1.093, 1.033, 1.157, 0.002)),
        ((4.838, 0.047), (4.715, 0.060), (0.123, -0.027, 0.273, 0.108), (1.026, 0.994, 1.059, 0.109)),
        ((5.310, 0.797), (9.967, 0.833), (-4.657, -6.917, -2.397, 0.0), (0.533, 0.380, 0.746, 0.0)),
    ],
)
def test_survrm2_contrasts(one: tuple, other: tuple, difference: tuple, ratio: tuple) -> None:
    """R survRM2, rmst2(), three published printouts: its contrasts from its means and errors, all rounded to 3 decimals.

    What was rounded before can move the last printed decimal by one, or a p value by two thousandths.
    """
    means = [RestrictedMean(90, mean, error, 0, 90, 0.95) for mean, error in (one, other)]
    found = compare_restricted_means(*means)
    for part, printed in ((found.difference, difference), (found.ratio, ratio)):
        assert (part.estimate, part.lower, part.upper) == pytest.approx(printed[:3], abs=0.0025)
        assert part.p_value == pytest.approx(printed[3], abs=0.0025)


def test_the_error_is_that_of_the_bootstrap() -> None:
    seen, rng = PEERS["gbsg2"], np.random.default_rng(1)
    found = restricted_mean(curve(seen.duration, seen.event), 1800)
    means = []
    for _ in range(2000):
        rows = rng.integers(0, len(seen.duration), len(seen.duration))
        means.append(curve(seen.duration[rows], seen.event[rows]).restricted_mean(1800))
    assert found.std_error == pytest.approx(np.std(means), rel=0.05)  # the bootstrap's own error is 1.6 %


def test_intervals_hold_the_truth() -> None:
    """Of the first 60 days, exponential lives of means 80 and 50 last 80 (1 - exp(-60/80)) and 50 (1 - exp(-60/50)): 400 worlds."""
    truth = [mean * -np.expm1(-60 / mean) for mean in (80, 50)]
    inside = np.zeros(3, int)
    for seed in range(400):
        rng = np.random.default_rng(seed)
        means = []
        for mean in (80, 50):
            lifetime, seen = rng.exponential(mean, 150), rng.uniform(60, 200, 150)
            means.append(restricted_mean(curve(np.minimum(lifetime, seen), lifetime <= seen), 60))
        found = compare_restricted_means(*means)
        estimates = ((means[0], truth[0]), (found.difference, truth[0] - truth[1]), (found.ratio, truth[0] / truth[1]))
        inside += [part.lower < true < part.upper for part, true in estimates]
    assert ((inside >= 364) & (inside <= 394)).all(), inside  # binomial 99.9 % bounds of 400 x 0.95


def test_bounds_stay_within_the_stretch() -> None:
    found = restricted_mean(curve([1, 30, 30, 30], [1, 0, 0, 0]), 29)
    assert found.upper == 29
    assert restricted_mean(curve([1, 30], [1, 1]), 30).lower == 0


def test_refusals() -> None:
    one = curve([1, 30], [1, 0])
    with pytest.raises(ParameterError, match="days is 0"):
        restricted_mean(one, 0)
    with pytest.raises(ParameterError, match="days is nan"):
        restricted_mean(one, float("nan"))
    with pytest.raises(ParameterError, match="known from 0 to 30 days, and 40 lies outside"):
        restricted_mean(one, 40)
    with pytest.raises(ParameterError, match="level is 2"):
        restricted_mean(one, 10, level=2)
    with pytest.raises(ParameterError, match="different stretches"):
        compare_restricted_means(restricted_mean(one, 10), restricted_mean(one, 20))
    still = restricted_mean(curve([5, 30], [0, 1]), 4)
    with pytest.raises(NotEnoughEventsError, match="the ends within 4 days are too few"):
        compare_restricted_means(still, still)
