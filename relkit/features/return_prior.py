"""Distribution of shares of returns over customers, learnt from all, and the posterior of each given the customer's own purchases.

A beta distribution describes one number per customer well if there are few extremes. Shops have customers who send everything
back, and they are no tail of the others; so the distribution is kept as weights on a grid of shares. It starts as the beta distribution
that the variances within and between customers give (Buehlmann and Straub 1970), and some rounds of EM move it towards what customers
did (Laird 1978, the nonparametric maximum likelihood estimate; early stopping keeps it smooth).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HIGHEST = 0.99
"""Largest share: no customer is taken to send back everything for ever."""
_ANGLES: Floats = np.linspace(0.0, np.pi / 2, 61)
GRID: Floats = HIGHEST * np.sin(_ANGLES) ** 2
_LOG, _LOG_KEPT = np.log(np.maximum(GRID, 1e-5)), np.log1p(-GRID)
ROUNDS = 200
_MOST_LEARNT = 20_000
_CHUNK = 50_000
_BANDS = 32


def beta_weights(mean: float, weight: float) -> Floats:
    """Return weights of the grid that follow a beta distribution of that mean, worth `weight` purchases; shape of the grid, sum 1."""
    a, b = max(mean * weight, 1e-3), max((1 - mean) * weight, 1e-3)
    # Of the angle x, with share sin(x)^2, the density is sin(x)^(2a - 1) cos(x)^(2b - 1): a power near either end, integrated exactly.
    half = len(_ANGLES) // 2
    logs = np.append(_log_masses(a, b)[:half], _log_masses(b, a)[: half + 1][::-1])
    made = np.exp(logs - logs.max())
    return np.asarray(made / made.sum())


def _log_masses(a: float, b: float) -> Floats:
    """Return the logarithm of the mass around each angle, accurate in the first half of them."""
    step = _ANGLES[1]
    upper, lower = _ANGLES + step / 2, np.maximum(_ANGLES - step / 2, 0.0)
    with np.errstate(divide="ignore", under="ignore"):
        power = np.log(upper) * 2 * a + np.log1p(-((lower / upper) ** (2 * a))) - np.log(2 * a)
    rest = (2 * a - 1) * np.log(np.sinc(_ANGLES / np.pi)) + (2 * b - 1) * np.log(np.maximum(np.cos(_ANGLES), 1e-9))
    return np.asarray(power + rest)


def learnt_weights(number: Floats, own: Floats, start: Floats) -> Floats:
    """Return the weights of the grid fitted to the customers' own shares.

    Args:
        number: purchases that each customer's share comes from, not always whole; (n,).
        own: the share of each that came back, in [0, 1]; (n,).
        start: weights to start from, sum 1.
    """
    step = max(1, len(number) // _MOST_LEARNT)
    likely = _likelihood(number[::step], own[::step])
    # The start counts like a few customers, so that no point dies out if the data are few.
    weights, prior = start, start * min(5.0, 0.02 * len(likely))
    for _ in range(ROUNDS):
        each = likely * weights
        sums = (each / each.sum(axis=1, keepdims=True)).sum(axis=0) + prior
        weights = sums / sums.sum()
    return weights


def posterior(number: Floats, own: Floats, means: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the standard deviation of each customer's share, given what came back of it so far.

    Args:
        number: purchases that each customer's share comes from; (n,).
        own: the share of each that came back; (n,).
        means: expected share of each before that, in [0, 1]; (n,). The weights are tilted to it.
        weights: of the grid.

    Examples:
        Half of all customers send one order in ten back, half of them everything; two orders came back whole.

        >>> two = np.where(np.isin(np.arange(61), [12, 60]), 0.5, 0.0)
        >>> GRID[[12, 60]].round(2).tolist()
        [0.09, 0.99]
        >>> mean, spread = posterior(np.array([2.0]), np.array([1.0]), np.array([float(GRID @ two)]), two)
        >>> mean.round(3).tolist(), spread.round(3).tolist()
        ([0.982], [0.085])
    """
    order = np.argsort(means, kind="stable")
    mean, spread = np.empty(len(means)), np.empty(len(means))
    for band in np.array_split(order, min(_BANDS, len(order)) or 1):
        if not len(band):
            continue
        centre = float(means[band].mean())
        tilted = _tilted(weights, centre)
        for start in range(0, len(band), _CHUNK):
            rows = band[start : start + _CHUNK]
            each = _likelihood(number[rows], own[rows]) * tilted
            each /= each.sum(axis=1, keepdims=True)
            mean[rows] = each @ GRID
            spread[rows] = np.sqrt(np.maximum(each @ GRID**2 - mean[rows] ** 2, 0.0))
    return mean, spread


def _likelihood(number: Floats, own: Floats) -> Floats:
    """Return the likelihood of the returns at each share of the grid, relative to the largest; shape (n, grid)."""
    back = number * own
    logs = back[:, None] * _LOG + (number - back)[:, None] * _LOG_KEPT
    return np.asarray(np.exp(logs - logs.max(axis=1, keepdims=True)))


def _tilted(weights: Floats, mean: float) -> Floats:
    """Return the weights times exp(t share), with the t by which their mean is `mean`, as far as the grid reaches."""
    low, high = -200.0, 200.0
    for _ in range(60):
        middle = (low + high) / 2
        made = weights * np.exp(middle * (GRID - GRID[-1] * (middle > 0)))
        low, high = (middle, high) if made @ GRID < mean * made.sum() else (low, middle)
    return np.asarray(made / made.sum())
