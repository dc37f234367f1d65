"""Calibration of the order probability on a holdout: a map from the model's own probability to a calibrated one.

    calibration = learnt(own, bought, repeat_purchases, days=90, calibrated_from=day)        own: from a model fitted up to that day
    calibration.applied(own_90, repeat_purchases)
    calibration.applied(own_30, repeat_purchases, own_90)

On the logit scale the map is a line with three bends, at fixed quantiles of the holdout's forecasts, and a step for customers
without a repeat purchase, whom models of purchases treat separately:

    logit(P) = intercept + bent line of logit(own) + once [x = 0].

Every piece of the line rises, so that the ranking among customers who came back, and among those who did not, is preserved.
A penalty shrinks the line towards the identity: with few customers hardly anything changes. With fewer than `FEWEST` of those
who bought, or of those who did not, nothing does.

Judged out of sample: the customers are split into two halves, the map learnt from each is judged on the other, and that is what is
stored and shown. A map that does not forecast better there than the model's own probability is replaced by the identity.

Other horizons than that of the holdout: the factor by which the map multiplies a customer's cumulative rate of a next order,
-log(1 - P), applies at every horizon. So P is zero at horizon zero, and rises with it. A season that differs from the
holdout's is not corrected for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 storage reads the types of the fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.metrics.reliability import Reliability, reliability

Floats = NDArray[np.float64]

FEWEST = 20
"""Least number of customers who bought, and of those who did not, from which anything is learnt."""
KNOTS = (0.1, 0.5, 0.9)
"""Quantiles of the holdout's forecasts at which the line may bend."""
_LEAST = 1e-6
"""Forecasts are kept this far from 0 and 1."""
_FLATTEST = 0.05
"""Smallest slope of a piece."""
_MOST_STEPS = 100
_SPREADS = (2.0, 0.5)
"""Prior standard deviations, in the penalty, of the intercept, and of the others around the identity."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderCalibration:
    """A map of order probabilities, and its performance on customers from whom it was not learnt.

    Attributes:
        days: horizon at which it was learnt.
        calibrated_from: day after which the holdout begins.
        customers: in the holdout.
        buyers: customers who bought within `days`.
        intercept: of the line, on the logit scale.
        knots: of the line, shape (k,), ascending.
        slopes: of its pieces, shape (k + 1,).
        once: step for customers without a repeat purchase.
        own: the model's own probabilities on the holdout, by tenth.
        judged: the calibrated probabilities, by tenth, each from a map learnt from the other half of the customers.
    """

    days: int
    calibrated_from: date
    customers: int
    buyers: int
    intercept: float
    knots: Floats
    slopes: Floats
    once: float
    own: Reliability
    judged: Reliability

    @property
    def changes(self) -> bool:
        """True if the map is not the identity."""
        return bool(self.intercept or self.once or (self.slopes != 1).any())

    @property
    def spoken(self) -> str:
        """The days it was learnt from: "the 90 days after 1997-12-31"."""
        return f"the {self.days} days after {self.calibrated_from}"

    @property
    def metrics(self) -> dict[str, float]:
        """Errors of the model's own and of the calibrated probabilities, the latter on customers they were not learnt from."""
        both = {"own_order_probability": self.own, "order_probability": self.judged}
        return {
            f"{what}_{name}": value
            for name, found in both.items()
            for what, value in (
                ("calibration_error_of", found.mean_error),
                ("p_value_of", found.p_value),
                (f"brier_{self.days}d_of", found.brier),
            )
        }

    @property
    def sentence(self) -> str:
        """Summary for readers of the fit."""
        within = f"on {self.spoken} {self.buyers:,} of {self.customers:,} customers bought"
        off = f"{100 * self.judged.mean_error:.1f} points off by tenth, on customers it was not learnt from"
        if not self.changes:
            return f"The probability of an order is the model's own, which no map improved: {within}, and it was {off}."
        return f"The probability of an order is calibrated: {within}, and it was {off} ({100 * self.own.mean_error:.1f} before)."

    def applied(self, own: Floats, repeat_purchases: NDArray[Any], own_at_days: Floats | None = None) -> Floats:
        """Return the calibrated probabilities, shape (n,).

        Args:
            own: the model's own, at any horizon, shape (n,).
            repeat_purchases: of each customer, shape (n,).
            own_at_days: the model's own at the horizon of the holdout; None if that is the horizon of `own`.
        """
        if not self.changes:
            return own
        at_days = np.clip(own if own_at_days is None else own_at_days, _LEAST, 1 - _LEAST)
        mapped = self._mapped(at_days, np.asarray(repeat_purchases))
        faster = np.log1p(-np.minimum(mapped, 1 - _LEAST)) / np.log1p(-at_days)
        return np.asarray(-np.expm1(faster * np.log1p(-np.minimum(own, 1 - 1e-15))))

    def _mapped(self, own: Floats, repeat_purchases: NDArray[Any]) -> Floats:
        columns = _columns(own, repeat_purchases, self.knots)
        return np.asarray(special.expit(columns @ np.concatenate(([self.intercept], self.slopes, [self.once]))))


