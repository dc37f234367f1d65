"""The truth about each customer and contract at the end of the data: traits, state, expected and realised value, effects.

Expected values are conditional on everything hidden (rates, dropout, state), undiscounted, over days after the
data. Realised values are those of one simulated future. A margin is the net amount times the
customer's expected margin rate; in the hard world less the share that is returned or cancelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.actions import ACTIONS
from relkit.tables.simulation.assortment import CATEGORIES
from relkit.tables.simulation.contracts import contract_ids, expected_days, hazard_per_day, monthly_amounts, survival_given
from relkit.tables.simulation.effects import kept_share
from relkit.tables.simulation.purchases import expected_orders
from relkit.tables.simulation.settings import HORIZONS
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.simulation.actions import Wave
    from relkit.tables.simulation.baskets import Tastes
    from relkit.tables.simulation.campaigns import Campaigns, Draws
    from relkit.tables.simulation.clock import Calendar, Floats
    from relkit.tables.simulation.contracts import Contracts
    from relkit.tables.simulation.effects import Effects
    from relkit.tables.simulation.market import Market
    from relkit.tables.simulation.ordering import History
    from relkit.tables.simulation.people import People
    from relkit.tables.simulation.purchases import Buyers
    from relkit.tables.simulation.settings import SimulationSettings

CHURN_DAYS = (90, 365)
KINDS = ("prospect", "buyer", "contract", "both")


def contracts_truth(contracts: Contracts, people: People, calendar: Calendar, market: Market, settings: SimulationSettings) -> pl.DataFrame:
    """Return one row per contract: see docs/simulation.md."""
    age = (settings.days - 1 - contracts.started_day).astype(np.float64)
    runs = contracts.end_age > age
    truth = settings.contracts
    margin = monthly_amounts(contracts, market, np.full(len(contracts), settings.days - 1)) * truth.margin_rate
    frame = pl.DataFrame(
        {
            "contract_id": contract_ids(contracts, people),
            "customer_id": people.ids.gather(contracts.customer),
            "started_on": calendar.dates(contracts.started_day),
            "is_running": runs,
            "ends_on": calendar.dates(contracts.ended_day),
            "log_hazard": contracts.log_hazard,
            "hazard_per_day": hazard_per_day(age, contracts.log_hazard, truth),
            "monthly_amount": contracts.monthly_amount,
            **{f"churn_probability_{h}d": 1 - survival_given(age, h, contracts.log_hazard, truth) for h in CHURN_DAYS},
            **{
                f"expected_contract_margin_{h}d": np.where(runs, margin * expected_days(age, h, contracts.log_hazard, truth), 0)
                / DAYS_PER_MONTH
                for h in HORIZONS
            },
            **{f"realised_contract_margin_{h}d": margin * np.clip(contracts.end_age - age, 0, h) / DAYS_PER_MONTH for h in HORIZONS},
        }
    )
    hidden = ["hazard_per_day", *(f"churn_probability_{h}d" for h in CHURN_DAYS)]
    return frame.with_columns(pl.when("is_running").then(pl.col(name)).alias(name) for name in hidden)


def customers_truth(
    people: People,
    buyers: Buyers,
    tastes: Tastes,
    campaigns: Campaigns,
    history: History,
    contracts: pl.DataFrame,
    calendar: Calendar,
    market: Market,
    settings: SimulationSettings,
) -> pl.DataFrame:
    """Return one row per customer: see docs/simulation.md. `contracts` is the frame of `contracts_truth`."""
    bought = campaigns.first_day < settings.days
    frame = pl.DataFrame(
        {
            "customer_id": people.ids,
            "came_as": pl.Series(KINDS).gather(people.came_as),
            "is_left_censored": campaigns.first_day < 0,
            "bought": bought,
            "first_ordered_on": calendar.dates(np.where(bought, campaigns.first_day, 0)),
            "is_active": history.is_active,
            "purchase_rate_per_week": buyers.rate,
            "dropout_probability": buyers.dropout,
            "mean_order_value": history.mean_order * float(market.price_levels(np.array([settings.days - 1]))[0]),
            "margin_rate": tastes.margin_rate,
            **_purchase_values(buyers, tastes, history, market, settings),
            "engagement": people.engagement,
            "satisfaction": people.satisfaction,
            **{f"affinity_{name}": tastes.affinity[:, k] for k, name in enumerate(CATEGORIES)},
        }
    )
    hidden = ("first_ordered_on", "is_active", "purchase_rate_per_week", "dropout_probability", "mean_order_value")
    frame = frame.with_columns(pl.when("bought").then(pl.col(name)).alias(name) for name in hidden)
    return _with_effects(_with_contracts(frame, contracts), people, settings)


def _purchase_values(buyers: Buyers, tastes: Tastes, history: History, market: Market, settings: SimulationSettings) -> dict[str, Floats]:
    """Return expected and realised orders and margins over each horizon, columns of n values."""
    n, orders = len(buyers.rate), history.orders
    level = float(market.price_levels(np.array([settings.days - 1]))[0])
    rate = tastes.margin_rate * kept_share(settings)
    start = market.clock.operational(np.array([settings.days]))[0]
    columns = {}
    for h in HORIZONS:
        stretch = float(market.clock.operational(np.array([settings.days + h]))[0] - start)
        expected = np.where(history.is_active, expected_orders(buyers.rate, buyers.dropout, stretch), 0.0)
        future = (orders.day >= settings.days) & (orders.day < settings.days + h)
        realised = np.bincount(orders.customer[future], minlength=n).astype(np.float64)
        amount = np.bincount(orders.customer[future], weights=orders.amount[future], minlength=n)
        columns[f"expected_orders_{h}d"] = expected
        columns[f"realised_orders_{h}d"] = realised
        columns[f"expected_purchase_margin_{h}d"] = expected * history.mean_order * level * rate
        columns[f"realised_purchase_margin_{h}d"] = amount * rate
    return columns


def _with_contracts(frame: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """Add the value of contracts, the risk of the main one (largest amount, then earliest start), the kind and the sums."""
    values = [f"{how}_contract_margin_{h}d" for how in ("expected", "realised") for h in HORIZONS]
    risks = ["hazard_per_day", *(f"churn_probability_{h}d" for h in CHURN_DAYS)]
    sums = contracts.group_by("customer_id").agg(
        pl.len().alias("contracts"), pl.col("is_running").sum().alias("contracts_running"), pl.col(values).sum()
    )
    main = contracts.filter("is_running").sort(["monthly_amount", "started_on", "contract_id"], descending=[True, False, False])
    main = main.unique("customer_id", keep="first", maintain_order=True).select("customer_id", *risks)
    counts = ["contracts", "contracts_running"]
    joined = frame.join(sums, on="customer_id", how="left", maintain_order="left").join(
        main, on="customer_id", how="left", maintain_order="left"
    )
    joined = joined.with_columns(pl.col(*counts, *values).fill_null(0)).with_columns(pl.col(counts).cast(pl.Int32))
    kind = pl.col("bought").cast(pl.Int8) + 2 * (pl.col("contracts") > 0).cast(pl.Int8)
    names = {f"{how}_margin_{h}d": (how, h) for how in ("expected", "realised") for h in HORIZONS}
    return joined.with_columns(
        kind.replace_strict(dict(enumerate(KINDS)), return_dtype=pl.String).alias("kind"),
        *((pl.col(f"{how}_purchase_margin_{h}d") + pl.col(f"{how}_contract_margin_{h}d")).alias(name) for name, (how, h) in names.items()),
    ).drop("bought")


def _with_effects(frame: pl.DataFrame, people: People, settings: SimulationSettings) -> pl.DataFrame:
    """Add the effect that each action would have now, without pressure; null if the customer is not among its targets."""
    holds = pl.col("contracts_running") > 0
    buys = pl.col("kind").is_in(["buyer", "both"])
    targets = {"buyers": buys, "non_buyers": ~buys, "holders": holds, "holders_who_never_bought": ~buys & holds}
    columns = []
    for action in ACTIONS:
        effect = pl.lit(pl.Series(action.effects(people.engagement, settings)))
        if action.outcome == "contract_kept":
            effect = effect * pl.col("churn_probability_90d")
        columns.append(pl.when(targets[action.target]).then(effect).alias(f"effect_{action.id}"))
    return frame.with_columns(columns)


def assignments_truth(people: People, draws: Draws, waves: pl.Series, effects: Effects) -> pl.DataFrame:
    """Return the true effects of each assignment, with the pressure at which it was drawn; `waves` are the wave ids by number."""
    return pl.DataFrame(
        {
            "unit_id": people.ids.gather(draws.customer),
            "wave_id": waves.gather(draws.wave),
            "effect": draws.effect,
            "contacts_30d": pl.Series(draws.pressure).cast(pl.Int32),
            **effects.columns(),
        }
    )


def waves_truth(assignments: Path, waves: list[Wave]) -> pl.DataFrame:
    """Return wave_id, action_id, drawn and the mean true effects of each wave, from the file with those of its assignments."""
    names = [name for name in pl.scan_parquet(assignments).collect_schema().names() if name.startswith("effect_")]
    means = pl.scan_parquet(assignments).group_by("wave_id").agg(pl.len().alias("drawn"), pl.col(names).mean().round(9))
    pairs = [(wave.id, ACTIONS[wave.action].id) for wave in waves]
    named = pl.DataFrame(pairs, schema={"wave_id": pl.String, "action_id": pl.String}, orient="row")
    return named.join(means.collect(engine="streaming"), on="wave_id").sort("wave_id")
