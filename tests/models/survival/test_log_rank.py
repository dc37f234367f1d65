"""Log-rank tests: R's printed results, lifelines on its data sets, the definition written out, its size, and every refusal."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from lifelines import datasets
from lifelines.statistics import multivariate_logrank_test
from survival_peers import PEERS, split

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.survival.log_rank import WEIGHTINGS, log_rank

THEIRS = {"log_rank": None, "gehan_wilcoxon": "wilcoxon", "tarone_ware": "tarone-ware", "peto": "peto"}
WHOLE = [name for name, seen in PEERS.items() if seen.entry is None]


def test_r_on_lung_by_sex() -> None:
    """R survival, survdiff(Surv(time, status) ~ sex, lung).

    Yu-Wei Chiu, Machine Learning with R Cookbook (Packt 2017), recipe "Using the log-rank test": observed 112 and 53,
    expected 91.5817 and 73.4183, (O-E)^2/V 10.3267, p 0.00131116.
    """
    seen = PEERS["lung"]
    found = log_rank(seen.duration, seen.event, seen.group)
    assert (found.groups, found.rows.tolist(), found.degrees_of_freedom) == (("1", "2"), [138, 90], 1)
    assert found.observed.tolist() == [112, 53]
    assert found.expected.round(4).tolist() == [91.5817, 73.4183]
    assert round(found.chi2, 4) == 10.3267
    assert round(found.p_value, 8) == 0.00131116


def test_r_on_lung_by_sex_with_rho_1() -> None:
    """R survival, survdiff(..., rho=1), as printed in many courses.

    Observed 70.4 and 28.7, expected 55.6 and 43.5, chisq 12.7, p 0.000363.
    """
    seen = PEERS["lung"]
    found = log_rank(seen.duration, seen.event, seen.group, weighting="fleming_harrington", rho=1)
    assert [*found.observed.round(1), *found.expected.round(1)] == [70.4, 28.7, 55.6, 43.5]
    assert (round(found.chi2, 1), round(found.p_value, 6)) == (12.7, 0.000363)


def test_r_in_strata() -> None:
    """R survival, survdiff(Surv(time, status) ~ pat.karno + strata(inst), lung), printed in broom's reference of tidy.survdiff."""
    lung = datasets.load_lung().dropna(subset=["inst", "pat.karno"])
    columns = (lung[c].to_numpy() for c in ("time", "status", "pat.karno"))
    found = log_rank(*columns, stratum=lung["inst"].to_numpy())
    assert found.rows.tolist() == [2, 2, 4, 30, 41, 50, 60, 35]
    assert found.observed.tolist() == [1, 1, 4, 27, 31, 38, 38, 21]
    assert [float(f"{value:.3g}") for value in found.expected] == [0.692, 1.10, 1.17, 16.3, 26.4, 41.9, 47.2, 26.2]
    assert (round(found.chi2, 1), found.degrees_of_freedom, round(found.p_value, 5)) == (21.4, 7, 0.00326)


@pytest.mark.parametrize("weighting", THEIRS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", WHOLE)
def test_lifelines_agrees(name: str, weighting: str, weighted: bool) -> None:
    """Lifelines 0.30.3, multivariate_logrank_test with weightings and case weights."""
    seen = PEERS[name]
    weight = seen.counts if weighted else None
    ours = log_rank(seen.duration, seen.event, seen.group, None, weight, weighting=weighting)
    peer = multivariate_logrank_test(seen.duration, seen.group, seen.event, weights=weight, weightings=THEIRS[weighting])
    assert ours.chi2 == pytest.approx(peer.test_statistic, rel=1e-8)
    assert ours.p_value == pytest.approx(peer.p_value, rel=1e-7)


@pytest.mark.parametrize(("rho", "gamma"), [(1, 0), (0, 1), (0.5, 2)])
@pytest.mark.parametrize("name", WHOLE)
def test_lifelines_agrees_on_fleming_harrington(name: str, rho: float, gamma: float) -> None:
    """Lifelines 0.30.3, weightings="fleming-harrington"; its weights are those of unweighted spells, so no case weights here."""
    seen = PEERS[name]
    ours = log_rank(seen.duration, seen.event, seen.group, weighting="fleming_harrington", rho=rho, gamma=gamma)
    peer = multivariate_logrank_test(seen.duration, seen.group, seen.event, weightings="fleming-harrington", p=rho, q=gamma)
    assert ours.chi2 == pytest.approx(peer.test_statistic, rel=1e-8)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("name", PEERS)
def test_a_weight_is_a_number_of_spells_and_a_cut_changes_nothing(name: str, weighting: str) -> None:
    seen = PEERS[name]
    shape = {"weighting": weighting} | ({"rho": 0.5, "gamma": 1} if weighting == "fleming_harrington" else {})
    entry = None if seen.entry is None else seen.repeated(seen.entry)
    weighted = log_rank(seen.duration, seen.event, seen.group, seen.entry, seen.counts, **shape)
    rows = (seen.repeated(seen.duration), seen.repeated(seen.event), seen.repeated(seen.group))
    assert weighted.chi2 == pytest.approx(log_rank(*rows, entry, **shape).chi2, rel=1e-9)
    duration, event, first, group = split(seen, float(np.median(seen.duration)))
    plain = log_rank(seen.duration, seen.event, seen.group, seen.entry, **shape)
    assert log_rank(duration, event, group, first, **shape).chi2 == pytest.approx(plain.chi2, rel=1e-9)


def test_the_definition_written_out() -> None:
    """Late entry, case weights, strata and three groups, age by age."""
    rng = np.random.default_rng(5)
    n = 120
    entry = rng.integers(0, 4, n).astype(float)
    duration, event = entry + rng.integers(1, 12, n), rng.random(n) < 0.7
    group, stratum, weight = rng.integers(0, 3, n), rng.integers(0, 2, n), rng.integers(1, 4, n).astype(float)
    gap, covariance = np.zeros(3), np.zeros((3, 3))
    for side, age in product((0, 1), np.unique(duration)):
        mine = stratum == side
        at_risk = mine & (duration >= age) & ((entry < age) | (entry == 0))
        ends = mine & event & (duration == age)
        n_i = np.array([weight[at_risk & (group == g)].sum() for g in range(3)])
        d_i = np.array([weight[ends & (group == g)].sum() for g in range(3)])
        total, d = n_i.sum(), d_i.sum()
        if d and total > 1:
            gap += d_i - n_i * d / total
            covariance += d * (total - d) / (total - 1) * (np.diag(n_i / total) - np.outer(n_i, n_i) / total**2)
    found = log_rank(duration, event, group, entry, weight, stratum=stratum)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-10, atol=1e-12)
    assert found.chi2 == pytest.approx(gap[:2] @ np.linalg.solve(covariance[:2, :2], gap[:2]), rel=1e-10)


