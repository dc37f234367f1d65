"""Channel through which an action was carried out, and the action's part of all contacts of that channel in its days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows

if TYPE_CHECKING:
    from datetime import date

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

SCHEMA = {"channel": pl.String, "contacts": pl.Int64, "of_action": pl.Int64}


def action_channels(tables: TableSet, as_of: AsOf, action: str, *, starts_on: date, ends_on: date) -> pl.DataFrame:
    """Return the channels through which an action was carried out in some days.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        action: the action.
        starts_on: first day.
        ends_on: last day.

    Returns:
        channel, contacts (outbound, of any action, in these days), of_action: one row per channel that the action used, by name; no rows
        without a table of contacts.
    """
    if not tables.has("contacts"):
        return pl.DataFrame(schema=SCHEMA)
    sent = known_rows(tables, "contacts", as_of, "channel_id", "sent_at", "action_id", "direction")
    within = as_of.business_day("sent_at").is_between(starts_on, ends_on)
    outbound = pl.col("direction").fill_null("outbound") == "outbound"
    of_action = (pl.col("action_id") == action).fill_null(value=False).sum()
    counted = sent.filter(within, outbound).group_by(channel="channel_id").agg(contacts=pl.len(), of_action=of_action)
    return counted.filter(pl.col("of_action") > 0).sort("channel").cast(SCHEMA).collect()  # type: ignore[arg-type]
