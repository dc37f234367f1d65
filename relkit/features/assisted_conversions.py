"""Assisted conversions: for each channel, the conversions that it closed and those that another channel closed after it.

A channel is in a conversion if the journey has a touch of it. The conversion is closed by the channel of its last touch, and assisted by
the others in it, once each; so closed and assisted conversions of a channel add up to those it is in. A channel that only closes has a
ratio of 0, one that mostly opens the way a high one. Tools that call each earlier touch of the closing channel an assist as well count
`closed_again` on top.

None of this shows the effect of a channel: a channel that is everywhere is in every conversion.
"""

from __future__ import annotations

import polars as pl

from relkit.remarks import Remark, french

FEWEST_CONVERSIONS = 30
"""Conversions below which a channel is small: a count of 30 is known to about a third (1.96 / sqrt(30) = 0.36)."""


def assisted_conversions(steps: pl.DataFrame) -> pl.DataFrame:
    """Return one row per channel, the one in most conversions first.

    Args:
        steps: of `relkit.features.journey_steps`.

    Returns:
        channel, journeys (that have it), converted_journeys, conversions (that it is in), opened (first touch), closed (last touch),
        assisted, closed_again (closed, and touched before as well), assisted_value, closed_value, ratio (assisted / closed; null if
        it closed none), is_small.

    Examples:
        >>> from datetime import datetime
        >>> from relkit.features.journey_steps import journey_steps
        >>> at = [datetime(2025, 6, day) for day in (1, 2, 5)]
        >>> touches = pl.DataFrame({"journey": [0, 0, 1], "channel": ["display", "search", "search"], "occurred_at": at})
        >>> ends = {"journey": [0, 1], "ended_at": [at[1], at[2]], "conversions": [1.0, 1.0], "nulls": [0.0, 0.0], "value": [9.0, 5.0]}
        >>> found = assisted_conversions(journey_steps(touches, pl.DataFrame(ends)))
        >>> found.select("channel", "conversions", "closed", "assisted", "ratio").rows()
        [('search', 2.0, 2.0, 0.0, 0.0), ('display', 1.0, 0.0, 1.0, None)]
    """
    is_last, is_first = pl.col("from_end") == 1, pl.col("position") == 1
    of_journey = [pl.col("conversions", "value").first()]
    marks = {"closes": is_last.any(), "opens": is_first.any(), "touches": pl.len()}
    seen = steps.lazy().group_by("journey", "channel").agg(*of_journey, **marks)
    counted = seen.group_by("channel").agg(
        pl.len().alias("journeys"),
        (pl.col("conversions") > 0).sum().alias("converted_journeys"),
        pl.col("conversions").sum().alias("conversions"),
        _conversions_if(pl.col("opens")).alias("opened"),
        _conversions_if(pl.col("closes")).alias("closed"),
        _conversions_if(~pl.col("closes")).alias("assisted"),
        _conversions_if(pl.col("closes") & (pl.col("touches") > 1)).alias("closed_again"),
        _value_if(~pl.col("closes")).alias("assisted_value"),
        _value_if(pl.col("closes")).alias("closed_value"),
    )
    ratio = pl.when(pl.col("closed") > 0).then(pl.col("assisted") / pl.col("closed"))
    found = counted.with_columns(pl.col("channel").cast(pl.String), ratio=ratio, is_small=pl.col("conversions") < FEWEST_CONVERSIONS)
    return found.sort(["conversions", "channel"], descending=[True, False]).collect()


def small_channel_remarks(assisted: pl.DataFrame) -> tuple[Remark, ...]:
    """Return the remark on channels in too few conversions to be judged; none if there are none.

    Args:
        assisted: of `assisted_conversions`.
    """
    small = sorted(assisted.filter("is_small")["channel"].to_list())
    if not small:
        return ()
    names = ", ".join(small)
    return (
        Remark(
            "small_channels",
            f"In fewer than {FEWEST_CONVERSIONS} conversions, so known to within a third at best: {names}.",
            f"Présents dans moins de {french(FEWEST_CONVERSIONS)} conversions, donc connus au mieux à un tiers près : {names}.",
        ),
    )


def _conversions_if(condition: pl.Expr) -> pl.Expr:
    return pl.col("conversions").filter(condition).sum()


def _value_if(condition: pl.Expr) -> pl.Expr:
    return pl.col("value").filter(condition & (pl.col("conversions") > 0)).sum()
