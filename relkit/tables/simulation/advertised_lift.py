"""Simulated lift tests: a channel is withheld from customers drawn by lot, and the orders of both groups are compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.tables.simulation.advertised_people import withheld

if TYPE_CHECKING:
    from relkit.tables.simulation.advertised_rates import Events
    from relkit.tables.simulation.advertised_settings import AdvertisedWorld, LiftTestPlan
    from relkit.tables.simulation.clock import Floats, Ints

LEVEL = 0.9
"""Level of the interval of a test."""
SCHEMA: dict[str, Any] = {
    "lift_test_id": pl.String,
    "channel_id": pl.String,
    "starts_on": pl.Date,
    "ends_on": pl.Date,
    "incremental_conversions": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "treated": pl.Int64,
    "control": pl.Int64,
    "method": pl.String,
    "source": pl.String,
}


@dataclass(frozen=True, eq=False)
class LiftTest:
    """A test whose controls were drawn.

    Attributes:
        plan: of the test.
        controls: positions of the customers who do not get the touches, shape (c,).
    """

    plan: LiftTestPlan
    controls: Ints

    @classmethod
    def of(cls, rng: np.random.Generator, world: AdvertisedWorld, plan: LiftTestPlan, people: int) -> LiftTest:
        """Draw the controls of a test.

        Raises:
            ParameterError: the days are not in the data, or a group would be empty.
        """
        if not 0 <= plan.from_day < plan.until_day <= world.days:
            problem = f"the lift test of {plan.channel} has days {plan.from_day} to {plan.until_day}, the data {world.days}."
            raise ParameterError(problem, where="lift_tests", remedy="Choose days in the data.")
        number = round(plan.control_share * people)
        if not 0 < number < people:
            problem = f"the lift test of {plan.channel} would have {number} controls among {people:,} customers."
            raise ParameterError(problem, where="lift_tests", remedy="Choose a control share that leaves customers in both groups.")
        return cls(plan, np.sort(rng.permutation(people)[:number]))

    @property
    def days(self) -> tuple[float, float]:
        """First day, and the day after the last."""
        return float(self.plan.from_day), float(self.plan.until_day)

    def withhold(self, world: AdvertisedWorld, touches: list[Events]) -> list[Events]:
        """Return the touches without the controls' ones, from as long before the test as an earlier touch would still act in it."""
        first, last = self.days
        return withheld(world, touches, self.plan.channel, self.controls, first - world.channel(self.plan.channel).horizon_days, last)


@dataclass(frozen=True)
class LiftEstimate:
    """The result of a test.

    Attributes:
        plan: of the test.
        estimate, low, high: orders that the channel brought among the treated in the days of the test.
        treated, control: customers.
    """

    plan: LiftTestPlan
    estimate: float
    low: float
    high: float
    treated: int
    control: int


def draw_lift_test(world: AdvertisedWorld, test: LiftTest, orders: Events, people: int) -> LiftEstimate:
    """Return the estimate of a test from the orders in its days, adjusted by those before it (CUPED; Deng et al. 2013, eq. 4).

    The covariate is the number of a customer's orders before the touches of controls were withheld, which the draw cannot have moved.
    """
    first, last = test.days
    before = first - world.channel(test.plan.channel).horizon_days
    outcome = np.bincount(orders.person[(orders.day >= first) & (orders.day < last)], minlength=people).astype(np.float64)
    covariate = np.bincount(orders.person[orders.day < before], minlength=people).astype(np.float64)
    is_control = np.zeros(people, dtype=bool)
    is_control[test.controls] = True
    estimate, error = _difference(_adjusted(outcome, covariate), is_control)
    treated = people - len(test.controls)
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * error
    low, high = (treated * (estimate + sign * reach) for sign in (-1, 1))
    return LiftEstimate(test.plan, treated * estimate, low, high, treated, len(test.controls))


def lift_tests_table(world: AdvertisedWorld, tests: list[LiftEstimate]) -> pl.DataFrame:
    """Return the table lift_tests."""
    rows = [_row(world, place, test) for place, test in enumerate(tests)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def lift_test_id(place: int) -> str:
    """Return the id of a test by its place among the plans."""
    return f"LT{place + 1:02d}"


def _row(world: AdvertisedWorld, place: int, test: LiftEstimate) -> dict[str, Any]:
    starts_on, ends_on = (world.starts_on + timedelta(days=day) for day in (test.plan.from_day, test.plan.until_day - 1))
    return {
        "lift_test_id": lift_test_id(place),
        "channel_id": test.plan.channel,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "incremental_conversions": test.estimate,
        "low": test.low,
        "high": test.high,
        "level": LEVEL,
        "treated": test.treated,
        "control": test.control,
        "method": "randomised holdout of customers",
        "source": "simulation",
    }


def _adjusted(outcome: Floats, covariate: Floats) -> Floats:
    """Return the outcomes less what a covariate explains of them."""
    centred = covariate - covariate.mean()
    variance = float(centred @ centred)
    return np.asarray(outcome - centred * (float(centred @ outcome) / variance if variance else 0.0))


def _difference(outcome: Floats, is_control: np.ndarray) -> tuple[float, float]:
    """Return the mean of the treated less that of the controls, with its standard error."""
    groups = (outcome[~is_control], outcome[is_control])
    means, errors = zip(*((float(each.mean()), float(each.var(ddof=1)) / len(each)) for each in groups), strict=True)
    return means[0] - means[1], float(np.sqrt(sum(errors)))
