"""The BG/BB model on arrays, in opportunities and in the paper's notation (see `bg_bb`): x of n were taken, the last was t_x."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.models.lifetime_value import shifted_beta_geometric as sbg
from relkit.models.lifetime_value.bg_bb_likelihood import Terms, log_alive_and_gone, row_index

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Parameters = tuple[float, float, float, float]

# Opportunities ahead that are summed one by one; beyond them an integral is exact to eight digits.
_ONE_BY_ONE = 4096


def log_likelihood(alpha: float, beta: float, gamma: float, delta: float, x: Counts, t_x: Counts, n: Counts) -> Floats:
    """Return the log-likelihood of each customer (eq. 5), shape (m,).

    Examples:
        >>> log_likelihood(1.2, 0.75, 0.66, 2.78, np.array([3, 0]), np.array([4, 0]), np.array([6, 6])).round(4).tolist()
        [-5.0609, -1.1626]
    """
    return np.asarray(np.logaddexp(*_parts((alpha, beta, gamma, delta), x, t_x, n)))


def probability_alive(alpha: float, beta: float, gamma: float, delta: float, x: Counts, t_x: Counts, n: Counts) -> Floats:
    """Return P(alive at n): that a customer was still alive at the last opportunity observed, shape (m,).

    Those who bought at it are alive for certain. `probability_alive_next` is what the paper and BTYD call P(alive).

    Examples:
        >>> probability_alive(1.2, 0.75, 0.66, 2.78, np.array([3, 6]), np.array([4, 6]), np.array([6, 6])).round(10).tolist()
        [0.4712945316, 1.0]
    """
    alive, gone = _parts((alpha, beta, gamma, delta), x, t_x, n)
    return np.asarray(special.expit(alive - gone))


def probability_alive_next(alpha: float, beta: float, gamma: float, delta: float, x: Counts, t_x: Counts, n: Counts) -> Floats:
    """Return P(alive at n + 1): that a customer will be alive at the next opportunity (eq. 11), shape (m,).

    Examples:
        >>> probability_alive_next(1.2, 0.75, 0.66, 2.78, np.array([3, 6]), np.array([4, 6]), np.array([6, 6])).round(10).tolist()
        [0.4383438546, 0.9300847458]
    """
    return np.asarray(probability_alive(alpha, beta, gamma, delta, x, t_x, n) * (delta + n) / (gamma + delta + n))


def opportunities_alive(gamma: float, delta: float, n: Counts, t: Floats) -> Floats:
    """Return the number of the t opportunities after n at which a customer alive at n is expected to be alive, shape of n.

    It is the sum over j = 1, ..., t of P(alive at n + j | alive at n) (the second factor of eq. 13, and its limit at gamma = 1).

    Args:
        gamma: first parameter of the probabilities of leaving.
        delta: second parameter.
        n: opportunities so far, shape (m,).
        t: opportunities to come, 0 or more, shape (m,); for a fraction, that share of the next opportunity counts.

    Examples:
        >>> opportunities_alive(1.0, 1.0, np.array([0, 0, 1]), np.array([2.0, 1.5, 1.0])).round(4).tolist()
        [0.8333, 0.6667, 0.6667]
    """
    n, t = np.broadcast_arrays(n, np.asarray(t, dtype=np.float64))
    each, which = row_index(n)
    near = np.minimum(t, _ONE_BY_ONE)
    alive = alive_ahead(gamma, delta, each, int(near.max(initial=0)) + 1)
    sums = np.cumsum(alive[:, 1:], axis=1) if alive.size else alive
    sums = np.concatenate((np.zeros((len(each), 1)), sums), axis=1)
    whole = np.floor(near).astype(np.int64)
    total = sums[which, whole] + (near - whole) * alive[which, whole + 1]
    far = t > _ONE_BY_ONE
    if far.any():
        # Far out, P(alive) falls as (w / (w + k))^gamma with w = delta + n + t + (gamma - 1) / 2: its sum is an integral.
        edge = delta + n[far] + _ONE_BY_ONE + gamma / 2
        log_ratio = np.log1p((t[far] - _ONE_BY_ONE) / edge)
        scale = edge * np.exp(gamma * np.log1p(-0.5 / edge)) * log_ratio
        total[far] += alive[which[far], _ONE_BY_ONE] * scale * special.exprel((1 - gamma) * log_ratio)
    return total


def opportunities_if_alive(alpha: float, beta: float, gamma: float, delta: float, x: Counts, n: Counts, t: Floats) -> Floats:
    """Return the expected number of the next t opportunities that a customer alive at n takes, (m,); times P(alive at n): eq. 13."""
    return (alpha + x) / (alpha + beta + n) * opportunities_alive(gamma, delta, n, t)


def expected_opportunities_new(alpha: float, beta: float, gamma: float, delta: float, t: Floats) -> Floats:
    """Return the number of the first t opportunities that a new customer is expected to take (eq. 9), shape of t.

    Examples:
        >>> expected_opportunities_new(1.203528, 0.7497260, 0.6567808, 2.783796, np.array([10.0])).round(4).tolist()
        [3.1798]
    """
    t = np.asarray(t, dtype=np.float64)
    none = np.zeros(t.shape, dtype=np.int64)
    return opportunities_if_alive(alpha, beta, gamma, delta, none, none, t)


def taken_probability_if_alive(
    alpha: float, beta: float | Floats, gamma: float, delta: float, x: Counts, n: Counts, taken: Counts, t: Counts
) -> Floats:
    """Return P(exactly `taken` of the next t opportunities are taken) of customers alive at n; of new ones with x = n = 0 (eq. 7).

    Given that he is alive at n, p is a beta(alpha + x, beta + n - x) and theta a beta(gamma, delta + n).

    Args:
        alpha: first parameter of the probabilities of buying.
        beta: second parameter.
        gamma: first parameter of the probabilities of leaving.
        delta: second parameter.
        x: opportunities taken so far, shape (m,).
        n: opportunities so far, shape (m,).
        taken: number of those to come, shape (m,).
        t: opportunities to come, shape (m,).

    Examples:
        >>> nobody = np.zeros(3, dtype=np.int64)
        >>> taken_probability_if_alive(1.0, 1.0, 1.0, 1.0, nobody, nobody, np.arange(3), np.full(3, 2)).round(4).tolist()
        [0.6944, 0.1944, 0.1111]
    """
    x, n, taken, t = np.broadcast_arrays(x, n, taken, t)
    a, b, d = alpha + x, beta + n - x, delta + n
    found, alive = np.zeros(x.shape), np.ones(x.shape)
    every, exactly = np.ones(x.shape), np.zeros(x.shape)  # P(all of i), P(`taken` of i), of opportunities at which he is alive
    for i in range(int(t.max(initial=0)) + 1):
        exactly = np.where(taken == i, every, exactly)
        leaves = gamma / (gamma + d + i)
        # At the last opportunity it does not matter whether he leaves after it.
        found += np.where(i < t, alive * leaves * exactly, np.where(i == t, alive * exactly, 0.0))
        alive = alive * (1 - leaves)
        exactly = exactly * np.where(taken <= i, (i + 1) / np.maximum(i + 1 - taken, 1) * (b + np.maximum(i - taken, 0)) / (a + b + i), 0.0)
        every = every * (a + i) / (a + b + i)
    return found


def some_taken_if_alive(
    alpha: float, beta: float | Floats, gamma: float, delta: float, x: Counts, n: Counts, start: Counts, end: Counts
) -> Floats:
    """Return P(one of the opportunities n + start + 1, ..., n + end is taken) of customers alive at n, shape (m,).

    It is the sum of the probabilities that each of them is the first one taken: nothing is subtracted.

    Args:
        alpha: first parameter of the probabilities of buying.
        beta: second parameter.
        gamma: first parameter of the probabilities of leaving.
        delta: second parameter.
        x: opportunities taken so far, shape (m,).
        n: opportunities so far, shape (m,).
        start: opportunities to come that are skipped, shape (m,).
        end: the last one considered, shape (m,).

    Examples:
        >>> none = np.zeros(1, dtype=np.int64)
        >>> some_taken_if_alive(1.0, 1.0, 1.0, 1.0, none, none, none, np.full(1, 2)).round(4).tolist()
        [0.3056]
    """
    x, n, start, end = np.broadcast_arrays(x, n, start, end)
    a, b, d = alpha + x, beta + n - x, delta + n
    found, alive, refused = np.zeros(x.shape), np.ones(x.shape), np.ones(x.shape)
    for i in range(int(end.max(initial=0))):
        alive = alive * (d + i) / (gamma + d + i)
        asked, passed = (i >= start) & (i < end), np.maximum(i - start, 0)
        found += np.where(asked, alive * refused * a / (a + b + passed), 0.0)
        refused = np.where(asked, refused * (b + passed) / (a + b + passed), refused)
    return found


def discounted_opportunities_if_alive(alpha: float, beta: float, gamma: float, delta: float, x: Counts, n: Counts, d: float) -> Floats:
    """Return the discounted number of opportunities that a customer alive at n will take; times P(alive at n) it is DERT (eq. 14).

    The next opportunity counts 1 / (1 + d), the one after it 1 / (1 + d)^2. Leaving is a shifted beta-geometric, whose
    discounted residual lifetime is this sum except for the probability of buying.

    Args:
        alpha: first parameter of the probabilities of buying.
        beta: second parameter.
        gamma: first parameter of the probabilities of leaving.
        delta: second parameter.
        x: opportunities taken so far, shape (m,).
        n: opportunities so far, shape (m,).
        d: discount rate of one opportunity, above 0.

    Examples:
        >>> discounted_opportunities_if_alive(1.2, 0.75, 0.66, 2.78, np.array([6]), np.array([6]), 0.10).round(9).tolist()
        [5.897601159]
    """
    alive = sbg.discounted_residual_lifetime(gamma, delta, np.asarray(n, dtype=np.float64) + 1, d) / (1 + d)
    return np.asarray((alpha + x) / (alpha + beta + n) * alive)


def _parts(parameters: Parameters, x: Counts, t_x: Counts, n: Counts) -> tuple[Floats, Floats]:
    each, row = row_index(x)
    return log_alive_and_gone(Terms.of(parameters, each, int(n.max(initial=0))), row, t_x, n)


def alive_ahead(gamma: float, delta: float, n: NDArray[np.intp], top: int) -> Floats:
    """Return P(alive at n + j | alive at n) for j = 0, ..., top, shape (m, top + 1)."""
    at = delta + n[:, None] + np.arange(top)
    return np.concatenate((np.ones((len(n), 1)), np.exp(-np.cumsum(np.log1p(gamma / at), axis=1))), axis=1)
