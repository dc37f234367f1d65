"""Group-sequential tests: a few looks, agreed in advance, that share the error rate (Lan and DeMets 1983).

    bounds = boundaries((0.2, 0.4, 0.6, 0.8, 1.0))            in standard errors, at each share of the information
    repeated_interval(effect, bounds[2])                      at the third look

The error rate spent by a share t of the information is 2 (1 - Phi(z / root t)) like O'Brien and Fleming, alpha log(1 + (e - 1) t) like
Pocock, or alpha t^2 (Kim and DeMets 1987); boundaries follow from the distribution of a Brownian motion that has not crossed the earlier
ones, by recursive integration (Armitage, McPherson and Rowe 1969).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.special import ndtr, ndtri

from relkit.errors import ParameterError
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.effect import Effect
    from relkit.metrics.risk_sets import Floats

Spending = Literal["obrien_fleming", "pocock", "power"]

_EXPONENT = 2.0
_FARTHEST = 8.3
"""Standard errors that are never exceeded in floating-point numbers."""


def boundaries(
    information: Sequence[float], *, level: float = LEVEL, spending: Spending = "obrien_fleming", two_sided: bool = True
) -> Floats:
    """Return the standard errors that an estimate must exceed at each look, shape (k,); infinite if nothing is spent yet.

    Args:
        information: share of the planned units observed at each look, rising, up to 1.
        level: 0.95 spends an error rate of 5 % over all looks.
        spending: the rule by which the error rate is spent.
        two_sided: whether either sign counts; half of the error rate is spent on each side.

    Raises:
        ParameterError: shares that do not rise from above 0 to at most 1, or an unknown rule.

    Examples:
        >>> boundaries((0.2, 0.4, 0.6, 0.8, 1.0)).round(2).tolist()
        [4.88, 3.36, 2.68, 2.29, 2.03]
    """
    shares = np.asarray(information, dtype=np.float64)
    if not len(shares) or (np.diff(shares, prepend=0.0) <= 0).any() or shares[-1] > 1 + 1e-12:
        raise ParameterError(f"the shares {list(information)} do not rise up to 1.", where="information", remedy="Give 0.5 and 1, say.")
    if not 0 < level < 1:
        raise ParameterError(f"{level} is not between 0 and 1.", where="level", remedy="Give 0.95 for 95 %.")
    side = (1 - level) / (2 if two_sided else 1)
    steps = np.diff(np.array([spent(share, side, spending) for share in shares]), prepend=0.0)
    return _crossed(shares, steps, two_sided=two_sided)


def spent(share: float, alpha: float, spending: Spending = "obrien_fleming") -> float:
    """Return the error rate spent on one side by a share of the information.

    Args:
        share: from 0 to 1.
        alpha: error rate of one side in all.
        spending: the rule.

    Examples:
        >>> round(spent(0.5, 0.025), 5), round(spent(0.5, 0.025, "pocock"), 5), spent(0.5, 0.025, "power")
        (0.00153, 0.0155, 0.00625)
    """
    if spending not in get_args(Spending):
        raise ParameterError.unknown("spending", spending, get_args(Spending), where="spending")
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1) * share)
    if spending == "power":
        return float(alpha * share**_EXPONENT)
    return 2 * float(ndtr(-ndtri(1 - alpha / 2) / math.sqrt(share)))


def repeated_interval(effect: Effect, bound: float) -> Effect:
    """Return an effect with the interval that holds at all looks together (Jennison and Turnbull 1989), from the boundary of this one.

    The p-value is left out: at one look of several it has no single definition.
    """
    if effect.estimate is None or not effect.se:
        return effect
    half = bound * effect.se
    return replace(effect, low=effect.estimate - half, high=effect.estimate + half, p_value=None, alternative="two-sided")


def _crossed(shares: Floats, steps: Floats, *, two_sided: bool) -> Floats:
    """Return the boundaries at which the probability of a first crossing on one side is as given, shape (k,)."""
    bounds = np.empty(len(shares))
    places, density = np.zeros(1), np.ones(1)  # of the motion that has not crossed: it starts at 0
    before = 0.0
    for look, (share, step) in enumerate(zip(shares, steps, strict=True)):
        spread = math.sqrt(share - before)
        bounds[look] = _boundary(places, density, spread, math.sqrt(share), step)
        farthest = min(bounds[look], _FARTHEST) * math.sqrt(share)
        low = -farthest if two_sided else -_FARTHEST * math.sqrt(share)
        after = shares[look + 1] - share if look + 1 < len(shares) else share
        nodes, weights = _nodes(low, farthest, min(spread, math.sqrt(after)))
        moved = np.exp(-0.5 * ((nodes[:, None] - places) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
        places, density, before = nodes, (moved @ density) * weights, share
    return bounds


def _boundary(places: Floats, density: Floats, spread: float, root: float, step: float) -> float:
    """Return the boundary, in standard errors, that the motion first crosses on one side with a probability."""
    from scipy.optimize import brentq

    def beyond(bound: float) -> float:
        return float(density @ ndtr((places - bound * root) / spread)) - step

    if beyond(_FARTHEST) >= 0 or step <= 0:
        return math.inf
    return float(brentq(beyond, -_FARTHEST, _FARTHEST, xtol=1e-12))


def _nodes(low: float, high: float, spread: float) -> tuple[Floats, Floats]:
    """Return nodes and weights of a quadrature that resolves a normal density of this spread."""
    count = int(np.clip(8 * (high - low) / spread, 96, 1500))
    nodes, weights = np.polynomial.legendre.leggauss(count)
    half = (high - low) / 2
    return half * nodes + (high + low) / 2, half * weights
