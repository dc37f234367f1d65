"""Contracts whose time to end follows a model with known parameters; observed for up to two years, half of them from a later age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COVARIATES = ("x", "z")


def accelerated(n: int, rng: np.random.Generator, *, error: str, x: float, z: float, intercept: float, log_shape: float) -> pl.DataFrame:
    """Return contracts of which log T = intercept + x b + z g + e / k.

    Args:
        n: contracts.
        rng: generator of the draws.
        error: weibull, log_normal or log_logistic.
        x: effect of a normal covariate.
        z: effect of one of 0 and 1.
        intercept: in log days.
        log_shape: log k; of the log-normal, log 1 / k.
    """
    k = np.exp(-log_shape if error == "log_normal" else log_shape)
    draw: Callable[[int], Floats] = {
        "weibull": lambda m: np.log(rng.exponential(size=m)),
        "log_normal": lambda m: rng.normal(size=m),
        "log_logistic": lambda m: rng.logistic(size=m),
    }[error]
    X, Z = _covariates(n, rng)
    return _watched(rng, np.exp(intercept + x * X + z * Z + draw(n) / k), X, Z)


def leavers(n: int, rng: np.random.Generator, *, x: float, z: float, intercept: float, latency: float, log_rho: float) -> pl.DataFrame:
    """Return contracts of which only a share ever end: logit of it is intercept + x b + z g, and the others' ages are Weibull."""
    X, Z = _covariates(n, rng)
    leaves = rng.random(n) < 1 / (1 + np.exp(-(intercept + x * X + z * Z)))
    ages = np.exp(latency) * rng.exponential(size=n) ** np.exp(-log_rho)
    return _watched(rng, np.where(leaves, ages, np.inf), X, Z)


def in_stretches(n: int, rng: np.random.Generator, *, breaks: tuple[float, ...], log_rates: Floats, x: float, z: float) -> pl.DataFrame:
    """Return contracts whose risk is constant between ages, times exp(x b + z g)."""
    X, Z = _covariates(n, rng)
    wanted = rng.exponential(size=n) / np.exp(x * X + z * Z)
    starts, rates = np.append(0.0, breaks), np.exp(log_rates)
    passed = np.append(0.0, np.cumsum(np.diff(starts) * rates[:-1]))
    j = np.searchsorted(passed, wanted, side="right") - 1
    return _watched(rng, starts[j] + (wanted - passed[j]) / rates[j], X, Z)


def _covariates(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    return rng.normal(size=n), rng.integers(0, 2, n).astype(float)


def _watched(rng: np.random.Generator, lifetime: Floats, x: Floats, z: Floats) -> pl.DataFrame:
    n = len(lifetime)
    entry = np.where(rng.random(n) < 0.5, rng.uniform(0, 60, n), 0.0)
    until = entry + rng.uniform(30, 730, n)
    spells = {"duration_days": np.minimum(lifetime, until), "event": lifetime <= until, "entry_days": entry, "x": x, "z": z}
    frame = pl.DataFrame({"customer_id": [str(i) for i in range(n)], **spells})
    return frame.filter(pl.Series(lifetime > entry))
