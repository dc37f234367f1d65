"""How survival models are judged on the days after calibration, all by the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, check
from relkit.errors import NotEnoughEventsError
from relkit.metrics.survival import brier_score, calibration, concordance, log_score
from relkit.models.survival.spells import CUSTOMER, DURATION, EVENT

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats
    from relkit.models.base import CustomerScorer

OUTCOMES = Contract(name="outcomes", key=("customer_id",), columns=(CUSTOMER, DURATION, EVENT))
SO_FAR = Contract(
    name="features",
    key=("customer_id",),
    columns=(CUSTOMER, DURATION, Column(name="event", dtype=pl.Boolean, meaning="Whether the spell had ended.")),
)


def holdout_frame(features: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return customer_id, remaining_days and ended for spells that were running at calibration and appear in `outcomes`.

    Args:
        features: as of calibration; duration_days is the age so far.
        outcomes: the same spells after the holdout: customer_id, duration_days, event.

    Raises:
        NotEnoughEventsError: no spell is in both, or none lived a day of the holdout.
    """
    so_far = check(features, SO_FAR)
    if "event" in so_far.columns:
        so_far = so_far.filter(~pl.col("event").fill_null(value=False))
    both = so_far.select("customer_id", pl.col("duration_days").alias("age")).join(
        check(outcomes, OUTCOMES), on="customer_id", how="inner", maintain_order="left"
    )
    both = both.select("customer_id", (pl.col("duration_days") - pl.col("age")).alias("remaining_days"), pl.col("event").alias("ended"))
    if both.is_empty() or float(both["remaining_days"].max() or 0) <= 0:  # type: ignore[arg-type]
        raise NotEnoughEventsError(
            "no spell that was running at calibration was seen in the holdout.",
            where="outcomes",
            remedy="Give the same customers, with duration_days as of the end of the holdout.",
        )
    return both


def judge_ends(fitted: CustomerScorer, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return brier_score, log_score, concordance, expected and observed ends, calibration_error, customers, horizon_days.

    The forecast judged is the churn probability over the holdout, given the age at calibration.
    """
    after = holdout_frame(features, outcomes)
    remaining, ended = after["remaining_days"].to_numpy(), after["ended"].to_numpy()
    horizon = int(np.ceil(remaining.max()))
    scored = fitted.score(features, horizon_days=horizon)
    churn = after.join(scored, on="customer_id", how="left", maintain_order="left")[f"churn_probability_{horizon}d"].to_numpy()
    found = calibration(remaining, ended, churn, float(remaining.max()))
    return {
        "brier_score": brier_score(remaining, ended, churn, float(remaining.max())),
        "log_score": log_score(remaining, ended, churn, float(remaining.max())),
        "concordance": _concordance(remaining, ended, churn),
        "expected_ends": float(churn.sum()),
        "observed_ends": float(ended.sum()),
        "calibration_error": found.mean_error,
        "customers": float(len(after)),
        "horizon_days": float(horizon),
    }


def _concordance(remaining: Floats, ended: Flags, churn: Floats) -> float:
    """Return Harrell's C, or 0.5, what is known of the order, when no end makes a pair."""
    try:
        return concordance(remaining, ended, churn).index
    except NotEnoughEventsError:
        return 0.5
