"""Leaks are found, and strong but fair features are not taken for one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import special

from relkit.models.affinity.leaks import suspects
from relkit.models.affinity.moments import of_the_moment

N = 3_000


def rows(*, seed: int = 1, strength: float = 0.6) -> tuple[pl.DataFrame, np.ndarray]:
    """Return fair features of customers, and who took the product."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 4))
    took = rng.random(N) < special.expit(-2.2 + strength * (x[:, 0] + x[:, 1] + 0.5 * x[:, 2]))
    plan = np.where(x[:, 3] > 0.8, "L", np.where(x[:, 3] < -0.3, "S", "M")).tolist()
    return pl.DataFrame({"age": x[:, 0], "orders": x[:, 1], "visits": x[:, 2], "plan": plan}), took


@pytest.mark.parametrize("strength", [0.0, 0.6, 1.5])
def test_fair_features_are_no_suspects(strength):
    for seed in range(5):
        assert suspects(*rows(seed=seed, strength=strength)) == ()


def test_a_number_that_follows_from_the_outcome():
    frame, took = rows()
    minutes = pl.Series(np.random.default_rng(2).gamma(2.0, np.where(took, 3.0, 1.0)))
    found = suspects(frame.with_columns(minutes=minutes), took)
    assert [each.feature for each in found] == ["minutes"]
    assert found[0].area > 0.8 > found[0].next_area
    assert "minutes alone tells takers from the others with an AUC of 0.8" in found[0].sentence


def test_the_same_leak_twice():
    """In minutes and in seconds: neither hides the other."""
    frame, took = rows()
    minutes = pl.Series(np.random.default_rng(2).gamma(2.0, np.where(took, 3.0, 1.0)))
    found = suspects(frame.with_columns(minutes=minutes, seconds=(60 * minutes).round(0)), took)
    assert {each.feature for each in found} == {"minutes", "seconds"}


def test_a_value_that_only_takers_have():
    frame, took = rows()
    signed = pl.Series(np.where(took, 5.0, np.nan)).fill_nan(None)
    assert [each.feature for each in suspects(frame.with_columns(signed_days=signed), took)] == ["signed_days"]
    some = took & (np.random.default_rng(3).random(N) < 0.3)
    found = suspects(frame.with_columns(branch=pl.Series(np.where(some, "north", "")).replace("", None)), took)
    assert [(each.feature, each.state) for each in found] == [("branch", "has a value that is found")]


def test_a_level_of_the_time_hides_no_leak():
    """A rate that drifts along with demand has a large area over all rows, and none within a tenth of them."""
    rng = np.random.default_rng(4)
    sequence = np.arange(N)
    took = rng.random(N) < np.linspace(0.02, 0.6, N)
    frame, _ = rows()
    leak = pl.Series(rng.gamma(2.0, np.where(took, 3.0, 1.0)))
    drifting = frame.with_columns(rate=pl.Series(np.linspace(5.0, 1.0, N).round(1)), minutes=leak)
    assert [each.feature for each in suspects(drifting, took, sequence)] == ["minutes"]
    assert suspects(drifting.drop("minutes"), took, sequence) == ()
    assert list(of_the_moment(drifting, sequence)) == ["rate"]


def test_of_the_moment_with_several_customers_a_day():
    rng = np.random.default_rng(5)
    day = np.repeat(np.arange(60), 50)
    frame = pl.DataFrame({"age": rng.normal(size=N), "rate": np.repeat(rng.normal(size=60), 50), "same": np.ones(N)})
    assert list(of_the_moment(frame, day)) == ["rate"]
