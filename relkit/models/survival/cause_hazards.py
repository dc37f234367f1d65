"""Cumulative incidence of a customer, from the hazards of several causes.

With H_k(u | x) the cumulative hazard of cause k, given covariates x, and H the sum over the causes,

    S(u | x) = exp(-H(u | x))        F_k = sum over ages u of S(u- | x) (1 - exp(-dH(u | x))) dH_k(u | x) / dH(u | x)

so that S and the F_k add up to 1 at every age, whatever the hazards. It is the exponential form of the product integral, as
in R's survfit of a multi-state coxph (Therneau, T. and Grambsch, P. (2000), Modeling Survival Data, section 8.6, has its
two-state case); the product limit form of Aalen and Johansen (1978), with S(u-) dH_k, differs from it when many end at
one age, and can fall below 0 for a customer at high risk.

Ages are grouped between at most a thousand edges: within an interval each cause keeps its share of the hazard. If there are
no more event ages than that, as with lives in days, they are the edges, and nothing is approximated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.metrics.risk_sets import Floats
    from relkit.models.survival.cox_baseline import Baseline

MOST_EDGES = 1_000
ROWS = 1_024
"""Customers per block: with three causes and a thousand edges 25 MB."""


@dataclass(frozen=True, eq=False)
class CauseHazards:
    """The baseline hazards of several causes.

    Attributes:
        baselines: of each cause.
        edges: shape (e,), ages, ascending, between which the shares of the causes are taken as constant.
        hazard: shape (K, e), cumulative hazard of each cause up to each edge.
    """

    baselines: tuple[Baseline, ...]
    edges: Floats
    hazard: Floats

    @classmethod
    def of(cls, baselines: Sequence[Baseline]) -> Self:
        """Return the hazards of baselines, one per cause."""
        ages = np.unique(np.concatenate([each.table["days"].to_numpy()[each.table["ended"].to_numpy() > 0] for each in baselines]))
        hazard = np.stack([each.cumulative(ages) for each in baselines])
        if len(ages) > MOST_EDGES:
            passed = hazard.sum(axis=0)
            kept = np.unique(np.searchsorted(passed, passed[-1] * np.arange(1, MOST_EDGES + 1) / MOST_EDGES).clip(max=len(ages) - 1))
            ages, hazard = ages[kept], hazard[:, kept]
        return cls(tuple(baselines), ages, hazard)

    def incidence(self, age: Floats, ratio: Floats, days: Floats) -> Floats:
        """Return the probability of ending by each cause within each number of days, shape (K, n, m).

        Args:
            age: shape (n,), days, so far.
            ratio: shape (K, n), hazard ratio of each cause.
            days: shape (m,), ahead.
        """
        found = np.empty((len(self.baselines), len(age), len(days)))
        order = np.argsort(age, kind="stable")  # those of one age need the same edges
        for start in range(0, len(age), ROWS):
            rows = order[start : start + ROWS]
            found[:, rows] = self._of_block(age[rows], ratio[:, rows], days)
        return found

    def _of_block(self, age: Floats, ratio: Floats, days: Floats) -> Floats:
        found = np.empty((len(self.baselines), len(age), len(days)))
        stays, ended = np.ones(len(age)), np.zeros((len(self.baselines), len(age)))
        low, passed = age, self._cumulative(age)
        for j in np.argsort(days):
            high = age + days[j]
            reached = self._cumulative(high)
            added, kept = self._between(low, high, passed, reached, ratio)
            ended, stays = ended + stays * added, stays * kept
            found[:, :, j] = ended
            low, passed = high, reached
        return found

    def _between(self, low: Floats, high: Floats, passed: Floats, reached: Floats, ratio: Floats) -> tuple[Floats, Floats]:
        """Return the probability of ending by each cause between two ages, shape (K, b), and of surviving, shape (b,).

        Args:
            low: shape (b,), the first age.
            high: shape (b,), the second.
            passed: shape (K, b), cumulative baseline hazards at the first.
            reached: shape (K, b), at the second.
            ratio: shape (K, b).
        """
        inner = slice(*np.searchsorted(self.edges, [low.min(), high.max()]))
        within = np.clip(self.hazard[:, None, inner], passed[:, :, None], reached[:, :, None])
        parts = np.diff(np.concatenate([passed[:, :, None], within, reached[:, :, None]], axis=2), axis=2) * ratio[:, :, None]
        whole = parts.sum(axis=0)
        stays = np.exp(-np.cumsum(whole, axis=1))
        ends = -np.diff(stays, axis=1, prepend=1.0)
        share = np.divide(ends, whole, out=np.zeros_like(whole), where=whole > 0)
        return np.einsum("kbc,bc->kb", parts, share), stays[:, -1]

    def _cumulative(self, ages: Floats) -> Floats:
        return np.stack([each.cumulative(ages) for each in self.baselines])
