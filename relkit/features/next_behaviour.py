"""Next behaviour: the first thing that a customer does within some days of the outcome of a contact.

Of each contact the last outcome counts (of those at one instant, the furthest in the list of outcomes): a message that was delivered,
opened and clicked counts as clicked. A purchase that a source reports as an outcome (converted, redeemed) is behaviour, and no outcome
here: otherwise nobody who opened a message would ever be followed by a purchase. Behaviour is a purchase, a touchpoint or a contact by the
customer; contacts by the company are none. Outcomes whose window is not over at the cutoff are left out, and so is the work of machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.customer_moments import CONTACT
from relkit.features.journey_steps import days_between
from relkit.features.known_rows import known_rows, marked_as_test
from relkit.tables.declared.campaigns import OUTCOMES

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

WINDOW_DAYS = 14
NOTHING = "nothing"
RESULTS = ("converted", "redeemed", "none")
"""Outcomes that are the behaviour itself, or none at all."""

_OF_A_CONTACT = ("channel", "outcome")


def contact_outcomes(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, at, channel and outcome of the last outcome of each contact known at `as_of`, in order of customer and time.

    Raises:
        TableError: there is no contacts or no outcomes table.
    """
    rows = known_rows(tables, "outcomes", as_of, "contact_id", "outcome", "occurred_at", "is_automated")
    meant = rows.filter(~pl.col("is_automated").fill_null(value=False), ~pl.col("outcome").cast(pl.String).is_in(RESULTS))
    meant = meant.with_columns(pl.col("outcome").cast(pl.Enum(OUTCOMES)))
    last = meant.sort("contact_id", "occurred_at", "outcome").unique("contact_id", keep="last", maintain_order=True)
    contacts = known_rows(tables, "contacts", as_of, "contact_id", "customer_id", "channel_id")
    joined = last.join(contacts, on="contact_id").filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    own = joined.select(
        "customer_id", at="occurred_at", channel=pl.col("channel_id").cast(pl.String), outcome=pl.col("outcome").cast(pl.String)
    )
    return own.collect(engine="streaming").sort("customer_id", "at", "channel", "outcome")


def next_behaviour(outcomes: pl.DataFrame, moments: pl.DataFrame, as_of: AsOf, *, window_days: int = WINDOW_DAYS) -> pl.DataFrame:
    """Return one row per channel, outcome and behaviour that followed, the most frequent channel and outcome first.

    Args:
        outcomes: of `contact_outcomes`.
        moments: of `relkit.features.customer_moments`, in order of customer and time.
        as_of: the cutoff.
        window_days: of 24 hours; behaviour at the instant of the outcome is the outcome itself and does not count.

    Returns:
        channel, outcome, next (kind of the first moment, or nothing), contacts, share (of the outcome), median_days.
    """
    over = outcomes.filter(pl.col("at") + pl.duration(days=window_days) < as_of.cutoff)
    own = moments.filter(pl.col("kind") != CONTACT).select("customer_id", "at", then="at", next="kind")
    joined = over.join_asof(
        own, on="at", by="customer_id", strategy="forward", tolerance=f"{window_days}d", allow_exact_matches=False, check_sortedness=False
    )
    days = days_between(pl.col("at"), pl.col("then"))
    counted = joined.group_by(*_OF_A_CONTACT, pl.col("next").fill_null(NOTHING)).agg(
        contacts=pl.len().cast(pl.Int64), median_days=days.median()
    )
    whole = pl.col("contacts").sum().over(_OF_A_CONTACT)
    shared = counted.with_columns(share=pl.col("contacts") / whole, whole=whole)
    ordered = shared.sort(["whole", *_OF_A_CONTACT, "contacts", "next"], descending=[True, False, False, True, False])
    return ordered.select(*_OF_A_CONTACT, "next", "contacts", "share", "median_days")
