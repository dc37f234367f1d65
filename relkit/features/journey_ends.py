"""Drop-off: at which touch journeys end without a conversion.

A journey without a conversion whose last touch is not older than the lookback is still open: its next touch or its conversion may yet come.
It is counted apart and among no ends, otherwise the most recent touches would look like the worst ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import datetime


def journey_ends(steps: pl.DataFrame, *, by: str = "channel", open_since: datetime | None = None) -> pl.DataFrame:
    """Return one row per channel, kind or step, the one at which most journeys end first.

    Args:
        steps: of `relkit.features.journey_steps`.
        by: column by which touches are grouped.
        open_since: journeys without a conversion whose last touch is at this instant or later are still open; None if none is.

    Returns:
        label, touches, ended (journeys that ended there without a conversion), converted (there, with one), still_open, went_on, exit_rate
        (ended / touches whose outcome is known), share_of_ends.

    Examples:
        >>> from datetime import datetime
        >>> from relkit.features.journey_steps import journey_steps
        >>> at = [datetime(2025, 6, day) for day in (1, 2, 5)]
        >>> touches = pl.DataFrame({"journey": [0, 0, 1], "channel": ["display", "search", "search"], "occurred_at": at})
        >>> ends = {"journey": [0, 1], "ended_at": [at[1], at[2]], "conversions": [1.0, 0.0], "nulls": [0.0, 1.0], "value": [9.0, 0.0]}
        >>> steps = journey_steps(touches, pl.DataFrame(ends))
        >>> journey_ends(steps).select("label", "touches", "ended", "converted", "went_on", "exit_rate").rows()
        [('search', 2, 1, 1, 0, 0.5), ('display', 1, 0, 0, 1, 0.0)]
        >>> journey_ends(steps, open_since=at[2]).select("label", "ended", "still_open", "exit_rate").row(0)
        ('display', 0, 0, 0.0)
    """
    is_last, converts = pl.col("from_end") == 1, pl.col("conversions") > 0
    is_open = pl.lit(value=False) if open_since is None else is_last & ~converts & (pl.col("occurred_at") >= open_since)
    counted = (
        steps.lazy()
        .group_by(pl.col(by).cast(pl.String).alias("label"))
        .agg(
            pl.len().cast(pl.Int64).alias("touches"),
            (is_last & ~converts & ~is_open).sum().cast(pl.Int64).alias("ended"),
            (is_last & converts).sum().cast(pl.Int64).alias("converted"),
            is_open.sum().cast(pl.Int64).alias("still_open"),
        )
        .collect()
    )
    known, all_ended = pl.col("touches") - pl.col("still_open"), pl.col("ended").sum()
    shown = counted.with_columns(
        went_on=known - pl.col("ended") - pl.col("converted"),
        exit_rate=pl.when(known > 0).then(pl.col("ended") / known),
        share_of_ends=pl.when(all_ended > 0).then(pl.col("ended") / all_ended).otherwise(0.0),
    )
    return shown.sort(["ended", "label"], descending=[True, False])
