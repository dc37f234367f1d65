"""Spend on channels: the cost of touches and the declared costs of channels, by period.

    channel_spend(tables, as_of, period="month")      one row per channel, then one per channel and month

A touch costs what its row states; otherwise what a contact, a unit or a minute of its channel costs on its day, by the table of costs. A
cost per month counts for the days of touchpoints on which it holds, for a channel none of whose touches states a cost: otherwise the
touches are taken to carry it. Every touch counts, in a journey or not: it was paid for. A cost that is not known is null, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.contracts import INSTANT
from relkit.features.declared_costs import declared_costs

if TYPE_CHECKING:
    from datetime import date

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

LENGTHS = {"week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
"""Lengths of periods, as polars writes them."""
SCHEMA = {"channel": pl.String, "period": pl.Date, "touches": pl.Int64, "priced_touches": pl.Int64, "cost": pl.Float64}
_PER_TOUCH = ("contact", "unit")
_READ: dict[str, pl.DataType | type[pl.DataType]] = {
    "channel_id": pl.String,
    "occurred_at": INSTANT,
    "cost": pl.Float64,
    "duration_s": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class _Days:
    """Touches by channel and day, with the rates that hold on each.

    Attributes:
        touches: channel, day, touches, own (touches that state a cost), own_cost, minutes (of touches of known duration without a cost),
            timed (their number).
        rates: scope_id, per, amount, valid_from, valid_to of the declared costs of channels.
    """

    touches: pl.DataFrame
    rates: pl.DataFrame


def channel_spend(tables: TableSet, as_of: AsOf, *, period: str = "") -> pl.DataFrame:
    """Return the cost of each channel, from the first touchpoint to the cutoff.

    Args:
        tables: the company; without a table of touchpoints nothing is known.
        as_of: cutoff of what is known.
        period: week, month, quarter or year for rows by period as well; empty for none.

    Returns:
        channel, period (its first day; null in the rows for all days), touches, priced_touches (those whose cost is known), cost (of these,
        with the costs per month, in the currency of the tables; null if none is known), in order of period and channel.
    """
    if not tables.has("touchpoints"):
        return pl.DataFrame(schema=SCHEMA)
    days = _Days(_touches(tables, as_of), declared_costs(tables).filter(scope="channel"))
    priced = _priced(days)
    monthly = _monthly(days, as_of)
    parts = [_summed(priced, monthly, pl.lit(None, pl.Date))]
    if period:
        parts.append(_summed(priced, monthly, pl.col("day").dt.truncate(LENGTHS[period])))
    return pl.concat(parts).sort("period", "channel", nulls_last=False)


def _touches(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the touches by channel and day."""
    rows = tables.scan("touchpoints")
    given = rows.collect_schema()
    known = rows.filter(as_of.known("occurred_at", "recorded_at" if "recorded_at" in given else None))
    columns = (pl.col(name).cast(kind) if name in given else pl.lit(None, kind).alias(name) for name, kind in _READ.items())
    unpriced = pl.col("duration_s").filter(pl.col("cost").is_null())
    days = known.select(*columns).group_by(channel=pl.col("channel_id"), day=as_of.business_day("occurred_at"))
    sums = days.agg(
        touches=pl.len().cast(pl.Int64),
        own=pl.col("cost").count().cast(pl.Int64),
        own_cost=pl.col("cost").sum(),
        minutes=unpriced.sum() / 60.0,
        timed=unpriced.count().cast(pl.Int64),
    )
    return sums.collect(engine="streaming").sort("channel", "day")


def _priced(days: _Days) -> pl.DataFrame:
    """Return the days with `cost` and `priced_touches` of the touches; a touch has the costs per touch and per minute together."""
    per_touch, per_minute = _rate(days, _PER_TOUCH), _rate(days, ("minute",))
    rest, has_touch, has_minute = pl.col("touches") - pl.col("own"), pl.col("per_touch").is_not_null(), pl.col("per_minute").is_not_null()
    by_rate = pl.when(has_touch).then(rest).when(has_minute).then("timed").otherwise(0)
    cost = pl.col("own_cost") + (rest * pl.col("per_touch")).fill_null(0.0) + (pl.col("minutes") * pl.col("per_minute")).fill_null(0.0)
    found = days.touches.with_columns(per_touch=per_touch, per_minute=per_minute)
    return found.select("channel", "day", "touches", "own", priced_touches=pl.col("own") + by_rate, cost=cost)


def _rate(days: _Days, per: tuple[str, ...]) -> pl.Series:
    """Return the sum of the rates that hold for each channel and day; null if there is none."""
    each = days.touches.select("channel", "day").with_row_index("row")
    found = each.join(days.rates.filter(pl.col("per").is_in(per)), how="cross").filter(_is_for_channel(), _holds())
    sums = found.group_by("row").agg(pl.col("amount").sum())
    return each.join(sums, on="row", how="left", maintain_order="left")["amount"]


def _is_for_channel() -> pl.Expr:
    return pl.col("scope_id").is_null() | (pl.col("scope_id") == pl.col("channel"))


def _holds() -> pl.Expr:
    day = pl.col("day")
    return (pl.col("valid_from").is_null() | (pl.col("valid_from") <= day)) & (pl.col("valid_to").is_null() | (day <= pl.col("valid_to")))


def _monthly(days: _Days, as_of: AsOf) -> pl.DataFrame:
    """Return channel, day and cost of the costs per month, spread evenly over the days of each month.

    They are those of channels whose touches state no cost, from the first day of touchpoints to that of the cutoff.
    """
    rates = days.rates.filter(pl.col("per") == "month")
    first = days.touches["day"].min()
    nothing = pl.DataFrame(schema={"channel": pl.String, "day": pl.Date, "cost": pl.Float64})
    if rates.is_empty() or first is None:
        return nothing
    stated = days.touches.group_by("channel").agg(pl.col("own").sum()).filter(pl.col("own") > 0)
    named = pl.concat([days.touches["channel"], rates["scope_id"].drop_nulls().alias("channel")]).unique().to_frame()
    unstated = named.join(stated, on="channel", how="anti")
    each = unstated.join(_calendar(first, as_of.day), how="cross").join(rates, how="cross").filter(_is_for_channel(), _holds())  # type: ignore[arg-type]
    share = pl.col("amount") / pl.col("day").dt.days_in_month()
    return each.group_by("channel", "day").agg(cost=share.sum())


def _calendar(first: date, last: date) -> pl.DataFrame:
    return pl.date_range(first, last, eager=True).alias("day").to_frame()


def _summed(priced: pl.DataFrame, monthly: pl.DataFrame, period: pl.Expr) -> pl.DataFrame:
    """Return touches and costs by channel and period; a cost per month prices all touches of its channel in the period."""
    of_touches = priced.group_by("channel", period=period).agg(pl.col("touches", "priced_touches", "cost").sum())
    fees = monthly.group_by("channel", period=period).agg(fee=pl.col("cost").sum())
    found = of_touches.join(fees, on=["channel", "period"], how="full", coalesce=True, nulls_equal=True)
    touches, has_fee = pl.col("touches").fill_null(0), pl.col("fee").is_not_null()
    number = pl.when(has_fee).then(touches).otherwise("priced_touches")
    known = (number > 0) | has_fee
    cost = pl.when(known).then(pl.col("cost").fill_null(0.0) + pl.col("fee").fill_null(0.0)).round(6)
    return found.select("channel", pl.col("period").cast(pl.Date), touches=touches, priced_touches=number, cost=cost).cast(SCHEMA)  # type: ignore[arg-type]
