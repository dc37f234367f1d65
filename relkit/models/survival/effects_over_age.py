"""Effects over age: the hazard ratios early and late, for when a test rejects proportional hazards.

    effects_over_age(fitted, features)      column, ratio, early, late: hazard ratios of a step

With scaled Schoenfeld residuals the effect at an age is about beta + slope (g(age) - mean g), and the slope is
D (V sum (g_i - mean g) r_i)_j / sum (g_i - mean g)^2, a line through the residuals (Grambsch and Therneau 1994, eq. 2). Early and
late are the ages by which a tenth and nine tenths of the ends have come. A line is a summary: an effect may come and go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.models.survival.diagnostics import hazard_ratios
from relkit.models.survival.proportional_hazards import tendencies

if TYPE_CHECKING:
    from relkit.models.survival.cox import FittedCox
    from relkit.models.survival.proportional_hazards import Transform

EARLY, LATE = 0.1, 0.9


def effects_over_age(fitted: FittedCox, features: pl.DataFrame, *, transform: Transform = "km") -> pl.DataFrame:
    """Return the hazard ratio of a step of each column on average, early and late, and those ages, in days.

    Args:
        fitted: a regression without a penalty.
        features: the frame it was fitted to.
        transform: of age, as in `proportional_hazards`.

    Returns:
        One row per column of the matrix, in its order: column, ratio, early, late, early_days, late_days. If all ends came at one
        age, early and late are the ratio. The columns of a spline have no ratios, as none of them moves alone.

    Raises:
        ParameterError: as `proportional_hazards` does.
    """
    found = tendencies(fitted, features, transform)
    order = np.argsort(found.ages, kind="stable")
    come = np.cumsum(found.ends[order]) / found.ends.sum()
    places = [int(order[int((come < share - 1e-12).sum())]) for share in (EARLY, LATE)]
    slope = found.slopes * found.ends.sum() / found.spread if found.spread > 0 else np.zeros(len(found.slopes))
    ratios = hazard_ratios(fitted)
    step = dict(zip(ratios.terms, ratios.step, strict=True))
    steps = np.array([step.get(term, np.nan) for term in fitted.terms])
    early, late = (np.exp((fitted.coefficients + slope / found.scales * found.g[place]) * steps) for place in places)
    over_age = pl.DataFrame(
        {
            "column": list(fitted.terms),
            "ratio": np.exp(fitted.coefficients * steps),
            "early": early,
            "late": late,
            "early_days": np.full(len(steps), found.ages[places[0]]),
            "late_days": np.full(len(steps), found.ages[places[1]]),
        }
    )
    return over_age.fill_nan(None)
