"""Moments of customers: everything at which a customer and the company met, in order of time.

Touchpoints, contacts and purchases of identified customers, each with its kind and channel: what a survey answer, a complaint or an end of
contract may have followed. Journeys end at a purchase; moments go on after it, so that the time of use and of after-sales is in view too. A
touch under an anonymous id that leads to exactly one customer is that customer's. A purchase counts when it took place, whether or not it
was returned later. Test accounts are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.journey_people import customer_names
from relkit.features.journey_touches import UNKNOWN_KIND, known_touches
from relkit.features.known_rows import known_rows, marked_as_test

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

CONTACT, INBOUND, PURCHASE = "contact", "inbound contact", "purchase"
"""Kinds of the moments that are no touchpoints: a contact by the company, one by the customer, a purchase."""
UNKNOWN = "unknown"
_AT = pl.Datetime("us", "UTC")
_SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.String(),
    "at": _AT,
    "kind": pl.String(),
    "channel": pl.String(),
    "step": pl.String(),
}


def customer_moments(tables: TableSet, as_of: AsOf, purchases: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return one row per moment known at `as_of`, in order of customer_id and time.

    Args:
        tables: the company; a table that is absent gives no moments.
        as_of: the cutoff.
        purchases: of `purchases_of`, if they have been read; None to read them.

    Returns:
        customer_id, at, kind (that of the touchpoint, contact, inbound contact or purchase; unknown if it has none), channel, step.
    """
    parts = [pl.DataFrame(schema=_SCHEMA)]
    if tables.has("touchpoints"):
        parts.append(_touchpoints(tables, as_of))
    if tables.has("contacts"):
        parts.append(_contacts(tables, as_of))
    if tables.has("transactions"):
        parts.append(_bought(purchases_of(tables, as_of) if purchases is None else purchases))
    rows = pl.concat(parts)
    known = rows.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    return known.sort("customer_id", "at", "kind", "channel")


def purchases_of(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, transaction_id, at, channel, store_id and amount of each purchase of an identified customer known at `as_of`.

    A purchase is a transaction with sale lines of a positive amount in all.

    Raises:
        TableError: there is no transactions table.
    """
    read = ("customer_id", "transaction_id", "occurred_at", "channel_id", "store_id", "line_kind", "net_amount")
    lines = known_rows(tables, "transactions", as_of, *read)
    sales = lines.filter(pl.col("line_kind").fill_null("sale") == "sale").drop_nulls("customer_id")
    bought = sales.group_by("customer_id", "transaction_id").agg(
        at=pl.col("occurred_at").min(),
        channel=pl.col("channel_id").drop_nulls().first(),
        store_id=pl.col("store_id").drop_nulls().first(),
        amount=pl.col("net_amount").sum(),
    )
    return bought.filter(pl.col("amount") > 0).sort("customer_id", "at", "transaction_id").collect(engine="streaming")


def no_purchases() -> pl.DataFrame:
    """Return the purchases of a company without transactions: the same columns, no row."""
    text = pl.String()
    schema: dict[str, pl.DataType] = {
        "customer_id": text,
        "transaction_id": text,
        "at": _AT,
        "channel": text,
        "store_id": text,
        "amount": pl.Float64(),
    }
    return pl.DataFrame(schema=schema)


def _touchpoints(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the touches of customers, those under an anonymous id that leads to one customer among them."""
    found = known_touches(tables, as_of)
    own = np.flatnonzero(found.person < found.customers)
    if not len(own):
        return pl.DataFrame(schema=_SCHEMA)
    kind = found.kinds.gather(found.kind[own]).cast(pl.String)
    named = {
        "customer_id": customer_names(tables).gather(found.person[own]),
        "at": pl.Series(found.at[own]).cast(_AT),
        "kind": kind.replace(UNKNOWN_KIND, UNKNOWN),
        "channel": found.channels.gather(found.channel[own]).cast(pl.String),
    }
    return pl.DataFrame(named).with_columns(step=_steps(tables).gather(found.row[own]))


def _steps(tables: TableSet) -> pl.Series:
    """Return the step of every touchpoint, in file order; null if no source gives it."""
    given = "step" in tables.columns("touchpoints")
    rows = tables.scan("touchpoints").select("channel_id", step=pl.col("step").cast(pl.String) if given else pl.lit(None, pl.String))
    return rows.collect()["step"]


def _contacts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    rows = known_rows(tables, "contacts", as_of, "customer_id", "sent_at", "channel_id", "direction")
    is_inbound = pl.col("direction").cast(pl.String).fill_null("outbound") == "inbound"
    kind = pl.when(is_inbound).then(pl.lit(INBOUND)).otherwise(pl.lit(CONTACT))
    channel = pl.col("channel_id").cast(pl.String)
    return rows.select("customer_id", at="sent_at", kind=kind, channel=channel, step=pl.lit(None, pl.String)).collect(engine="streaming")


def _bought(purchases: pl.DataFrame) -> pl.DataFrame:
    channel = pl.col("channel").cast(pl.String).fill_null(UNKNOWN)
    return purchases.select("customer_id", "at", kind=pl.lit(PURCHASE), channel=channel, step=pl.lit(None, pl.String))
