"""Several treated arms against one control: effects whose intervals hold together (Dunnett 1955)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from relkit.measurement.arm_sums import CONTROL
from relkit.measurement.differences import difference
from relkit.metrics.multiplicity import dunnett, dunnett_reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.arm_sums import ArmSums
    from relkit.measurement.effect import Effect
    from relkit.measurement.measures import Measure


def effects_of_arms(
    sums: ArmSums,
    measure: str | Measure,
    arms: Sequence[str],
    *,
    control: str = CONTROL,
    covariates: Sequence[str] = (),
    strata: Sequence[str] = (),
    level: float = LEVEL,
) -> dict[str, Effect]:
    """Return the effect of each arm, with intervals that contain all effects together and p-values adjusted for the number of arms.

    Each standard error is its own, by Welch; the correlation of the comparisons is that of the sizes of the arms, and degrees of freedom
    are the smallest of the comparisons. An arm without an interval is left as it is and does not count.

    Args:
        sums: sums by arm.
        measure: a column, or a Measure.
        arms: names of the treated arms.
        control: name of the arm that all are compared with.
        covariates: columns known before the draw.
        strata: columns within which units are compared.
        level: probability that all intervals contain their effects.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.arm_sums import ArmSums
        >>> units = pl.DataFrame({"arm": ["mail", "call", "control"] * 4, "margin": [3.0, 6, 1, 4, 7, 2, 5, 8, 3, 4, 7, 2]})
        >>> found = effects_of_arms(ArmSums.of(units, ("margin",)), "margin", ("mail", "call"))
        >>> [round(effect.estimate, 1) for effect in found.values()], round(found["mail"].p_value, 3)
        ([2.0, 5.0], 0.024)
    """
    settings = {"covariates": covariates, "strata": strata, "control": control, "level": level}
    effects = {arm: difference(sums, measure, treated=arm, **settings) for arm in arms}  # type: ignore[arg-type]
    known = {arm: effect for arm, effect in effects.items() if effect.se and effect.df is not None and effect.estimate is not None}
    if len(known) < 2:
        return effects
    n_control, sizes = float(next(iter(known.values())).n_control), [float(effect.n_treated) for effect in known.values()]
    df = min(effect.df or math.inf for effect in known.values())
    reach = dunnett_reach(n_control, sizes, level=level, df=df)
    adjusted = dunnett([(effect.estimate or 0.0) / (effect.se or 1.0) for effect in known.values()], n_control, sizes, df=df)
    return effects | {arm: _widened(effect, reach, float(p)) for (arm, effect), p in zip(known.items(), adjusted, strict=True)}


def _widened(effect: Effect, reach: float, p_value: float) -> Effect:
    assert effect.estimate is not None
    assert effect.se is not None
    return replace(effect, low=effect.estimate - reach * effect.se, high=effect.estimate + reach * effect.se, p_value=p_value)
