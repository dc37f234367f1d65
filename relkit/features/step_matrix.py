"""Step matrix: the share of journeys at each channel at the first, second, third step, and back from the conversion.

Read forward, a column has all journeys: those that are at a touch of a channel, those that have already converted and those that have
already ended without a conversion; it adds up to 1. Read back from the conversion, it has the converted journeys only: those that are at a
touch so many steps before the conversion, and those that had not begun.
"""

from __future__ import annotations

import polars as pl

MOST_STEPS = 6
TOUCH, CONVERTED, LEFT, NOT_BEGUN = "touch", "converted", "left", "not_begun"


def step_matrix(steps: pl.DataFrame, *, most: int = MOST_STEPS) -> pl.DataFrame:
    """Return one row per step and state in which a journey is.

    Args:
        steps: of `relkit.features.journey_steps`.
        most: steps from the start, and back from the conversion.

    Returns:
        step (1, 2, ... from the start; -1, -2, ... from the conversion), state (touch, converted, left, not_begun), channel (null unless
        the state is a touch), journeys, share (of the journeys of the column).

    Examples:
        >>> from datetime import datetime
        >>> from relkit.features.journey_steps import journey_steps
        >>> at = [datetime(2025, 6, day) for day in (1, 2, 5)]
        >>> touches = pl.DataFrame({"journey": [0, 0, 1], "channel": ["display", "search", "search"], "occurred_at": at})
        >>> ends = {"journey": [0, 1], "ended_at": [at[1], at[2]], "conversions": [1.0, 0.0], "nulls": [0.0, 1.0], "value": [9.0, 0.0]}
        >>> found = step_matrix(journey_steps(touches, pl.DataFrame(ends)), most=2)
        >>> found.filter(pl.col("step") == 2).select("state", "channel", "share").rows()
        [('touch', 'search', 0.5), ('converted', None, 0.0), ('left', None, 0.5)]
    """
    last = steps.filter(pl.col("from_end") == 1)
    converted = pl.col("conversions") > 0
    forward = _touches(steps, "position", most)
    ended = [_ended(last.filter(converted), CONVERTED, most), _ended(last.filter(~converted), LEFT, most)]
    back = _touches(steps.filter(converted), "from_end", most)
    begun = [_ended(last.filter(converted), NOT_BEGUN, most)]
    return pl.concat([_shares([forward, *ended], len(last), 1), _shares([back, *begun], len(last.filter(converted)), -1)])


def _touches(steps: pl.DataFrame, place: str, most: int) -> pl.DataFrame:
    """Return step, channel and journeys of each touch at the first places."""
    near = steps.filter(pl.col(place) <= most)
    counted = near.group_by(pl.col(place).cast(pl.Int64).alias("step"), pl.col("channel").cast(pl.String)).agg(journeys=pl.len())
    return counted.select("step", pl.lit(TOUCH).alias("state"), "channel", pl.col("journeys").cast(pl.Int64))


def _ended(last: pl.DataFrame, state: str, most: int) -> pl.DataFrame:
    """Return, for each step, the journeys that are shorter."""
    lengths = last["position"].cast(pl.Int64)
    return pl.DataFrame(
        {
            "step": range(1, most + 1),
            "state": state,
            "channel": pl.Series([None] * most, dtype=pl.String),
            "journeys": [int((lengths < step).sum()) for step in range(1, most + 1)],
        }
    )


def _shares(parts: list[pl.DataFrame], journeys: int, sign: int) -> pl.DataFrame:
    order = pl.col("state").replace_strict({TOUCH: 0, CONVERTED: 1, LEFT: 2, NOT_BEGUN: 3}, return_dtype=pl.Int8)
    rows = pl.concat(parts).sort("step", order, "channel")
    return rows.with_columns(step=sign * pl.col("step"), share=pl.col("journeys") / max(journeys, 1))
