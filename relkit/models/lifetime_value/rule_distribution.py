"""Distribution of purchases around a rule that gives means alone: a negative binomial fitted on days that the rule did not see.

    found = RuleDistribution.fitted(means, came)
    found.probability(means, np.zeros(len(means)), days=90)

A rule says "as many as last time", and of most customers "none". To be judged as a distribution it needs the chance that it is wrong: a
floor, the mean of those of whom it expects nothing, and a size, which is smaller the more outcomes scatter around the means. Both
are fitted by maximum likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from relkit.models.lifetime_value.nbd import negative_binomial

Floats = NDArray[np.float64]

_LEAST, _MOST = np.log(1e-4), np.log(1e3)


@dataclass(frozen=True, kw_only=True)
class RuleDistribution:
    """A negative binomial around means.

    Attributes:
        floor_rate: mean purchases a day of those of whom the rule expects fewer.
        size: of the negative binomial.
    """

    floor_rate: float
    size: float

    @classmethod
    def fitted(cls, means: Floats, came: Floats, days: float) -> RuleDistribution:
        """Return the distribution with the greatest likelihood.

        Args:
            means: that the rule gave, shape (n,).
            came: purchases in the same days, shape (n,).
            days: number of days.

        Examples:
            >>> found = RuleDistribution.fitted(np.array([0.0, 0.0, 0.0, 2.0]), np.array([0.0, 1.0, 0.0, 2.0]), 90)
            >>> round(found.floor_rate * 90, 2)
            0.33
        """
        cells, customers = np.unique(np.column_stack([means, came]), axis=0, return_counts=True)

        def loss(logs: Floats) -> float:
            floor, size = np.exp(np.clip(logs, _LEAST, _MOST))
            mean = np.maximum(cells[:, 0], floor)
            chance = negative_binomial(np.full(len(mean), size), size, cells[:, 1], mean)
            return -float(customers @ np.log(np.maximum(chance, 1e-300)))

        found = optimize.minimize(loss, np.log([0.1, 1.0]), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6})
        floor, size = np.exp(np.clip(found.x, _LEAST, _MOST)).tolist()
        return cls(floor_rate=floor / days, size=size)

    def probability(self, means: Floats, purchases: Floats, days: float) -> Floats:
        """Return the probability of each number of purchases, shape (n,)."""
        mean = np.maximum(means, max(self.floor_rate * days, 1e-12))
        return negative_binomial(np.full(len(mean), self.size), self.size, purchases, mean)
