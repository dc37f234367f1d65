"""Confidence bounds from a standard error, by the normal distribution.

`bounds` are symmetric about the estimate, `log_bounds` symmetric in its logarithm, so that they stay above zero;
`survival_bounds` are those of exp(-hazard), symmetric in the logarithm of the hazard; `share_bounds` those of a share of
counts.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats

# Of the logarithm of a hazard; bounds so wide mean that nothing is known.
_FARTHEST = 30.0


def normal_reach(level: float = LEVEL) -> float:
    """Return the half-width of an interval in standard errors.

    Examples:
        >>> round(normal_reach(0.95), 4)
        1.96
    """
    return NormalDist().inv_cdf((1 + level) / 2)


def bounds(estimate: Floats, std_error: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the lower and upper bound, symmetric about the estimate, each of its shape.

    Examples:
        >>> low, high = bounds(np.array([1.0]), np.array([0.5]))
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.02], [1.98])
    """
    reach = normal_reach(level) * std_error
    return estimate - reach, estimate + reach


def log_bounds(estimate: Floats, log_error: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the lower and upper bound of a positive quantity, each of its shape.

    Args:
        estimate: shape (...), above zero.
        log_error: standard error of its logarithm, of the same shape.
        level: of the interval.

    Examples:
        >>> low, high = log_bounds(np.array([2.0]), np.array([0.5]))
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.751], [5.329])
    """
    reach = np.exp(normal_reach(level) * log_error)
    return estimate / reach, estimate * reach


def survival_bounds(hazard: Floats, log_error: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the lower and upper bound of exp(-hazard), symmetric in the logarithm of the hazard.

    Args:
        hazard: cumulated, shape (...).
        log_error: standard error of its logarithm, of the same shape.
        level: of the interval.

    Examples:
        >>> low, high = survival_bounds(np.array([0.2]), np.array([0.5]))
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.587], [0.928])
    """
    reach = np.exp(np.clip(normal_reach(level) * log_error, 0.0, _FARTHEST))
    return np.exp(-hazard * reach), np.exp(-hazard / reach)


def share_bounds(share: Floats, size: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the score interval of observed shares (Wilson 1927), each bound of their shape.

    Args:
        share: shape (...), from 0 to 1.
        size: number observed, of the same shape.
        level: of the interval.

    Examples:
        >>> low, high = share_bounds(np.array([0.0, 0.5]), np.array([10.0, 10.0]))
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.0, 0.237], [0.278, 0.763])
    """
    z2 = normal_reach(level) ** 2
    middle = (share + z2 / (2 * size)) / (1 + z2 / size)
    reach = np.sqrt(z2 * (share * (1 - share) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    return np.clip(middle - reach, 0.0, share), np.clip(middle + reach, share, 1.0)