def test_a_true_hypothesis_is_rejected_at_the_stated_rate() -> None:
    """Three groups of the same rate, 60 spells each, a third of them censored: 5 % of 1,000 worlds, by each weighting."""
    refused = dict.fromkeys(WEIGHTINGS, 0)
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        lifetime, seen = rng.exponential(10, 180), rng.exponential(20, 180)
        for weighting in WEIGHTINGS:
            extra = {"rho": 1, "gamma": 1} if weighting == "fleming_harrington" else {}
            found = log_rank(np.minimum(lifetime, seen), lifetime <= seen, np.arange(180) % 3, weighting=weighting, **extra)
            refused[weighting] += found.p_value < 0.05
    assert all(29 <= count <= 74 for count in refused.values()), refused  # binomial 99.9 % bounds of 1,000 x 0.05


def test_a_group_that_never_meets_another_costs_a_degree_of_freedom() -> None:
    """R counts groups with expected ends; a group observed only after all the ends has none."""
    duration, event, group = [1, 2, 3, 4, 9, 9], [1, 1, 1, 1, 0, 0], ["a", "b", "a", "b", "late", "late"]
    found = log_rank(duration, event, group, [0, 0, 0, 0, 5, 5])
    pair = log_rank(duration[:4], event[:4], group[:4])
    assert (found.degrees_of_freedom, found.chi2) == (1, pytest.approx(pair.chi2))


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        (([1, 2], [1, 1], ["a", "a"]), {}, ParameterError, "there is one group only, 'a'"),
        (([1, 2], [1, 1], ["a", None]), {}, ParameterError, "group is missing for 1 of 2"),
        (([1, 2], [1, 1], [1.0, np.nan]), {}, ParameterError, "group is missing for 1 of 2"),
        (([1, 2], [1, 1], ["a", "b", "c"]), {}, ParameterError, r"group has the shape \(3,\)"),
        (([1, 2], [1, 1], np.array(["a", 3], object)), {}, ParameterError, "group has values of several kinds"),
        (([1, 2], [0, 0], ["a", "b"]), {}, NotEnoughEventsError, "none of the 2 spells ended"),
        (([3], [1], ["a"]), {}, ParameterError, "one group only"),
        (([2, 1], [1, 0], ["a", "b"]), {}, NotEnoughEventsError, "no spell ended while two groups were at risk"),
        (([1, 2], [1, 1], ["a", "b"]), {"stratum": [1, 2]}, NotEnoughEventsError, "no spell ended while two groups"),
        (([1, 2], [1, 1], ["a", "b"]), {"weighting": "petto"}, ParameterError, "did you mean 'peto'"),
        (([1, 2], [1, 1], ["a", "b"]), {"rho": 1}, ParameterError, "have no effect on log_rank"),
        (([1, 2], [1, 1], ["a", "b"]), {"weighting": "fleming_harrington", "gamma": -1}, ParameterError, "must be 0 or more"),
        (([np.nan, 2], [1, 1], ["a", "b"]), {}, ParameterError, "duration is missing"),
    ],
)
def test_refusals(arguments: tuple, settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        log_rank(*arguments, **settings)
