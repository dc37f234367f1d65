"""Ranking quality of a score against the value that customers turn out to have.

All measures answer one question of those who act on the top of a list: how much of the value is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LorenzCurve:
    """Cumulated value, best scores first, from (0, 0) to (1, 1).

    Attributes:
        customer_share: share of customers, shape (k,).
        value_share: their share of the value, shape (k,); all 0 if there is no value.
    """

    customer_share: Floats
    value_share: Floats


@dataclass(frozen=True, eq=False)
class DecileLift:
    """Realised value of customers by decile of their score.

    Attributes:
        decile: 1 is the best, shape (k,).
        customers: number in each, shape (k,).
        score: mean score, shape (k,).
        actual: mean value, shape (k,).
        lift: mean value over that of all customers, shape (k,); NaN if that is 0.
    """

    decile: NDArray[np.int64]
    customers: NDArray[np.int64]
    score: Floats
    actual: Floats
    lift: Floats


def normalised_gini(actual: NDArray[Any], score: NDArray[Any]) -> float | None:
    """Return the Gini index of `actual` ranked by `score`, over that of the perfect ranking.

    1 ranks like the truth, 0 like chance, below 0 worse than chance. Customers with equal scores share their
    value, so that the order of the rows does not matter.

    Args:
        actual: realised value, shape (n,), not negative.
        score: ranks the customers, shape (n,); higher is better.

    Returns:
        The ratio, or None if all values are equal and no ranking is better than another.

    Examples:
        >>> normalised_gini(np.array([0, 1, 5]), np.array([0.1, 0.2, 0.9]))
        1.0
        >>> normalised_gini(np.array([0, 1, 5]), np.array([3, 3, 3]))
        0.0
    """
    actual, score = _pair(actual, score)
    best = _gini(actual, actual)
    return _gini(actual, score) / best if best > 0 else None


def share_of_top(actual: NDArray[Any], score: NDArray[Any], top: float = 0.2) -> float | None:
    """Return the share of all value that the best-scored customers account for.

    Args:
        actual: realised value, shape (n,), not negative.
        score: ranks the customers, shape (n,).
        top: share of customers taken, from the top.

    Returns:
        A share, or None if there is no value at all.

    Examples:
        >>> share_of_top(np.array([0, 1, 1, 2, 6]), np.array([1, 2, 3, 4, 5]))
        0.6
    """
    if not 0 < top <= 1:
        raise ParameterError(f"top is {top}; it must be above 0 and at most 1.", where="share_of_top")
    curve = lorenz_curve(actual, score)
    if curve.value_share[-1] == 0:
        return None
    return float(np.interp(top, curve.customer_share, curve.value_share))


def customers_holding(actual: NDArray[Any], score: NDArray[Any], share: float = 0.8) -> float | None:
    """Return the share of customers, best scores first, who account for a share of all value: the 20 of "20 hold 80".

    Args:
        actual: realised value, shape (n,), not negative.
        score: ranks the customers, shape (n,).
        share: of the value.

    Returns:
        A share, or None if there is no value at all.

    Examples:
        >>> customers_holding(np.array([6, 2, 1, 1, 0]), np.array([5, 4, 3, 2, 1]), 0.6)
        0.2
    """
    if not 0 < share <= 1:
        raise ParameterError(f"share is {share}; it must be above 0 and at most 1.", where="customers_holding")
    curve = lorenz_curve(actual, score)
    if curve.value_share[-1] == 0:
        return None
    return float(np.interp(share, curve.value_share, curve.customer_share))


def lorenz_curve(actual: NDArray[Any], score: NDArray[Any]) -> LorenzCurve:
    """Return the cumulated share of value by cumulated share of customers, best scores first.

    Customers with equal scores form one straight segment.

    Args:
        actual: realised value, shape (n,), not negative.
        score: ranks the customers, shape (n,).

    Examples:
        >>> lorenz_curve(np.array([4, 0]), np.array([2, 1])).value_share.tolist()
        [0.0, 1.0, 1.0]
    """
    actual, score = _pair(actual, score)
    customers, value = _cumulated(actual, score)
    whole = value[-1]
    shares = value / whole if whole > 0 else value
    return LorenzCurve(customer_share=np.r_[0.0, customers / customers[-1]], value_share=np.r_[0.0, shares])


def decile_lift(actual: NDArray[Any], score: NDArray[Any], *, bins: int = 10) -> DecileLift:
    """Return mean score, mean value and lift by decile of the score, 1 being the best.

    Ties are cut by the order of the rows, so that the bins have equal sizes (within one).

    Args:
        actual: realised value, shape (n,).
        score: ranks the customers, shape (n,).
        bins: number of groups.

    Examples:
        >>> decile_lift(np.array([3.0, 1.0]), np.array([0.9, 0.1]), bins=2).lift.tolist()
        [1.5, 0.5]
    """
    actual, score = _pair(actual, score)
    if not 1 <= bins <= len(score):
        raise ParameterError(f"bins is {bins}; it must lie between 1 and the number of customers, {len(score)}.", where="decile_lift")
    order = np.argsort(-score, kind="stable")
    starts = np.searchsorted(np.arange(len(score)) * bins // len(score), np.arange(bins))
    customers = np.diff(np.r_[starts, len(score)])
    means = [np.add.reduceat(values[order], starts) / customers for values in (score, actual)]
    overall = float(actual.mean())
    lift = means[1] / overall if overall else np.full(bins, np.nan)
    return DecileLift(decile=np.arange(1, bins + 1), customers=customers, score=means[0], actual=means[1], lift=lift)


def _pair(actual: NDArray[Any], score: NDArray[Any]) -> tuple[Floats, Floats]:
    actual, score = np.asarray(actual, dtype=float), np.asarray(score, dtype=float)
    if actual.shape != score.shape or actual.ndim != 1 or not len(actual):
        raise ParameterError(
            f"actual has shape {actual.shape} and score {score.shape}; both must be (n,), n at least 1.",
            where="ranking",
            remedy="Join the two by customer_id first.",
        )
    for name, values in (("actual", actual), ("score", score)):
        if bad := int((~np.isfinite(values)).sum()):
            raise ParameterError(
                f"{bad} of {len(values)} values are not finite numbers.", where=f"ranking: {name}", remedy="Leave them out."
            )
    return actual, score


def _cumulated(actual: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Return customers and value at the end of each run of equal scores, best first."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    return (ends + 1).astype(float), np.cumsum(actual[order])[ends]


def _gini(actual: Floats, score: Floats) -> float:
    """Return twice the area between the curve of `actual` ranked by `score` and the diagonal."""
    customers, value = _cumulated(actual, score)
    if value[-1] == 0:
        return 0.0
    width = np.diff(np.r_[0.0, customers / customers[-1]])
    height = np.r_[0.0, value / value[-1]]
    return float(width @ (height[1:] + height[:-1]) - 1)
