"""Contacts and costs of units drawn: who was contacted, who was reached, and the cost of it.

A contact belongs to a unit of its customer if it carried out the action in the unit's wave. One that names no wave belongs to the last
draw before it whose response window had not ended. It reached the customer unless its outcomes show that it did not: bounced, no answer
or wrong number, and nothing else that came of it. Contacts before their draw and outcomes before their contact are counted: some clock
is wrong.

Cost of a contact: its own; else that of its channel. The costs of the action per contact are added, and those per month in equal
parts to the contacts of the month. An offer costs its unit cost each time it is redeemed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.contracts import INSTANT
from relkit.features.declared_costs import declared_costs
from relkit.features.known_rows import known_rows

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_READ = ("contact_id", "customer_id", "channel_id", "sent_at", "action_id", "wave_id", "offer_id", "direction", "cost")
_FAILED = ("bounced", "no_answer", "wrong_number")
"""Outcomes of a contact that did not reach anybody."""
_NOT_A_SIGN = ("none", "unsubscribed", "complained")
"""Outcomes that tell neither that a contact reached somebody nor that it did not."""
_PER_CONTACT = ("contact", "unit")
_CONTACT = pl.Schema(
    {
        "contact_id": pl.String(),
        "unit": pl.UInt32(),
        "offer_id": pl.String(),
        "sent_at": INSTANT,
        "is_reached": pl.Boolean(),
        "is_early": pl.Boolean(),
        "is_priced": pl.Boolean(),
        "cost": pl.Float64(),
    }
)


def contacts_of(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, *, action_id: str, response_days: int) -> pl.DataFrame:
    """Return the contacts of an action with units drawn for it.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        draws: unit, customer_id, wave_id, drawn_at, drawn_on.
        action_id: the action.
        response_days: length of the response window.

    Returns:
        contact_id, unit, offer_id, sent_at, is_reached, is_early (sent before the day of the draw), is_priced (whether a cost is known),
        cost (0 if none is); no rows without a table of contacts.
    """
    if not tables.has("contacts"):
        return pl.DataFrame(schema=_CONTACT)
    sent = known_rows(tables, "contacts", as_of, *_READ).filter(
        pl.col("action_id") == action_id, pl.col("direction").fill_null("outbound") == "outbound"
    )
    priced = _with_costs(sent.collect(engine="streaming").sort("contact_id"), tables, as_of, action_id)
    placed = priced.join(draws.select("unit", "customer_id", "drawn_at", "drawn_on", drawn_in="wave_id"), on="customer_id")
    mine = placed.filter(_belongs(as_of, response_days))
    unreached = _unreached(tables, as_of, mine)
    reached = mine.with_columns(
        is_reached=~pl.col("contact_id").is_in(unreached.implode()), is_early=as_of.business_day("sent_at") < pl.col("drawn_on")
    )
    return reached.select(_CONTACT.names())


def _belongs(as_of: AsOf, response_days: int) -> pl.Expr:
    """Return whether a contact belongs to a draw of its customer."""
    ends = pl.col("drawn_on").dt.offset_by(f"{response_days}d")
    within = (pl.col("sent_at") >= pl.col("drawn_at")) & (as_of.business_day("sent_at") <= ends)
    is_last = pl.col("drawn_at") == pl.when(within).then("drawn_at").max().over("contact_id")
    return pl.when(pl.col("wave_id").is_null()).then(within & is_last).otherwise(pl.col("wave_id") == pl.col("drawn_in"))


def contact_sums(contacts: pl.DataFrame, redeemed: pl.DataFrame) -> pl.DataFrame:
    """Return unit, is_contacted, is_reached and cost of the units with a contact.

    Args:
        contacts: rows of `contacts_of`.
        redeemed: contact_id and offer_cost.
    """
    offers = redeemed.group_by("contact_id").agg(pl.col("offer_cost").sum())
    found = contacts.join(offers, on="contact_id", how="left").with_columns(pl.col("cost") + pl.col("offer_cost").fill_null(0.0))
    each = pl.col("is_reached").any()
    return found.group_by("unit").agg(is_contacted=pl.lit(value=True), is_reached=each, cost=pl.col("cost").sum().round(6))


def contact_counts(tables: TableSet, as_of: AsOf, contacts: pl.DataFrame) -> dict[str, int]:
    """Return the numbers of contacts before their draw, of contacts whose cost is unknown, and of outcomes before their contact."""
    early = 0
    if tables.has("outcomes") and len(contacts):
        known = _known_outcomes(tables, as_of, contacts).join(contacts.lazy().select("contact_id", "sent_at").unique(), on="contact_id")
        early = int(known.select((pl.col("occurred_at") < pl.col("sent_at")).sum()).collect(engine="streaming").item())
    return {
        "contacts_before_draw": int(contacts["is_early"].sum()),
        "contacts_without_cost": int((~contacts["is_priced"]).sum()),
        "outcomes_before_contact": early,
    }


def redeemed_offers(tables: TableSet, as_of: AsOf, contacts: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return contact_id and offer_cost of each known redemption of an offer that these contacts carried.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        contacts: rows of `contacts_of`.
        offers: offer_id and unit_cost.
    """
    if not tables.has("outcomes"):
        return pl.DataFrame(schema={"contact_id": pl.String, "offer_cost": pl.Float64})
    uses = _known_outcomes(tables, as_of, contacts).filter(pl.col("outcome") == "redeemed").collect(engine="streaming")
    found = uses.join(contacts.select("contact_id", carried="offer_id").unique("contact_id"), on="contact_id")
    named = found.select("contact_id", pl.coalesce("offer_id", "carried").alias("offer_id"))
    priced = named.join(offers.select("offer_id", offer_cost=pl.col("unit_cost").fill_null(0.0)), on="offer_id", how="left")
    return priced.select("contact_id", pl.col("offer_cost").fill_null(0.0))


