"""Coverage of the intervals of campaigns, simulated: `python -m tests.recovery campaigns [REPETITIONS]`.

In each world, clean and hard, campaigns are drawn again and again on one population: arms, orders, values, returns. Three claims. The 95 %
interval of the incremental margin contains the true one in 92 to 98 campaigns of a hundred, at the end of both windows, for an action
that adds orders, for one that only pulls them forward and for one that cannibalises. The pull-forward is reported as a gain after the
post window no more often than chance allows. The gain of the promoted category and the loss of its sibling are both found.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.differences import difference
from relkit.tables.simulation import SimulationSettings
from relkit.tables.simulation.redrawn import RedrawnCampaigns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

World = Literal["clean", "hard"]
Found = list[tuple[float, float]]
"""Lower and upper bound of each measure."""

WORLDS: tuple[World, ...] = ("clean", "hard")
ACTIONS = ("voucher", "early_bird", "wine_offer")
MEASURES = ("margin", "margin_after", "margin_promoted", "margin_category")
REPETITIONS = 1_000
LEAST, MOST = 0.92, 0.98
CUSTOMERS = 4_000
MOST_FALSE = 0.06
"""Most campaigns of a hundred, of a pull-forward, whose interval after the post window lies above 0; chance gives 2.5."""

LEAST_FOUND = 0.25
"""Fewest campaigns of a hundred in which a cannibalisation is found, on either side; chance gives 2.5."""


@dataclass(frozen=True, kw_only=True)
class Covered:
    """Findings on one measure of one action in one world.

    Attributes:
        world, action, measure: of the campaigns.
        truth: mean effect on the population.
        coverage: share of intervals that contain it.
        above, below: share of intervals that lie above 0, or below.
    """

    world: str
    action: str
    measure: str
    truth: float
    coverage: float
    above: float
    below: float

    @property
    def fault(self) -> str:
        """Claim that does not hold; empty if all do."""
        if not LEAST <= self.coverage <= MOST:
            return f"its interval covers {self.coverage:.1%}"
        if self.action == "early_bird" and self.measure == "margin_after" and self.above > MOST_FALSE:
            return f"a gain is reported in {self.above:.1%}"
        if self.measure == "margin_promoted" and self.above < LEAST_FOUND:
            return f"the gain is found in {self.above:.1%} only"
        if self.measure == "margin_category" and self.below < LEAST_FOUND:
            return f"the loss is found in {self.below:.1%} only"
        return ""


def campaigns_of(world: World, action: str, *, customers: int = CUSTOMERS) -> RedrawnCampaigns:
    """Return the campaigns of an action in a world, in which actions move buyers."""
    return RedrawnCampaigns.of(SimulationSettings(customers=customers, world=world, buyer_effects=True), action)


def measures_of(action: str) -> tuple[str, ...]:
    """Return the measures of an action: the parts of margin only if its offer is limited to a category."""
    return MEASURES if action == "wine_offer" else MEASURES[:2]


def intervals(campaigns: RedrawnCampaigns, seed: int) -> Found:
    """Return the intervals of one campaign, adjusted by the margin before it, within strata of propensity."""
    names = measures_of(campaigns.action.id)
    units = campaigns.draw(np.random.default_rng(seed))
    sums = ArmSums.of(units, names, covariates=("pre_margin",), by=("propensity",))
    effects = [difference(sums, name, covariates=("pre_margin",), strata=("propensity",)) for name in names]
    return [(np.nan if e.low is None else e.low, np.nan if e.high is None else e.high) for e in effects]


def covered(world: World, action: str, repetitions: int, run: Callable[..., Iterable[Found]] = map) -> list[Covered]:
    """Return the findings on each measure of an action; `run` is a map, perhaps of several processes."""
    campaigns = campaigns_of(world, action)
    bounds = np.array(list(run(partial(intervals, campaigns), range(repetitions))))
    low, high = bounds[:, :, 0], bounds[:, :, 1]
    truth = np.array([campaigns.truth[name] for name in measures_of(action)])
    inside = ((low <= truth) & (truth <= high)).mean(axis=0)
    shares = zip(measures_of(action), truth, inside, (low > 0).mean(axis=0), (high < 0).mean(axis=0), strict=True)
    return [
        Covered(world=world, action=action, measure=name, truth=float(true), coverage=float(part), above=float(over), below=float(under))
        for name, true, part, over, under in shares
    ]


def line(found: Covered) -> str:
    """Return a row of the table."""
    note = f"   <- {found.fault}" if found.fault else ""
    return (
        f"{found.world:<8}{found.action:<14}{found.measure:<18}{found.truth:9.3f}"
        f"{found.coverage:10.1%}{found.above:9.1%}{found.below:9.1%}{note}"
    )


def main(repetitions: int = REPETITIONS, actions: Sequence[str] = ACTIONS) -> int:
    """Study the campaigns; print a table; return 1 if a claim does not hold."""
    print(f"95% intervals of the effect on margin of {repetitions:,} campaigns of {CUSTOMERS:,} customers", flush=True)
    print(f"{'world':<8}{'action':<14}{'measure':<18}{'truth':>9}{'coverage':>10}{'above 0':>9}{'below 0':>9}", flush=True)
    faults, start = 0, time.perf_counter()
    # Not forked: polars keeps threads of its own.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 2), mp_context=context) as pool:
        for world in WORLDS:
            for action in actions:
                for found in covered(world, action, repetitions, partial(pool.map, chunksize=20)):
                    faults += bool(found.fault)
                    print(line(found), flush=True)
    print(f"{faults} faults" if faults else "every interval covers between 92 and 98%, and no pull-forward passes for a gain", end="")
    print(f"; {time.perf_counter() - start:.0f} s", flush=True)
    return 1 if faults else 0
