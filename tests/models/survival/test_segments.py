from __future__ import annotations

import numpy as np
import pytest
from survival_peers import PEERS

from relkit.metrics.risk_sets import risk_sets
from relkit.models.survival.curve import SurvivalCurve
from relkit.models.survival.log_rank import log_rank
from relkit.models.survival.segments import cross, curves_by_segment, days_lived, seen_until, stretch, told_apart


def curve(duration, event) -> SurvivalCurve:
    return SurvivalCurve.from_counts(risk_sets(np.asarray(duration, float), np.asarray(event, bool)), tail_hazard=0.0)


def exponential(mean: float, n: int, seed: int) -> SurvivalCurve:
    return curve(np.random.default_rng(seed).exponential(mean, n), np.ones(n))


def test_the_clearest_comes_first_and_p_values_are_adjusted() -> None:
    seen = PEERS["gbsg2"]
    rng = np.random.default_rng(1)
    grade = np.unique(seen.group, return_inverse=True)[1]
    ways = {"noise": rng.integers(0, 3, len(grade)), "grade": grade, "one": np.zeros(len(grade), int)}
    found = told_apart(ways, seen.duration, seen.event, np.zeros(len(grade)))
    alone = {name: log_rank(seen.duration, seen.event, ways[name]).p_value for name in ("grade", "noise")}
    assert list(found) == ["grade", "noise"]
    assert found["grade"].p_adjusted == pytest.approx(2 * alone["grade"])
    assert found["noise"].p_adjusted == pytest.approx(max(alone["noise"], 2 * alone["grade"]))


def test_spells_in_no_segment_are_left_out_and_no_ends_are_no_test() -> None:
    duration, event, code = np.arange(1.0, 9.0), np.array([True] * 4 + [False] * 4), np.array([0, 1, 0, 1, -1, -1, 0, 1])
    found = told_apart({"x": code}, duration, event, np.zeros(8))
    assert found["x"].test.rows.tolist() == [3, 3]
    assert told_apart({"x": code}, duration, np.zeros(8, bool), np.zeros(8)) == {}


def test_p_values_too_small_to_distinguish_are_ordered_by_the_statistic() -> None:
    rng = np.random.default_rng(2)
    n = 20_000
    code = np.repeat([0, 1], n)
    duration = np.ceil(rng.exponential(np.where(code == 0, 1.0, 8.0)) * 100)
    weaker = np.where(rng.random(2 * n) < 0.1, 1 - code, code)
    found = told_apart({"weaker": weaker, "code": code}, duration, np.ones(2 * n, bool), np.zeros(2 * n))
    assert [one.test.p_value for one in found.values()] == [0.0, 0.0]
    assert list(found) == ["code", "weaker"]


def test_curves_are_of_segments_that_were_watched_from_the_first_day() -> None:
    code = np.repeat([0, 1, 2, -1], 30)
    duration, event = np.tile(np.arange(100.0, 130.0), 4), np.ones(120, bool)
    entry = np.where(code == 1, 50.0, 0.0)
    entry[60:81] = 20.0  # 9 of the third segment were watched from the first day
    found = curves_by_segment(code, duration, event, entry)
    assert list(found) == [0]
    np.testing.assert_array_equal(found[0].survival, curve(np.arange(100.0, 130.0), np.ones(30)).survival)


def test_a_stretch_that_all_reach_else_one_that_two_reach_up_to_the_least() -> None:
    long, middle, short = (curve(np.full(20, last), np.arange(20) < 5) for last in (1000.0, 800.0, 200.0))
    ages = (91.0, 182.0, 365.0, 730.0)
    assert stretch([long, middle], ages, least=365) == 730
    assert stretch([long, middle, short], ages, least=365) == 365
    assert stretch([long, short, short], ages, least=365) == 182
    assert stretch([long], ages, least=365) is None
    assert stretch([curve([5.0] * 20, [1] * 20)] * 2, ages, least=365) is None
    assert seen_until(curve([5.0] * 9, [1] * 9)) == 0


def test_curves_that_cross_are_distinguished_from_those_that_only_touch() -> None:
    rng = np.random.default_rng(5)
    early = np.where(rng.random(600) < 0.5, rng.exponential(30, 600), 700 + rng.exponential(30, 600))
    steady = 50 + rng.exponential(300, 600)
    assert cross([curve(early, np.ones(600)), curve(steady, np.ones(600))])
    assert not cross([exponential(100, 600, 1), exponential(300, 600, 2)])
    assert not cross([exponential(100, 600, 1), exponential(100, 600, 3)])


def test_days_lived_beside_the_reference() -> None:
    """Exponential lives: the mean within tau is m (1 - exp(-tau / m))."""
    curves = {k: exponential(mean, 4000, k) for k, mean in enumerate((100.0, 200.0, 100.0))}
    curves[3] = curve(np.full(30, 40.0), np.zeros(30))
    found = days_lived(curves, 90.0, 1)
    truth = {k: mean * -np.expm1(-90 / mean) for k, mean in enumerate((100.0, 200.0, 100.0))}
    for place, mean in truth.items():
        lived = found[place].mean
        assert lived is not None
        assert lived.lower - 0.3 < mean < lived.upper + 0.3
    assert (found[1].difference, found[1].p_adjusted) == (None, None)
    assert found[3].mean is None
    gap = found[0].difference
    assert gap is not None
    assert gap.estimate == pytest.approx(truth[0] - truth[1], abs=2)
    assert found[0].p_adjusted == pytest.approx(min(1, 2 * min(found[0].difference.p_value, found[2].difference.p_value)), abs=1e-12)


def test_segments_that_nobody_left_cannot_be_distinguished() -> None:
    stayed = curve(np.full(30, 400.0), np.zeros(30))
    found = days_lived({0: stayed, 1: stayed}, 365.0, 0)
    assert found[1].difference is None
    assert found[1].mean is not None
    assert found[1].mean.estimate == 365
