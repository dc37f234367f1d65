"""Profit measures of churn: the value of a ranking by risk when an offer is made to the top of it.

A contacted customer costs f. A would-be churner accepts an offer of cost d with probability gamma and then
brings `clv`; of those who would have stayed a share s takes the offer for nothing, all of them (s = 1) in the paper. With the
share pi0 of all customers who churn, and the shares F0 of those and F1 of the others that are contacted, the profit per
customer of the whole base is

    P = ((clv - d) gamma - f) pi0 F0 - (s d + f) (1 - pi0) F1                   Verbraken, Verbeke and Baesens 2013, eq. 12

For a known gamma its maximum over the depth of the list is the maximum profit; if gamma is unknown but Beta(alpha, beta),
the mean of that maximum is the expected maximum profit (EMPC, eq. 15). Both are exact: only corners of the convex hull of the
ROC curve can be optimal, each between two values of gamma, and the integral between them is an incomplete beta function. The
cost is that of sorting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betainc

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats

_ROUNDS = 20
"""Passes over all points at once; the rest are walked one by one."""


@dataclass(frozen=True)
class ChurnProfit:
    """The maximum profit of a ranking.

    Attributes:
        profit: money per customer of the base, contacted or not.
        fraction: share of the base to contact for it, from the top.
    """

    profit: float
    fraction: float


def expected_maximum_profit(
    ended: NDArray[Any],
    score: NDArray[Any],
    *,
    alpha: float = 6.0,
    beta: float = 14.0,
    clv: float = 200.0,
    d: float = 10.0,
    f: float = 1.0,
    s: float = 1.0,
) -> ChurnProfit:
    """Return the EMPC: the mean, over the share of customers who accept, of the profit at the depth that is optimal for it.

    The fraction is the mean of those depths. The defaults are those of Verbraken et al. (2013, section 5).

    Args:
        ended: whether each customer ended the contract within the horizon, shape (n,).
        score: ranks the customers, shape (n,); higher is more at risk. Only the order counts.
        alpha: first parameter of the Beta distribution of the share who accept.
        beta: second parameter.
        clv: value of a retained customer, money.
        d: cost of an offer that is taken.
        f: cost of a contact.
        s: share of those who would have stayed who take the offer.

    Raises:
        ParameterError: invalid values, or customers of whom none or all ended.

    Examples:
        >>> ended, score = np.array([0, 1, 0, 1, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
        >>> best = expected_maximum_profit(ended, score)
        >>> round(best.profit, 6), round(best.fraction, 3)
        (23.875593, 0.874)
    """
    if not (alpha > 0 and beta > 0):
        raise ParameterError(f"alpha is {alpha:g} and beta {beta:g}; both must be above 0.", where="expected_maximum_profit")
    share, F0, F1 = _hull(ended, score)
    edges = np.r_[0.0, np.clip(_gains_from(share, F0, F1, clv, d, f, s), 0.0, 1.0), 1.0]
    weight: Floats = np.diff(np.asarray(betainc(alpha, beta, edges), dtype=np.float64))
    gamma: Floats = np.diff(np.asarray(betainc(alpha + 1, beta, edges), dtype=np.float64)) * alpha / (alpha + beta)
    profit = ((clv - d) * gamma - f * weight) * share * F0 - (s * d + f) * weight * (1 - share) * F1
    return ChurnProfit(float(profit.sum()), float(weight @ (share * F0 + (1 - share) * F1)))


def maximum_profit(
    ended: NDArray[Any], score: NDArray[Any], *, gamma: float = 0.3, clv: float = 200.0, d: float = 10.0, f: float = 1.0, s: float = 1.0
) -> ChurnProfit:
    """Return the profit at the best depth if the share of customers who accept is known.

    Args:
        ended: whether each customer ended the contract within the horizon, shape (n,).
        score: ranks the customers, shape (n,); higher is more at risk.
        gamma: share of would-be churners who accept.
        clv: value of a retained customer, money.
        d: cost of an offer that is taken.
        f: cost of a contact.
        s: share of those who would have stayed who take the offer.

    Examples:
        >>> ended, score = np.array([0, 1, 0, 1, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
        >>> best = maximum_profit(ended, score)
        >>> round(best.profit, 3), best.fraction
        (23.875, 0.875)
    """
    if not 0 <= gamma <= 1:
        raise ParameterError(f"gamma is {gamma:g}; it must lie in [0, 1].", where="maximum_profit")
    share, F0, F1 = _hull(ended, score)
    depth = int(np.searchsorted(_gains_from(share, F0, F1, clv, d, f, s), gamma, side="right"))
    profit = ((clv - d) * gamma - f) * share * F0[depth] - (s * d + f) * (1 - share) * F1[depth]
    return ChurnProfit(float(profit), float(share * F0[depth] + (1 - share) * F1[depth]))


def _gains_from(share: float, F0: Floats, F1: Floats, clv: float, d: float, f: float, s: float) -> Floats:
    """Return the gamma from which each corner beats the one before it (eq. 14), ascending; infinite if it adds no churners."""
    if not clv > d or d < 0 or f < 0:
        raise ParameterError(
            f"clv is {clv:g}, d {d:g} and f {f:g}; costs must be 0 or more, and clv above d.",
            where="profit of churn",
            remedy="An offer that costs more than a customer brings is never worth making.",
        )
    if not 0 <= s <= 1:
        raise ParameterError(f"s is {s:g}; it must lie in [0, 1].", where="profit of churn")
    more0, more1 = share * np.diff(F0), (1 - share) * np.diff(F1)
    gains = np.full(len(more0), np.inf)
    np.divide((s * d + f) * more1 + f * more0, (clv - d) * more0, out=gains, where=more0 > 0)
    return gains


def _hull(ended: NDArray[Any], score: NDArray[Any]) -> tuple[float, Floats, Floats]:
    """Return the share that churned, and the corners of the upper convex hull of the ROC curve: F0 and F1, from 0 to 1."""
    ended, score = np.asarray(ended, dtype=float), np.asarray(score, dtype=float)
    if ended.shape != score.shape or ended.ndim != 1:
        raise ParameterError(f"ended has shape {ended.shape} and score {score.shape}; both must be (n,).", where="profit of churn")
    if not np.isfinite(score).all() or not np.isin(ended, (0.0, 1.0)).all():
        raise ParameterError("ended must be 0 or 1, and every score a finite number.", where="profit of churn", remedy="Leave others out.")
    ends = float(ended.sum())
    if not 0 < ends < len(ended):
        raise ParameterError(
            f"{ends:.0f} of {len(ended):,} contracts ended; some must have, and some not.",
            where="profit of churn",
            remedy="Take a longer horizon, or more contracts.",
        )
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    F0 = np.r_[0.0, np.cumsum(ended[order])[last]]
    F1 = np.r_[0.0, (last + 1)] - F0
    kept = _corners(F1, F0)
    return ends / len(ended), F0[kept] / ends, F1[kept] / (len(ended) - ends)


def _corners(x: Floats, y: Floats) -> NDArray[np.intp]:
    """Return the points that are corners of the upper hull of a curve that rises to the right; counts, so all is exact.

    A point on or below the line between its neighbours is no corner: passes drop many at once; the few left are walked.
    """
    kept = np.arange(len(x))
    for _ in range(_ROUNDS):
        right, up = np.diff(x[kept]), np.diff(y[kept])
        bends = np.r_[True, up[:-1] * right[1:] > up[1:] * right[:-1], True]
        if bends.all():
            return kept
        kept = kept[bends]
    walked: list[int] = []
    for i in kept.tolist():
        while len(walked) > 1 and _is_below(x, y, walked[-2], walked[-1], i):
            walked.pop()
        walked.append(i)
    return np.array(walked)


def _is_below(x: Floats, y: Floats, a: int, b: int, c: int) -> bool:
    return bool((y[b] - y[a]) * (x[c] - x[b]) <= (y[c] - y[b]) * (x[b] - x[a]))
