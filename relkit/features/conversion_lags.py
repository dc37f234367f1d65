"""Conversion lags: days and touches from the first touch of a journey to its conversion.

A lag cannot exceed the lookback with which journeys were read, and touches before it are unknown: read a long tail at the lookback as
"at least". Conversions without a touch have no lag and are not counted.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from relkit.features.journey_steps import days_between

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
DAY_EDGES = (1.0, 3.0, 7.0, 14.0, 30.0, 90.0)
"""Ends of the classes of days, each exclusive of its end; the last class is open."""
MOST_TOUCHES = 6
"""Classes of touches are 1, 2, ... and this many or more."""


def journey_lags(steps: pl.DataFrame) -> pl.DataFrame:
    """Return one row per converted journey with a touch, in order of journey.

    Args:
        steps: of `relkit.features.journey_steps`.

    Returns:
        journey, first_channel, last_channel, touches, days_from_first, days_from_last (days of 24 hours), conversions.
    """
    converted = steps.filter(pl.col("conversions") > 0)
    first, last = converted.filter(pl.col("position") == 1), converted.filter(pl.col("from_end") == 1)
    return pl.DataFrame(
        {
            "journey": first["journey"],
            "first_channel": first["channel"].cast(pl.String),
            "last_channel": last["channel"].cast(pl.String),
            "touches": last["position"],
            "days_from_first": first.select(days_between(pl.col("occurred_at"), pl.col("ended_at"))).to_series(),
            "days_from_last": last.select(days_between(pl.col("occurred_at"), pl.col("ended_at"))).to_series(),
            "conversions": first["conversions"],
        }
    )


def conversion_lags(lags: pl.DataFrame) -> pl.DataFrame:
    """Return the quantiles of days and touches, for all conversions and by the channel of the first touch.

    Args:
        lags: of `journey_lags`; a journey that ended in several conversions counts as often.

    Returns:
        channel (null for all, which comes first; then the one that opens most), conversions, same_day (share with less than 24
        hours), days_q10, ..., days_q90, touches_q10, ..., touches_q90. The quantile is the smallest value that the share reaches.

    Examples:
        >>> lags = pl.DataFrame(
        ...     {"first_channel": ["a", "a", "b"], "days_from_first": [0.5, 4.0, 9.0], "touches": [1, 2, 5], "conversions": 1.0}
        ... )
        >>> conversion_lags(lags).select("channel", "conversions", "days_q50", "touches_q90").rows()
        [(None, 3.0, 4.0, 5.0), ('a', 2.0, 0.5, 2.0), ('b', 1.0, 9.0, 5.0)]
    """
    each = _repeated(lags)
    figures = [
        pl.len().cast(pl.Float64).alias("conversions"),
        (pl.col("days_from_first") < 1).mean().alias("same_day"),
        *_quantiles("days_from_first", "days"),
        *_quantiles("touches", "touches"),
    ]
    whole = each.select(pl.lit(None, pl.String).alias("channel"), *figures)
    by = each.group_by(pl.col("first_channel").alias("channel")).agg(figures)
    return pl.concat([whole, by.sort(["conversions", "channel"], descending=[True, False]).select(whole.columns)])


def lag_classes(lags: pl.DataFrame) -> pl.DataFrame:
    """Return the conversions by class of days and by class of touches.

    Returns:
        measure (days or touches), low, high (days: exclusive; touches: equal to low; null for the open class), conversions, share.

    Examples:
        >>> lags = pl.DataFrame({"days_from_first": [0.5, 4.0, 99.0], "touches": [1, 2, 9], "conversions": [1.0, 2.0, 1.0]})
        >>> lag_classes(lags).filter(pl.col("conversions") > 0).select("measure", "low", "share").rows()[:3]
        [('days', 0.0, 0.25), ('days', 3.0, 0.5), ('days', 90.0, 0.25)]
    """
    weights = lags["conversions"].to_numpy()
    day_class = np.searchsorted(DAY_EDGES, lags["days_from_first"].to_numpy(), side="right")
    touch_class = np.minimum(lags["touches"].to_numpy().astype(np.int64), MOST_TOUCHES) - 1
    days = np.bincount(day_class, weights, minlength=len(DAY_EDGES) + 1)
    touches = np.bincount(touch_class, weights, minlength=MOST_TOUCHES)
    counts = [float(touch) for touch in range(1, MOST_TOUCHES + 1)]
    parts = [
        {"measure": "days", "low": [0.0, *DAY_EDGES], "high": [*DAY_EDGES, None], "conversions": days},
        {"measure": "touches", "low": counts, "high": [*counts[:-1], None], "conversions": touches},
    ]
    total = max(float(weights.sum()), 1e-12)
    return pl.concat([pl.DataFrame(part) for part in parts]).with_columns(share=pl.col("conversions") / total)


def _repeated(lags: pl.DataFrame) -> pl.DataFrame:
    """Return each journey as often as it has conversions."""
    times = lags["conversions"].round().cast(pl.Int64).to_numpy()
    return lags if (times == 1).all() else lags[np.repeat(np.arange(len(lags)), times)]


def _quantiles(column: str, name: str) -> list[pl.Expr]:
    values = pl.col(column).cast(pl.Float64)
    places = {share: (share * pl.len()).ceil().clip(lower_bound=1).cast(pl.Int64) - 1 for share in QUANTILES}
    return [values.sort().get(place, null_on_oob=True).alias(f"{name}_q{round(100 * share)}") for share, place in places.items()]
