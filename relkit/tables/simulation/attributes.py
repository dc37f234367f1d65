"""Attributes of customers: yearly snapshots, and the parties to contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.assortment import REGIONS
from relkit.tables.simulation.contracts import contract_ids
from relkit.tables.simulation.people import number_ids

if TYPE_CHECKING:
    from relkit.tables.simulation.clock import Calendar, Ints
    from relkit.tables.simulation.contracts import Contracts
    from relkit.tables.simulation.people import People

SNAPSHOT_EVERY_DAYS = 365
ENGAGEMENT_NOISE = 0.5
"""Standard deviation of the error with which snapshots show engagement (itself of standard deviation 1)."""


def snapshots_table(rng: np.random.Generator, people: People, created_day: Ints, calendar: Calendar, days: int) -> pl.DataFrame:
    """Return the table customer_snapshots: of the last day of the data and the same day of earlier years."""
    engagement = np.round(people.engagement + rng.normal(0, ENGAGEMENT_NOISE, len(people)), 2)
    size = 1 + rng.poisson(1.2, len(people))
    frames = []
    for day in range(days - 1, -1, -SNAPSHOT_EVERY_DAYS):
        who = np.flatnonzero(created_day <= day)
        frames.append(
            pl.DataFrame(
                {
                    "customer_id": people.ids.gather(who),
                    "as_of": calendar.dates(np.full(len(who), day)),
                    "engagement_score": engagement[who],
                    "household_size": pl.Series(size[who]).cast(pl.Int32),
                    "region": pl.Series(REGIONS).gather(people.number[who] % len(REGIONS)),
                }
            )
        )
    return pl.concat(frames).sort("customer_id", "as_of")


def parties_table(contracts: Contracts, people: People, days: int) -> pl.DataFrame:
    """Return the table contract_parties: every holder, and the other member of the household as joint holder if there is one."""
    begun = np.flatnonzero(contracts.started_day < days)
    ids = contract_ids(contracts, people).gather(begun)
    number = people.number[contracts.customer[begun]]
    joint = np.flatnonzero(number % 10 == 0)
    holder = pl.DataFrame({"contract_id": ids, "customer_id": number_ids("C", number), "role": pl.repeat("holder", len(ids), eager=True)})
    other = pl.DataFrame(
        {
            "contract_id": ids.gather(joint),
            "customer_id": number_ids("C", number[joint] - 1),
            "role": pl.repeat("joint_holder", len(joint), eager=True),
        }
    )
    return pl.concat([holder, other]).sort("contract_id", "role")
