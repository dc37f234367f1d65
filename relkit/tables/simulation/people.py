"""The simulated customers: their origin, their known attributes, and their hidden traits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.clock import Calendar, Ints
    from relkit.tables.simulation.settings import SimulationSettings

EARLIER_DAYS = 730
"""Most days before the data at which earlier customers and contracts began."""

COUNTRIES = ("FR", "BE", "CH")
COUNTRY_SHARES = (0.80, 0.12, 0.08)
PROSPECT, BUYER, CONTRACT, BOTH = range(4)


@dataclass(frozen=True, eq=False)
class People:
    """One chunk of customers, one value each.

    Attributes:
        number: number of the customer in the company, from 1.
        came_as: PROSPECT, BUYER, CONTRACT (holds one, does not buy by itself) or BOTH.
        created_day: day on which the customer became known; below 0 for earlier customers.
        country: position in COUNTRIES.
        birth_year: year of birth, 0 if unknown.
        engagement: standard normal; drives clicks and the effect of actions.
        satisfaction: standard normal; drives survey answers and complaints.
    """

    number: Ints
    came_as: Ints
    created_day: Ints
    country: Ints
    birth_year: Ints
    engagement: NDArray[np.float64]
    satisfaction: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.number)

    @property
    def ids(self) -> pl.Series:
        """The customer ids, as text."""
        return number_ids("C", self.number, name="customer_id")


def number_ids(prefix: str, numbers: NDArray[np.generic], *, digits: int = 8, name: str = "") -> pl.Series:
    """Return ids made of a prefix and a zero-padded number.

    Examples:
        >>> number_ids("C", np.array([7])).to_list()
        ['C00000007']
    """
    frame = pl.DataFrame({"n": numbers})
    return frame.select((pl.lit(prefix) + pl.col("n").cast(pl.String).str.zfill(digits)).alias(name or "id")).to_series()


def draw_people(rng: np.random.Generator, settings: SimulationSettings, numbers: Ints) -> People:
    """Return the customers with these numbers."""
    n = len(numbers)
    contract, prospect = settings.contract_share, settings.prospect_share
    both = contract * settings.both_share
    came_as = np.searchsorted(np.cumsum([prospect, 1 - prospect - contract, contract - both]), rng.random(n), side="right")
    created = rng.integers(0, settings.days, n)
    earlier = settings.disturbances.earlier_buyer_share if settings.hard else 0.0
    was_there = (rng.random(n) < earlier) & (came_as == BUYER)
    created = np.where(was_there, rng.integers(-EARLIER_DAYS, 0, n), created)
    year = settings.starts_on.year - np.clip(np.round(rng.normal(46, 15, n)), 18, 95).astype(np.int64)
    return People(
        number=numbers,
        came_as=np.minimum(came_as, BOTH),
        created_day=created,
        country=rng.choice(len(COUNTRIES), size=n, p=COUNTRY_SHARES),
        birth_year=np.where(rng.random(n) < 0.1, 0, year),
        engagement=rng.standard_normal(n),
        satisfaction=rng.standard_normal(n),
    )


def customers_table(people: People, created_day: Ints, calendar: Calendar) -> pl.DataFrame:
    """Return the table customers; every tenth customer shares the household of the previous one."""
    number = people.number
    household = np.where(number % 10 == 0, number - 1, number)
    return pl.DataFrame(
        {
            "customer_id": people.ids,
            "created_on": calendar.dates(created_day),
            "country": pl.Series(np.array(COUNTRIES)[people.country]),
            "language": pl.Series(np.where(number % 7 == 0, "en", "fr")),
            "birth_year": pl.Series(people.birth_year).cast(pl.Int32),
            "type": pl.Series(np.where(number % 25 == 0, "company", "person")),
            "household_id": number_ids("H", household),
            "is_test": np.zeros(len(people), dtype=bool),
        }
    ).with_columns(pl.col("birth_year").replace(0, None))
