"""Effects by segment, and a test that they differ: segments are looked at one by one only if together they differ from one effect.

The test is Wald's on the differences between the effects of segments, with the heteroscedasticity-consistent covariance HC1 of the
regression of the measure on arm, segment and their products (MacKinnon and White 1985), or by clusters. Of the p-values of all segments,
and of all ways to segment, false discoveries are limited (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from relkit.errors import TableError
from relkit.measurement.designs import Design, summed_by
from relkit.measurement.t_intervals import bounds, p_value
from relkit.metrics.multiplicity import benjamini_hochberg
from relkit.texts import EMPTY, Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.effect import Effect
    from relkit.measurement.measures import Measure
    from relkit.metrics.risk_sets import Flags, Floats

TOO_FEW = Text(
    "Fewer than two units of the segment are in an arm.", "Moins de deux unités de ce segment se trouvent dans l’un des groupes."
)
ONE_SEGMENT = Text("Fewer than two segments have an effect to compare.", "Moins de deux segments ont un effet à comparer.")


@dataclass(frozen=True)
class SegmentEffect:
    """The effect in a segment.

    Attributes:
        value: of the segment column; None for units without a value.
        effect: per unit of the segment; None with a reason if an arm has fewer than two units.
        n_treated: treated units.
        n_control: control units.
        q_value: smallest false discovery rate, over all segments of all columns, at which the effect counts as found.
        reason: why there is no effect; empty if there is one.
    """

    value: object
    effect: Effect | None
    n_treated: int
    n_control: int
    q_value: float | None = None
    reason: Text = EMPTY


@dataclass(frozen=True)
class Segmentation:
    """The effects in all segments of a column.

    Attributes:
        column: that separates the segments.
        segments: in the order of their values.
        chi2: statistic of one effect for all; None if fewer than two segments have one.
        df: its degrees of freedom.
        p_value: of one effect for all.
        q_value: smallest false discovery rate, over all columns, at which the segments count as different.
        reason: why there is no test; empty if there is one.
    """

    column: str
    segments: tuple[SegmentEffect, ...]
    chi2: float | None
    df: int | None
    p_value: float | None
    q_value: float | None = None
    reason: Text = EMPTY


@dataclass(frozen=True)
class Interaction:
    """Difference of the effects of two segments.

    Attributes:
        estimate: effect in the first minus effect in the second.
        se: standard error (HC1, or by clusters).
        low: lower bound.
        high: upper bound.
        p_value: of the same effect in both, by the normal distribution.
    """

    estimate: float
    se: float
    low: float
    high: float
    p_value: float


def effects_by_segment(
    design: Design, measure: str | Measure, columns: Sequence[str], *, covariates: Sequence[str] = (), level: float = LEVEL
) -> tuple[Segmentation, ...]:
    """Return the effects in the segments of each column, with tests that they differ.

    Args:
        design: units drawn.
        measure: column, or a Measure.
        columns: columns known before the draw, each of which separates segments.
        covariates: columns known before the draw that make intervals narrower.
        level: of the intervals.

    Raises:
        TableError: a column is missing.

    Examples:
        >>> import polars as pl
        >>> rows = {"arm": ["treated", "control"] * 6, "margin": [5.0, 1, 6, 2, 5, 3, 1, 2, 2, 1, 3, 3], "home": ["a"] * 6 + ["b"] * 6}
        >>> design = Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None)
        >>> found = effects_by_segment(design, "margin", ("home",))[0]
        >>> [round(segment.effect.estimate, 2) for segment in found.segments], round(found.p_value, 3)
        ([3.33, 0.0], 0.002)
    """
    missing = [name for name in columns if name not in design.units.columns]
    if missing:
        raise TableError(
            f"no column {', '.join(missing)}.", where="units", remedy="Name columns of the units that were known before the draw."
        )
    return _adjusted([_segmentation(design, measure, column, tuple(covariates), level) for column in columns])


def interaction(design: Design, measure: str | Measure, column: str, first: object, second: object, *, level: float = LEVEL) -> Interaction:
    """Return the difference of the effects of two segments of a column.

    Raises:
        TableError: a segment lacks units in an arm.

    Examples:
        >>> import polars as pl
        >>> rows = {"arm": ["treated", "control"] * 6, "margin": [5.0, 1, 6, 2, 5, 3, 1, 2, 2, 1, 3, 3], "home": ["a"] * 6 + ["b"] * 6}
        >>> design = Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None)
        >>> round(interaction(design, "margin", "home", "a", "b").estimate, 2)
        3.33
    """
    masks = [_mask(design, column, value) for value in (first, second)]
    effects, covariance = _effects(design, measure, masks, ())
    se = math.sqrt(float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))
    gap = float(effects[0] - effects[1])
    return Interaction(gap, se, *bounds(gap, se, level), p_value(gap / se) if se else math.nan)


def _segmentation(design: Design, measure: str | Measure, column: str, covariates: tuple[str, ...], level: float) -> Segmentation:
    values = design.units[column].unique().sort().to_list()
    masks = [_mask(design, column, value) for value in values]
    segments = [_segment(design, measure, value, mask, covariates, level) for value, mask in zip(values, masks, strict=True)]
    tested = [mask for mask, segment in zip(masks, segments, strict=True) if segment.effect is not None and segment.effect.is_known]
    if len(tested) < 2:
        return Segmentation(column, tuple(segments), None, None, None, reason=ONE_SEGMENT)
    effects, covariance = _effects(design, measure, tested, covariates)
    contrasts = np.hstack([-np.ones((len(tested) - 1, 1)), np.eye(len(tested) - 1)])
    gaps = contrasts @ effects
    chi2 = float(gaps @ np.linalg.solve(contrasts @ covariance @ contrasts.T, gaps))
    return Segmentation(column, tuple(segments), chi2, len(gaps), float(chdtrc(len(gaps), chi2)))


def _mask(design: Design, column: str, value: object) -> Flags:
    chosen = design.units[column].is_null() if value is None else design.units[column].eq_missing(value)
    return np.asarray(chosen.to_numpy(), dtype=np.bool_)


def _segment(
    design: Design, measure: str | Measure, value: object, mask: Flags, covariates: tuple[str, ...], level: float
) -> SegmentEffect:
    sizes = int(design.treated[mask].sum()), int((~design.treated[mask]).sum())
    if min(sizes) < 2:
        return SegmentEffect(value, None, *sizes, reason=TOO_FEW)
    effect = design.only(mask).effect(measure, covariates=covariates, level=level)
    return SegmentEffect(value, effect, *sizes, reason=effect.reason)


def _effects(design: Design, measure: str | Measure, masks: list[Flags], covariates: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Return the effects of segments, shape (s,), and their covariance, shape (s, s), which clusters across segments give."""
    n, effects = len(design.treated), np.empty(len(masks))
    influence = np.zeros((n, len(masks)))
    parameters = 0
    for place, mask in enumerate(masks):
        part = design.only(mask)
        found, values = part.influence((measure,), covariates=covariates)
        effects[place] = found.means[0] - found.means[1]
        influence[mask, place] = values[:, 0] - values[:, 1]
        parameters += 2 * (int(part.strata.max()) + 1) if not part.is_weighted else 2
    n_used = int(np.logical_or.reduce(masks).sum())
    factor = n_used / (n_used - parameters)
    if design.clusters is not None:
        groups = len(np.unique(design.clusters[np.logical_or.reduce(masks)]))
        influence = summed_by(influence, design.clusters)
        factor = groups / (groups - 1) * (n_used - 1) / (n_used - parameters)
    return effects, factor * influence.T @ influence


def _adjusted(found: list[Segmentation]) -> tuple[Segmentation, ...]:
    """Return the segmentations with q-values over all segments, and over all columns."""
    tested = [segment.effect.p_value for each in found for segment in each.segments if segment.effect is not None]
    q_values = iter(_q_values(tested))
    columns = _q_values([each.p_value for each in found])
    return tuple(
        replace(
            each,
            q_value=column_q,
            segments=tuple(segment if segment.effect is None else replace(segment, q_value=next(q_values)) for segment in each.segments),
        )
        for each, column_q in zip(found, columns, strict=True)
    )


def _q_values(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the q-value of each p-value; None for those without one, which do not count."""
    adjusted = benjamini_hochberg([math.nan if p is None else p for p in p_values])
    return [None if math.isnan(q) else float(q) for q in adjusted]
