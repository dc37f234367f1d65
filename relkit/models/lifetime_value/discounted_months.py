"""Present value of running contracts: the months that they are still expected to run, discounted.

    months = discounted_months(fitted, contracts, months_ahead(24, 0.10))       any model with `survival_ahead`

Convention: a month is a twelfth of 365.25 days, and its margin counts at its middle, with the probability that the
contract still runs then and discounted from there at ln(1 + rate) / 365.25 a day, as orders are in `discounted_value`:

    sum over months k = 0, 1, ... of P(runs at k + 1/2 | runs now) e^(-delta (k + 1/2) 365.25 / 12)

Times the monthly margin it is the value of the contract. Without a horizon, the sum over the first ten years continues as an
integral, by Gauss-Legendre quadrature; past the largest observed age the model's own rule applies (Kaplan-Meier and
Cox: the hazard of the last observed stretch continues).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.models.lifetime_value.discounted_value import daily_rate
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

# Without a horizon: months one by one up to here, then quadrature nodes.
_SINGLE_MONTHS = 120
_TAIL_NODES = 48
# Rows of the matrix of probabilities that exist at a time: 24 months of them are 10 MB.
_ROWS = 50_000


class SurvivesAhead(Protocol):
    """A fitted model of contract lifetimes."""

    def survival_ahead(self, features: pl.DataFrame, days: Any) -> Floats:
        """Return the probability that each contract, running now, still runs after each number of days, shape (n, m)."""


@runtime_checkable
class Banded(Protocol):
    """A model whose survival has its own bounds, since it has no parameters to perturb."""

    def survival_ahead_bounds(self, features: pl.DataFrame, days: Any, *, level: float) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m)."""


@dataclass(frozen=True, eq=False)
class MonthsAhead:
    """The months ahead and their discounted weights.

    Attributes:
        days: from now to the middle of each, shape (m,).
        weights: number of months that each stands for, discounted, shape (m,).
    """

    days: Floats
    weights: Floats


def months_ahead(months: int | None, annual_discount_rate: float) -> MonthsAhead:
    """Return the months to come.

    Args:
        months: number of them; None for no horizon.
        annual_discount_rate: 0.10 for 10 % a year; above 0 without a horizon.

    Raises:
        ParameterError: fewer than one month, or an invalid rate.

    Examples:
        >>> ahead = months_ahead(2, 0.10)
        >>> ahead.days.round(1).tolist(), ahead.weights.round(4).tolist()
        ([15.2, 45.7], [0.996, 0.9882])
        >>> float(months_ahead(None, 0.10).weights.sum().round(3)), round(float(12 / np.log(1.10)), 3)  # a month that never ends
        (125.905, 125.905)
    """
    delta = daily_rate(annual_discount_rate, endless=months is None, where="months_ahead")
    if months is not None and months < 1:
        raise ParameterError(f"months is {months}; it must be at least 1.", where="months_ahead")
    days: Floats = (np.arange(_SINGLE_MONTHS if months is None else months, dtype=np.float64) + 0.5) * DAYS_PER_MONTH
    weights: Floats = np.exp(-delta * days)
    if months is None:
        start = _SINGLE_MONTHS * DAYS_PER_MONTH
        # t = start + e^w - 1, up to where e^(-delta t) is negligible.
        reach = np.log1p(max(60 / delta - start, 1.0)) / 2
        nodes, shares = np.polynomial.legendre.leggauss(_TAIL_NODES)
        later = np.expm1(reach * (nodes + 1))
        weights = np.append(weights, np.exp(-delta * (start + later)) * (later + 1) * reach * shares / DAYS_PER_MONTH)
        days = np.append(days, start + later)
    return MonthsAhead(days, weights)


def discounted_months(fitted: SurvivesAhead, contracts: pl.DataFrame, ahead: MonthsAhead) -> Floats:
    """Return the months that each running contract is still expected to run, discounted, shape (n,).

    Args:
        fitted: a fitted model of contract lifetimes.
        contracts: one row per running contract with the columns that the model scores; its key in `customer_id`.
        ahead: which months count.
    """
    parts = [fitted.survival_ahead(part, ahead.days) @ ahead.weights for part in contracts.iter_slices(_ROWS)]
    return np.concatenate(parts) if parts else np.zeros(0)


def worth(fitted: SurvivesAhead, contracts: pl.DataFrame, ahead: MonthsAhead, monthly: Floats, owner: NDArray[np.intp]) -> Floats:
    """Return the value of each owner's contracts, shape (owners,): monthly margin times months, summed.

    Args:
        fitted: a fitted model of contract lifetimes.
        contracts: as for `discounted_months`.
        ahead: which months count.
        monthly: monthly margin of each contract, shape (n,).
        owner: of each contract, 0 to owners - 1, shape (n,).
    """
    return np.bincount(owner, weights=monthly * discounted_months(fitted, contracts, ahead)).astype(np.float64)


def worth_errors(
    fitted: SurvivesAhead, contracts: pl.DataFrame, ahead: MonthsAhead, monthly: Floats, owner: NDArray[np.intp]
) -> Floats | None:
    """Return the standard error of `worth` that comes from the model's parameters, shape (owners,); None if it has none.

    All contracts depend on one model, so their errors add up. A model with its own bounds is taken to be wrong in the
    same direction in all months, which makes the error a little too large rather than too small.
    """
    if isinstance(fitted, Banded):
        within = NormalDist().cdf(1) - NormalDist().cdf(-1)
        halves = [
            (high - low) @ ahead.weights / 2
            for low, high in (fitted.survival_ahead_bounds(part, ahead.days, level=within) for part in contracts.iter_slices(_ROWS))
        ]
        each = np.concatenate(halves) if halves else np.zeros(0)
        return np.abs(np.bincount(owner, weights=monthly * each).astype(np.float64))
    if not hasattr(fitted, "moved"):
        return None
    return standard_errors(cast("Any", fitted), lambda model: worth(model, contracts, ahead, monthly, owner))


def share_past(fitted: SurvivesAhead, contracts: pl.DataFrame, ahead: MonthsAhead, monthly: Floats) -> float:
    """Return the share of the contracts' value past the largest observed age, beyond which the curve is extrapolated.

    It is 0 for a model without such an age.
    """
    last = getattr(fitted, "domain", (0.0, np.inf))[1]
    whole = past = 0.0
    for part, margin in zip(contracts.iter_slices(_ROWS), np.split(monthly, range(_ROWS, len(monthly), _ROWS)), strict=True):
        each = fitted.survival_ahead(part, ahead.days) * ahead.weights
        over = part["duration_days"].to_numpy()[:, None] + ahead.days > last
        whole += float(np.abs(margin) @ each.sum(axis=1))
        past += float(np.abs(margin) @ (each * over).sum(axis=1))
    return past / whole if whole > 0 else 0.0
