from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.recommendation import Bought, list_measures
from relkit.models.affinity.list_diagnostics import METHODS, list_reliability, means_of, recalls
from relkit.models.affinity.next_judging import Judged


def judged() -> Judged:
    """Return lists of ten for 16 customers, each of whom buys one product, one that is in the list for every other customer."""
    lists = np.tile(np.arange(10), (16, 1))
    bought = Bought(np.arange(17), np.tile([0, 15, 2, 15], 4), np.tile([True, True, False, False], 4))
    measures = {name: list_measures(lists, bought, k=10) for name in METHODS}
    return Judged(dict.fromkeys(METHODS, lists), measures, np.tile(np.linspace(0.5, 0.05, 10), (16, 1)), bought, 20, np.full(20, 0.1))


def test_means_and_intervals_by_hand() -> None:
    """Eight recalls of 1 and eight of 0: mean 0.5, standard error sqrt(4 / 15 / 16)."""
    mean, low, high = means_of(judged().measures, "recall")
    np.testing.assert_allclose(mean, 0.5)
    np.testing.assert_allclose(high - mean, 1.959964 * np.sqrt(1 / 60), rtol=1e-6)
    np.testing.assert_allclose(mean - low, high - mean)


def test_kinds_of_purchases_are_apart_and_those_nobody_made_are_left_out() -> None:
    found = recalls(judged().measures)
    assert {kind: float(values[0][0]) for kind, values in found.items()} == {"all": 0.5, "repeat": 0.5, "explore": 0.5}
    only_new = Bought(np.arange(17), np.tile([0, 15, 2, 15], 4), np.zeros(16, dtype=bool))
    measures = {name: list_measures(judged().lists["model"], only_new, k=10) for name in METHODS}
    assert set(recalls(measures)) == {"all", "explore"}


def test_reliability_is_that_of_the_first_three_products() -> None:
    found = list_reliability(judged())
    assert found.size.sum() == 48
    assert float(found.observed @ found.size) == pytest.approx(8)
