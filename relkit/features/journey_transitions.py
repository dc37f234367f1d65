"""Transitions of journeys: from which channel to which, how often, and after how long."""

from __future__ import annotations

import polars as pl

from relkit.features.journey_steps import days_between
from relkit.features.step_matrix import CONVERTED, LEFT, TOUCH

START = "start"


def journey_transitions(steps: pl.DataFrame) -> pl.DataFrame:
    """Return one row per pair of states between which journeys went, the most frequent first.

    Args:
        steps: of `relkit.features.journey_steps`.

    Returns:
        origin_state (start or touch), origin (channel; null at the start), state (touch, converted or left), channel (null unless a
        touch), journeys (times the step was taken), share (of the steps from that origin), median_days (null from the start and to an end
        without a conversion).

    Examples:
        >>> from datetime import datetime
        >>> from relkit.features.journey_steps import journey_steps
        >>> at = [datetime(2025, 6, day) for day in (1, 2, 5)]
        >>> touches = pl.DataFrame({"journey": [0, 0, 1], "channel": ["display", "search", "search"], "occurred_at": at})
        >>> ends = {"journey": [0, 1], "ended_at": [at[1], at[2]], "conversions": [1.0, 0.0], "nulls": [0.0, 1.0], "value": [9.0, 0.0]}
        >>> found = journey_transitions(journey_steps(touches, pl.DataFrame(ends)))
        >>> found.filter(pl.col("origin") == "search").select("state", "journeys", "share").rows()
        [('converted', 1, 0.5), ('left', 1, 0.5)]
    """
    channel = pl.col("channel").cast(pl.String)
    own, before = steps.select(channel).to_series(), pl.col("occurred_at").shift(1)
    moves = steps.select(
        origin_state=pl.when(pl.col("position") == 1).then(pl.lit(START)).otherwise(pl.lit(TOUCH)),
        origin=pl.when(pl.col("position") > 1).then(own.shift(1)),
        state=pl.lit(TOUCH),
        channel=own,
        days=pl.when(pl.col("position") > 1).then(days_between(before, pl.col("occurred_at"))),
    )
    converts = pl.col("conversions") > 0
    ends = steps.filter(pl.col("from_end") == 1).select(
        origin_state=pl.lit(TOUCH),
        origin=channel,
        state=pl.when(converts).then(pl.lit(CONVERTED)).otherwise(pl.lit(LEFT)),
        channel=pl.lit(None, pl.String),
        days=pl.when(converts).then(days_between(pl.col("occurred_at"), pl.col("ended_at"))),
    )
    pairs = ["origin_state", "origin", "state", "channel"]
    counted = pl.concat([moves, ends]).group_by(pairs).agg(journeys=pl.len().cast(pl.Int64), median_days=pl.col("days").median())
    shared = counted.with_columns(share=pl.col("journeys") / pl.col("journeys").sum().over("origin_state", "origin"))
    order = ["journeys", *pairs]
    return shared.select(*pairs, "journeys", "share", "median_days").sort(order, descending=[True, *[False] * len(pairs)])
