"""Losses: complaints, unsubscriptions, contracts ended by the customer, long silences, each with its instant.

A case is a complaint, and so is an outcome by which a contact was complained about. A contract counts if it ended by the customer's wish or
for no stated reason. A silence counts on the day on which the time since the last purchase becomes longer than `silence_days`, whether
or not the customer came back later: as of that day it was long.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows, marked_as_test
from relkit.features.spells import contract_spells
from relkit.units import SECONDS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

COMPLAINT, UNSUBSCRIBED, CONTRACT_ENDED, SILENCE = "complaint", "unsubscribed", "contract_ended", "silence"
LOSSES = (COMPLAINT, UNSUBSCRIBED, CONTRACT_ENDED, SILENCE)
LONG_GAP_SHARE = 0.95
"""Share of the gaps between two purchases of a customer that a long silence exceeds."""
_AT, _LOSS = pl.Datetime("us", "UTC"), pl.Enum(LOSSES)


def losses(tables: TableSet, as_of: AsOf, purchases: pl.DataFrame, *, silence_days: int | None = None) -> pl.DataFrame:
    """Return customer_id, at and loss of every loss known at `as_of`, in order of loss, customer and time.

    Args:
        tables: the company; a table that is absent gives no losses.
        as_of: the cutoff.
        purchases: customer_id and at, in order of customer and time, of `relkit.features.customer_moments.purchases_of`.
        silence_days: of a long silence; None for `long_silence_days` of the purchases. No silence if that is None too.
    """
    parts = [
        _instants(_complaints(tables, as_of), COMPLAINT),
        _instants(_outcomes(tables, as_of, "unsubscribed"), UNSUBSCRIBED),
        _instants(_ended(tables, as_of), CONTRACT_ENDED),
    ]
    days = long_silence_days(purchases) if silence_days is None else silence_days
    if days is not None:
        parts.append(_instants(long_silences(purchases, as_of, days), SILENCE))
    rows = pl.concat([pl.DataFrame(schema={"customer_id": pl.String, "at": _AT, "loss": _LOSS}), *parts])
    return rows.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode())).sort("loss", "customer_id", "at")


def long_silence_days(purchases: pl.DataFrame) -> int | None:
    """Return the days that `LONG_GAP_SHARE` of the gaps between two purchases of a customer do not exceed.

    None without any gap, and if the purchases span less than twice as long: then the long gaps are those that could not be seen.

    Examples:
        >>> from datetime import datetime
        >>> at = [datetime(2025, 1, 1), datetime(2025, 1, 31), datetime(2025, 3, 2)]
        >>> long_silence_days(pl.DataFrame({"customer_id": ["a"] * 3, "at": at}))
        30
    """
    again = pl.col("customer_id") == pl.col("customer_id").shift(1)
    gaps = purchases.select((pl.col("at") - pl.col("at").shift(1)).filter(again)).to_series().dt.total_seconds() / SECONDS_PER_DAY
    longest = gaps.quantile(LONG_GAP_SHARE, interpolation="higher")
    if longest is None:
        return None
    span = purchases.select((pl.col("at").max() - pl.col("at").min()).dt.total_seconds()).item() / SECONDS_PER_DAY
    days = max(math.ceil(longest), 1)
    return days if span >= 2 * days else None


def long_silences(purchases: pl.DataFrame, as_of: AsOf, days: int) -> pl.DataFrame:
    """Return customer_id and at, the instant at which a customer had bought nothing for so many days.

    Args:
        purchases: customer_id and at, in order of customer and time.
        as_of: silences that become long later are not known yet.
        days: of 24 hours.
    """
    again = pl.col("customer_id") == pl.col("customer_id").shift(-1)
    until = pl.when(again).then(pl.col("at").shift(-1))
    silent = pl.col("at") + pl.duration(days=days)
    is_long = (until.is_null() | (until > silent)) & (silent < as_of.cutoff)
    return purchases.filter(is_long).select("customer_id", at=silent)


def _instants(rows: pl.DataFrame, loss: str) -> pl.DataFrame:
    return rows.select("customer_id", pl.col("at").cast(_AT), loss=pl.lit(loss, _LOSS))


def _complaints(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    found = [_outcomes(tables, as_of, "complained")]
    if tables.has("cases"):
        found.append(known_rows(tables, "cases", as_of, "customer_id", "opened_at").collect().select("customer_id", at="opened_at"))
    return pl.concat(found)


def _outcomes(tables: TableSet, as_of: AsOf, outcome: str) -> pl.DataFrame:
    if not (tables.has("outcomes") and tables.has("contacts")):
        return pl.DataFrame(schema={"customer_id": pl.String, "at": _AT})
    rows = known_rows(tables, "outcomes", as_of, "contact_id", "outcome", "occurred_at", "is_automated")
    meant = rows.filter(pl.col("outcome") == outcome, ~pl.col("is_automated").fill_null(value=False))
    contacts = known_rows(tables, "contacts", as_of, "contact_id", "customer_id")
    return meant.join(contacts, on="contact_id").select("customer_id", at="occurred_at").collect(engine="streaming")


def _ended(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    if not tables.has("contracts"):
        return pl.DataFrame(schema={"customer_id": pl.String, "at": _AT})
    spells = contract_spells(tables, as_of).filter("event")
    reason = pl.col("end_reason").fill_null("voluntary") if "end_reason" in spells.columns else pl.lit("voluntary")
    midnight: Callable[[str], pl.Expr] = lambda name: pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone(as_of.zone)  # noqa: E731
    wished = spells.filter(reason.cast(pl.String) == "voluntary")
    return wished.select("customer_id", at=midnight("ended_on").dt.convert_time_zone("UTC"))
