"""Weights of a stack: those of the loss if the scores tell, the prior ones if they do not."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.models.uplift.stack_weights import crossed, stack_weights

EQUAL = np.array([0.5, 0.5])


def test_many_precise_scores_give_the_weights_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    C = rng.normal(size=(50_000, 2))
    C -= C.mean(axis=0)
    assert stack_weights(C, C @ [0.9, 0.2] + rng.normal(scale=0.1, size=50_000), EQUAL) == pytest.approx([0.9, 0.2], abs=0.01)


def test_a_weight_is_never_negative() -> None:
    """The second forecast is the negative of the truth: alone it would have weight -1."""
    x = np.linspace(-1, 1, 1000)
    assert stack_weights(-x[:, None], x, np.array([0.5])).tolist() == [0.0]


def test_noise_leaves_the_prior() -> None:
    rng = np.random.default_rng(1)
    C = rng.normal(size=(200, 2)) * 0.01
    assert stack_weights(C - C.mean(axis=0), rng.normal(size=200), EQUAL) == pytest.approx(EQUAL, abs=0.1)


def test_ridge_around_the_prior_in_closed_form() -> None:
    """One forecast: (c'c / s^2 + 1 / t^2)^-1 (c'g / s^2 + p / t^2), s^2 being the mean square of what the prior leaves."""
    c = np.array([-1.0, 0.0, 1.0])
    g = np.array([-2.0, 0.5, 1.5])
    s2 = np.mean((g - 0.5 * c) ** 2)
    assert stack_weights(c[:, None], g, np.array([0.5])) == pytest.approx([(c @ g / s2 + 0.5 / 0.25) / (c @ c / s2 + 1 / 0.25)])


def test_crossed_forecasts_use_the_weights_of_the_other_folds() -> None:
    rng = np.random.default_rng(2)
    C, g, fold = rng.normal(size=(100, 2)), rng.normal(size=100), np.arange(100) % 2
    own = fold == 1
    assert crossed(C, g, EQUAL, fold)[own] == pytest.approx(C[own] @ stack_weights(C[~own], g[~own], EQUAL))
