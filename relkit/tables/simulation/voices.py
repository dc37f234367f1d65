"""Answers of customers to surveys, and the cases that bad ones open. Satisfaction affects answers and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.people import number_ids
from relkit.tables.simulation.sales import instants
from relkit.units import US_A_DAY, US_A_SECOND

if TYPE_CHECKING:
    from relkit.tables.simulation.clock import Calendar, Floats, Ints
    from relkit.tables.simulation.people import People
    from relkit.tables.simulation.purchases import Orders

HOT_SHARE = 0.05
"""Share of orders after which the customer answers."""
COLD_SHARE = 0.06
"""Share of customers who answer the yearly survey."""
COLD_DAY, COLD_EVERY = 150, 365
NPS_MEAN, NPS_TRAIT, NPS_NOISE = 7.6, 1.6, 1.2
"""A score is round(mean + trait * satisfaction + noise * normal), between 0 and 10."""
CASE_BELOW = 4.5
CASE_SHARE = 0.6
COMMENTS = ("Too long to arrive.", "The price went up.", "Nobody answered my question.", "Not what I had ordered.")
CAUSES = ("delivery", "price", "contact", "quality")
STEPS = (("recalled_at", 2.0), ("listened_at", 0.2), ("soothed_at", 1.5), ("learned_at", 4.0), ("repaired_at", 6.0))
"""Steps that close the loop, with the mean days from the step before (exponential)."""


def draw_scores(rng: np.random.Generator, satisfaction: Floats) -> Floats:
    """Return a 0 to 10 score for each satisfaction."""
    return np.clip(np.round(NPS_MEAN + NPS_TRAIT * satisfaction + NPS_NOISE * rng.standard_normal(len(satisfaction))), 0, 10)


def surveys_table(
    rng: np.random.Generator,
    people: People,
    created_day: Ints,
    orders: Orders,
    calendar: Calendar,
    days: int,
    end_us: int,
    first_number: int,
) -> pl.DataFrame:
    """Return the table surveys: nps right after orders (hot) and once a year (cold), in so far as answered by the end."""
    hot = np.flatnonzero(rng.random(len(orders)) < HOT_SHARE)
    customer, day, cold = [orders.customer[hot]], [orders.day[hot] + 1], [np.zeros(len(hot), dtype=bool)]
    for asked in range(COLD_DAY, days, COLD_EVERY):
        who = np.flatnonzero((created_day < asked) & (rng.random(len(people)) < COLD_SHARE))
        customer.append(who)
        day.append(np.full(len(who), asked))
        cold.append(np.ones(len(who), dtype=bool))
    who = np.concatenate(customer)
    invited = calendar.instants(np.concatenate(day), np.full(len(who), 10 * 3600))
    answered = invited + ((rng.exponential(1.5, len(who)) + 0.01) * US_A_DAY).astype(np.int64)
    known = np.flatnonzero(answered < end_us)
    score = draw_scores(rng, people.satisfaction[who[known]])
    comment = pl.Series([*COMMENTS, None], dtype=pl.String).gather(
        np.where(score < CASE_BELOW, rng.integers(0, len(COMMENTS), len(known)), len(COMMENTS))
    )
    mode = np.where(np.concatenate(cold)[known], "cold", "hot")
    return pl.DataFrame(
        {
            "response_id": number_ids("A", first_number + np.arange(len(known)), digits=9),
            "customer_id": people.ids.gather(who[known]),
            "answered_at": instants(answered[known]),
            "invited_at": instants(invited[known]),
            "mode": mode,
            "question": pl.repeat("nps", len(known), eager=True),
            "score": score,
            "scale_min": np.zeros(len(known)),
            "scale_max": np.full(len(known), 10.0),
            "step": np.where(mode == "hot", "purchase", "relation"),
            "comment": comment,
            "weight": np.ones(len(known)),
        }
    )


def cases_table(rng: np.random.Generator, surveys: pl.DataFrame, end_us: int, first_number: int) -> pl.DataFrame:
    """Return the table cases: bad answers that were followed up, with the steps completed by the end."""
    bad = surveys.filter(pl.col("score") < CASE_BELOW)
    chosen = np.flatnonzero(rng.random(len(bad)) < CASE_SHARE)
    answered = bad["answered_at"].gather(chosen).to_physical().to_numpy()
    opened = answered + 3600 * US_A_SECOND
    known = opened < end_us
    chosen, opened = chosen[known], opened[known]
    n = len(chosen)
    frame = {
        "case_id": number_ids("D", first_number + np.arange(n), digits=8),
        "customer_id": bad["customer_id"].gather(chosen),
        "opened_at": instants(opened),
        "origin": pl.repeat("survey", n, eager=True),
    }
    at = opened
    for name, mean in STEPS:
        at = at + ((rng.exponential(mean, n) + 0.01) * US_A_DAY).astype(np.int64)
        frame[name] = instants(at).zip_with(pl.Series(at < end_us), pl.Series([None], dtype=instants(at).dtype))
    cost = pl.Series(np.round(5 + rng.exponential(10, n), 2))
    frame["cause"] = pl.Series(CAUSES).gather(rng.integers(0, len(CAUSES), n))
    return pl.DataFrame(frame).with_columns(repair_cost=pl.when(pl.col("repaired_at").is_not_null()).then(cost))
