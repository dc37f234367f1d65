"""Likelihood of Fine and Gray: Cox's, with spells that ended by another cause kept at risk.

With h the hazard of the subdistribution of one cause, h(t | x) = h0(t) exp(x'beta), the share that has ended by the cause is
F(t | x) = 1 - exp(-H0(t) exp(x'beta)) (Fine, J. and Gray, R. (1999), JASA 94, 496-509). The partial likelihood has the risk sets
of Cox, and besides each spell i that ended at T_i by another cause, with the weight

    w_i(t) = G(t-) / G(T_i-) * E(t-) / E(T_i-)          for t > T_i

which is the probability that it would still be observed had it not ended: G is that of not being censored, and E that of having
been observed from before, of spells with late entry (Geskus, R. (2011), Biometrics 67, 39-49). At one age ends come before censorings,
and both before entries. Since w_i(t) = W(t) / W(T_i), sums over such spells are W times sums of theta / W(T_i) cumulated over
age: a value, gradient and information take two passes over the rows, as Cox's do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from relkit.metrics.risk_sets import risk_sets
from relkit.models.covariates import each_column
from relkit.models.survival.cox_design import Design, Rows
from relkit.models.survival.partial_likelihood import Sums, finished, linear_predictor, moments, summed, sums_at_risk, total_of_ends
from relkit.models.survival.score_residuals import score_residuals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.metrics.risk_sets import Flags, Floats, Indexes
    from relkit.models.covariates import Covariate


@dataclass(frozen=True, eq=False)
class InView:
    """Probability that a spell that has not ended is observed, by age, up to a factor: W = G E.

    Attributes:
        days: shape (k,), ages of entry, end or censoring, ascending.
        just_before: shape (k,), W just before each.
        at_risk: shape (k,), spells that could be censored there: at risk, and not ended there.
        censored: shape (k,).
        after: W past the last age.
    """

    days: Floats
    just_before: Floats
    at_risk: Floats
    censored: Floats
    after: float

    @classmethod
    def of(cls, duration: Floats, ended: Flags, entry: Floats | None) -> Self:
        """Return W of spells; `ended` by any cause.

        An age at which all at risk are censored, or have just entered, says nothing of the others, and is skipped.

        Examples:
            >>> found = InView.of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False]), None)
            >>> found.before(np.array([1.0, 2.0, 3.0])).round(4).tolist()
            [1.0, 1.0, 0.6667]
        """
        sets = risk_sets(duration, ended, entry)
        at_risk = (sets.at_risk - sets.ended).astype(np.float64)
        censored = sets.censored.astype(np.float64)
        factor = 1 - np.divide(censored, at_risk, out=np.zeros_like(at_risk), where=at_risk > censored)
        if entry is not None:
            came = np.bincount(np.searchsorted(sets.days, entry[entry > 0]), minlength=len(sets.days)).astype(np.float64)
            there = at_risk - censored + came
            factor = factor / (1 - np.divide(came, there, out=np.zeros_like(came), where=there > came))
        passed = np.cumprod(factor, dtype=np.float64)
        return cls(sets.days, np.append(1.0, passed[:-1]), at_risk, censored, float(passed[-1]))

    def before(self, ages: Floats) -> Floats:
        """Return W just before ages, past ages without any event at all its value there."""
        place = np.searchsorted(self.days, ages, side="left")
        found: Floats = np.append(self.just_before, self.after)[place]
        return found


@dataclass(frozen=True, eq=False)
class Subdistribution:
    """Input of the likelihood.

    Attributes:
        design: rows and columns as in Cox's likelihood, with an end by the cause as the event.
        kept: shape (q,), rows that ended by another cause before the last end by the cause.
        first: shape (q,), number of event ages not above their end: from the next on they are at risk alongside the others.
        share: shape (q,), 1 / W just before their end.
        pace: shape (k,), W just before each event age.
        Z: shape (d, q), their standardised covariates.
        in_view: W.
    """

    design: Design
    kept: Indexes
    first: Indexes
    share: Floats
    pace: Floats
    Z: Floats
    in_view: InView

    @classmethod
    def of(cls, frame: pl.DataFrame, rows: Rows, others: Flags, known: Sequence[Covariate], *, efron: bool, where: str) -> Self:
        """Return the input of the likelihood of spells.

        Args:
            frame: contains the covariates.
            rows: whose event is an end by the cause; neither strata nor weights.
            others: shape (n,), whether it ended by another cause.
            known: the covariates.
            efron: how ties are treated.
            where: the caller, for messages.
        """
        design = Design.of(frame, rows, known, efron=efron, penalised=False, where=where)
        in_view = InView.of(rows.duration, rows.event | others, rows.entry)
        ages = design.order.ages
        kept = np.flatnonzero(others & (rows.duration < ages[-1]))
        Z = np.empty((len(design.names), len(kept)))
        for z, column, mean, scale in zip(Z, each_column(frame, known), design.means, design.scales, strict=True):
            z[:] = (column[kept] - mean) / scale
        first = np.searchsorted(ages, rows.duration[kept], side="right")
        return cls(design, kept, first, 1 / in_view.before(rows.duration[kept]), in_view.before(ages), Z, in_view)

    @property
    def X(self) -> Floats:  # noqa: N802 the letter of a matrix
        """Standardised covariates in order, shape (d, m)."""
        return self.design.X

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.design.names

    @property
    def mass(self) -> float:
        """Number of rows."""
        return self.design.mass

    @cached_property
    def _total_of_ends(self) -> Floats:
        return total_of_ends(self.design.order, self.X)

    def at(self, beta: Floats) -> Sums:
        """Return log L and the sums over risk sets at coefficients of the standardised columns."""
        order, eta, beside = self.design.order, linear_predictor(self.X, beta), linear_predictor(self.Z, beta)
        shift = float(max(eta.max(), beside.max(initial=-np.inf)))
        eta = eta - shift
        theta = np.exp(eta)
        ended, at_risk = sums_at_risk(order, theta)
        weighted = np.exp(beside - shift) * self.share
        found = summed(order, eta, theta, ended, at_risk + self._cumulated(weighted), shift)
        return replace(found, beside=weighted)

    def derivatives(self, found: Sums) -> tuple[Floats, Floats]:
        """Return the gradient and the information at what `at` found."""
        theta, still = self._theta(found), self._still(found.rate * self.pace)
        information, S1, D1 = moments(self.design.order, self.X, found)
        information += (self.Z * (theta * still)) @ self.Z.T
        return finished(self._total_of_ends, found, information, S1 + self._cumulated(self.Z * theta), D1)

    def sandwich(self, found: Sums, rows: Rows, others: Flags, inverse: Floats) -> Floats:
        """Return the covariance of the coefficients of standardised columns, shape (d, d): Fine and Gray (1999), section 4.

        Each row adds its score residual and what it adds through the estimate of G; E is taken as known.
        """
        theta = self._theta(found)
        _, S1, D1 = moments(self.design.order, self.X, found)
        S1 = S1 + self._cumulated(self.Z * theta)
        whole, crossed, _ = found.squares
        pull = (S1 * whole - D1 * crossed) * self.pace
        added = np.zeros((len(self.X), len(rows.duration)))
        for block, residual in score_residuals(self.design.order, self.X, found, (S1, D1)):
            added[:, self.design.order.rows[block]] = residual
        added[:, self.kept] += (self._still(pull) - self.Z * self._still(found.rate * self.pace)) * theta
        added += self._through_censoring(found, theta, pull, rows, rows.event | others)
        return inverse @ (added @ added.T) @ inverse

    def _theta(self, found: Sums) -> Floats:
        """Return theta / W(T) of the kept rows."""
        return np.zeros(len(self.kept)) if found.beside is None else found.beside

    def _cumulated(self, values: Floats) -> Floats:
        """Return W times the sum of values, shape (..., q), over the kept rows that ended before each event age, shape (..., k)."""
        k = len(self.pace)
        if values.ndim == 1:
            entering = np.bincount(self.first, weights=values, minlength=k + 1)[:k]
        else:
            entering = np.stack([np.bincount(self.first, weights=row, minlength=k + 1)[:k] for row in values])
        cumulated: Floats = np.cumsum(entering, axis=-1) * self.pace
        return cumulated

    def _still(self, values: Floats) -> Floats:
        """Return the sum of values, shape (..., k), over the event ages at which each kept row is at risk, shape (..., q)."""
        return _from(values)[..., self.first]

    def _through_censoring(self, found: Sums, theta: Floats, pull: Floats, rows: Rows, ended: Flags) -> Floats:
        """Return the part of each row in the score through the Kaplan-Meier estimate of G, shape (d, n).

        With q(u) the sum over the kept rows with T_i <= u of theta w (x - mean) dH over the later event ages, it is q / n at the age
        of its own censoring less the sum of q c / n^2 over the ages at which it could have been censored, c of n.
        """
        seen, ages = self.in_view, self.design.order.ages
        until = np.searchsorted(seen.days, rows.duration[self.kept])
        later = np.searchsorted(ages, seen.days, side="right")
        rate, drawn = _from(found.rate * self.pace)[later], _from(pull)[:, later]
        n, c = np.maximum(seen.at_risk, 1.0), seen.censored
        own, place = np.zeros((len(self.X), len(ended))), np.searchsorted(seen.days, rows.duration)
        zero = np.cumsum(np.bincount(until, weights=theta, minlength=len(n)))
        start = None if rows.entry is None else np.where(rows.entry > 0, np.searchsorted(seen.days, rows.entry, side="right"), 0)
        for j, z in enumerate(self.Z):
            one = np.cumsum(np.bincount(until, weights=theta * z, minlength=len(n)))
            q = (one * rate - zero * drawn[j]) / n
            passed = np.append(0.0, np.cumsum(q * c / n))
            own[j] = np.where(ended, -passed[place], q[place] - passed[place + 1])
            if start is not None:
                own[j] += passed[np.minimum(start, place)]
        return own


def _from(values: Floats) -> Floats:
    """Return the sums over this age and all later ones, and 0 past the last."""
    cumulated = np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([cumulated, np.zeros((*values.shape[:-1], 1))], axis=-1)
