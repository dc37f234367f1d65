"""Nuisances of a learner of effects: folds, propensity, and expected outcomes of rows that were not fitted to.

Folds keep clusters whole. The propensity is taken as given; only where none was recorded is it estimated, by a logistic regression of
the other folds, and held between .025 and .975: weights beyond 40 would rest on very few rows. The expected outcomes with and without
the action come from one response for both arms, fitted to the other folds, and with them the doubly robust score of each row (Robins,
Rotnitzky and Zhao 1994): an unbiased, if noisy, measurement of the row's effect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.metrics.uplift import aipw_scores
from relkit.models.affinity.penalised_logistic import fit_logistic, log_odds
from relkit.models.uplift.responses import beside

if TYPE_CHECKING:
    from relkit.models.uplift.responses import Boosting
    from relkit.models.uplift.unit_rows import Codes, Flags

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

LEAST_PROPENSITY = 0.025
"""Estimated propensities are held between this and one minus it."""
RIDGE = 1.0
"""Penalty of the regression of the propensity, in rows."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Units:
    """The units of one action as arrays.

    Attributes:
        flat: columns of trees, shape (n, d).
        curved: columns of regressions, shape (n, e).
        treated: shape (n,).
        outcome: shape (n,).
        known_propensity: of being treated, shape (n,); None if it was not recorded.
        cluster: group of each row, shape (n,).
        fold: of each row, shape (n,); all 0 if there are none.
        folds: number of folds.
        boosting: the base learner.
    """

    flat: Floats
    curved: Floats
    treated: Flags
    outcome: Floats
    known_propensity: Floats | None
    cluster: Codes
    fold: Codes
    folds: int
    boosting: Boosting

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.outcome)

    def only(self, which: Rows | Flags) -> Units:
        """Return some of the units, with what was estimated for them."""
        found = replace(
            self,
            flat=self.flat[which],
            curved=self.curved[which],
            treated=self.treated[which],
            outcome=self.outcome[which],
            known_propensity=None if self.known_propensity is None else self.known_propensity[which],
            cluster=self.cluster[which],
            fold=self.fold[which],
        )
        # Estimates of the whole are passed on: made anew from a part, they would be of other folds.
        if "propensity" in self.__dict__:
            found.__dict__["propensity"] = self.propensity[which]
        if "expected" in self.__dict__:
            found.__dict__["expected"] = tuple(each[which] for each in self.expected)
        return found

    def with_boosting(self, boosting: Boosting) -> Units:
        """Return the units with another base learner; what was estimated stays."""
        found = replace(self, boosting=boosting)
        found.__dict__.update({name: self.__dict__[name] for name in ("propensity", "expected") if name in self.__dict__})
        return found

    @cached_property
    def propensity(self) -> Floats:
        """The probability of being treated, as recorded or as estimated from the other folds, shape (n,)."""
        if self.known_propensity is not None:
            return self.known_propensity
        found = np.empty(len(self))
        for others, own in self.parts():
            found[own] = estimated_propensity(self.curved[own], propensity_line(self.curved[others], self.treated[others]))
        return found

    @cached_property
    def expected(self) -> tuple[Floats, Floats]:
        """The expected outcomes without and with the action, from responses fitted to the other folds, each shape (n,)."""
        without, with_it = np.empty(len(self)), np.empty(len(self))
        for others, own in self.parts():
            response = self.boosting.fit(beside(self.flat[others], self.treated[others]), self.outcome[others])
            without[own] = response.with_arm(self.flat[own], treated=False)
            with_it[own] = response.with_arm(self.flat[own], treated=True)
        return without, with_it

    @cached_property
    def scores(self) -> Floats:
        """The doubly robust scores, shape (n,)."""
        return aipw_scores(self.outcome, self.treated, self.propensity, *self.expected)

    def parts(self) -> list[tuple[Rows, Rows]]:
        """Return for each fold the rows of the others and its own; without folds all rows twice."""
        if self.folds < 2:
            everybody = np.arange(len(self))
            return [(everybody, everybody)]
        return [(np.flatnonzero(self.fold != fold), np.flatnonzero(self.fold == fold)) for fold in range(self.folds)]


def folds_of(cluster: Codes, folds: int, seed: int) -> Codes:
    """Return the fold of each row, shape (n,): clusters are drawn into folds of equal size.

    Args:
        cluster: numbers from 0 on, shape (n,).
        folds: their number; fewer than 2 for none.
        seed: of the draw.

    Examples:
        >>> folds_of(np.array([0, 0, 1, 2, 3]), 2, 0).tolist()
        [0, 0, 0, 1, 1]
    """
    if folds < 2 or not len(cluster):
        return np.zeros(len(cluster), dtype=np.int64)
    groups = int(cluster.max()) + 1
    of_group = np.random.default_rng(seed).permutation(np.arange(groups) % folds)
    found: Codes = of_group[cluster].astype(np.int64)
    return found


def propensity_line(curved: Floats, treated: Flags) -> Floats:
    """Return intercept and coefficients of the log-odds of being treated, shape (e + 1,)."""
    return fit_logistic(curved, treated.astype(np.float64), np.ones(len(treated)), penalty=RIDGE)


def estimated_propensity(curved: Floats, line: Floats) -> Floats:
    """Return the probability of being treated, held away from 0 and 1, shape (n,)."""
    found: Floats = np.clip(special.expit(log_odds(curved, line)), LEAST_PROPENSITY, 1 - LEAST_PROPENSITY)
    return found
