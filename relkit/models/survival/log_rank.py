"""Log-rank tests of the same rate of ending in two or more groups of spells.

At each age with an end, the ends of each group are compared with those expected at the rate of all spells at risk; the
differences, times a weight of the age, are added up (Mantel 1966; Fleming and Harrington 1991, chapter 7). The weight sets
which ages count:

    log_rank              1                          the most powerful if hazards are proportional
    gehan_wilcoxon        n, the spells at risk      early ages
    tarone_ware           sqrt(n)                    in between
    peto                  Peto and Peto's estimate of S, robust to censoring; early ages
    fleming_harrington    S(u-)^rho (1 - S(u-))^gamma, with S the Kaplan-Meier estimate: early (rho), late (gamma)

In strata, spells are compared with those of their own stratum alone. Many segments distinguished by eye need no test; one that
was chosen because it looked different needs a stricter one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import special

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.survival.observed import Observed, codes_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from relkit.metrics.risk_sets import Counts, Floats, Indexes

_WHERE = "log_rank"
Weighting = Literal["log_rank", "gehan_wilcoxon", "tarone_ware", "peto", "fleming_harrington"]
WEIGHTINGS: tuple[Weighting, ...] = ("log_rank", "gehan_wilcoxon", "tarone_ware", "peto", "fleming_harrington")


@dataclass(frozen=True, eq=False)
class LogRank:
    """The outcome of a log-rank test.

    Attributes:
        groups: their names, in the order of what follows.
        rows: shape (g,), spells of each.
        observed: shape (g,), ends of each, times the weights of their ages.
        expected: shape (g,), those expected if all groups ended at the same rate.
        covariance: shape (g, g), of observed - expected.
        chi2: the statistic.
        degrees_of_freedom: distinguishable groups, less one.
        p_value: probability of at least this statistic if all groups end at the same rate.
        weighting: of the ages.
    """

    groups: tuple[Any, ...]
    rows: Counts
    observed: Floats
    expected: Floats
    covariance: Floats
    chi2: float
    degrees_of_freedom: int
    p_value: float
    weighting: Weighting


def log_rank(
    duration: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    *,
    stratum: ArrayLike | None = None,
    weighting: Weighting = "log_rank",
    rho: float = 0.0,
    gamma: float = 0.0,
) -> LogRank:
    """Return a k-sample test of the same rate of ending, in O(n log n).

    Args:
        duration: shape (n,), days, age at the end or when last observed.
        event: shape (n,), whether it ended.
        group: shape (n,), the groups to compare.
        entry: shape (n,), days, age when first observed; None means 0 for all.
        weight: shape (n,), above 0, how many spells each stands for; None means one each.
        stratum: shape (n,), spells are compared within it; None for a single one.
        weighting: of the ages, see the module.
        rho: of `fleming_harrington`, 0 or more.
        gamma: of `fleming_harrington`, 0 or more.

    Raises:
        ParameterError: a value is missing or out of range, or there is one group only.
        NotEnoughEventsError: no spell ended, or none while two groups were at risk.

    Examples:
        >>> found = log_rank([5, 8, 9, 3, 4, 6], [1, 1, 0, 1, 1, 1], ["a", "a", "a", "b", "b", "b"])
        >>> round(found.chi2, 4), found.expected.round(4).tolist()
        (2.5567, [3.5167, 1.4833])
    """
    _check_weighting(weighting, rho, gamma)
    seen = Observed.of(duration, event, entry, weight, where=_WHERE)
    groups, code = codes_of(group, len(seen.duration), "group", _WHERE)
    if len(groups) < 2:
        raise ParameterError(f"there is one group only, {groups[0]!r}.", where=_WHERE, remedy="Give at least two to compare.")
    strata = np.zeros(len(code), np.intp) if stratum is None else codes_of(stratum, len(code), "stratum", _WHERE)[1]
    observed, expected = np.zeros(len(groups)), np.zeros(len(groups))
    covariance = np.zeros((len(groups), len(groups)))
    order = np.argsort(strata, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(strata[order])) + 1):
        parts = _of_stratum(_only(seen, rows), code[rows], len(groups), weighting, rho, gamma)
        observed, expected, covariance = observed + parts[0], expected + parts[1], covariance + parts[2]
    chi2, freedom = quadratic(observed - expected, covariance, _WHERE)
    size = np.bincount(code, minlength=len(groups))
    p_value = float(special.chdtrc(freedom, chi2))
    return LogRank(tuple(groups), size, observed, expected, covariance, chi2, freedom, p_value, weighting)


def _check_weighting(weighting: str, rho: float, gamma: float) -> None:
    if weighting not in WEIGHTINGS:
        raise ParameterError.unknown("weighting", weighting, WEIGHTINGS, where=_WHERE)
    if not (rho >= 0 and gamma >= 0):
        raise ParameterError(f"rho is {rho:g} and gamma {gamma:g}; both must be 0 or more.", where=_WHERE)
    if (rho or gamma) and weighting != "fleming_harrington":
        raise ParameterError(f"rho and gamma have no effect on {weighting}.", where=_WHERE, remedy="Choose fleming_harrington.")


def _only(seen: Observed, rows: Indexes) -> Observed:
    weight = None if seen.weight is None else seen.weight[rows]
    return Observed(seen.duration[rows], seen.event[rows], seen.entry[rows], weight)


def _of_stratum(
    seen: Observed, code: Indexes, groups: int, weighting: Weighting, rho: float, gamma: float
) -> tuple[Floats, Floats, Floats]:
    """Return observed and expected ends and the covariance of their difference, of one stratum.

    At one age the ends of the groups are hypergeometric: of d ends among n at risk, group i has the mean d n_i / n and the
    covariance d (n - d) / (n - 1) (n_i / n) (1{i = j} - n_j / n).
    """
    ages = np.unique(seen.duration[seen.event])
    n_i, d_i = seen.at_risk_by(ages, code, groups), seen.ended_by(ages, code, groups)
    n, d = n_i.sum(axis=0), d_i.sum(axis=0)
    w, share = _weights(n, d, weighting, rho, gamma), n_i / n
    spread = w**2 * np.where(n > 1, d * np.maximum(n - d, 0.0) / np.where(n > 1, n - 1, 1.0), 0.0)
    covariance = np.diag(share @ spread) - (share * spread) @ share.T
    return d_i @ w, share @ (w * d), covariance


def _weights(n: Floats, d: Floats, weighting: Weighting, rho: float, gamma: float) -> Floats:
    if weighting == "gehan_wilcoxon":
        return n
    if weighting == "tarone_ware":
        return np.sqrt(n)
    if weighting == "peto":
        return np.cumprod(1 - d / (n + 1), dtype=np.float64)
    if weighting == "fleming_harrington":
        before = np.concatenate([[1.0], np.cumprod(np.maximum(1 - d / n, 0.0), dtype=np.float64)[:-1]])
        weights: Floats = before**rho * (1 - before) ** gamma
        return weights
    return np.ones(len(n))


def quadratic(gap: Floats, covariance: Floats, where: str) -> tuple[float, int]:
    """Return the chi-squared statistic and its degrees of freedom.

    A group that was never at risk alongside another is uninformative. Groups that never meet, such as in strata of their own,
    cost one more degree of freedom than the sum of the gaps does.
    """
    size = np.sqrt(np.diag(covariance))
    informative = np.flatnonzero(size > 1e-10 * size.max(initial=0.0))
    if not len(informative):
        raise NotEnoughEventsError(
            "no spell ended while two groups were at risk.", where=where, remedy="Take groups that were observed at the same ages."
        )
    scale = size[informative]
    values, vectors = np.linalg.eigh(covariance[np.ix_(informative, informative)] / np.outer(scale, scale))
    kept = values > 1e-9 * values[-1]
    along = (gap[informative] / scale) @ vectors[:, kept]
    return float((along**2 / values[kept]).sum()), int(kept.sum())