def _unreached(tables: TableSet, as_of: AsOf, contacts: pl.DataFrame) -> pl.Series:
    """Return the contacts, of these, whose known outcomes show that they reached nobody."""
    if not tables.has("outcomes"):
        return pl.Series("contact_id", [], pl.String)
    came = _known_outcomes(tables, as_of, contacts).filter(~pl.col("outcome").is_in(_NOT_A_SIGN))
    each = came.group_by("contact_id").agg(pl.col("outcome").is_in(_FAILED).all())
    return each.filter("outcome").select("contact_id").collect(engine="streaming")["contact_id"]


def _known_outcomes(tables: TableSet, as_of: AsOf, contacts: pl.DataFrame) -> pl.LazyFrame:
    """Return contact_id, outcome, offer_id and occurred_at of what came of these contacts."""
    rows = known_rows(tables, "outcomes", as_of, "contact_id", "outcome", "offer_id", "occurred_at")
    return rows.join(contacts.lazy().select("contact_id"), on="contact_id", how="semi")


def _with_costs(contacts: pl.DataFrame, tables: TableSet, as_of: AsOf, action_id: str) -> pl.DataFrame:
    """Return the contacts with the cost of each in place of what its row states."""
    rates = declared_costs(tables)
    own = pl.col("cost")
    dated = contacts.with_columns(sent_on=as_of.business_day("sent_at"), row=pl.int_range(pl.len(), dtype=pl.UInt32))
    channel = _costs_of(dated, rates.filter(scope="channel"), pl.col("channel_id"), _PER_CONTACT)
    action = _costs_of(dated, rates.filter(scope="action"), pl.lit(action_id), _PER_CONTACT)
    monthly = _costs_of(dated, rates.filter(scope="action"), pl.lit(action_id), ("month",))
    share = pl.len().over(pl.col("sent_on").dt.truncate("1mo"))
    priced = dated.with_columns(channel_cost=channel, action_cost=action, monthly_cost=monthly / share)
    costs = [pl.coalesce(own, "channel_cost"), pl.col("action_cost"), pl.col("monthly_cost")]
    known = pl.any_horizontal(cost.is_not_null() for cost in costs)
    found = priced.with_columns(cost=pl.sum_horizontal(cost.fill_null(0.0) for cost in costs), is_priced=known)
    return found.drop("sent_on", "row", "channel_cost", "action_cost", "monthly_cost")


def _costs_of(contacts: pl.DataFrame, rates: pl.DataFrame, scope_id: pl.Expr, per: tuple[str, ...]) -> pl.Series:
    """Return the sum of the rates that hold on the day of each contact; null if there is none."""
    each = contacts.select("row", "sent_on", scope_id=scope_id)
    mine = rates.filter(pl.col("per").is_in(per))
    general, named = mine.filter(pl.col("scope_id").is_null()).drop("scope_id"), mine.filter(pl.col("scope_id").is_not_null())
    found = pl.concat([each.join(named, on="scope_id"), each.join(general, how="cross").select(each.join(named, on="scope_id").columns)])
    day = pl.col("sent_on")
    holds = (pl.col("valid_from").is_null() | (pl.col("valid_from") <= day)) & (pl.col("valid_to").is_null() | (day <= pl.col("valid_to")))
    sums = found.filter(holds).group_by("row").agg(pl.col("amount").sum())
    return each.join(sums, on="row", how="left", maintain_order="left")["amount"]
