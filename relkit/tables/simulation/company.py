"""A company simulated in chunks of customers, each with its own stream of random numbers.

Chunks are drawn from `SeedSequence(seed).spawn`, and within a chunk each kind of fact has its own
stream, so that the same settings give the same bytes and memory does not grow with the company.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.progress import Progress, quiet
from relkit.tables.simulation.assortment import products_table, stores_table
from relkit.tables.simulation.baskets import Tastes, draw_lines, draw_tastes
from relkit.tables.simulation.clock import ZONE, Calendar, Clock
from relkit.tables.simulation.contracts import Contracts, contracts_table, draw_contracts
from relkit.tables.simulation.parts import Parts
from relkit.tables.simulation.people import BOTH, BUYER, EARLIER_DAYS, People, customers_table, draw_people
from relkit.tables.simulation.purchases import Buyers, Orders, draw_amounts, draw_buyers, draw_order_days
from relkit.tables.simulation.sales import draw_placement, transactions_table
from relkit.tables.simulation.settings import FUTURE_DAYS, SimulationSettings
from relkit.tables.simulation.truth import CompanyTruth, true_parameters, write_parameters

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.simulation.clock import Ints

CHUNK = 50_000
"""Customers a chunk. Part of the definition: another number gives another company."""

STREAMS = ("people", "buyers", "days", "amounts", "tastes", "lines", "placement", "contracts", "waves", "journeys", "voices", "market")


def simulate_company(settings: SimulationSettings, folder: Path, *, progress: Progress = quiet) -> CompanyTruth:
    """Simulate a company and write its tables to `folder`/data and the truth about it to `folder`/truth.

    Args:
        settings: what is simulated.
        folder: where to; tables and truth of an earlier run there are replaced.
        progress: is told after each chunk.

    Returns:
        The truth, and where the data are.

    Examples:
        >>> import tempfile, pathlib
        >>> company = simulate_company(SimulationSettings(customers=100), pathlib.Path(tempfile.mkdtemp()))
        >>> pl.read_parquet(company.data / "customers.parquet").height
        100
    """
    data, truth = Parts(folder / "data"), Parts(folder / "truth")
    calendar = Calendar.covering(settings.starts_on, first=-EARLIER_DAYS, last=settings.days + FUTURE_DAYS)
    data.add("products", products_table(settings.starts_on, []))
    data.add("stores", stores_table(settings.starts_on))
    numbers = np.arange(1, settings.customers + 1)
    seeds = np.random.SeedSequence(settings.seed).spawn(-(-len(numbers) // CHUNK))
    orders = 0
    for k, seed in enumerate(seeds):
        chunk = numbers[k * CHUNK : (k + 1) * CHUNK]
        progress(f"simulating customers {chunk[0]:,} to {chunk[-1]:,}", k / len(seeds))
        orders += _Chunk(settings, calendar, seed, chunk).write(data, truth, orders)
    progress("putting the tables together", 1.0)
    data.finish()
    truth.finish()
    _write_company(folder / "data", settings)
    parameters = true_parameters(settings)
    write_parameters(folder / "truth", parameters)
    return CompanyTruth(data=folder / "data", folder=folder / "truth", parameters=parameters)


def _write_company(folder: Path, settings: SimulationSettings) -> None:
    """Write the facts that no table holds, as a mapping without sources: the files are named after our tables."""
    (folder / "mapping.yaml").write_text(
        f"company:\n  currency: EUR\n  business_zone: {ZONE}\n  history_starts_on: {settings.starts_on.isoformat()}\n",
        encoding="utf-8",
    )


@dataclass(frozen=True, eq=False)
class _Chunk:
    """One chunk of customers under way."""

    settings: SimulationSettings
    calendar: Calendar
    seed: np.random.SeedSequence
    numbers: Ints

    def write(self, data: Parts, truth: Parts, orders_before: int) -> int:
        """Draw the chunk, add its rows to the tables and return how many orders it has."""
        settings = self.settings
        rngs = dict(zip(STREAMS, map(np.random.default_rng, self.seed.spawn(len(STREAMS))), strict=True))
        people = draw_people(rngs["people"], settings, self.numbers)
        contracts = draw_contracts(rngs["contracts"], settings, people)
        created = people.created_day.copy()
        np.minimum.at(created, contracts.customer, contracts.started_day)
        buyers = draw_buyers(rngs["buyers"], len(people), settings.purchases, settings.spend)
        tastes = draw_tastes(rngs["tastes"], len(people))
        buying = np.flatnonzero((people.came_as == BUYER) | (people.came_as == BOTH))
        orders, _ = _draw_orders(rngs, settings, buyers, buying, people.created_day)
        seen = orders.where((orders.day >= 0) & (orders.day < settings.days))
        lines = draw_lines(rngs["lines"], seen, tastes)
        placement = draw_placement(rngs["placement"], seen, tastes, self.calendar, orders_before + 1)
        data.add("customers", customers_table(people, created, self.calendar))
        data.add("transactions", transactions_table(people.ids, seen, placement, lines))
        data.add("contracts", contracts_table(contracts, people, self.calendar, settings.days, settings.contracts))
        truth.add("customers", _customer_truth(people, buyers, tastes, contracts))
        return len(seen)


def _draw_orders(
    rngs: dict[str, np.random.Generator], settings: SimulationSettings, buyers: Buyers, buying: Ints, first_day: Ints
) -> tuple[Orders, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    chosen = Buyers(buyers.rate[buying], buyers.dropout[buying], buyers.mean_order[buying])
    clock = Clock.steady(first=-EARLIER_DAYS, days=EARLIER_DAYS + settings.days + FUTURE_DAYS)
    which, day, last, _ = draw_order_days(rngs["days"], chosen, first_day[buying], clock, settings.days + FUTURE_DAYS)
    amount = draw_amounts(rngs["amounts"], chosen.mean_order[which], settings.spend)
    return Orders(customer=buying[which], day=day, amount=amount), last


def _customer_truth(people: People, buyers: Buyers, tastes: Tastes, contracts: Contracts) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": people.ids,
            "purchase_rate_per_week": buyers.rate,
            "dropout_probability": buyers.dropout,
            "mean_order_value": buyers.mean_order,
            "margin_rate": tastes.margin_rate,
            "contracts": np.bincount(contracts.customer, minlength=len(people)),
        }
    )
