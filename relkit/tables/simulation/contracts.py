"""Contracts that end by a proportional hazards model with a Weibull baseline.

Ages are in days since the start, continuous; an end at age t falls on the t-th day, rounded up. Contracts
from before the data are those that had survived until then: their ends are drawn given that survival,
so that a fit with entry at their age at the start of the data is exact (left truncation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.people import CONTRACT, EARLIER_DAYS, number_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.clock import Calendar, Floats, Ints
    from relkit.tables.simulation.market import Market
    from relkit.tables.simulation.parameters import ContractParameters
    from relkit.tables.simulation.people import People
    from relkit.tables.simulation.settings import SimulationSettings

PAYMENT_METHODS = ("direct_debit", "card", "transfer")
PRODUCTS = ("SUB-BASIC", "SUB-PLUS", "SUB-FULL")
TERMS = (0, 12, 24)


@dataclass(frozen=True, eq=False)
class Contracts:
    """Contracts with their true parameters, one value each.

    Attributes:
        customer: position of the holder in the chunk.
        rank: 0 for a customer's first contract, 1 for the second.
        started_day: first day.
        end_age: age in days at which it really ends, perhaps long after the data.
        voluntary: whether that end will be the customer's wish.
        monthly_amount: billed a month.
        term_months: months of commitment at the start.
        payment: position in PAYMENT_METHODS.
        log_hazard: x beta.
    """

    customer: Ints
    rank: Ints
    started_day: Ints
    end_age: Floats
    voluntary: NDArray[np.bool_]
    monthly_amount: Floats
    term_months: Ints
    payment: Ints
    log_hazard: Floats

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def ended_day(self) -> Ints:
        """The day on which each ends."""
        return self.started_day + np.ceil(self.end_age).astype(np.int64)

    def ending_at(self, end_age: Floats) -> Contracts:
        """Return the contracts with other ends."""
        return replace(self, end_age=end_age)


def cumulative_hazard(age: Floats, log_hazard: Floats, truth: ContractParameters) -> Floats:
    """Return H(t | x) = (t / scale)^shape exp(x beta)."""
    return np.asarray((np.maximum(age, 0.0) / truth.scale_days) ** truth.shape * np.exp(log_hazard))


def hazard_per_day(age: Floats, log_hazard: Floats, truth: ContractParameters) -> Floats:
    """Return h(t | x) = (shape / scale) (t / scale)^(shape - 1) exp(x beta), a day."""
    relative = np.maximum(age, 0.5) / truth.scale_days
    return np.asarray(truth.shape / truth.scale_days * relative ** (truth.shape - 1) * np.exp(log_hazard))


def draw_end_age(rng: np.random.Generator, survived: Floats, log_hazard: Floats, truth: ContractParameters) -> Floats:
    """Return ages at the end of contracts that have survived until the ages `survived`."""
    hazard = cumulative_hazard(survived, log_hazard, truth) + rng.standard_exponential(len(survived))
    age = truth.scale_days * (hazard / np.exp(log_hazard)) ** (1 / truth.shape)
    return np.maximum(age, survived + 1e-6)


def survival_given(age: Floats, more_days: float, log_hazard: Floats, truth: ContractParameters) -> Floats:
    """Return the probability that a contract aged `age` days lives `more_days` more."""
    gone = cumulative_hazard(age, log_hazard, truth)
    return np.asarray(np.exp(gone - cumulative_hazard(age + more_days, log_hazard, truth)))


def expected_days(age: Floats, horizon_days: float, log_hazard: Floats, truth: ContractParameters) -> Floats:
    """Return the days that a contract aged `age` is expected to live within the horizon: the integral of its survival."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    total = np.zeros(len(age))
    for node, weight in zip(nodes, weights, strict=True):
        total += weight * survival_given(age, horizon_days * (node + 1) / 2, log_hazard, truth)
    return np.asarray(total * horizon_days / 2)


