"""Variation of returns between customers, and the posterior given a customer's own purchases."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.features.return_prior import GRID, beta_weights, learnt_weights, posterior


@pytest.mark.parametrize(("mean", "weight"), [(0.3, 5.0), (0.05, 3.0), (0.5, 40.0), (0.9, 2.0)])
def test_a_beta_prior_gives_the_posterior_of_the_textbook(mean: float, weight: float) -> None:
    """Mean (a + x) / (k + n), within what a grid of 61 points, the last at 0.99, blurs."""
    number, back = np.array([0.0, 1.0, 4.0, 4.0, 20.0]), np.array([0.0, 1.0, 0.0, 2.0, 7.0])
    own = np.divide(back, number, out=np.zeros(5), where=number > 0)
    found, spread = posterior(number, own, np.full(5, mean), beta_weights(mean, weight))
    expected = (mean * weight + back) / (weight + number)
    assert found == pytest.approx(expected, abs=0.02)
    assert spread == pytest.approx(np.sqrt(expected * (1 - expected) / (weight + number + 1)), rel=0.25, abs=0.01)


def test_without_purchases_there_is_the_prior_of_what_is_bought() -> None:
    means = np.array([0.02, 0.1, 0.4, 0.8])
    found, _ = posterior(np.zeros(4), np.zeros(4), means, beta_weights(0.2, 4.0))
    assert found == pytest.approx(means, abs=1e-6)


def test_two_kinds_of_customers_are_learnt() -> None:
    """A tenth sends everything back and the others a fifth: the weights at both ends are those shares, and little is in between."""
    rng = np.random.default_rng(2)
    always = np.arange(4000) % 10 == 0
    number = np.full(4000, 8.0)
    own = rng.binomial(8, np.where(always, 1.0, 0.2)) / 8
    weights = learnt_weights(number, own, beta_weights(0.28, 1.5))
    assert weights.sum() == pytest.approx(1)
    assert weights[GRID > 0.85].sum() == pytest.approx(0.1, abs=0.02)
    assert weights[(GRID > 0.5) & (GRID < 0.85)].sum() < 0.01
    assert weights @ GRID == pytest.approx(own.mean(), abs=0.01)


def test_more_purchases_say_more() -> None:
    found, spread = posterior(np.array([1.0, 3.0, 9.0]), np.ones(3), np.full(3, 0.3), beta_weights(0.3, 4.0))
    assert (np.diff(found) > 0).all()
    assert (np.diff(spread) < 0).all()
    assert (found < 1).all()
