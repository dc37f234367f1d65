"""Steps of journeys: each touch with its position from the start and from the end, and what came of its journey.

    steps = journey_steps(touches, journeys)

The figures on journeys (assisted conversions, lags, the step matrix, transitions, funnels, drop-off) are sums over these rows, so
they can be made per part of the people and added up.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from relkit.units import US_A_DAY

_OF_TOUCHES = ("channel", "kind", "step", "item", "occurred_at")
_OF_JOURNEYS = ("ended_at", "conversions", "nulls", "value")
"""Microseconds of a day of 24 hours."""


def journey_steps(touches: pl.DataFrame, journeys: pl.DataFrame) -> pl.DataFrame:
    """Return one row per touch of a journey, in order of journey and time.

    Args:
        touches: journey, channel, occurred_at; kind, step and item if known. Within a journey in order of time; touches without a
            journey are left out.
        journeys: journey, ended_at, conversions, nulls, value.

    Returns:
        journey, channel, kind, step, item, occurred_at, position (1 is the first touch), from_end (1 is the last one), then
        ended_at, conversions, nulls and value of the journey, repeated in each of its rows.

    Examples:
        >>> from datetime import datetime
        >>> at = [datetime(2025, 6, day) for day in (1, 2, 5)]
        >>> touches = pl.DataFrame({"journey": [0, 0, 1], "channel": ["display", "search", "search"], "occurred_at": at})
        >>> ends = {"journey": [0, 1], "ended_at": [at[1], at[2]], "conversions": [1.0, 0.0], "nulls": [0.0, 1.0], "value": [9.0, 0.0]}
        >>> journey_steps(touches, pl.DataFrame(ends)).select("journey", "channel", "position", "from_end").rows()
        [(0, 'display', 1, 2), (0, 'search', 2, 1), (1, 'search', 1, 1)]
    """
    given = [name for name in _OF_TOUCHES if name in touches.columns]
    own = touches.select("journey", *given).drop_nulls("journey")
    own = own if own["journey"].is_sorted() else own.sort("journey", maintain_order=True)
    absent = [pl.lit(None, pl.String).alias(name) for name in _OF_TOUCHES if name not in given]
    rows = own.join(journeys.select("journey", *_OF_JOURNEYS), on="journey", how="inner", maintain_order="left")
    position, length = _positions(rows["journey"])
    placed = rows.with_columns(
        *absent,
        pl.col("conversions", "nulls", "value").cast(pl.Float64),
        position=pl.Series(position, dtype=pl.UInt32),
        from_end=pl.Series(length + 1 - position, dtype=pl.UInt32),
    )
    return placed.select("journey", *_OF_TOUCHES, "position", "from_end", *_OF_JOURNEYS)


def days_between(early: pl.Expr, late: pl.Expr) -> pl.Expr:
    """Return the time between two instants in days of 24 hours."""
    return (late.cast(pl.Int64) - early.cast(pl.Int64)) / US_A_DAY


def label_column(steps: pl.DataFrame) -> str:
    """Return the column that names the stages of journeys: step, else kind, else channel: the first with two values or more.

    Examples:
        >>> label_column(pl.DataFrame({"step": [None, None], "kind": ["click", "visit"], "channel": ["search", "direct"]}))
        'kind'
    """
    for name in ("step", "kind"):
        if steps[name].drop_nulls().n_unique() > 1:
            return name
    return "channel"


def _positions(journey: pl.Series) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return the position of each row in its journey, from 1, and the number of rows of that journey."""
    codes = journey.to_numpy()
    starts = np.flatnonzero(np.concatenate([np.ones(min(len(codes), 1), bool), codes[1:] != codes[:-1]]))
    lengths = np.diff(np.append(starts, len(codes)))
    return np.arange(len(codes)) - np.repeat(starts, lengths) + 1, np.repeat(lengths, lengths)
