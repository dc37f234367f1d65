"""Expected remaining life of a contract, as a score: `expected_remaining_months_{m}m`, and without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.models.lifetime_value.uncertainty import bounds
from relkit.models.survival.remaining_life import remaining_months, remaining_months_errors
from relkit.score_kinds import ScoreKind
from relkit.scores.score_table import to_long
from relkit.units import LEVEL

if TYPE_CHECKING:
    from datetime import date

    from relkit.models.lifetime_value.discounted_months import SurvivesAhead
    from relkit.scores.score_table import ScoreTable, Source

EXPECTED_REMAINING_MONTHS = ScoreKind(stem="expected_remaining_months", horizon="months", applies_to="contract")


def remaining_life(
    fitted: SurvivesAhead, contracts: pl.DataFrame, *, months: int | None, as_of: date, source: Source, intervals: bool = True
) -> ScoreTable:
    """Return the score table of the expected remaining months of contracts.

    Bounds are symmetric on the logit of the share of the horizon, on the logarithm if there is no end.

    Args:
        fitted: a fitted model of contract duration.
        contracts: one row per customer: the running contract, with the columns that the model scores.
        months: horizon; None for no end, without a score if the expectation is not finite.
        as_of: day of the contracts.
        source: the version of the model.
        intervals: compute the bounds.
    """
    score = EXPECTED_REMAINING_MONTHS.at(months)
    kinds = {score: EXPECTED_REMAINING_MONTHS}
    found = remaining_months(fitted, contracts, months)
    life = pl.Series(str(score), found, dtype=pl.Float64).fill_nan(None)
    made = contracts.select(pl.col("customer_id").cast(pl.String), life)
    errors = remaining_months_errors(fitted, contracts, months) if intervals else None
    if errors is None:
        return to_long(made, kinds, as_of=as_of, source=source)
    if months is None:
        low, high = bounds(np.nan_to_num(found), np.nan_to_num(errors), level=LEVEL)
    else:
        shares = bounds(np.clip(found / months, 0.0, 1.0), errors / months, level=LEVEL, scale="logit")
        low, high = shares[0] * months, shares[1] * months
    bands = {score: (np.minimum(low, found), np.maximum(high, found))}
    return to_long(made, kinds, as_of=as_of, source=source, bounds=bands)
