"""Gray's test of equal cumulative incidence of one cause between groups, under competing causes.

A log-rank test that takes ends by other causes as censored tests whether the rate of ends is the same among those who still
run; this one tests whether the cumulative incidence is. With n_g spells of group g at risk, S_g and F_g its Kaplan-Meier and
Aalen-Johansen estimates, those who ended by other causes stay at risk through the adjusted risk set

    R_g(t) = n_g(t) (1 - F_g(t-)) / S_g(t-)

and the score of a group is the sum over ages of (1 - F(t-))^rho (d_g - d R_g / R), with d_g its ends by the cause and F that of
all groups together (Gray, R. J. (1988), A class of K-sample tests for comparing the cumulative incidence of a competing risk,
Annals of Statistics 16, 1141-1154; the covariance is that of its section 2, estimated under equal incidence, with a
finite-sample factor for ties). rho = 0 weighs all ages alike, a larger one the early ages more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from relkit.errors import ParameterError
from relkit.models.survival.log_rank import quadratic
from relkit.models.survival.observed import Observed, codes_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Counts, Flags, Floats, Indexes

_WHERE = "gray_test"


@dataclass(frozen=True, eq=False)
class GrayTest:
    """The outcome of Gray's test.

    Attributes:
        cause: of the ends that were compared.
        groups: their names, in the order of what follows.
        rows: shape (g,), spells of each.
        observed: shape (g,), ends of each by the cause, times the weights of their ages.
        expected: shape (g,), those expected if all groups had the same incidence.
        covariance: shape (g, g), of observed - expected.
        chi2: the statistic.
        degrees_of_freedom: distinguishable groups, less one.
        p_value: probability of at least this statistic if all groups have the same incidence.
    """

    cause: str
    groups: tuple[Any, ...]
    rows: Counts
    observed: Floats
    expected: Floats
    covariance: Floats
    chi2: float
    degrees_of_freedom: int
    p_value: float


def gray_test(
    duration: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    entry: ArrayLike | None = None,
    *,
    of: str,
    stratum: ArrayLike | None = None,
    rho: float = 0.0,
) -> GrayTest:
    """Return a k-sample test of the same cumulative incidence, in O(n log n).

    Args:
        duration: shape (n,), days, age at the end or when last observed.
        cause: shape (n,), text: the cause of its end; None if it is still running.
        group: shape (n,), the groups to compare.
        entry: shape (n,), days, age when first observed; None means 0 for all.
        of: the cause whose incidence is compared.
        stratum: shape (n,), spells are compared within it; None for a single one.
        rho: 0 or more, weight of early ages.

    Raises:
        ParameterError: a value is missing or out of range, the cause ended no spell, or there is one group only.
        NotEnoughEventsError: no spell ended by the cause while two groups were at risk.

    Examples:
        >>> why = ["wish", "move", None, "wish", "wish", "wish"]
        >>> found = gray_test([5, 8, 9, 3, 4, 6], why, ["a", "a", "a", "b", "b", "b"], of="wish")
        >>> round(found.chi2, 4), found.expected.round(4).tolist()
        (2.4891, [2.5167, 1.4833])
    """
    if not (np.isfinite(rho) and rho >= 0):
        raise ParameterError(f"rho is {rho:g}; it must be 0 or more.", where=_WHERE)
    reasons = np.asarray(cause, dtype=object).ravel()
    ended = np.array([reason is not None for reason in reasons], bool)
    seen = Observed.of(duration, ended, entry, where=_WHERE)
    known = sorted({str(reason) for reason in reasons[ended]})
    if of not in known:
        raise ParameterError.unknown("cause", of, known, where=_WHERE)
    groups, code = codes_of(group, len(seen.duration), "group", _WHERE)
    if len(groups) < 2:
        raise ParameterError(f"there is one group only, {groups[0]!r}.", where=_WHERE, remedy="Give at least two to compare.")
    strata = np.zeros(len(code), np.intp) if stratum is None else codes_of(stratum, len(code), "stratum", _WHERE)[1]
    mine = np.array([reason is not None and str(reason) == of for reason in reasons], bool)
    each = (np.flatnonzero(strata == place) for place in range(int(strata.max()) + 1))
    parts = [_of_stratum(_taken(seen, rows), mine[rows], code[rows], len(groups), rho) for rows in each]
    observed, expected, covariance = (np.sum(part, axis=0) for part in zip(*parts, strict=True))
    chi2, freedom = quadratic(observed - expected, covariance, _WHERE)
    size = np.bincount(code, minlength=len(groups))
    return GrayTest(of, tuple(groups), size, observed, expected, covariance, chi2, freedom, float(special.chdtrc(freedom, chi2)))


def _taken(seen: Observed, rows: Indexes) -> Observed:
    return Observed(seen.duration[rows], seen.event[rows], seen.entry[rows], None)


def _of_stratum(seen: Observed, mine: Flags, code: Indexes, groups: int, rho: float) -> tuple[Floats, Floats, Floats]:
    """Return observed and expected ends and the covariance of their difference, of one stratum."""
    ages = np.unique(seen.duration[seen.event])
    n = seen.at_risk_by(ages, code, groups)
    d = Observed(seen.duration, mine, seen.entry, None).ended_by(ages, code, groups)
    others = seen.ended_by(ages, code, groups) - d
    at_risk = np.maximum(n, 1.0)
    survival = np.cumprod(1 - (d + others) / at_risk, axis=1, dtype=np.float64)
    before = _shifted(survival, 1.0)
    incidence = _shifted(np.cumsum(before * d / at_risk, axis=1), 0.0)
    h = np.divide(n, before, out=np.zeros_like(n), where=before > 0)
    R, D = h * (1 - incidence), d.sum(axis=0)
    pooled = np.cumsum(np.divide(D, h.sum(axis=0), out=np.zeros_like(D), where=D > 0))
    weight = (1 - _shifted(pooled, 0.0)) ** rho
    share = np.divide(R, R.sum(axis=0), out=np.zeros_like(R), where=R.sum(axis=0) > 0)
    covariance = _covariance(_Paths(n, d, others, before, survival, h, pooled, weight))
    return d @ weight, share @ (weight * D), covariance


@dataclass(frozen=True, eq=False)
class _Paths:
    """Components of the covariance, by group and age, shape (g, k), or by age, shape (k,).

    Attributes:
        n: at risk.
        d: ends by the cause.
        others: ends by other causes.
        before: S just before the age.
        survival: S just after it.
        h: n / S just before.
        pooled: F of all groups together, just after.
        weight: of the age.
    """

    n: Floats
    d: Floats
    others: Floats
    before: Floats
    survival: Floats
    h: Floats
    pooled: Floats
    weight: Floats


def _covariance(at: _Paths) -> Floats:
    """Return the covariance of the scores, shape (g, g).

    The scores are sums over groups r and ages of a_gr dM_r + b_gr (..) dM_r, with M_r the martingales of the ends of group r,
    a_gr the part added by an end at its age and b_gr = integral of a_gr dF / (1 - F) over later ages the part it takes away later.
    """
    total = at.h.sum(axis=0)
    D, before = at.d.sum(axis=0), 1 - _shifted(at.pooled, 0.0)
    pace = np.divide(D, total * before, out=np.zeros_like(D), where=(D > 0) & (before > 0))
    shares = np.divide(at.h, total, out=np.zeros_like(at.h), where=total > 0)
    left = np.divide(1 - at.pooled, at.survival, out=np.zeros_like(at.survival), where=at.survival > 0)
    found = np.zeros((len(at.n), len(at.n)))
    for r, h in enumerate(at.h):
        a = -at.weight * at.h * shares[r]
        a[r] += at.weight * h
        passed = np.cumsum(a * pace, axis=1)
        later = passed[:, -1:] - passed
        own = np.where((D > 0) & (at.n[r] > 0), at.before[r] * D / np.maximum(total * at.n[r], 1e-300), 0.0)
        own *= _for_ties(D, total * at.before[r])
        along = a + (1 - left[r]) * later
        found += (along * own) @ along.T
        other = np.where(at.survival[r] > 0, at.before[r] ** 2 * at.others[r] / np.maximum(at.n[r], 1.0) ** 2, 0.0)
        other *= _for_ties(at.others[r], at.n[r])
        away = left[r] * later
        found += (away * other) @ away.T
    return found


def _for_ties(ends: Floats, at_risk: Floats) -> Floats:
    """Return the variance of `ends` at one age among `at_risk` over that of as many ends one by one."""
    several = (ends > 1) & (at_risk > 1)
    return np.where(several, np.maximum(1 - (ends - 1) / np.where(several, at_risk - 1, 1.0), 0.0), 1.0)


def _shifted(values: Floats, first: float) -> Floats:
    """Return the values just before each age."""
    return np.concatenate([np.full((*values.shape[:-1], 1), first), values], axis=-1)[..., :-1]
