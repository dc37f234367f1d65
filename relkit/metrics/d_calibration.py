"""D-calibration: a test of whole forecast curves against what happened (Haider, Hoehn, Davis and Greiner 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats


@dataclass(frozen=True, eq=False)
class DCalibration:
    """Shares of spells by the survival forecast for the age at which each ended.

    Attributes:
        shares: shape (b,), of equal parts of (0, 1], the lowest survival first; each 1 / b if the curves are right.
        statistic: chi-square.
        p_value: probability of a statistic at least this large if the curves are right; with b - 1 degrees of freedom.
    """

    shares: Floats
    statistic: float
    p_value: float


def d_calibration(survival: Floats, event: Flags, *, bins: int = 10) -> DCalibration:
    """Return the distribution over (0, 1] of the forecast survival at the end of each spell; uniform if the curves are right.

    A spell censored when its curve stood at s ends, if the curve is right, uniformly over (0, s]: it counts with its
    share in every part below s (eq. 14 to 16). That evens out the shares, so the test errs on the side of not
    rejecting if many are censored.

    Args:
        survival: shape (n,), forecast probability of outliving the age at which the spell ended or was censored. For a spell
            known to be running at an age, the probability given that.
        event: shape (n,).
        bins: equal parts of (0, 1].

    Examples:
        >>> found = d_calibration(np.array([0.1, 0.6, 1.0]), np.array([True, True, False]), bins=2)
        >>> found.shares.tolist(), round(found.statistic, 4)
        ([0.5, 0.5], 0.0)
    """
    if bins < 2:
        raise ParameterError(f"bins is {bins}; it must be at least 2.", where="d_calibration")
    if not ((survival >= 0) & (survival <= 1)).all():
        raise ParameterError("a survival is not a probability.", where="survival")
    own = np.clip(np.ceil(survival * bins).astype(np.intp) - 1, 0, bins - 1)
    ended = np.bincount(own[event], minlength=bins)
    lost, place = np.maximum(survival[~event], 1e-300), own[~event]
    each = 1 / (bins * lost)  # of a part that lies wholly below s
    within = np.bincount(place, weights=np.clip(1 - place * each, 0.0, 1.0), minlength=bins)
    whole = np.bincount(place, weights=each, minlength=bins)
    counts = ended + within + np.append(np.cumsum(whole[::-1])[::-1][1:], 0.0)
    expected = len(survival) / bins
    statistic = float(((counts - expected) ** 2).sum() / expected)
    return DCalibration(counts / len(survival), statistic, float(chdtrc(bins - 1, statistic)))
