"""Drift of scores between two days: the population stability index.

    PSI = sum over bins of (q - p) ln(q / p)

with p and q the shares of the earlier and the later customers in each bin, the bins being the deciles of the
earlier ones (Siddiqi 2006, Credit Risk Scorecards, p. 137). By the usual reading, below 0.10 there is no
change and above 0.25 a marked one. It does not assess whether the scores were right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError, TableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STABLE, SHIFTED = 0.10, 0.25
"""Thresholds: below the first there is no shift, above the second a marked one."""


def population_stability_index(before: NDArray[np.float64], now: NDArray[np.float64], *, bins: int = 10) -> float:
    """Return the PSI of two samples of one score.

    Half a customer is added on both sides to every bin that is not empty on both, so that a bin that is empty on one
    side does not make the index infinite.

    Args:
        before: the earlier values, shape (n,); their quantiles are the edges of the bins.
        now: the later values, shape (m,).
        bins: largest number of bins; fewer if values repeat.

    Raises:
        TableError: a sample is empty or contains values that are not numbers.
        ParameterError: fewer than two bins.

    Examples:
        >>> week = np.linspace(0, 1, 1001)
        >>> round(population_stability_index(week, week), 6), round(population_stability_index(week, week**2), 2)
        (0.0, 0.38)
    """
    before, now = _numbers(before, "the earlier scores"), _numbers(now, "the later scores")
    if bins < 2:
        raise ParameterError(f"bins is {bins}; at least 2 are needed.", where="bins")
    edges = np.unique(np.quantile(before, np.linspace(0, 1, bins + 1)[1:-1]))
    counts = np.array([np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1) for values in (before, now)])
    held = counts[:, counts.any(axis=0)] + 0.5
    p, q = held / held.sum(axis=1, keepdims=True)
    return float(np.sum((q - p) * np.log(q / p)))


def drift(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Return the drift of the scores common to two score tables.

    Args:
        before: the earlier score table.
        now: the later one.

    Returns:
        One row per score and model, in that order: score, model, customers_before, customers_now, mean_before,
        mean_now, psi, shift ("none", "some" or "marked").
    """
    keys = ["score", "model"]
    both = before.select(keys).unique().join(now.select(keys).unique(), on=keys, how="semi").sort(keys)
    rows = [_moved(before, now, score, model) for score, model in both.rows()]
    schema = {"score": pl.String, "model": pl.String, "customers_before": pl.Int64, "customers_now": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"mean_before": pl.Float64, "mean_now": pl.Float64, "psi": pl.Float64, "shift": pl.String})


def _moved(before: pl.DataFrame, now: pl.DataFrame, score: str, model: str) -> dict[str, object]:
    own = (pl.col("score") == score) & (pl.col("model") == model)
    was, is_now = (frame.filter(own)["value"].to_numpy() for frame in (before, now))
    psi = population_stability_index(was, is_now)
    return {
        "score": score,
        "model": model,
        "customers_before": len(was),
        "customers_now": len(is_now),
        "mean_before": float(was.mean()),
        "mean_now": float(is_now.mean()),
        "psi": psi,
        "shift": "none" if psi < STABLE else "some" if psi <= SHIFTED else "marked",
    }


def _numbers(values: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    if not len(found):
        raise TableError("there are none.", where=what)
    if np.isnan(found).any():
        raise TableError(f"{int(np.isnan(found).sum()):,} of {len(found):,} are not numbers.", where=what)
    return found
