"""The population stability index."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from score_records import kinds

from relkit.errors import ParameterError, TableError
from relkit.scores.drift import drift, population_stability_index
from relkit.scores.score_table import Source, to_long


def test_psi_by_hand():
    """Bins [0, 1] and (1, 2]: shares 1/2, 1/2 before and 1/4, 3/4 after, so 0.25 ln 2 + 0.25 ln 1.5 with many customers."""
    before = np.repeat([0.5, 1.5], 100_000)
    now = np.repeat([0.5, 1.5], [50_000, 150_000])
    expected = -0.25 * np.log(0.5) + 0.25 * np.log(1.5)
    assert population_stability_index(before, now, bins=2) == pytest.approx(expected, abs=1e-4)


def test_a_score_that_nobody_has_any_more_is_a_large_but_finite_shift():
    psi = population_stability_index(np.linspace(0, 1, 500), np.full(500, 2.0))
    assert 3 < psi < 20


def test_the_same_values_in_another_order_do_not_shift():
    rng = np.random.default_rng(1)
    values = rng.gamma(1.0, 2.0, 999)
    assert population_stability_index(values, rng.permutation(values)) == pytest.approx(0.0, abs=1e-12)


def test_a_score_with_a_single_value_is_stable():
    assert population_stability_index(np.ones(10), np.ones(20)) == 0.0


def test_samples_of_one_population_are_stable_and_of_two_are_not():
    rng = np.random.default_rng(2)
    before, again, moved = rng.normal(0, 1, 20_000), rng.normal(0, 1, 20_000), rng.normal(1, 1, 20_000)
    assert population_stability_index(before, again) < 0.01
    assert population_stability_index(before, moved) > 0.5


@pytest.mark.parametrize(
    ("before", "now", "bins", "error", "message"),
    [
        ([], [1.0], 10, TableError, r"the earlier scores: there are none"),
        ([1.0], [], 10, TableError, r"the later scores: there are none"),
        ([1.0], [1.0, float("nan")], 10, TableError, r"the later scores: 1 of 2 are not numbers"),
        ([1.0], [1.0], 1, ParameterError, r"bins: bins is 1; at least 2 are needed"),
    ],
)
def test_what_cannot_be_compared_is_refused(before, now, bins, error, message):
    with pytest.raises(error, match=message):
        population_stability_index(np.array(before), np.array(now), bins=bins)


def scores(day, names, values):
    wide = pl.DataFrame({"customer_id": [f"c{i}" for i in range(len(values))]} | dict.fromkeys(names, values))
    return to_long(wide, kinds(*names), as_of=day, source=Source(model="lifetime_value.bg_nbd", version="1", trained_as_of=day)).frame


def test_drift_compares_the_scores_that_both_tables_have():
    values = np.linspace(0.05, 0.95, 200)
    before = scores(date(2025, 5, 31), ["p_alive", "expected_order_value"], values)
    now = scores(date(2025, 6, 30), ["p_alive", "expected_orders_90d"], values**3)
    [row] = drift(before, now).rows(named=True)
    assert (row["score"], row["model"], row["customers_before"], row["customers_now"]) == ("p_alive", "lifetime_value.bg_nbd", 200, 200)
    assert row["mean_before"] == pytest.approx(0.5)
    assert row["mean_now"] < 0.3
    assert row["shift"] == "marked"


@pytest.mark.parametrize(("power", "shift"), [(1.0, "none"), (1.6, "some"), (3.0, "marked")])
def test_drift_says_how_much(power, shift):
    values = np.linspace(0.05, 0.95, 500)
    now = scores(date(2025, 6, 30), ["p_alive"], values**power)
    assert drift(scores(date(2025, 5, 31), ["p_alive"], values), now)["shift"].to_list() == [shift]


def test_drift_of_tables_with_nothing_in_common_is_empty():
    one, other = (scores(date(2025, 6, 30), [name], [0.5]) for name in ("p_alive", "expected_orders_90d"))
    assert drift(one, other).is_empty()
