"""Expected remaining life of running contracts, in months.

    remaining_months(fitted, contracts, 24)      of the next 24 months, those that each contract is expected to run
    remaining_months(fitted, contracts, None)    without end, NaN if the model does not say

Any model with `survival_ahead` serves. The months of a horizon are counted as money is counted
(`relkit.models.lifetime_value.discounted_months`): a month by the probability that the contract runs at its middle. So the
margin of a month times the months that remain is the margin ahead, undiscounted.

Without end the expectation is finite only if survival falls fast enough, and it mostly rests on ages that nobody has
reached: it is extended by the model's own rule (Kaplan-Meier and Cox: the hazard of the last observed stretch). If a ten
thousandth of it would still lie past the last 2,500 years, it is taken as infinite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.models.lifetime_value.discounted_months import MonthsAhead, SurvivesAhead, discounted_months, months_ahead, worth_errors
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import polars as pl

    from relkit.metrics.risk_sets import Floats

_SINGLE_MONTHS = 120
_STRETCHES = 9
"""Each twice as long as the one before it, from ten years on."""
_NODES = 10
_SETTLED = 1e-4


def months_of_life(months: int | None) -> MonthsAhead:
    """Return the times at which months are counted and the weight of each, undiscounted.

    Args:
        months: how many; None for all.

    Examples:
        >>> months_of_life(2).days.round(1).tolist(), months_of_life(2).weights.tolist()
        ([15.2, 45.7], [1.0, 1.0])
        >>> round(float(months_of_life(None).weights.sum())) == 120 * 2**9
        True
    """
    near = months_ahead(_SINGLE_MONTHS if months is None else months, 0.0)
    if months is not None:
        return near
    nodes, shares = np.polynomial.legendre.leggauss(_NODES)
    starts = _SINGLE_MONTHS * 2.0 ** np.arange(_STRETCHES)[:, None]
    later, weights = starts * (3 + nodes) / 2, starts * shares / 2
    return MonthsAhead(np.append(near.days, later.ravel() * DAYS_PER_MONTH), np.append(near.weights, weights.ravel()))


def remaining_months(fitted: SurvivesAhead, contracts: pl.DataFrame, months: int | None) -> Floats:
    """Return the expected remaining months of each running contract, shape (n,).

    Args:
        fitted: a fitted model of contract lifetime.
        contracts: one row a running contract with the columns that the model scores; its key in `customer_id`.
        months: number of months ahead; None for all, and NaN if that is not finite.
    """
    found = discounted_months(fitted, contracts, months_of_life(months))
    return found if months is not None else np.where(_settled(fitted, contracts, found), found, np.nan)


def remaining_months_errors(fitted: SurvivesAhead, contracts: pl.DataFrame, months: int | None) -> Floats | None:
    """Return the standard error of `remaining_months`, shape (n,); None if the model has none."""
    n = len(contracts)
    return worth_errors(fitted, contracts, months_of_life(months), np.ones(n), np.arange(n)) if n else np.zeros(0)


def _settled(fitted: SurvivesAhead, contracts: pl.DataFrame, found: Floats) -> Floats:
    """Return whether the part of the last stretch is negligible."""
    whole = months_of_life(None)
    last = MonthsAhead(whole.days[-_NODES:], whole.weights[-_NODES:])
    return np.asarray(discounted_months(fitted, contracts, last) <= _SETTLED * found)
