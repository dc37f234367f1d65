"""Effect of a campaign by groups of customers, with a test of whether the groups differ, corrected for the number of both.

Groups differ by Cochran's Q: the sum of squared differences between their effects and the mean weighted by precision, chi-squared with one
degree of freedom less than groups (Cochran 1954, Biometrics 10, p. 101-129). Without the test, one group in twenty would "react" by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.special import chdtrc

from relkit.errors import TableError
from relkit.measurement.designs import Design
from relkit.measurement.result_tables import SEGMENTS, made, reason_of
from relkit.metrics.multiplicity import benjamini_hochberg
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.campaign_effects import CampaignEffects
    from relkit.measurement.effect import Effect

SMALLEST_ARM = 10
"""Fewest units of an arm in a group: fewer could identify a person, and tell nothing."""
TOO_FEW = Text("An arm has fewer than 10 units in this group.", "Un groupe compte moins de 10 unités d’un côté.")


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
        segments: columns that divide its units.
    """
    outcome = effects.outcomes.money
    if outcome is None:
        return made(SEGMENTS, [])
    column = outcome.column_after or outcome.column
    parts = [_effects_by_group(effects, column, segment) for segment in segments]
    differ = [cochran_q([each for each in part if each is not None]) for part in parts]
    q_differ = _corrected(differ)
    ps = [None if each is None else each.p_value for part in parts for each in part]
    qs = iter(_corrected(ps))
    rows = []
    for segment, part, p, q in zip(segments, parts, differ, q_differ, strict=True):
        for name, group in zip(segment.groups, part, strict=True):
            tests = {"differ_p_value": p, "differ_q_value": q, "q_value": next(qs)}
            rows.append({**_named(segment, name), **_row(group), **tests})
    ranked = {segment.column: 2.0 if p is None else p for segment, p in zip(segments, differ, strict=True)}
    rows.sort(key=lambda row: ranked[str(row["segment"])])
    return made(SEGMENTS, rows)


def cochran_q(effects: Sequence[Effect]) -> float | None:
    """Return the p-value of equal effects in all groups; None if fewer than two have a standard error.

    Examples:
        >>> from relkit.measurement.effect import Effect
        >>> one, other = (Effect.of("x", (mean, 0.0), (50, 50), spread=(0.5, 0.5, 0.0), df=98.0) for mean in (1.0, 4.0))
        >>> round(cochran_q([one, other]), 4)
        0.0339
    """
    known = [(each.estimate, each.se) for each in effects if each.estimate is not None and each.se]
    if len(known) < 2:
        return None
    estimate, se = np.array(known, dtype=np.float64).T
    weight = 1 / se**2
    middle = float((weight * estimate).sum() / weight.sum())
    return float(chdtrc(len(known) - 1, float((weight * (estimate - middle) ** 2).sum())))


def _effects_by_group(effects: CampaignEffects, column: str, segment: SegmentOfUnits) -> list[Effect | None]:
    return [_effect_in(effects, column, segment.place == number) for number in range(len(segment.groups))]


def _effect_in(effects: CampaignEffects, column: str, inside: pl.Series) -> Effect | None:
    """Return the effect in a group; None if an arm has too few units."""
    units = effects.design.units.filter(inside.fill_null(value=False))
    try:
        design = Design.of(units)
    except TableError:  # an arm is empty
        return None
    if min(design.sizes) < SMALLEST_ARM:
        return None
    return design.effect(column, covariates=effects.covariates(effects.method), level=effects.level)


def _corrected(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the p-values corrected for their number (Benjamini-Hochberg); unknown ones stay unknown."""
    known = [p for p in p_values if p is not None]
    found = iter(benjamini_hochberg(known).tolist()) if known else iter(())
    return [None if p is None else float(next(found)) for p in p_values]


def _named(segment: SegmentOfUnits, group: Text) -> dict[str, Any]:
    return {
        **{"segment": segment.column, "segment_en": segment.label.en, "segment_fr": segment.label.fr},
        **{"group": group.en, "group_en": group.en, "group_fr": group.fr},
    }


def _row(effect: Effect | None) -> dict[str, Any]:
    if effect is None:
        return reason_of(TOO_FEW)
    return {
        **{"mean_treated": effect.treated, "mean_other": effect.control, "estimate": effect.estimate},
        **{"low": effect.low, "high": effect.high, "p_value": effect.p_value},
        **{"n_treated": effect.n_treated, "n_other": effect.n_control},
        **reason_of(effect.reason or None),
    }
