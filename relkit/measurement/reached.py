"""Effect on those reached, next to the effect on those drawn: the instrumental-variable estimator of Wald.

Of the units drawn to be treated some are not reached, and control units may be reached by mistake. Comparing those reached with those not
reached would compare different people. The draw is the instrument: the effect on those drawn, over the rise in the share reached, is the
effect on those whom the draw made reached (Imbens and Angrist 1994), if the draw acts through reaching them only and keeps nobody away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.measurement.measures import as_measure
from relkit.measurement.money import ratio_of_effects
from relkit.measurement.t_intervals import bounds, p_value
from relkit.remarks import Remark
from relkit.texts import EMPTY, Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.designs import Design
    from relkit.measurement.differences import Target
    from relkit.measurement.fieller import RatioSet
    from relkit.measurement.measures import Measure

WEAK_F = 10.0
"""F of the share reached below which intervals from the delta method are too narrow (Staiger and Stock 1997)."""
NOT_REACHED = Text(
    "The draw did not raise the share reached: there is no effect on those reached.",
    "Le tirage n’a pas augmenté la part des unités touchées : il n’y a pas d’effet sur les unités touchées.",
)


@dataclass(frozen=True)
class ReachedEffect:
    """The effect on units that were reached because they were drawn.

    Attributes:
        measure: column measured.
        estimate: per unit reached; None if the draw did not raise the share reached.
        se: standard error, by the delta method.
        low: lower bound.
        high: upper bound.
        p_value: of no effect.
        robust: set of effects that holds for a weak instrument too (Anderson and Rubin 1949: Fieller's set).
        share_treated: share reached of the treated.
        share_control: share reached of the control units.
        f_statistic: of the rise in the share reached; infinite if it does not vary.
        is_weak: whether that F is below 10.
        reason: why figures are missing; empty if none is.
        remarks: on how the figures are to be read.
    """

    measure: str
    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    p_value: float | None
    robust: RatioSet | None
    share_treated: float | None
    share_control: float | None
    f_statistic: float | None
    is_weak: bool
    reason: Text = EMPTY
    remarks: tuple[Remark, ...] = ()


def effect_on_reached(
    design: Design,
    measure: str | Measure,
    *,
    reached: str = "is_reached",
    covariates: Sequence[str] = (),
    target: Target = "drawn",
    level: float = LEVEL,
) -> ReachedEffect:
    """Return the effect on those reached.

    Args:
        design: units drawn.
        measure: a column, or a Measure.
        reached: column that is true or 1 if the unit was reached.
        covariates: columns known before the draw that make the interval narrower.
        target: the units over which strata are averaged: all drawn, or the treated.
        level: of the interval.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.designs import Design
        >>> rows = {"arm": ["treated"] * 4 + ["control"] * 4, "is_reached": [1, 1, 0, 0, 0, 0, 0, 0], "margin": [9.0, 7, 2, 2, 1, 3, 2, 2]}
        >>> found = effect_on_reached(Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None), "margin")
        >>> found.estimate, found.share_treated
        (6.0, 0.5)
    """
    name = as_measure(measure).name
    found = design.estimates((measure, reached), covariates=covariates, target=target)
    outcome, rise = found.effect(name, level=level), found.effect(reached, level=level)
    shares = rise.treated, rise.control
    if rise.estimate is None or rise.estimate <= 0 or outcome.estimate is None:
        return ReachedEffect(name, None, None, None, None, None, None, *shares, None, is_weak=True, reason=outcome.reason or NOT_REACHED)
    estimate = outcome.estimate / rise.estimate
    f = None if rise.se is None else math.inf if rise.se == 0 else (rise.estimate / rise.se) ** 2
    is_weak = f is None or f < WEAK_F
    weights = found.weights({name: 1.0, reached: -estimate})
    variance, df = found.covariance(weights, weights), found.df(weights)
    if df is None or variance <= 0:
        return ReachedEffect(name, estimate, None, None, None, None, None, *shares, f, is_weak, outcome.reason)
    se = math.sqrt(variance) / rise.estimate
    low, high = bounds(estimate, se, level, df)
    robust = ratio_of_effects(found, {name: 1.0}, {reached: 1.0}, level=level)
    return ReachedEffect(
        name, estimate, se, low, high, p_value(estimate / se, df), robust, *shares, f, is_weak, remarks=_remarks(is_weak=is_weak)
    )


def _remarks(*, is_weak: bool) -> tuple[Remark, ...]:
    assumption = Remark(
        "reached_only_by_draw",
        "The effect on those reached assumes that being drawn changes nothing but whether a unit is reached.",
        "L’effet sur les unités touchées suppose que le tirage n’agit qu’en les faisant toucher.",
    )
    if not is_weak:
        return (assumption,)
    weak = Remark(
        "weak_instrument",
        "The draw hardly changed who was reached, so that the interval of the effect on those reached is too narrow: read the robust one.",
        "Le tirage a peu changé la part des unités touchées : l’intervalle de l’effet sur elles est trop étroit, lisez le robuste.",
    )
    return assumption, weak
