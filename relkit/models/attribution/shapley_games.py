"""Cooperative games of k channels as tables of the worth of each of the 2^k coalitions, and their Shapley values.

A coalition is the number whose bit i is set if channel i belongs to it. A sum over the subsets of every coalition is a zeta transform,
k 2^k additions; so is a sum over the supersets.

    Shapley, L. S. (1953), A value for n-person games, Contributions to the Theory of Games II, 307-317.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.models.attribution.coded_paths import Floats


def subset_sums(own: Floats) -> Floats:
    """Return the sum of what belongs to each coalition and to those inside it; (2^k,).

    Args:
        own: what belongs to exactly each coalition; (2^k,).

    Examples:
        >>> subset_sums(np.array([0.0, 1.0, 2.0, 4.0])).tolist()
        [0.0, 1.0, 2.0, 7.0]
    """
    sums = np.array(own, np.float64)
    for pairs in _by_channel(sums):
        pairs[:, 1, :] += pairs[:, 0, :]
    return sums


def superset_sums(own: Floats) -> Floats:
    """Return the sum of what belongs to each coalition and to those around it; (2^k,).

    Examples:
        >>> superset_sums(np.array([0.0, 1.0, 2.0, 4.0])).tolist()
        [7.0, 5.0, 6.0, 4.0]
    """
    sums = np.array(own, np.float64)
    for pairs in _by_channel(sums):
        pairs[:, 0, :] += pairs[:, 1, :]
    return sums


def shapley_values(worth: Floats) -> Floats:
    """Return the Shapley value of each channel: its mean contribution over all orders in which the channels can join; (k,).

    Args:
        worth: of each coalition, 0 for the empty one; (2^k,).

    Examples:
        >>> shapley_values(np.array([0.0, 0.2, 0.1, 0.47])).round(3).tolist()
        [0.285, 0.185]
    """
    tables = zip(_by_channel(worth), _by_channel(joining_weights(len(worth))), strict=True)
    return np.array([float(((pairs[:, 1, :] - pairs[:, 0, :]) * weights[:, 0, :]).sum()) for pairs, weights in tables])


def joining_weights(coalitions: int) -> Floats:
    """Return the share of orders in which a coalition is complete just before a given channel joins it; (2^k,).

    It is s! (k - s - 1)! / k! for a coalition of s channels, and 0 for that of all.

    Examples:
        >>> joining_weights(4).tolist()
        [0.5, 0.5, 0.5, 0.0]
    """
    channels = coalitions.bit_length() - 1
    by_size = np.array([1 / (channels * comb(channels - 1, size)) for size in range(channels)] + [0.0])
    weights: Floats = by_size[np.bitwise_count(np.arange(coalitions))]
    return weights


def contribution_weights(coalitions: int, channel: int) -> Floats:
    """Return the derivatives of the Shapley value of a channel by the worth of each coalition; (2^k,).

    Examples:
        >>> contribution_weights(4, 0).tolist()
        [-0.5, 0.5, -0.5, 0.5]
    """
    weights = joining_weights(coalitions).reshape(-1, 2, 1 << channel)
    weights[:, 1, :] = weights[:, 0, :]
    weights[:, 0, :] *= -1
    return weights.reshape(-1)


def _by_channel(table: Floats) -> Iterator[Floats]:
    """Yield for each channel a view of a table: the coalitions without it at [:, 0, :], the same with it at [:, 1, :]."""
    for channel in range(len(table).bit_length() - 1):
        yield table.reshape(-1, 2, 1 << channel)
