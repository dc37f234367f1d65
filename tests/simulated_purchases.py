"""Customers who follow the BG/NBD and Gamma-Gamma models exactly, in continuous time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray


def buyers(n: int, rng: np.random.Generator, *, r: float, alpha: float, a: float, b: float, days: float = 730.0) -> pl.DataFrame:
    """Return n customers who start at random within `days`; alpha is in days. A drop-out parameter a of 0 keeps them all."""
    T = rng.uniform(0, days, n)
    rate = rng.gamma(r, 1 / alpha, n)
    leave = rng.beta(a, b, n) if a > 0 else np.zeros(n)
    x, t_x, clock = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    here = np.arange(n)
    while len(here):
        clock[here] += rng.exponential(1 / rate[here])
        here = here[clock[here] <= T[here]]
        x[here] += 1
        t_x[here] = clock[here]
        here = here[rng.random(len(here)) > leave[here]]
    return frame(x, t_x, T)


def frame(x: NDArray[np.int64], t_x: NDArray[np.float64], T: NDArray[np.float64]) -> pl.DataFrame:
    """Return the purchase summary of customers 0 to n - 1."""
    ids = [str(i) for i in range(len(x))]
    return pl.DataFrame({"customer_id": ids, "repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T})


def spenders(n: int, rng: np.random.Generator, *, p: float, q: float | None, v: float) -> pl.DataFrame:
    """Return n customers with one to about ten orders; q None: all have the scale v."""
    x = rng.geometric(0.4, n)
    nu = np.full(n, v) if q is None else rng.gamma(q, 1 / v, n)
    m = rng.gamma(p * x) / nu / x
    return pl.DataFrame({"customer_id": [str(i) for i in range(n)], "repeat_purchases": x, "mean_repeat_value": m})
