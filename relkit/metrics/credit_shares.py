"""Shares of credit compared: between two times, and between models of the same journeys.

spread = share_spread(shares, widths)      the movement of each channel's share over models, next to the width of its intervals
share_distances(shares)                    the part of all credit by which each pair of models differs
rank_agreement(shares)                     agreement of all models on the order of the channels, from 0 to 1

Kendall, M. G. and Babington Smith, B. (1939), The problem of m rankings, Annals of Mathematical Statistics 10, 275-287.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats

_ROUNDED = 12
"""Decimals to which spreads and ranks are taken, so that shares equal but for rounding are equal."""


def total_variation(shares: Floats, others: Floats) -> float:
    """Return the total variation distance between two sets of shares: the part of the credit that would have to move.

    Args:
        shares: of k channels; (k,), adding up to 1.
        others: of the same channels; (k,).

    Examples:
        >>> round(total_variation(np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])), 12)
        0.1
    """
    return float(np.abs(np.asarray(shares) - np.asarray(others)).sum() / 2)


def share_distances(shares: Floats) -> Floats:
    """Return the total variation distance between each pair of models; (m, m).

    Args:
        shares: of k channels by m models; (m, k).

    Examples:
        >>> share_distances(np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]])).tolist()
        [[0.0, 0.25, 0.5], [0.25, 0.0, 0.25], [0.5, 0.25, 0.0]]
    """
    distances: Floats = np.abs(shares[:, None, :] - shares[None, :, :]).sum(axis=2) / 2
    return distances


@dataclass(frozen=True, eq=False)
class ShareSpread:
    """Shares of k channels over several models.

    Attributes:
        low, high: least and greatest share of each channel; (k,).
        spread: their difference; (k,).
        width: mean width of the intervals of the share over the models that have them; (k,), not a number if none has.
        is_model_bound: whether the share depends on the model more than on the data; (k,).
    """

    low: Floats
    high: Floats
    spread: Floats
    width: Floats
    is_model_bound: NDArray[np.bool_]


def share_spread(shares: Floats, widths: Floats) -> ShareSpread:
    """Return the spread of each channel's share over models next to the width of its intervals.

    A channel's share depends on the model more than on the data if the difference between its greatest and its least share is larger
    than the mean width of its intervals. All models read the same journeys, so that the noise of the data moves their shares together: a
    spread that exceeds the width is not due to chance. Without an interval, or with a single model, no channel is marked.

    Args:
        shares: of k channels by m models; (m, k).
        widths: of the intervals of the same shares, not a number for models without; (m, k).

    Examples:
        >>> found = share_spread(np.array([[0.6, 0.4], [0.7, 0.3]]), np.array([[0.04, 0.2], [0.04, 0.2]]))
        >>> found.is_model_bound.tolist(), found.spread.tolist()
        ([True, False], [0.1, 0.1])
    """
    low, high = shares.min(axis=0), shares.max(axis=0)
    spread = np.round(high - low, _ROUNDED)
    known = ~np.isnan(widths)
    counted = known.sum(axis=0)
    width = np.divide(np.where(known, widths, 0.0).sum(axis=0), counted, out=np.full(len(low), np.nan), where=counted > 0)
    return ShareSpread(low, high, spread, width, (counted > 0) & (spread > np.where(counted > 0, width, np.inf)))


def rank_agreement(shares: Floats) -> float:
    """Return Kendall's W, the agreement of several models on the order of the channels.

    Args:
        shares: of k channels by m models; (m, k), at least two of each. Equal shares have the mean of their ranks, corrected for.

    Returns:
        1 if all models have the same order, 0 if they cancel each other out; not a number if no model has different shares.

    Examples:
        >>> rank_agreement(np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1]]))
        1.0
        >>> rank_agreement(np.array([[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]]))
        0.0
    """
    models, channels = shares.shape
    found = [_mean_ranks(each) for each in np.round(shares, _ROUNDED)]
    sums = np.sum([ranks for ranks, _ in found], axis=0)
    most = models * (models * (channels**3 - channels) - sum(ties for _, ties in found)) / 12
    return float(((sums - sums.mean()) ** 2).sum() / most) if most > 0 else float("nan")


def _mean_ranks(values: Floats) -> tuple[Floats, int]:
    """Return ranks from 1, equal values with the mean of theirs, and the sum of t^3 - t over groups of t equal ones."""
    _, code, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[code], int((counts**3 - counts).sum())