def draw_contracts(rng: np.random.Generator, settings: SimulationSettings, people: People) -> Contracts:
    """Return the contracts of the chunk's holders, grouped by customer."""
    truth = settings.contracts
    holders = np.flatnonzero(people.came_as >= CONTRACT)
    number = 1 + (rng.random(len(holders)) < truth.second_contract_share)
    customer = np.repeat(holders, number)
    n = len(customer)
    earlier = rng.random(n) < truth.earlier_share
    started = np.where(earlier, rng.integers(-EARLIER_DAYS, 0, n), rng.integers(0, settings.days, n))
    amount: Floats = np.clip(rng.lognormal(3.3, 0.45, n), 5.0, 150.0).round(2)
    term = np.array(TERMS)[rng.choice(3, size=n, p=(0.4, 0.4, 0.2))]
    payment = rng.choice(3, size=n, p=(0.6, 0.3, 0.1))
    log_hazard = truth.monthly_amount * amount + truth.term_months * term + truth.pays_by_direct_debit * (payment == 0)
    return Contracts(
        customer=customer,
        rank=np.arange(n) - np.repeat(np.cumsum(number) - number, number),
        started_day=started,
        end_age=draw_end_age(rng, np.maximum(-started, 0).astype(np.float64), log_hazard, truth),
        voluntary=rng.random(n) >= truth.involuntary_share,
        monthly_amount=amount,
        term_months=term,
        payment=payment,
        log_hazard=log_hazard,
    )


def contract_ids(contracts: Contracts, people: People) -> pl.Series:
    """Return the ids of the contracts: the customer's number and the contract's rank."""
    return number_ids("K", people.number[contracts.customer] * 10 + contracts.rank, digits=9, name="contract_id")


def monthly_amounts(contracts: Contracts, market: Market, days: Ints) -> Floats:
    """Return the monthly bill of each contract on each of `days`, which moves with prices."""
    started = np.maximum(contracts.started_day, market.first)
    return np.asarray(np.round(contracts.monthly_amount * market.price_levels(days) / market.price_levels(started), 2))


def contracts_table(contracts: Contracts, people: People, calendar: Calendar, market: Market, settings: SimulationSettings) -> pl.DataFrame:
    """Return the table contracts: a version at the start, at each price change while it runs, and at the end if it has come."""
    started, ended = contracts.started_day, contracts.ended_day
    everyone = np.arange(len(contracts))
    parts = [_version(contracts, people, calendar, market, settings, everyone, started)]
    for day in market.price_days:
        running = np.flatnonzero((started < day) & (ended > day))
        parts.append(_version(contracts, people, calendar, market, settings, running, np.full(len(running), day)))
    gone = np.flatnonzero(ended < settings.days)
    reason = pl.Series(np.where(contracts.voluntary[gone], "voluntary", "involuntary"), dtype=pl.String)
    final = _version(contracts, people, calendar, market, settings, gone, ended[gone])
    parts.append(final.with_columns(status=pl.lit("ended"), ended_on=pl.col("valid_from"), end_reason=reason))
    return pl.concat(parts).sort("contract_id", "valid_from")


def _version(
    contracts: Contracts, people: People, calendar: Calendar, market: Market, settings: SimulationSettings, which: Ints, days: Ints
) -> pl.DataFrame:
    """Return the rows of some contracts as of each of `days`, as long as they run."""
    every_day = contracts.started_day.copy()
    every_day[which] = days
    amount = monthly_amounts(contracts, market, every_day)[which]
    tier = np.searchsorted([22.0, 36.0], contracts.monthly_amount[which])
    frame = pl.DataFrame(
        {
            "contract_id": contract_ids(contracts, people).gather(which),
            "valid_from": calendar.dates(days),
            "customer_id": people.ids.gather(contracts.customer[which]),
            "product_id": pl.Series(PRODUCTS).gather(tier),
            "status": pl.repeat("active", len(which), dtype=pl.String, eager=True),
            "started_on": calendar.dates(contracts.started_day[which]),
            "ended_on": pl.repeat(None, len(which), dtype=pl.Date, eager=True),
            "end_reason": pl.repeat(None, len(which), dtype=pl.String, eager=True),
            "term_months": pl.Series(contracts.term_months[which]).cast(pl.Int32),
            "monthly_amount": amount,
            "monthly_margin": np.round(amount * settings.contracts.margin_rate, 2),
            "payment_method": pl.Series(PAYMENT_METHODS).gather(contracts.payment[which]),
        }
    )
    committed = pl.col("started_on").dt.offset_by(pl.format("{}mo", "term_months"))
    return frame.with_columns(commitment_ends_on=pl.when(pl.col("term_months") > 0).then(committed))