def learnt(
    own: Floats, bought: NDArray[Any], repeat_purchases: NDArray[Any], *, days: int, calibrated_from: date
) -> OrderCalibration | None:
    """Return the calibration learnt from a holdout; None if too few bought in it, or too few did not.

    Args:
        own: probabilities of an order within `days`, from a model fitted without the holdout, shape (n,).
        bought: whether each customer bought in these days, shape (n,). The halves are the odd and the even rows: give them in an
            arbitrary order, that of the ids for instance.
        repeat_purchases: of each customer before the holdout, shape (n,).
        days: horizon, in days.
        calibrated_from: day after which the holdout begins.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> own, x = rng.uniform(0.05, 0.5, 4000), rng.integers(0, 4, 4000)
        >>> bought = rng.random(4000) < 2 * own - own**2
        >>> found = learnt(own, bought, x, days=90, calibrated_from=date(2025, 3, 31))
        >>> found.own.holds, found.judged.holds, found.applied(np.array([0.1, 0.4]), np.array([2, 2])).round(1).tolist()
        (False, True, [0.2, 0.6])
    """
    y, once = np.asarray(bought, dtype=float), np.asarray(repeat_purchases) == 0
    if min(y.sum(), len(y) - y.sum()) < FEWEST:
        return None
    half = np.arange(len(y)) % 2 == 0
    across, raw = np.empty(len(y)), reliability(own, y)
    for learn in (half, ~half):
        across[~learn] = _applied(_regressed(own[learn], y[learn], once[learn]), own[~learn], once[~learn])
    judged = reliability(across, y)
    knots, found = _regressed(own, y, once)
    if judged.log_score <= raw.log_score:
        judged, found = raw, _identity(len(knots))
    return OrderCalibration(
        days=days,
        calibrated_from=calibrated_from,
        customers=len(y),
        buyers=int(y.sum()),
        intercept=float(found[0]),
        knots=knots,
        slopes=found[1:-1],
        once=float(found[-1]),
        own=raw,
        judged=judged,
    )


def _applied(line: tuple[Floats, Floats], own: Floats, once: NDArray[np.bool_]) -> Floats:
    return np.asarray(special.expit(_columns(own, ~once, line[0]) @ line[1]))


def _columns(own: Floats, repeat_purchases: NDArray[Any], knots: Floats) -> Floats:
    """Return the columns of the regression: ones, the part of logit(own) that lies in each piece, and whether x = 0; shape (n, k + 3)."""
    level = special.logit(np.clip(own, _LEAST, 1 - _LEAST))
    edges = np.concatenate((knots, [np.inf]))
    first = np.minimum(level, edges[0])
    pieces = [np.clip(level - low, 0.0, high - low) for low, high in pairwise(edges)]
    return np.column_stack([np.ones(len(level)), first, *pieces, repeat_purchases == 0])


def _regressed(own: Floats, y: Floats, once: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return knots and coefficients of the penalised logistic regression whose pieces rise, by Newton's method within bounds."""
    knots = np.unique(np.quantile(special.logit(np.clip(own, _LEAST, 1 - _LEAST)), KNOTS))
    X, start, penalty = _columns(own, ~once, knots), _identity(len(knots)), _penalty(len(knots))
    low = np.full(len(start), -np.inf)
    low[1:-1] = _FLATTEST

    def loss(at: Floats) -> float:
        line = X @ at
        return float(np.logaddexp(0.0, line).sum() - y @ line + 0.5 * (at - start) @ penalty @ (at - start))

    at, value = start, loss(start)
    for _ in range(_MOST_STEPS):
        p = special.expit(X @ at)
        gradient = X.T @ (p - y) + penalty @ (at - start)
        free = (at > low) | (gradient < 0)
        information = (X * (p * (1 - p))[:, None]).T @ X + penalty
        step = np.zeros(len(at))
        step[free] = -np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        length = 1.0
        while (better := loss(there := np.maximum(at + length * step, low))) > value and length > 1e-10:
            length /= 2
        if value - better < 1e-10:
            break
        at, value = there, better
    return knots, at


def _identity(knots: int) -> Floats:
    return np.concatenate(([0.0], np.ones(knots + 1), [0.0]))


def _penalty(knots: int) -> Floats:
    """Return the precision of the coefficients around the identity: the first slope is near 1, each other near the one before."""
    wide, narrow = (1 / spread**2 for spread in _SPREADS)
    steps = np.eye(knots + 1) - np.eye(knots + 1, k=-1)
    found = np.zeros((knots + 3, knots + 3))
    found[0, 0], found[-1, -1] = wide, narrow
    found[1:-1, 1:-1] = narrow * steps.T @ steps
    return found
