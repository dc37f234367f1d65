"""Weight of each day of the calendar: weeks that the user weighs, and events whose effect on orders is estimated.

The weight of a day is that of its ISO week times the effects of the events that it lies in; 1 is an ordinary day. What a window of
days is expected to bring is multiplied by its mean weight over that of the year before it, from which a model has learnt.

The effect of an event is estimated on the company's daily orders: those on its days over what the four weeks before and after them
brought on ordinary days. `PRIOR_ORDERS` orders at no effect are added, so that a short event of a small shop hardly counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.models.lifetime_value.exposure import CalendarEvent, day_number
from relkit.scalars import check_scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

PRIOR_ORDERS = 20.0
"""Orders at no effect that are added to those of each kind of event."""
_AROUND_DAYS = 28
_YEAR_DAYS = 364
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class WeekWeight:
    """Weight of an ISO week; 1 is an ordinary week, and weeks without a weight have it.

    Attributes:
        iso_week: 1 to 53.
        weight: orders of such a week over those of an ordinary one.
    """

    iso_week: int
    weight: float

    def __post_init__(self) -> None:
        """Refuse a week that no year has, and a weight that is not above 0."""
        if not 1 <= self.iso_week <= 53:
            raise ParameterError(f"iso_week is {self.iso_week}; it must be from 1 to 53.", where="week_weights")
        check_scalar(self.weight, "weight", gt=0, le=100, where=f"week_weights, week {self.iso_week}")


@dataclass(frozen=True, eq=False)
class CalendarWeights:
    """Weights of consecutive days.

    Attributes:
        begin: number of the first day.
        weights: of each day, shape (d,).
        effects: by event, the estimated factor on the orders of its days; events without an observed day are left out.
        unseen: events without an observed day; they are given no effect.

    Examples:
        >>> sale = CalendarEvent(name="sale", starts_on=date(1970, 3, 1), ends_on=date(1970, 3, 2))
        >>> orders = np.full(90, 100)
        >>> orders[[59, 60]] = 210
        >>> found = CalendarWeights.of(orders, begin=0, end=120, weeks=(), events=(sale,))
        >>> {name: round(effect, 2) for name, effect in found.effects.items()}
        {'sale': 2.0}
        >>> round(found.ratio(58, 2), 2)  # the two days of the sale
        2.0
    """

    begin: int
    weights: Floats
    effects: dict[str, float]
    unseen: tuple[str, ...]

    @classmethod
    def of(
        cls, orders: NDArray[np.int64], *, begin: int, end: int, weeks: Sequence[WeekWeight], events: Sequence[CalendarEvent]
    ) -> CalendarWeights:
        """Return the weights of the days from `begin` to `end`.

        Args:
            orders: of all customers on each observed day, from `begin` on, shape (o,).
            begin: number of the first day.
            end: number of the last day, which may lie ahead.
            weeks: weights of ISO weeks.
            events: periods, those to come included.
        """
        weights = _of_weeks(begin, end, weeks)
        within = {name: _days_of(name, events, begin, len(weights)) for name in sorted({event.name for event in events})}
        ordinary = ~np.any(list(within.values()), axis=0) if within else np.ones(len(weights), dtype=bool)
        usual = _usual(orders / weights[: len(orders)], ordinary[: len(orders)]) * weights[: len(orders)]
        effects, unseen = {}, []
        for name, days in within.items():
            seen = days[: len(orders)] & np.isfinite(usual)
            if seen.any():
                effects[name] = float((orders[seen].sum() + PRIOR_ORDERS) / (usual[seen].sum() + PRIOR_ORDERS))
                weights = np.where(days, weights * effects[name], weights)
            else:
                unseen.append(name)
        return cls(begin, weights, effects, tuple(unseen))

    def ratio(self, after: int, days: int) -> float:
        """Return the mean weight of the `days` after the day `after` over that of the year up to it."""
        ahead = self.weights[after + 1 - self.begin :][:days]
        past = self.weights[max(after + 1 - self.begin - _YEAR_DAYS, 0) : after + 1 - self.begin]
        return float(ahead.mean() / past.mean()) if len(ahead) and len(past) else 1.0


def _of_weeks(begin: int, end: int, weeks: Sequence[WeekWeight]) -> Floats:
    by_week = np.ones(54)
    for week in weeks:
        by_week[week.iso_week] = week.weight
    if not weeks:
        return np.ones(end - begin + 1)
    return np.asarray(by_week[[(_EPOCH + timedelta(days=day)).isocalendar().week for day in range(begin, end + 1)]])


def _days_of(name: str, events: Sequence[CalendarEvent], begin: int, days: int) -> NDArray[np.bool_]:
    within = np.zeros(days, dtype=bool)
    for event in events:
        if event.name == name:
            first, last = day_number(event.starts_on) - begin, day_number(event.ends_on) - begin
            within[max(first, 0) : max(last + 1, 0)] = True
    return within


def _usual(orders: Floats, ordinary: NDArray[np.bool_]) -> Floats:
    """Return the mean of the ordinary days of the four weeks before and after each day; NaN if there is none."""
    sums, counts = (np.concatenate(([0.0], np.cumsum(values))) for values in (np.where(ordinary, orders, 0.0), ordinary))
    at = np.arange(len(orders))
    low, high = np.maximum(at - _AROUND_DAYS, 0), np.minimum(at + _AROUND_DAYS + 1, len(orders))
    days = counts[high] - counts[low]
    return np.asarray(np.divide(sums[high] - sums[low], days, out=np.full(len(orders), np.nan), where=days > 0))
