"""Spreads of the totals of scores around what comes, kept with the scores: deliveries and reports bound totals by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.jobs.scored import Found

if TYPE_CHECKING:
    from relkit.jobs.scored import Scored

ENDLESS_DAYS = 36_525
"""Days that stand for a horizon without end: a century."""


def total_spreads(scored: Scored) -> Found:
    """Return the spread of the totals of orders and of margin ahead, from the past forecasts of the model of orders."""
    from relkit.models.lifetime_value.family import EXPECTED_ORDERS, ORDERS
    from relkit.models.lifetime_value.past_forecasts import NO_PAST
    from relkit.units import days_of_months

    orders = scored.by(ORDERS)
    if orders is None:
        return Found()
    past = getattr(orders.fitted, "past_forecasts", None) or NO_PAST
    spreads = {EXPECTED_ORDERS.at(scored.terms.horizon_days): past.spread(scored.terms.horizon_days)}
    for ahead in scored.terms.ahead:
        days = ENDLESS_DAYS if ahead.months is None else days_of_months(ahead.months)
        spreads[ahead.score] = past.spread(days, money=True)
    # Facts of one score replace those of an earlier step, so these are added to them.
    return Found(facts={score: {**scored.found.facts.get(score, {}), **spread.facts()} for score, spread in spreads.items()})
