"""Forecasts common to all fitted models of purchases, whatever their process: checks, expectations, scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.errors import ParameterError
from relkit.models.base import FitInfo  # noqa: TC001 storage reads the types of the fields
from relkit.models.lifetime_value.median import median_of
from relkit.models.lifetime_value.order_calibration import OrderCalibration  # noqa: TC001 storage reads the types of the fields
from relkit.models.lifetime_value.past_forecasts import PastForecasts  # noqa: TC001 storage reads the types of the fields
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Ahead = Callable[[float], "Floats"]
    """Purchases expected of some customers in so many days if they are alive."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class PurchasesAhead(FittedCard):
    """A fitted model whose `over_pairs` gives P(alive), and the purchases expected of those alive.

    Attributes:
        info: facts about the fit.
        order_calibration: calibration of the order probability on a holdout; None in models without one, and in those
            saved before it existed.
        past_forecasts: totals forecast at past origins and what came, from which the bounds of totals follow; None if the model was
            judged at none.
        follows_calendar: whether the expectation depends on the day on which it begins.
    """

    name: ClassVar[str]
    follows_calendar: ClassVar[bool] = False

    info: FitInfo
    order_calibration: OrderCalibration | None = None
    past_forecasts: PastForecasts | None = None

    def over_pairs(self, features: pl.DataFrame, value: Callable[[Ahead], Floats]) -> tuple[Floats, Floats]:
        """Return P(alive) of each customer, and `value` of the purchases ahead of those alive, both (n,)."""
        raise NotImplementedError

    def tells_alive(self, features: pl.DataFrame) -> NDArray[np.bool_]:
        """Return a mask of the customers whose P(alive) is informative, not 1 by construction, shape (n,)."""
        return np.ones(len(features), dtype=bool)

    @property
    def nobody_leaves(self) -> bool:
        """True if customers never stop buying in this model."""
        return False

    @property
    def has_distribution(self) -> bool:
        """True if the model gives each number of purchases ahead a probability."""
        return type(self).purchases_probability is not PurchasesAhead.purchases_probability

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the purchases expected of each customer in the `days` after the as-of day, shape (n,)."""
        return self._alive_and_expected(features, days)[1]

    def order_probability(self, features: pl.DataFrame, days: float, *, calibrated: bool = True) -> Floats:
        """Return the probability of at least one purchase in the `days` after the as-of day, shape (n,).

        Args:
            features: the columns of `needs`, as of any day.
            days: horizon, in days.
            calibrated: whether to apply the calibration on the holdout, if there was one; else it is the model's own probability.

        Examples:
            >>> from datetime import date
            >>> from relkit.models.lifetime_value.nbd import Nbd
            >>> past = {"repeat_purchases": [0, 0, 2, 7], "last_purchase_age_days": [0, 0, 30, 200], "observed_days": [90, 200, 250, 260]}
            >>> people = pl.DataFrame({"customer_id": list("abcd"), **past})
            >>> Nbd().fit(people, as_of=date(2025, 6, 30)).order_probability(people, 90).round(2).tolist()
            [0.28, 0.2, 0.49, 0.84]
        """
        self._check_ahead(days)
        own = np.clip(self._order_probability(features, days), 0.0, 1.0)
        found = self.order_calibration
        if not calibrated or found is None or not found.changes:
            return own
        at_days = None if days == found.days else self.order_probability(features, found.days, calibrated=False)
        return found.applied(own, features["repeat_purchases"].to_numpy(), at_days)

    def with_calibration(self, calibration: OrderCalibration | None) -> Self:
        """Return the same model with a calibration of the order probability."""
        return replace(self, order_calibration=calibration)

    def with_past_forecasts(self, past: PastForecasts | None) -> Self:
        """Return the same model with its forecasts at past origins."""
        return replace(self, past_forecasts=past)

    def purchases_probability(self, features: pl.DataFrame, purchases: Sequence[int] | NDArray[Any], days: float) -> Floats:
        """Return the probability that each customer makes exactly `purchases[i]` purchases in the next `days`, shape (n,)."""
        raise NotImplementedError

    def median_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the median number of purchases of each customer in the `days` after the as-of day, shape (n,).

        It minimises the absolute error, as the mean minimises the squared one. Medians do not add up: most customers have 0, and the
        sum of all is far below the total that comes.

        Args:
            features: the columns of `needs`, as of any day.
            days: horizon, in days.
        """
        none, mean = 1 - self.order_probability(features, days, calibrated=False), self.expected_purchases(features, days)
        return median_of(none, mean, lambda rows, m: self.purchases_probability(features[rows], np.full(len(rows), m), days))

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, p_alive, expected_orders_<horizon>d and order_probability_<horizon>d, one row per row of `features`.

        p_alive is null if it is 1 by construction (see `tells_alive`): it is too early to tell.

        Args:
            features: the columns of `needs`, as of any day.
            horizon_days: horizon of the expected orders; 90 by default.
        """
        days = HORIZON_DAYS if horizon_days is None else horizon_days
        alive, expected = self._alive_and_expected(features, days)
        scores = {f"expected_orders_{days}d": expected, f"order_probability_{days}d": self.order_probability(features, days)}
        p_alive = pl.Series("p_alive", alive).set(~pl.Series(self.tells_alive(features), dtype=pl.Boolean), None)
        return pl.DataFrame({"customer_id": features["customer_id"], "p_alive": p_alive, **scores})

    def _order_probability(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the model's own probability of a purchase in so many days, shape (n,)."""
        raise NotImplementedError

    def _alive_and_expected(self, features: pl.DataFrame, days: float) -> tuple[Floats, Floats]:
        self._check_ahead(days)
        alive, if_alive = self.over_pairs(features, lambda ahead: ahead(days))
        return alive, alive * if_alive

    def _check_ahead(self, days: float) -> None:
        if not 0 <= days < np.inf:
            raise ParameterError(f"horizon_days is {days}; it must be 0 or more.", where=self.name)


def whole_numbers(purchases: Sequence[int] | NDArray[Any], rows: int, where: str) -> Floats:
    """Return numbers of purchases, one per row, shape (rows,).

    Raises:
        ParameterError: there are more or fewer of them, or one is below 0, a fraction or not a number.

    Examples:
        >>> whole_numbers([2, 0], 2, "doctest").tolist()
        [2.0, 0.0]
    """
    m = np.asarray(purchases, dtype=np.float64)
    if m.shape != (rows,) or not ((m >= 0) & (m == np.floor(m)) & (m < np.inf)).all():
        raise ParameterError(f"purchases must be {rows} whole numbers from 0, one per row of the features.", where=where)
    return m
