"""Daily curve of a campaign: the cumulative effect by day since the draw, with a band that holds on all days at once.

The band is for whoever looks every day. Its half-width is z times the standard error with z = Phi^-1((1 + level^(1 / days)) / 2): whatever
the correlation between days, normal errors all stay within it with at least the probability `level` (Sidak 1967, Journal of the American
Statistical Association 62, p. 626-633, theorem 1). All units are drawn on day 0, so that no unit is added by waiting, and sequential
bounds on the number of units do not apply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.measurement.result_tables import DAYS, made
from relkit.measurement.t_intervals import reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.measurement.campaign_effects import CampaignEffects

FEWEST = 2
"""Fewest units of an arm in a stratum: fewer have no variance."""


def days_table(daily: pl.DataFrame | None, effects: CampaignEffects, measure: str = "margin") -> pl.DataFrame:
    """Return the effect on a measure by day, as drawn.

    Args:
        daily: propensity, arm, day, units, total and squares of the units' running totals; None if there is no money of each day.
        effects: effects of the campaign, whose standard error on the last day (households and repeated customers counted) is the measure
            of those of all days.
        measure: name of the measure.
    """
    if daily is None or daily.is_empty():
        return made(DAYS, [])
    curve = cumulative_effects(daily, level=effects.level)
    factor = _clustering(curve, effects, measure)
    return curve.select(
        "day",
        "estimate",
        *(_end(name, factor) for name in ("low", "high", "always_low", "always_high")),
    ).cast(DAYS.schema)  # type: ignore[arg-type]


def cumulative_effects(daily: pl.DataFrame, *, level: float = LEVEL) -> pl.DataFrame:
    """Return day, estimate, low, high, always_low, always_high and std_error, from day 1 on, arms compared within strata.

    Args:
        daily: propensity, arm, day, units, total, squares, and wave_id if each wave is a stratum.
        level: of the intervals, and of the band.

    Examples:
        >>> cell = {"propensity": 0.5, "day": 1, "units": 4}
        >>> rows = [{**cell, "arm": "treated", "total": 8.0, "squares": 20.0}, {**cell, "arm": "control", "total": 4.0, "squares": 8.0}]
        >>> found = cumulative_effects(pl.DataFrame(rows))
        >>> found["estimate"].item(), round(found["std_error"].item(), 4), round(found["low"].item(), 4)
        (1.0, 0.8165, -0.6003)
    """
    share = pl.col("units").sum().over("day")
    mean, n = pl.col("total") / pl.col("units"), pl.col("units")
    variance = (pl.col("squares") - pl.col("total") ** 2 / n) / (n - 1) / n
    sign = pl.when(pl.col("arm").cast(pl.String) == "treated").then(1.0).otherwise(-1.0)
    stratum = [name for name in ("wave_id", "propensity") if name in daily.columns]
    usable = daily.filter((n.min() >= FEWEST).over(stratum), (pl.col("arm").n_unique() == 2).over(stratum), pl.col("day") > 0)
    weight = n.sum().over(*stratum, "day") / share
    days = usable.group_by("day").agg(
        estimate=(sign * weight * mean).sum(), std_error=(weight**2 * variance).sum().clip(lower_bound=0.0).sqrt()
    )
    alone, always = reach(level), reach(level ** (1 / max(len(days), 1)))
    half = pl.col("std_error")
    return days.sort("day").with_columns(
        low=pl.col("estimate") - alone * half,
        high=pl.col("estimate") + alone * half,
        always_low=pl.col("estimate") - always * half,
        always_high=pl.col("estimate") + always * half,
    )


def _clustering(curve: pl.DataFrame, effects: CampaignEffects, measure: str) -> float:
    """Return the factor by which households and repeated customers widen the interval, from that of the last day."""
    outcome = effects.outcomes.named(measure)
    if outcome is None or curve.is_empty() or not curve["std_error"][-1]:
        return 1.0
    whole = effects.drawn(outcome, "post").se
    return whole / float(curve["std_error"][-1]) if whole else 1.0


def _end(name: str, factor: float) -> pl.Expr:
    return (pl.col("estimate") + factor * (pl.col(name) - pl.col("estimate"))).alias(name)
