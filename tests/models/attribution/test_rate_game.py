"""The rate game: its sampling variance against derivatives taken numerically, and the coverage of its intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from relkit.models.attribution.channel_sets import ChannelSets
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.rate_game import exact_rate_credit, sampled_rate_credit

NAMES = [["a"], ["b"], ["c"], ["a", "b"], ["b", "c"], ["a", "b", "c"]]
RATES = np.array([0.10, 0.06, 0.12, 0.2, 0.08, 0.3])
JOURNEYS = np.array([400, 300, 200, 300, 200, 250])


def journeys(converted: np.ndarray, failed: np.ndarray, value: np.ndarray | None = None) -> ChannelSets:
    paths = pl.DataFrame({"channels": NAMES, "conversions": converted, "nulls": failed})
    return ChannelSets.of(CodedPaths.of(paths if value is None else paths.with_columns(value=value)))


def test_the_variance_is_that_of_numerical_derivatives() -> None:
    rng = np.random.default_rng(1)
    converted, failed = rng.integers(2, 40, 6).astype(float), rng.integers(20, 90, 6).astype(float)
    worth = rng.gamma(2.0, 10.0, 6)
    found = exact_rate_credit(journeys(converted, failed, converted * worth))
    step = 1e-4
    by_hand = np.zeros((2, 3))
    for each in range(6):
        for counts, number in ((converted, converted[each]), (failed, failed[each])):
            moved = []
            for sign in (1, -1):
                changed = counts.copy()
                changed[each] += sign * step
                new, old = (changed, failed) if counts is converted else (converted, changed)
                credit = exact_rate_credit(journeys(new, old, new * worth))
                moved.append(np.array([credit.conversions, credit.value]))
            by_hand += number * ((moved[0] - moved[1]) / (2 * step)) ** 2
    assert found.conversions_variance == pytest.approx(by_hand[0], rel=1e-5)
    assert found.value_variance == pytest.approx(by_hand[1], rel=1e-5)


def test_all_orders_drawn_have_the_exact_variance_too() -> None:
    sets = journeys(JOURNEYS * RATES, JOURNEYS * (1 - RATES), JOURNEYS * RATES * 5)
    exact, drawn = exact_rate_credit(sets), sampled_rate_credit(sets, 1000, np.random.default_rng(2))
    assert drawn.conversions == pytest.approx(exact.conversions, abs=4 * drawn.std_error.max())
    assert drawn.conversions_variance == pytest.approx(exact.conversions_variance, rel=0.1)
    assert drawn.value_variance == pytest.approx(exact.value_variance, rel=0.1)


def test_intervals_cover_the_credit_of_the_world_they_come_from() -> None:
    rng = np.random.default_rng(3)
    world = journeys(JOURNEYS * RATES, JOURNEYS * (1 - RATES))
    converted, failed = world.conversions, world.nulls
    truth = exact_rate_credit(world).conversions
    inside = []
    for _ in range(600):
        drawn = replace(world.amounts, conversions=rng.poisson(converted).astype(float))
        found = exact_rate_credit(replace(world, amounts=drawn, nulls=rng.poisson(failed).astype(float)))
        inside.append(np.abs(found.conversions - truth) < 1.96 * np.sqrt(found.conversions_variance))
    coverage = np.mean(inside, axis=0)
    assert (coverage > 0.925).all()
    assert (coverage < 0.975).all()
