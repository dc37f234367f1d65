"""The base model of a pooled forecast as it was at past origins, and what came after them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import FitError, NotConvergedError, NotEnoughEventsError
from relkit.models.lifetime_value.boosted_orders import Halves
from relkit.models.lifetime_value.knots import UNIT_DAYS
from relkit.models.lifetime_value.older_customers import OLDER
from relkit.models.lifetime_value.order_windows import order_windows
from relkit.models.lifetime_value.own_past import SEASON_KNOWN_DAYS, OwnPast, regressors
from relkit.models.lifetime_value.recalibration import Origin, log_error

if TYPE_CHECKING:
    from relkit.models.lifetime_value.alike import Alike
    from relkit.models.lifetime_value.calendar_weights import CalendarWeights
    from relkit.models.lifetime_value.mbg_nbd import MbgNbd
    from relkit.models.lifetime_value.order_days import OrderDays

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

EPOCH = date(1970, 1, 1)


def base_frame(x: Any, t_x: Any, T: Any, older: Bools) -> pl.DataFrame:
    """Return the rows that the base model reads, of customers by number.

    Args:
        x: repeat purchases of each customer, shape (n,).
        t_x: age at the last purchase, days, shape (n,).
        T: age, days, shape (n,).
        older: mask of the customers who may be older than the data, shape (n,).
    """
    summary = {"repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T, OLDER: older}
    return pl.DataFrame({"customer_id": np.arange(len(older))} | summary)


@dataclass(frozen=True, eq=False)
class JudgedOrigin:
    """Knowledge at a past origin, and the orders that came after it, of the k sampled customers who had bought by then.

    Attributes:
        origin: the origin.
        alike: these customers in the base model fitted at it.
        base: orders that it expected of each in the window, shape (k,).
        parts: those of `OwnPast.parts`, each (k,).
        came: orders that came in the window, shape (k,).
        past: orders of all sampled customers as of the origin.
        places: places of the k customers among them, shape (k,).
        calendar: factor of the calendar in the window.
    """

    origin: Origin
    alike: Alike
    base: Floats
    parts: tuple[Floats, Floats, Floats]
    came: Floats
    past: OwnPast
    places: Ints
    calendar: float

    @property
    def knows_season(self) -> bool:
        """True if the same season a year before was known at the origin."""
        return self.origin.known_days >= SEASON_KNOWN_DAYS

    @property
    def forecast(self) -> float:
        """Total that the base model forecast, with the calendar."""
        return float(self.base.sum()) * self.calendar

    @property
    def error(self) -> float:
        """Logarithm of the total that came over the one forecast."""
        return log_error(float(self.came.sum()), self.forecast)

    def halves(self) -> Halves | None:
        """Return the trees grown on the orders that came; None if too few did."""
        return Halves.grown(self._windows(self.origin.window_days), self.came, self.places, self.origin.window_days)

    def counts(self, halves: Halves | None) -> tuple[Floats, Floats, Floats, Floats]:
        """Return regressors, offset, level and counts for the regression.

        Args:
            halves: trees that forecast each customer by those who grew on others; without any their regressor is constant.
        """
        rows, days = len(self.came), self.origin.window_days
        boosted = np.zeros(rows) if halves is None else halves.of_others(self._windows(halves.window_days), self.places, days)
        X = regressors((self.base, *self.parts, boosted), float(self.base.mean()))
        return X, np.full(rows, np.log(self.calendar)), np.full(rows, np.log(days / UNIT_DAYS)), self.came

    def _windows(self, days: int) -> Floats:
        return order_windows(self.past, days)[self.places]

    def base_probability(self, most: float) -> Floats:
        """Return the probability that the base model gives to what came, asked for the days in which it expects the total that came.

        Args:
            most: largest logarithm of the factor on the days.
        """
        factor = np.exp(np.clip(log_error(float(self.came.sum()), float(self.base.sum())), -most, most))
        return self.alike.probability_of_all(self.came, self.origin.window_days * float(factor))


@dataclass(eq=False)
class PastOrigins:
    """The base model at past origins, fitted to a sample and each fitted once.

    Attributes:
        orders: of the sampled customers.
        older: mask of those who may be older than the data, shape (n,).
        start: number of the first day of the history.
        calendar: weights of the days.
        model: settings of the base model.
    """

    orders: OrderDays
    older: Bools
    start: int
    calendar: CalendarWeights
    model: MbgNbd
    _fits: dict[int, tuple[Alike, Any] | None] = field(default_factory=dict)

    def judged(self, origin: Origin | None) -> JudgedOrigin | None:
        """Return the knowledge at an origin and the orders after it; None if the base model could not be fitted there."""
        if origin is None or (found := self._at(origin.known_days)) is None:
            return None
        alike, known = found
        day, window = self.start + origin.known_days, origin.window_days
        past = OwnPast(self.orders, day, self.start, self.older)
        return JudgedOrigin(
            origin=origin,
            alike=alike,
            base=alike.expected_of_all(window),
            parts=tuple(part[known.known] for part in past.parts(window, season=origin.known_days >= SEASON_KNOWN_DAYS)),
            came=self.orders.between(day, day + window)[known.known].astype(float),
            past=past,
            places=known.known,
            calendar=self.calendar.ratio(day, window),
        )

    def _at(self, known_days: int) -> tuple[Alike, Any] | None:
        if known_days not in self._fits:
            day = self.start + known_days
            known = self.orders.as_of(day)
            rows = base_frame(known.x, known.t_x, known.T, self.older[known.known])
            try:
                self._fits[known_days] = self.model.fit(rows, as_of=EPOCH + timedelta(days=day)).alike(rows), known
            except (NotEnoughEventsError, NotConvergedError, FitError):
                self._fits[known_days] = None
        return self._fits[known_days]
