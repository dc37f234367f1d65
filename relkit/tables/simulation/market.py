"""Movements common to all customers: season, drift, promotions and prices. The clean world has none.

Promotions come at fixed intervals and in turn to every second category; the sibling of the promoted
category (the other one of its department) loses lines to it. None is planned after the end of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.assortment import CATEGORIES
from relkit.tables.simulation.clock import Clock
from relkit.tables.simulation.people import EARLIER_DAYS
from relkit.tables.simulation.settings import FUTURE_DAYS
from relkit.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from relkit.tables.simulation.clock import Calendar, Floats, Ints
    from relkit.tables.simulation.settings import SimulationSettings

FIRST_PROMOTION_DAY = 45
NO_CATEGORY = -1
HOLIDAYS = ((1, 1, "new year"), (5, 1, "labour day"), (7, 14, "national day"), (12, 25, "christmas"))


@dataclass(frozen=True, eq=False)
class Market:
    """The state of the market on each day, from `first` on.

    Attributes:
        clock: operational time of orders.
        first: earliest day.
        price_level: prices over those of the first day of the data.
        promoted: position of the category promoted on the day, NO_CATEGORY if none is.
        promotions: first days of the promotions, in order.
        price_days: days on which prices change.
    """

    clock: Clock
    first: int
    price_level: Floats
    promoted: Ints
    promotions: Ints
    price_days: Ints

    def price_levels(self, days: NDArray[np.generic]) -> Floats:
        """Return the price level on each of these days."""
        return self.price_level[days.astype(np.int64) - self.first]

    def promoted_categories(self, days: NDArray[np.generic]) -> Ints:
        """Return the category promoted on each of these days."""
        return self.promoted[days.astype(np.int64) - self.first]


def make_market(settings: SimulationSettings) -> Market:
    """Return the market of the settings' world."""
    days = np.arange(-EARLIER_DAYS, settings.days + FUTURE_DAYS)
    level = np.ones(len(days))
    promoted = np.full(len(days), NO_CATEGORY)
    multipliers = np.ones(len(days))
    starts = np.zeros(0, dtype=np.int64)
    price_days = np.zeros(0, dtype=np.int64)
    if settings.hard:
        planted = settings.disturbances
        starts = promotion_days(settings)
        for k, start in enumerate(starts):
            promoted[start + EARLIER_DAYS : start + EARLIER_DAYS + planted.promotion_days] = 2 * k % len(CATEGORIES)
        multipliers = seasons(settings, days) * planted.rate_drift ** (days / DAYS_PER_YEAR)
        multipliers = np.where(promoted != NO_CATEGORY, planted.promotion_lift, 1.0) * multipliers
        changes = {round(share * settings.days): factor for share, factor in planted.price_changes}
        price_days = np.array([day for day in sorted(changes) if 0 < day < settings.days], dtype=np.int64)
        for day in price_days:
            level[day + EARLIER_DAYS :] *= changes[int(day)]
    clock = Clock.of(multipliers, first=-EARLIER_DAYS)
    return Market(clock=clock, first=-EARLIER_DAYS, price_level=level, promoted=promoted, promotions=starts, price_days=price_days)


def promotion_days(settings: SimulationSettings) -> Ints:
    """Return the first days of the promotions; each ends, with the days it pulls from, within the data."""
    planted = settings.disturbances
    latest = settings.days - planted.promotion_days - planted.pull_forward_days
    return np.arange(FIRST_PROMOTION_DAY, max(latest + 1, FIRST_PROMOTION_DAY), planted.promotion_every_days)


def seasons(settings: SimulationSettings, days: Ints) -> Floats:
    """Return the seasonal multiplier of each day: 1 + amplitude cos(2 pi (day of year - peak) / 365.25)."""
    planted = settings.disturbances
    of_year = settings.starts_on.timetuple().tm_yday + days
    return np.asarray(1 + planted.season_amplitude * np.cos(2 * np.pi * (of_year - planted.season_peak_day) / DAYS_PER_YEAR))


def pulled_forward(
    rng: np.random.Generator, settings: SimulationSettings, market: Market, customer: Ints, day: Ints
) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the days of the orders after promotions pulled some forward, and a mask of those eligible.

    Eligible is an order due in the days after a promotion whose customer has ordered before, but not since the promotion began.
    """
    planted = settings.disturbances
    eligible = np.zeros(len(day), dtype=bool)
    moved = day.copy()
    previous = np.concatenate([[0], day[:-1]]) if len(day) else day
    repeat = np.concatenate([[False], customer[1:] == customer[:-1]]) if len(day) else eligible
    for start in market.promotions:
        end = start + planted.promotion_days
        here = np.flatnonzero(repeat & (day >= end) & (day < end + planted.pull_forward_days) & (previous < start))
        eligible[here] = True
        drawn = here[rng.random(len(here)) < planted.pull_forward_share]
        moved[drawn] = start + rng.integers(0, planted.promotion_days, len(drawn))
    return moved, eligible


def price_dates(market: Market, starts_on: date) -> list[tuple[date, float]]:
    """Return the date of each price change and the price level from then on."""
    levels = market.price_levels(market.price_days)
    return [(starts_on + timedelta(days=int(day)), float(level)) for day, level in zip(market.price_days, levels, strict=True)]


def calendar_table(settings: SimulationSettings, market: Market, calendar: Calendar) -> pl.DataFrame:
    """Return the table calendar: holidays in both worlds, promotions and price changes in the hard one."""
    rows: list[tuple[str, date, date | None, str, str]] = []
    for year in range(settings.starts_on.year, settings.ends_on.year + 1):
        for month, number, label in HOLIDAYS:
            day = settings.starts_on.replace(year=year, month=month, day=number)
            if settings.starts_on <= day <= settings.ends_on:
                rows.append(("holiday", day, day, "everything", label))
    for start in market.promotions:
        first, last = calendar.dates(np.array([start, start + settings.disturbances.promotion_days - 1])).tolist()
        name = CATEGORIES[int(market.promoted_categories(np.array([start]))[0])]
        rows.append(("promotion", first, last, name, f"{settings.disturbances.promotion_discount:.0%} off {name}"))
    rows += [("price_change", day, day, "everything", f"prices at {level:.3f}") for day, level in price_dates(market, settings.starts_on)]
    schema = {"kind": pl.String, "starts_on": pl.Date, "ends_on": pl.Date, "scope": pl.String, "label": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("starts_on", "kind")
