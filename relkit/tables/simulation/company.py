"""A company simulated in chunks of customers, each with its own stream of random numbers.

Chunks are drawn from `SeedSequence(seed).spawn`, and within a chunk each kind of fact has its own
stream, so that the same settings give the same bytes and memory does not grow with the company.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.progress import Progress, quiet
from relkit.tables.simulation.actions import costs_table, offers_table, plan_waves
from relkit.tables.simulation.aftermath import with_aftermath
from relkit.tables.simulation.assortment import products_table, stores_table
from relkit.tables.simulation.attributes import parties_table, snapshots_table
from relkit.tables.simulation.baskets import Tastes, draw_lines, draw_tastes
from relkit.tables.simulation.campaigns import Campaigns, Draws, run_campaigns
from relkit.tables.simulation.clock import ZONE, Calendar
from relkit.tables.simulation.contacts import assignments_table, contacts_table, outcomes_table
from relkit.tables.simulation.contracts import Contracts, contracts_table, draw_contracts
from relkit.tables.simulation.effects import Hidden, true_effects
from relkit.tables.simulation.journeys import touchpoints_table
from relkit.tables.simulation.leaflets import draw_leaflets, pulled, switched
from relkit.tables.simulation.loyalty import identifiers_table, loyalty_table
from relkit.tables.simulation.market import Market, calendar_table, make_market, price_dates
from relkit.tables.simulation.ordering import History, draw_history
from relkit.tables.simulation.parts import Parts
from relkit.tables.simulation.people import BOTH, BUYER, EARLIER_DAYS, People, customers_table, draw_people
from relkit.tables.simulation.permissions import NEVER, Permissions, consents_table, draw_permissions, suppressions_table
from relkit.tables.simulation.purchases import Buyers, Orders, draw_buyers
from relkit.tables.simulation.sales import draw_placement, transactions_table
from relkit.tables.simulation.settings import FUTURE_DAYS, SimulationSettings
from relkit.tables.simulation.truth import CompanyTruth, true_parameters, write_parameters
from relkit.tables.simulation.valuation import assignments_truth, contracts_truth, customers_truth, waves_truth
from relkit.tables.simulation.voices import cases_table, surveys_table

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.simulation.clock import Ints

CHUNK = 50_000
"""Customers per chunk. Part of the definition: another number gives another company."""

STREAMS = (
    *("people", "contracts", "permissions", "waves", "buyers", "days", "amounts", "market", "tastes", "lines", "placement"),
    *("aftermath", "outcomes", "journeys", "voices", "attributes", "leaflets", "leaflet_effects", "leaflet_outcomes"),
)
"""One stream of random numbers for each kind of fact; new ones are added at the end."""


def simulate_company(settings: SimulationSettings, folder: Path, *, progress: Progress = quiet) -> CompanyTruth:
    """Simulate a company and write its tables to `folder`/data and the truth about it to `folder`/truth.

    Args:
        settings: of the simulation.
        folder: for the output; tables and truth of an earlier run there are replaced.
        progress: called before each chunk.

    Returns:
        The truth, and the place of the data.

    Examples:
        >>> import tempfile, pathlib
        >>> company = simulate_company(SimulationSettings(customers=100), pathlib.Path(tempfile.mkdtemp()))
        >>> pl.read_parquet(company.data / "customers.parquet").height
        100
    """
    data, truth = Parts(folder / "data"), Parts(folder / "truth")
    world = World.of(settings)
    world.write_fixed(data)
    numbers = np.arange(1, settings.customers + 1)
    seeds = np.random.SeedSequence(settings.seed).spawn(-(-len(numbers) // CHUNK))
    orders = 0
    for k, seed in enumerate(seeds):
        chunk = numbers[k * CHUNK : (k + 1) * CHUNK]
        progress(f"simulating customers {chunk[0]:,} to {chunk[-1]:,}", k / len(seeds))
        orders += _write_chunk(world, seed, chunk, data, truth, orders)
    progress("putting the tables together", 1.0)
    data.finish()
    waves_truth(truth.finish()["assignments"], plan_waves(settings)).write_parquet(folder / "truth" / "waves.parquet")
    parameters = true_parameters(settings)
    write_parameters(folder / "truth", parameters)
    return CompanyTruth(data=folder / "data", folder=folder / "truth", parameters=parameters)


@dataclass(frozen=True, eq=False)
class World:
    """State shared by all chunks."""

    settings: SimulationSettings
    calendar: Calendar
    market: Market
    waves: pl.Series
    start_us: int
    end_us: int

    @classmethod
    def of(cls, settings: SimulationSettings) -> World:
        """Return the state of the world of a simulation."""
        calendar = Calendar.covering(settings.starts_on, first=-EARLIER_DAYS, last=settings.days + FUTURE_DAYS)
        edges = calendar.instants(np.array([0, settings.days]), np.zeros(2))
        return cls(
            settings=settings,
            calendar=calendar,
            market=make_market(settings),
            waves=pl.Series([wave.id for wave in plan_waves(settings)], dtype=pl.String),
            start_us=int(edges[0]),
            end_us=int(edges[1]),
        )

    def write_fixed(self, data: Parts) -> None:
        """Write the tables that do not grow with the customers, and the facts that no table contains."""
        starts_on = self.settings.starts_on
        data.add("products", products_table(starts_on, price_dates(self.market, starts_on)))
        data.add("stores", stores_table(starts_on))
        data.add("offers", offers_table(self.settings))
        data.add("costs", costs_table(starts_on))
        data.add("calendar", calendar_table(self.settings, self.market, self.calendar))
        (data.folder / "mapping.yaml").write_text(
            "# The files are named after the tables of relkit; only what no table holds is declared.\n"
            f"company:\n  currency: EUR\n  business_zone: {ZONE}\n  history_starts_on: {starts_on.isoformat()}\n",
            encoding="utf-8",
        )


@dataclass(frozen=True, eq=False)
class Chunk:
    """One chunk of customers, with all their events."""

    people: People
    created_day: Ints
    permissions: Permissions
    contracts: Contracts
    campaigns: Campaigns
    leaflets: Draws
    buyers: Buyers
    tastes: Tastes
    history: History


def _write_chunk(world: World, seed: np.random.SeedSequence, numbers: Ints, data: Parts, truth: Parts, orders_before: int) -> int:
    """Draw a chunk, add its rows to the tables and to the truth, and return the number of its orders in the data."""
    rngs = streams_of(seed)
    chunk = draw_chunk(world, rngs, numbers)
    seen = chunk.history.orders
    seen = seen.where((seen.day >= 0) & (seen.day < world.settings.days))
    _write_people(world, rngs, chunk, data)
    _write_sales(world, rngs, chunk, seen, data, orders_before)
    _write_contacts(world, rngs, chunk, data)
    _write_voices(world, rngs, chunk, seen, data)
    _write_truth(world, chunk, truth)
    return len(seen)


def streams_of(seed: np.random.SeedSequence) -> dict[str, np.random.Generator]:
    """Return the random numbers of a chunk, by kind of fact."""
    return dict(zip(STREAMS, map(np.random.default_rng, seed.spawn(len(STREAMS))), strict=True))


def draw_chunk(world: World, rngs: dict[str, np.random.Generator], numbers: Ints) -> Chunk:
    """Return the customers with these numbers and all their events, drawn from the streams of their chunk."""
    settings = world.settings
    people = draw_people(rngs["people"], settings, numbers)
    contracts = draw_contracts(rngs["contracts"], settings, people)
    permissions = draw_permissions(rngs["permissions"], people, settings.days)
    created = people.created_day.copy()
    np.minimum.at(created, contracts.customer, contracts.started_day)
    by_themselves = (people.came_as == BUYER) | (people.came_as == BOTH)
    first_day = np.where(by_themselves, people.created_day, NEVER)
    campaigns = run_campaigns(rngs["waves"], settings, people, permissions, contracts, created, first_day, world.calendar)
    leaflets = draw_leaflets(rngs["leaflets"], settings, people, permissions, created, campaigns, world.calendar)
    buyers = draw_buyers(rngs["buyers"], len(people), settings.purchases, settings.spend)
    history = draw_history(rngs, settings, buyers, campaigns, world.market)
    orders = pulled(rngs["leaflet_effects"], history.orders, leaflets, plan_waves(settings), world.market, len(people))
    return Chunk(
        people=people,
        created_day=created,
        permissions=permissions,
        contracts=contracts.ending_at(campaigns.end_age),
        campaigns=campaigns,
        leaflets=leaflets,
        buyers=buyers,
        tastes=draw_tastes(rngs["tastes"], len(people), settings.taste_spread),
        history=replace(history, orders=orders),
    )


def _write_people(world: World, rngs: dict[str, np.random.Generator], chunk: Chunk, data: Parts) -> None:
    settings, calendar, people = world.settings, world.calendar, chunk.people
    data.add("customers", customers_table(people, chunk.created_day, calendar))
    data.add("customer_snapshots", snapshots_table(rngs["attributes"], people, chunk.created_day, calendar, settings.days))
    data.add("identifiers", identifiers_table(people, chunk.created_day, calendar))
    data.add("contracts", contracts_table(chunk.contracts, people, calendar, world.market, settings))
    data.add("contract_parties", parties_table(chunk.contracts, people, settings.days))
    data.add("suppressions", suppressions_table(people, chunk.permissions, calendar, settings.days))
    data.add(
        "consents", consents_table(people, chunk.permissions, chunk.created_day, chunk.campaigns.withdrawn_us, calendar, settings.days)
    )


def _write_sales(world: World, rngs: dict[str, np.random.Generator], chunk: Chunk, seen: Orders, data: Parts, orders_before: int) -> None:
    settings, people = world.settings, chunk.people
    planted = settings.disturbances
    late = (planted.late_share, planted.late_mean_days) if settings.hard else (0.0, 1.0)
    moving = switched(seen, chunk.leaflets, plan_waves(settings), len(people))
    moved = None if moving is None else partial(moving.applied, rngs["leaflet_effects"])
    lines = draw_lines(rngs["lines"], seen, chunk.tastes, world.market, planted, moved)
    placement = draw_placement(rngs["placement"], seen, chunk.tastes, world.calendar, orders_before + 1, late)
    sales = transactions_table(people.ids, seen, placement, lines)
    data.add("transactions", with_aftermath(rngs["aftermath"], sales, planted, world.end_us) if settings.hard else sales)
    data.add("loyalty_movements", loyalty_table(people, seen, placement.occurred_us, data.rows.get("loyalty_movements", 0) + 1))
    first = np.flatnonzero(seen.day == chunk.campaigns.first_day[seen.customer])
    ids, period = people.ids.gather(seen.customer[first]), (world.start_us, world.end_us)
    before = data.rows.get("touchpoints", 0) + 1
    data.add("touchpoints", touchpoints_table(rngs["journeys"], ids, placement.occurred_us[first], period, before))


def _write_contacts(world: World, rngs: dict[str, np.random.Generator], chunk: Chunk, data: Parts) -> None:
    settings, people = world.settings, chunk.people
    parts = {"outcomes": chunk.campaigns.draws, "leaflet_outcomes": chunk.leaflets}
    for stream, draws in parts.items():
        data.add("assignments", assignments_table(settings, people, draws, world.calendar))
        data.add("contacts", contacts_table(settings, people, draws, world.calendar))
        data.add("outcomes", outcomes_table(rngs[stream], people, draws, world.calendar, settings))


def _write_voices(world: World, rngs: dict[str, np.random.Generator], chunk: Chunk, seen: Orders, data: Parts) -> None:
    surveys = surveys_table(
        rngs["voices"],
        chunk.people,
        chunk.created_day,
        seen,
        world.calendar,
        world.settings.days,
        world.end_us,
        data.rows.get("surveys", 0) + 1,
    )
    data.add("surveys", surveys)
    data.add("cases", cases_table(rngs["voices"], surveys, world.end_us, data.rows.get("cases", 0) + 1))


def _write_truth(world: World, chunk: Chunk, truth: Parts) -> None:
    settings, people = world.settings, chunk.people
    contracts = contracts_truth(chunk.contracts, people, world.calendar, world.market, settings)
    truth.add("contracts", contracts)
    customers = customers_truth(
        people, chunk.buyers, chunk.tastes, chunk.campaigns, chunk.history, contracts, world.calendar, world.market, settings
    )
    truth.add("customers", customers)
    hidden = Hidden(chunk.buyers, chunk.tastes, chunk.history, chunk.contracts, world.market, settings)
    for draws in (chunk.campaigns.draws, chunk.leaflets):
        truth.add("assignments", assignments_truth(people, draws, world.waves, true_effects(hidden, draws, people.engagement)))
