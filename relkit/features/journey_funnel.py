"""Funnel of journeys: stages in order, the journeys that reach each of them after the one before, and the time it takes.

A journey reaches a stage if it has a touch there later than the touch with which it reached the stage before; other touches between do
not matter, nor do stages reached before their turn. The last stage is the conversion. If no stages are declared, those that most journeys
touch are taken, in the order of their mean place on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError
from relkit.features.journey_steps import days_between

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_STAGES = 3
LEAST_SHARE = 0.02
"""Share of journeys that a stage that is found must have."""


def journey_funnel(steps: pl.DataFrame, stages: Sequence[str], *, by: str = "step") -> pl.DataFrame:
    """Return one row per stage in order, the conversion last.

    Args:
        steps: of `relkit.features.journey_steps`.
        stages: values of the column, in order.
        by: column of the stages: step, kind, channel or item.

    Returns:
        stage (null for the conversion), journeys (that reached it), share_of_first, share_of_previous, median_days (from the stage before;
        null for the first).

    Raises:
        ParameterError: a stage has no touch, or is named twice.

    Examples:
        >>> from datetime import datetime
        >>> from relkit.features.journey_steps import journey_steps
        >>> at = [datetime(2025, 6, day) for day in (1, 2, 5)]
        >>> touches = pl.DataFrame({"journey": [0, 0, 1], "channel": ["display", "search", "display"], "occurred_at": at})
        >>> ends = {"journey": [0, 1], "ended_at": [at[1], at[2]], "conversions": [1.0, 0.0], "nulls": [0.0, 1.0], "value": [9.0, 0.0]}
        >>> found = journey_funnel(journey_steps(touches, pl.DataFrame(ends)), ["display", "search"], by="channel")
        >>> found.select("stage", "journeys", "share_of_previous").rows()
        [('display', 2, None), ('search', 1, 0.5), (None, 1, 1.0)]
    """
    _refuse_unknown(steps, stages, by)
    rows = steps.select("journey", "position", "occurred_at", stage=pl.col(by).cast(pl.String)).filter(pl.col("stage").is_in(list(stages)))
    reached: pl.DataFrame | None = None
    found = []
    for stage in stages:
        reached = _next(reached, rows.filter(pl.col("stage") == stage))
        found.append({"stage": stage, "journeys": len(reached), "median_days": reached["days"].median()})
    assert reached is not None
    ends = steps.filter(pl.col("from_end") == 1, pl.col("conversions") > 0).select("journey", "ended_at")
    closed = reached.join(ends, on="journey").select(days_between(pl.col("occurred_at"), pl.col("ended_at")).alias("days"))
    found.append({"stage": None, "journeys": len(closed), "median_days": closed["days"].median()})
    return _with_shares(found)


def found_stages(steps: pl.DataFrame, *, by: str, most: int = MOST_STAGES) -> tuple[str, ...]:
    """Return the stages that most journeys touch, in the order of their mean place on the way.

    The place of a touch is its share of the way, 0 for the first touch and 1 for the last; that of a stage is the mean over journeys with
    two touches or more of the first touch there.

    Args:
        steps: of `relkit.features.journey_steps`.
        by: column of the stages.
        most: stages at most.
    """
    length = pl.col("position") + pl.col("from_end") - 1
    place = (pl.col("position") - 1) / (length - 1)
    firsts = steps.lazy().group_by("journey", pl.col(by).cast(pl.String).alias("stage")).agg(place.first().alias("place"))
    counted = firsts.drop_nulls("stage").group_by("stage").agg(journeys=pl.len(), place=pl.col("place").fill_nan(None).mean()).collect()
    enough = counted.filter(pl.col("journeys") >= LEAST_SHARE * steps["journey"].n_unique())
    taken = enough.sort(["journeys", "stage"], descending=[True, False]).head(most)
    return tuple(taken.sort(pl.col("place").fill_null(0.5), "stage")["stage"])


def _next(reached: pl.DataFrame | None, touches: pl.DataFrame) -> pl.DataFrame:
    """Return journey, position, occurred_at of the first touch of a stage after the stage before, and the days between."""
    if reached is None:
        return touches.unique("journey", keep="first", maintain_order=True).with_columns(days=pl.lit(None, pl.Float64))
    before = reached.select("journey", since="position", was_at="occurred_at")
    later = touches.join(before, on="journey", maintain_order="left").filter(pl.col("position") > pl.col("since"))
    first = later.unique("journey", keep="first", maintain_order=True)
    return first.with_columns(days=days_between(pl.col("was_at"), pl.col("occurred_at"))).drop("since", "was_at")


def _with_shares(found: list[dict[str, object]]) -> pl.DataFrame:
    schema = {"stage": pl.String, "journeys": pl.Int64, "median_days": pl.Float64}
    journeys = pl.col("journeys")
    return pl.DataFrame(found, schema=schema).select(
        "stage",
        "journeys",
        share_of_first=_share(journeys, journeys.first()),
        share_of_previous=_share(journeys, journeys.shift(1)),
        median_days="median_days",
    )


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole)


def _refuse_unknown(steps: pl.DataFrame, stages: Sequence[str], by: str) -> None:
    known = steps[by].drop_nulls().unique().cast(pl.String).to_list()
    if not stages:
        raise ParameterError("no stage is named.", where="stages", remedy=f"Name values of {by}, in order: {', '.join(sorted(known)[:8])}.")
    if len(set(stages)) < len(stages):
        raise ParameterError(f"a stage is named twice: {', '.join(stages)}.", where="stages", remedy="Name each stage once, in order.")
    for stage in stages:
        if stage not in known:
            raise ParameterError.unknown("stage", stage, known, where=by)
