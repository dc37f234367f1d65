"""Effect of a campaign by groups of customers, as rows for its files; the tests are those of `relkit.measurement.segments`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.measurement.result_tables import SEGMENTS, made, reason_of
from relkit.measurement.segments import effects_by_segment
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.segments import Segmentation, SegmentEffect

SMALLEST_ARM = 10
"""Fewest units of an arm in a group that is shown: fewer could identify a person, and tell nothing."""
TOO_FEW = Text("An arm has fewer than 10 units in this group.", "Un groupe compte moins de 10 unités d’un côté.")
_PLACE = "_segment_"


@dataclass(frozen=True, eq=False, kw_only=True)
class SegmentOfUnits:
    """A column that divides the units.

    Attributes:
        column: its name.
        label: its name in both languages.
        place: number of the group of each unit, from 0, shape (n,); null for a unit in none.
        groups: names of the groups.
    """

    column: str
    label: Text
    place: pl.Series
    groups: Sequence[Text]


def segments_table(effects: CampaignEffects, segments: Sequence[SegmentOfUnits]) -> pl.DataFrame:
    """Return the effect on the amount that the campaign is to add, by group; the segments that differ most come first.

    Args:
        effects: effects of the campaign.
        segments: columns that divide its units; they are compared by one test each, corrected for their number.
    """
    outcome = effects.outcomes.money
    if outcome is None or not segments:
        return made(SEGMENTS, [])
    names = [f"{_PLACE}{number}" for number in range(len(segments))]
    units = effects.design.units.with_columns(_shown(segment, effects).alias(name) for name, segment in zip(names, segments, strict=True))
    found = effects_by_segment(
        replace(effects.design, units=units),
        outcome.column_after or outcome.column,
        names,
        covariates=effects.covariates(effects.method),
        level=effects.level,
    )
    ranked = sorted(zip(segments, found, strict=True), key=lambda pair: 2.0 if pair[1].p_value is None else pair[1].p_value)
    return made(SEGMENTS, [row for segment, each in ranked for row in _rows(segment, each)])


def _shown(segment: SegmentOfUnits, effects: CampaignEffects) -> pl.Series:
    """Return the group of each unit, null in groups too small to be shown."""
    arms = effects.design.units.select(arm=pl.col("arm").cast(pl.String)).with_columns(segment.place.alias("place"))
    sizes = arms.group_by("place").agg(*((pl.col("arm") == name).sum().alias(name) for name in ("treated", "control")))
    large = sizes.filter(pl.min_horizontal("treated", "control") >= SMALLEST_ARM)["place"].drop_nulls()
    return pl.select(pl.when(segment.place.is_in(large.implode())).then(segment.place)).to_series()


def _rows(segment: SegmentOfUnits, found: Segmentation) -> list[dict[str, Any]]:
    """Return a row for each group, with the tests of the whole segment."""
    known = {each.value: each for each in found.segments}
    tests = {"differ_p_value": found.p_value, "differ_q_value": found.q_value}
    rows = []
    for number, name in enumerate(segment.groups):
        names = {"segment": segment.column, "segment_en": segment.label.en, "segment_fr": segment.label.fr}
        names |= {"group": name.en, "group_en": name.en, "group_fr": name.fr}
        rows.append({**names, **_row(known.get(number)), **tests})
    return rows


def _row(found: SegmentEffect | None) -> dict[str, Any]:
    if found is None or found.effect is None:
        return reason_of(TOO_FEW)
    effect = found.effect
    return {
        "mean_treated": effect.treated,
        "mean_other": effect.control,
        "estimate": effect.estimate,
        "low": effect.low,
        "high": effect.high,
        "p_value": effect.p_value,
        "q_value": found.q_value,
        "n_treated": effect.n_treated,
        "n_other": effect.n_control,
        **reason_of(effect.reason or None),
    }
