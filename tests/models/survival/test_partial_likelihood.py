"""Efron's likelihood and its derivatives, against sums written out risk set by risk set."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.models.survival import partial_likelihood
from relkit.models.survival.partial_likelihood import Order, derivatives, sums, total_of_ends


def drawn(seed: int, n: int = 120, d: int = 3, ages: int = 15) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, ages, n).astype(float)
    entry = np.minimum(rng.integers(0, ages // 2, n) * (rng.random(n) < 0.4), duration - 1).astype(float)
    return rng.normal(size=(n, d)), duration, rng.random(n) < 0.6, entry


def written_out(
    X: np.ndarray, duration: np.ndarray, event: np.ndarray, entry: np.ndarray, beta: np.ndarray, *, efron: bool
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, gradient and information of Efron (1977) or Breslow (1974), one end at a time."""
    theta = np.exp(X @ beta)
    value, gradient, information = 0.0, np.zeros(X.shape[1]), np.zeros((X.shape[1],) * 2)
    for age in np.unique(duration[event]):
        risk, ends = (duration >= age) & ((entry < age) | (entry == 0)), event & (duration == age)
        d = int(ends.sum())
        for step in range(d):
            weight = theta * (risk - (step / d if efron else 0.0) * ends)
            mean = weight @ X / weight.sum()
            value -= np.log(weight.sum())
            gradient -= mean
            information += (X * weight[:, None]).T @ X / weight.sum() - np.outer(mean, mean)
        value += float((X[ends] @ beta).sum())
        gradient += X[ends].sum(axis=0)
    return value, gradient, information


@pytest.mark.parametrize("efron", [True, False])
@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_value_gradient_and_information(seed: int, late: bool, efron: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial_likelihood, "BLOCK_ROWS", 17)
    X, duration, event, entry = drawn(seed)
    entry = entry if late else np.zeros_like(entry)
    beta = np.array([0.5, -0.3, 0.1])
    order = Order.of(duration, event, entry if late else None, efron=efron)
    Z = X[order.rows].T
    found = sums(order, beta @ Z)
    gradient, information = derivatives(order, Z, total_of_ends(order, Z), found)
    value, *expected = written_out(X, duration, event, entry, beta, efron=efron)
    assert found.log_likelihood == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(gradient, expected[0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(information, expected[1], rtol=1e-9)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    X, duration, event, entry = drawn(9, n=500)
    order = Order.of(duration, event, entry)
    Z = X[order.rows].T
    found = sums(order, np.zeros(Z.shape[1]))
    whole = derivatives(order, Z, total_of_ends(order, Z), found)
    monkeypatch.setattr(partial_likelihood, "BLOCK_ROWS", 40)
    for one, other in zip(whole, derivatives(order, Z, total_of_ends(order, Z), found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_more_ages_than_sixteen_bits_hold_are_sorted_too() -> None:
    duration = np.arange(40_000.0, 0.0, -1.0)
    order = Order.of(duration, np.ones(40_000, bool), None)
    assert order.rows.tolist() == list(range(39_999, -1, -1))


def test_rows_that_are_in_no_risk_set_are_dropped() -> None:
    duration, event = np.array([1.0, 5.0, 9.0, 9.0]), np.array([False, True, False, False])
    entry = np.array([0.0, 0.0, 0.0, 6.0])
    assert Order.of(duration, event, entry).rows.tolist() == [1, 2]


def test_a_predictor_beyond_all_numbers_has_no_likelihood() -> None:
    order = Order.of(np.array([1.0, 2.0, 3.0]), np.ones(3, bool), None)
    assert sums(order, np.array([2000.0, 0.0, 0.0])).log_likelihood == -np.inf
