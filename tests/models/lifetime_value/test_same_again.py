"""Same again: the expectation by hand, and the distribution around it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.lifetime_value.rule_distribution import RuleDistribution
from relkit.models.lifetime_value.same_again import SameAgain

AS_OF = date(2025, 6, 30)


def histories(ages: list[list[float]], T: list[float]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(len(T))],
            "repeat_purchases": [len(each) for each in ages],
            "last_purchase_age_days": [each[-1] if each else 0.0 for each in ages],
            "observed_days": T,
            "first_order_on": [AS_OF - timedelta(days=int(each)) for each in T],
            "repeat_ages_days": pl.Series(ages, dtype=pl.List(pl.Float64)),
        }
    )


def test_the_expectation_counts_purchase_days_as_a_holdout_does() -> None:
    """A holdout of 30 days has the days that lie 0 to 29 days before its end; the first purchase counts as any other."""
    people = histories([[71.0], [70.0], [], [90.0, 99.0]], [100.0, 100.0, 29.0, 100.0])
    fitted = SameAgain().fit(people, as_of=AS_OF)
    assert fitted.expected_purchases(people, 30).tolist() == [1.0, 0.0, 1.0, 2.0]
    assert fitted.expected_purchases(people, 0).tolist() == [0.0] * 4
    longer = fitted.expected_purchases(people, 202)  # twice the 101 days of the history
    assert longer.tolist() == [4.0, 4.0, 2.0, 6.0]
    assert fitted.expected_purchases(people[2:3], 202).tolist() == [2.0]


def test_floor_and_size_are_those_of_the_outcomes() -> None:
    """The floor is the mean of those of whom the rule expects nothing; all others scatter with a size of 2."""
    rng = np.random.default_rng(3)
    means = np.repeat([0.0, 3.0], 20_000)
    came = rng.negative_binomial(2.0, 2.0 / (2.0 + np.maximum(means, 0.25)))
    found = RuleDistribution.fitted(means, came.astype(float), 90)
    assert found.floor_rate * 90 == pytest.approx(0.25, rel=0.03)
    assert found.size == pytest.approx(2.0, rel=0.05)
    every = [found.probability(np.array([3.0]), np.array([float(m)]), 90)[0] for m in range(400)]
    assert sum(every) == pytest.approx(1.0, abs=1e-9)
    assert sum(m * each for m, each in enumerate(every)) == pytest.approx(3.0, rel=1e-6)


def test_nobody_known_long_enough_is_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match=r"0 of \d customers bought again"):
        SameAgain().fit(histories([[], []], [0.0, 0.0]), as_of=AS_OF)
    with pytest.raises(ParameterError, match="fitted_days is 0"):
        SameAgain(fitted_days=0)
