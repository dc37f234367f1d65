"""Heterogeneity of customers: the distributions of purchase rates and dropout in a fitted purchase model.

Shown as the share of customers above each level, which stays finite when a density does not: with a shape below one a
gamma or a beta density is unbounded, and most customer bases look like that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from relkit.models.lifetime_value.purchase_model import FittedPurchaseModel

Floats = NDArray[np.float64]

_SHARES: Floats = np.linspace(0.995, 0.005, 199)


@dataclass(frozen=True, eq=False)
class Spread:
    """Distribution of a trait over customers at their start.

    Attributes:
        of: purchase_rate (purchases a year while active), leaving_probability (after a purchase) or leaving_rate (a year).
        level: of the trait, shape (k,), ascending.
        share_above: share of customers whose trait is at least at that level, shape (k,).
        mean: of all customers.
    """

    of: Literal["purchase_rate", "leaving_probability", "leaving_rate"]
    level: Floats
    share_above: Floats
    mean: float

    def level_of(self, share: float) -> float:
        """Return the level that a share of the customers exceeds."""
        return float(np.interp(-share, -self.share_above, self.level))


def spreads(fitted: FittedPurchaseModel) -> tuple[Spread, ...]:
    """Return the distributions of customers' traits, for a model whose terms are r, alpha (buying) and a, b or s, beta (leaving).

    Other terms have none. With covariates it is the distribution among customers with typical covariates.

    Args:
        fitted: a fitted purchase model; with regular buyers a purchase takes k steps of the rate.
    """
    value = {name: float(getattr(fitted, name)) for name in ("r", "alpha", "a", "b", "s", "beta") if hasattr(fitted, name)}
    value |= fitted.typical if getattr(fitted, "covariates", ()) else {}
    per_year = DAYS_PER_YEAR / fitted.settings.period_days
    steps = getattr(fitted, "k", 1)
    found = []
    if {"r", "alpha"} <= value.keys():
        found.append(_gamma("purchase_rate", value["r"], value["alpha"] * steps / per_year))
    if {"a", "b"} <= value.keys():
        found.append(_beta("leaving_probability", value["a"], value["b"]))
    if {"s", "beta"} <= value.keys():
        found.append(_gamma("leaving_rate", value["s"], value["beta"] / per_year))
    return tuple(found)


def _gamma(of: Literal["purchase_rate", "leaving_rate"], shape: float, scale: float) -> Spread:
    return Spread(of, np.asarray(special.gammainccinv(shape, _SHARES) / scale), _SHARES, shape / scale)


def _beta(of: Literal["leaving_probability"], a: float, b: float) -> Spread:
    return Spread(of, np.asarray(special.betaincinv(a, b, 1 - _SHARES)), _SHARES, a / (a + b))
