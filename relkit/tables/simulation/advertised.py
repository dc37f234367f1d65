"""A company whose channels cause sales, with tables as any company delivers them and the truth about each channel.

    company = advertised_company(7, people=20_000)
    company.write(folder)             a folder that `relkit check` reads
    company.truth                     orders and value that each channel caused, as expected given the touches that took place

Customers differ in how often they buy, visits show a passing interest, and channels are aimed at those who would buy anyway: correlation
is no effect. Effects saturate, fade and act together in forms that no model of the family has. docs/simulation.md states all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.advertised_lift import LiftTest, draw_lift_test, lift_test_id, lift_tests_table
from relkit.tables.simulation.advertised_people import draw_advertised_people, draw_touches
from relkit.tables.simulation.advertised_rates import Events, added, drawn_at_rate, responses
from relkit.tables.simulation.advertised_settings import AdvertisedWorld, LiftTestPlan
from relkit.tables.simulation.advertised_tables import costs_table, customers_table, touchpoints_table, transactions_table
from relkit.tables.simulation.advertised_truth import Days, TrueEffects, removals, shapley_values, true_effects

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from relkit.tables.simulation.advertised_people import AdvertisedPeople

LIFT_TESTS = (LiftTestPlan(channel="search"), LiftTestPlan(channel="retargeting"))
"""Tests of the two channels that are aimed most at those about to buy; each draws its own controls."""


@dataclass(frozen=True, eq=False)
class AdvertisedCompany:
    """A company and the truth about its channels.

    Attributes:
        world: its parameters.
        tables: customers, touchpoints, transactions, costs and lift_tests, as declared.
        truth: one row per channel: channel, conversions (Shapley), value, removal, removal_value, share (of the conversions of all
            channels), touches, cost.
        baseline, baseline_value: expected orders and value without any advertising, from day 0 to the end of the data.
        lift_truth: lift_test_id, conversions: what the tests estimate.
        caused: orders in the data that would not have been placed without advertising.
    """

    world: AdvertisedWorld
    tables: dict[str, pl.DataFrame]
    truth: pl.DataFrame
    baseline: float
    baseline_value: float
    lift_truth: pl.DataFrame
    caused: int

    @property
    def as_of(self) -> date:
        """The last day of the data."""
        return self.world.starts_on + timedelta(days=self.world.days - 1)

    def write(self, folder: Path) -> Path:
        """Write the tables and a mapping to a folder, and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            frame.write_parquet(folder / f"{name}.parquet")
        history = self.world.starts_on - timedelta(days=self.world.history_days)
        text = f"company:\n  currency: EUR\n  business_zone: UTC\n  history_starts_on: {history}\n"
        (folder / "mapping.yaml").write_text(text, encoding="utf-8")
        return folder


def advertised_company(
    seed: int,
    *,
    people: int = 20_000,
    days: int | None = None,
    world: str | AdvertisedWorld = "targeted",
    lift_tests: tuple[LiftTestPlan, ...] = LIFT_TESTS,
) -> AdvertisedCompany:
    """Return a company whose channels cause sales.

    Args:
        seed: the same seed and parameters give the same company.
        people: number of customers.
        days: with touches; None for those of the world.
        world: targeted, random, null or hidden (`AdvertisedWorld.named`), or parameters of one's own.
        lift_tests: tests in which a channel is withheld from customers drawn by lot; their customers, days and results are in the data.

    Raises:
        ParameterError: there is no such world or channel, or a parameter is out of its range.

    Examples:
        >>> company = advertised_company(1, people=300)
        >>> sorted(company.tables), company.truth["channel"].to_list()[:2]
        (['costs', 'customers', 'lift_tests', 'touchpoints', 'transactions'], ['affiliate', 'direct'])
        >>> advertised_company(1, people=300, world="null").truth["conversions"].sum()
        0.0
    """
    settings = AdvertisedWorld.named(world) if isinstance(world, str) else world
    settings = settings if days is None else replace(settings, days=days)
    streams = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(5)]
    customers = draw_advertised_people(streams[0], settings, people)
    touches = draw_touches(streams[1], settings, customers)
    tests = [LiftTest.of(streams[2], settings, plan, people) for plan in lift_tests]
    for test in tests:
        touches = test.withhold(settings, touches)
    baseline, caused = _draw_orders(streams[3], settings, customers, touches)
    effects = true_effects(settings, customers, touches, [Days(settings.place(test.plan.channel), *test.days) for test in tests])
    orders = Events.joined([customers.past_orders, baseline, caused])
    tested = [draw_lift_test(settings, test, orders, people) for test in tests]
    return AdvertisedCompany(
        world=settings,
        tables={
            "customers": customers_table(settings, people),
            "touchpoints": touchpoints_table(settings, touches),
            "transactions": transactions_table(streams[4], settings, orders, customers.mean_value),
            "costs": costs_table(settings),
            "lift_tests": lift_tests_table(settings, tested),
        },
        truth=_truth(settings, effects, touches),
        baseline=effects.baseline,
        baseline_value=effects.baseline_value,
        lift_truth=_lift_truth(effects, len(tests)),
        caused=len(caused),
    )


def _draw_orders(
    rng: np.random.Generator, world: AdvertisedWorld, people: AdvertisedPeople, touches: list[Events]
) -> tuple[Events, Events]:
    """Return the orders from day 0 on that come anyway, and those that channels cause: a process of its own, thinned from its bound."""
    points = drawn_at_rate(rng, world, people.own_rate, people.visits, 0)
    baseline = points.where(points.day >= 0)
    bound = world.greatest_lift
    points = drawn_at_rate(rng, world, people.own_rate * bound, people.visits, 0)
    candidates = points.where(points.day >= 0)
    lift = added(world, responses(world, touches, candidates), np.ones(len(world.channels), dtype=bool))
    return baseline, candidates.where(rng.random(len(candidates)) * bound < lift)


def _truth(world: AdvertisedWorld, effects: TrueEffects, touches: list[Events]) -> pl.DataFrame:
    conversions = shapley_values(effects.orders)
    total = float(conversions.sum())
    numbers = np.array([len(each) for each in touches])
    return pl.DataFrame(
        {
            "channel": [channel.name for channel in world.channels],
            "conversions": conversions,
            "value": shapley_values(effects.value),
            "removal": removals(effects.orders),
            "removal_value": removals(effects.value),
            "share": conversions / total if total else np.zeros(len(numbers)),
            "touches": numbers,
            "cost": numbers * np.array([channel.cost for channel in world.channels]),
        }
    ).sort("channel")


def _lift_truth(effects: TrueEffects, tests: int) -> pl.DataFrame:
    ids = [lift_test_id(place) for place in range(tests)]
    return pl.DataFrame(
        {"lift_test_id": ids, "conversions": effects.in_tests}, schema={"lift_test_id": pl.String, "conversions": pl.Float64}
    )
