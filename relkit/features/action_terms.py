"""Terms of actions: the channel on which each is carried out, and what treating one customer costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def usual_channels(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return action_id and channel_id: the channel of most contacts of each action's last wave, in order of action_id.

    Actions whose contacts are not known have no row.
    """
    if not tables.has("contacts"):
        return pl.DataFrame(schema={"action_id": pl.String, "channel_id": pl.String})
    rows = known_rows(tables, "contacts", as_of, "action_id", "wave_id", "channel_id", "sent_at").drop_nulls(["action_id", "channel_id"])
    waves = rows.group_by("action_id", "wave_id", "channel_id").agg(pl.len().alias("contacts"), pl.col("sent_at").max())
    ranked = waves.collect(engine="streaming").with_columns(last=pl.col("sent_at").max().over("action_id", "wave_id"))
    order = ["action_id", "last", "contacts", "channel_id"]
    first = ranked.sort(order, descending=[False, True, True, False]).unique("action_id", keep="first", maintain_order=True)
    return first.select("action_id", "channel_id")


def has_costs(tables: TableSet) -> bool:
    """Return whether the tables tell what a contact or an offer costs; without any such cost, units have a cost of 0."""
    of_contacts = tables.has("contacts") and "cost" in tables.columns("contacts")
    of_offers = tables.has("offers") and "unit_cost" in tables.columns("offers")
    return of_contacts or of_offers or bool(tables.facts.rows.get("costs"))


def costs_of_treating(drawn: pl.DataFrame) -> pl.DataFrame:
    """Return action_id and cost: of contacts and offers, per treated customer of the last wave of each action, in order of action_id.

    The cost is that of a customer drawn to be treated, reached or not, as is the effect.

    Args:
        drawn: action_id, wave_id, treated, drawn_on, cost; a cost that is not known is null, and the mean is that of the others.

    Examples:
        >>> rows = {"action_id": ["sms"] * 4, "wave_id": ["1", "2", "2", "2"], "treated": [True, True, True, False]}
        >>> costs_of_treating(pl.DataFrame(rows | {"drawn_on": [1, 2, 2, 2], "cost": [9.0, 0.06, 5.06, 0.0]})).rows()
        [('sms', 2.56)]
    """
    treated = drawn.filter("treated").with_columns(last=pl.col("drawn_on").max().over("action_id", "wave_id"))
    newest = treated.filter(pl.col("last") == pl.col("last").max().over("action_id"))
    return newest.group_by("action_id").agg(pl.col("cost").mean().round(6)).sort("action_id")
