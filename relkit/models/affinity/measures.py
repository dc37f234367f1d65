"""Measures of a rule X => Y from four counts: baskets with both, with X, with Y, and all.

Every measure is a ratio of whole numbers, computed once from them and never from rounded supports. A denominator of zero gives infinity if
the numerator is positive, and null if it is zero too: 0/0 states nothing, and no small constant is added to hide it.

    support s = n_xy / n        confidence c = n_xy / n_x       lift c / s_y
    leverage s - s_x s_y        conviction (1 - s_y) / (1 - c)  (Brin, Motwani, Ullman and Tsur 1997)
    Zhang: leverage over the larger of s (1 - s_x) and s_x (s_y - s)  (Yan, Zhang and Zhang 2009)
    phi: correlation of the two indicators; odds ratio n_xy n_(neither) / (n_x only n_y only)

The interval of lift is that of its logarithm by the delta method on the multinomial counts: its variance is
1 / n_xy - 1 / n_x - 1 / n_y + (2 lift - 1) / n, which at independence is the variance of the logarithm of a relative risk. The interval of
the odds ratio is Woolf's (1955). Both are null if a count they divide by is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.metrics.intervals import log_bounds
from relkit.units import LEVEL

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """The counts of m rules; each (m,) int64.

    Attributes:
        both: baskets with X and Y.
        left: baskets with X.
        right: baskets with Y.
        n: all baskets; one number, or one per rule, (m,).
    """

    both: Ints
    left: Ints
    right: Ints
    n: int | Ints

    def __len__(self) -> int:
        return len(self.both)

    @property
    def excess(self) -> Ints:
        """N n_xy - n_x n_y, above zero if X and Y meet more often than independent ones would."""
        return self.n * self.both - self.left * self.right


def measures_of(counts: Counts, level: float = LEVEL) -> pl.DataFrame:
    """Return the measures of rules.

    Args:
        counts: of m rules.
        level: of the intervals.

    Returns:
        support, confidence, lift, lift_lower, lift_upper, leverage, conviction, zhang, phi, odds_ratio, odds_ratio_lower,
        odds_ratio_upper: one row per rule; null if undefined.

    Examples:
        >>> one = Counts(np.array([2]), np.array([3]), np.array([3]), 10)
        >>> measures_of(one).select("support", "confidence", "lift", "leverage").rows()
        [(0.2, 0.6666666666666666, 2.2222222222222223, 0.11)]
        >>> measures_of(Counts(np.array([2]), np.array([2]), np.array([3]), 3)).select("conviction", "zhang", "odds_ratio").rows()
        [(None, 0.0, None)]
    """
    both, left, right, n = counts.both, counts.left, counts.right, counts.n
    excess = counts.excess
    lift = _ratio(n * both, left * right)
    columns = {
        "support": both / n,
        "confidence": _ratio(both, left),
        "lift": lift,
        **_interval("lift", lift, log_lift_error(counts), level),
        "leverage": excess / np.square(n, dtype=np.float64),
        "conviction": _ratio((n - right) * left, n * (left - both)),
        "zhang": _ratio(excess, np.maximum(both * (n - left), left * (right - both))),
        "phi": _ratio(excess, np.sqrt(left * right) * np.sqrt((n - left) * (n - right))),
        **_odds(counts, level),
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64)).fill_nan(None)


def log_lift_error(counts: Counts) -> Floats:
    """Return the standard error of the logarithm of lift, shape (m,); NaN if X and Y never meet.

    Examples:
        >>> log_lift_error(Counts(np.array([100]), np.array([200]), np.array([300]), 1000)).round(4)
        array([0.0632])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = counts.n * counts.both / (counts.left * counts.right)
        variance = 1 / counts.both - 1 / counts.left - 1 / counts.right + (2 * lift - 1) / counts.n
    return np.where(counts.both > 0, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _odds(counts: Counts, level: float) -> dict[str, Floats]:
    cells = np.stack((counts.both, counts.left - counts.both, counts.right - counts.both))
    neither = counts.n - cells.sum(axis=0)
    odds = _ratio(counts.both.astype(float) * neither, cells[1].astype(float) * cells[2])
    with np.errstate(divide="ignore"):
        error = np.sqrt((1 / cells).sum(axis=0) + 1 / neither)
    error = np.where((cells > 0).all(axis=0) & (neither > 0), error, np.nan)
    return {"odds_ratio": odds, **_interval("odds_ratio", odds, error, level)}


def _interval(name: str, estimate: Floats, error: Floats, level: float) -> dict[str, Floats]:
    with np.errstate(invalid="ignore"):
        low, high = log_bounds(estimate, error, level)
    return {f"{name}_lower": low, f"{name}_upper": high}


def _ratio(top: Ints | Floats, bottom: Ints | Floats) -> Floats:
    """Return top / bottom: infinite if only the bottom is zero, NaN if both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(top, bottom), np.float64)
