"""The level of prices: the yearly rate at which a customer's orders grow, and order values brought to the level of a day.

Over years an average of past orders lags behind prices. The rate is learnt within customers, so that it does not depend on who came when:
log(m / v) of customers who came back, m the mean of their repeat orders and v the first one, on the years between them, with an
intercept for the difference between first and later orders, and 1 / x: the logarithm of a mean of x orders is lower the fewer they are,
by about 1 / (2 p x) in a gamma of shape p, and those who ordered more often were customers for longer. Customers with x repeat orders
weigh x / (1 + x); Huber's weights bound the effect of single orders. The rate is shrunk towards 0 by its standard error (the positive part
of 1 - (se / g)^2), and bounded.

With less than two years of history a trend cannot be distinguished from a season, so there is none.

    Huber, P. J. (1964), Robust estimation of a location parameter. Annals of Mathematical Statistics 35 (1), 73-101.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relkit.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]

FEWEST_DAYS = 730
"""History from which a trend can be distinguished from a season."""

# Of the rate: prices that grow by a third a year.
_MOST = 0.3
_FEWEST_CUSTOMERS = 100
# Residuals beyond so many standard deviations weigh less (95 % efficiency under the normal).
_HUBER = 1.345
_ROUNDS = 20


def mean_age(x: Floats, t_x: Floats) -> Floats:
    """Return the mean age at the x repeat orders, of which the last is at t_x and the others anywhere before it, shape (n,).

    Examples:
        >>> mean_age(np.array([0.0, 1.0, 3.0]), np.array([0.0, 30.0, 30.0])).tolist()
        [0.0, 30.0, 20.0]
    """
    return np.asarray(t_x * (x + 1) / (2 * np.maximum(x, 1)))


def yearly_rate(x: Floats, t_x: Floats, first: Floats, m: Floats, weights: Floats) -> float:
    """Return the logarithm of the factor by which orders grow in a year; 0 with too few customers who came back.

    Args:
        x: repeat orders, shape (n,).
        t_x: age at the last of them, in days, shape (n,).
        first: value of the first order, shape (n,).
        m: mean value of the repeat orders, shape (n,).
        weights: customers of each row, shape (n,).

    Examples:
        >>> age = np.linspace(10, 1500, 400)
        >>> grown = 20 * np.exp(0.05 * age / 365.25)
        >>> float(round(yearly_rate(np.ones(400), age, np.full(400, 20.0), grown, np.ones(400)), 4))
        0.05
    """
    usable = (x > 0) & (first > 0) & (m > 0)
    if usable.sum() < _FEWEST_CUSTOMERS:
        return 0.0
    orders = x[usable]
    years = mean_age(orders, t_x[usable]) / DAYS_PER_YEAR
    by = np.stack((years - years.mean(), 1 / orders, np.ones(len(years))), axis=1)
    if np.ptp(years) == 0:
        return 0.0
    rate, error = _robust_slope(by, np.log(m[usable] / first[usable]), weights[usable] * orders / (1 + orders))
    shrunk = rate * max(0.0, 1 - (error / rate) ** 2) if rate else 0.0
    return float(np.clip(shrunk, -_MOST, _MOST))


def _robust_slope(by: Floats, values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the coefficient of the first column and its standard error, by Huber's weights."""
    own = weights
    slope, error = 0.0, np.inf
    for _ in range(_ROUNDS):
        weighted = by * own[:, None]
        inverse = np.linalg.pinv(weighted.T @ by)
        found = inverse @ (weighted.T @ values)
        residuals = np.abs(values - by @ found)
        slope, scale = float(found[0]), float(np.median(residuals)) / 0.6745
        error = scale * float(np.sqrt(inverse[0, 0]))
        if scale <= 1e-9:
            break
        own = weights * np.minimum(1.0, _HUBER * scale / np.maximum(residuals, 1e-300))
    return slope, error
