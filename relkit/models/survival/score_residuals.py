"""Score residuals of Cox's likelihood at its maximum, and the standard errors built from them.

The score residual of row i is its x less the mean of its risk set at its end, minus theta_i times the sum, over the end
ages at which it was at risk, of x_i less the mean there over the sum of the risk set; with ties Efron's steps in both
(Therneau and Grambsch 2000, section 4.3). Sums over event ages are differences of cumulated sums, so that all residuals
cost two passes over the rows, O(n d). Their outer products, added by cluster, are the middle of the sandwich
I^-1 (sum of U U') I^-1 of Lin and Wei (1989), which holds if rows of a cluster depend on each other, if weights are
not counts, and if the model is not quite true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.models.survival.partial_likelihood import covariate_sums, up_to_there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.metrics.risk_sets import Floats
    from relkit.models.survival.partial_likelihood import Indexes, Order, Sums

BLOCK_ROWS = 16_384


def score_residuals(order: Order, X: Floats, found: Sums, moments: tuple[Floats, Floats] | None = None) -> Iterator[tuple[slice, Floats]]:
    """Yield the score residuals of blocks of rows in order: which rows, and shape (d, rows), not weighted.

    Args:
        order: of the rows.
        X: shape (d, m), covariates in order.
        found: sums at the maximum.
        moments: S1 and D1 of each event age, if rows other than these are at risk too; None for those of the rows.
    """
    S1, D1 = covariate_sums(order, X, found) if moments is None else moments
    whole, crossed, tied = found.squares
    weight = 1.0 if order.mean_weight is None else order.mean_weight
    mean = (S1 * found.rate - D1 * found.tied_rate) / (order.ends * weight)
    pulled, tied_pull = S1 * whole - D1 * crossed, S1 * crossed - D1 * tied
    rate, pulled = up_to_there(found.rate, order.bounds), up_to_there(pulled, order.bounds)
    entered = np.full(X.shape[1], -1)
    entered[order.late] = order.first - 1
    theta = found.theta if order.weight is None else found.theta / order.weight
    for start in range(0, X.shape[1], BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        x, last = X[:, block], order.last[block] - 1
        level, drawn = rate[last], pulled[:, last]
        late = np.flatnonzero(entered[block] >= 0)
        level[late] -= rate[entered[block][late]]
        drawn[:, late] -= pulled[:, entered[block][late]]
        ends = np.flatnonzero(order.event[block])
        level[ends] -= found.tied_rate[last[ends]]
        drawn[:, ends] -= tied_pull[:, last[ends]]
        residual = (drawn - x * level) * theta[block]
        residual[:, ends] += x[:, ends] - mean[:, last[ends]]
        yield block, residual


def sandwich(order: Order, X: Floats, found: Sums, inverse: Floats, cluster: Indexes | None = None) -> Floats:
    """Return the covariance that does not assume the model, shape (d, d): Lin and Wei (1989), eq. 2.5.

    Args:
        order: of the rows.
        X: shape (d, m), covariates in order.
        found: sums at the maximum.
        inverse: shape (d, d), inverse information.
        cluster: shape (n,), from 0, of all rows; None means each row alone.
    """
    d, middle = len(X), np.zeros((len(X), len(X)))
    groups = 0 if cluster is None else int(cluster.max()) + 1
    totals = np.zeros((d, groups))
    for block, residual in score_residuals(order, X, found):
        weighted = residual if order.weight is None else residual * order.weight[block]
        if cluster is None:
            middle += weighted @ weighted.T
            continue
        of_rows = cluster[order.rows[block]]
        for j, values in enumerate(weighted):
            totals[j] += np.bincount(of_rows, weights=values, minlength=groups)
    if cluster is not None:
        middle = totals @ totals.T
    return inverse @ middle @ inverse


def schoenfeld_sums(order: Order, X: Floats, found: Sums) -> Floats:
    """Return, for each event age, the sum over its ends of x less the mean of the risk set, shape (d, k): Schoenfeld (1982).

    Weights count in the mean, not in the sum: each end is one.
    """
    S1, D1 = covariate_sums(order, X, found)
    ends = np.flatnonzero(order.event)
    places = order.last[ends] - 1
    expected = S1 * found.rate - D1 * found.tied_rate
    if order.mean_weight is not None:
        expected /= order.mean_weight
    for of_age, column in zip(expected, X, strict=True):
        of_age[:] = np.bincount(places, weights=column[ends], minlength=len(of_age)) - of_age
    return expected
