"""Checks of a campaign's draw: sizes by wave against the stored probabilities, and what both arms were like before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.measurement.randomisation import MISMATCH_ALPHA, balance, check_draw
from relkit.measurement.result_tables import BALANCE, WAVES, label_of, made
from relkit.measurement.t_intervals import p_value
from relkit.metrics.multiplicity import holm
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.measurement.campaign_outcomes import Outcomes
    from relkit.measurement.designs import Design


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckedDraw:
    """The draw of a campaign as it was carried out.

    Attributes:
        waves: a row for each wave, as `relkit.measurement.result_tables.WAVES`.
        balance: a row for each covariate, as `relkit.measurement.result_tables.BALANCE`.
        p_value: of the sizes of both arms over all waves.
        balance_p_value: of equal means before the draw, jointly; None without covariates.
        is_mismatch: whether the sizes contradict the plan, over all waves or in any of them (Holm).
    """

    waves: pl.DataFrame
    balance: pl.DataFrame
    p_value: float
    balance_p_value: float | None
    is_mismatch: bool

    @classmethod
    def of(cls, design: Design, outcomes: Outcomes) -> CheckedDraw:
        """Check the draw of units, which have wave_id, drawn_on, arm and propensity."""
        waves, whole = waves_of(design.units), check_draw(design)
        by_wave = holm(waves["p_value"].to_numpy())
        mismatch = whole.is_mismatch or bool((by_wave < MISMATCH_ALPHA).any())
        table, joint = _before(design, outcomes)
        return cls(waves=waves, balance=table, p_value=whole.p_value, balance_p_value=joint, is_mismatch=mismatch)


def waves_of(units: pl.DataFrame) -> pl.DataFrame:
    """Return the sizes of each wave next to the plan.

    Args:
        units: wave_id, drawn_on, arm, propensity (of treated, between 0 and 1).

    Examples:
        >>> from datetime import date
        >>> rows = {"wave_id": ["w"] * 4, "drawn_on": [date(2025, 1, 1)] * 4, "arm": ["treated"] * 3 + ["control"], "propensity": [0.5] * 4}
        >>> found = waves_of(pl.DataFrame(rows))
        >>> found["expected_treated"].item(), round(found["p_value"].item(), 4)
        (2.0, 0.3173)
    """
    share, treated = pl.col("propensity"), pl.col("arm").cast(pl.String) == "treated"
    grouped = units.group_by("wave_id").agg(
        drawn_on=pl.col("drawn_on").max(),
        propensity=share.mean(),
        n_treated=treated.sum().cast(pl.Int64),
        n_other=(~treated).sum().cast(pl.Int64),
        expected_treated=share.sum(),
        spread=(share * (1 - share)).sum().sqrt(),
    )
    z = ((grouped["n_treated"] - grouped["expected_treated"]) / grouped["spread"]).to_numpy()
    tested = grouped.with_columns(p_value=pl.Series([p_value(float(each)) for each in z], dtype=pl.Float64))
    return tested.sort("drawn_on", "wave_id").select(list(WAVES.schema))


def _before(design: Design, outcomes: Outcomes) -> tuple[pl.DataFrame, float | None]:
    """Return both arms before the draw, and the p-value that they are alike."""
    names = {each.covariate: each.label for each in outcomes.every if each.covariate}
    if not names:
        return made(BALANCE, []), None
    found = balance(design, tuple(names))
    rows = [
        {
            "covariate": row["covariate"],
            **label_of(names.get(row["covariate"], Text(row["covariate"], row["covariate"]))),
            "mean_treated": row["treated"],
            "mean_other": row["control"],
            "difference": _finite(row["standardised_difference"]),
            "p_value": _finite(row["p_value"]),
        }
        for row in found.table.iter_rows(named=True)
    ]
    return made(BALANCE, rows), found.p_value


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
