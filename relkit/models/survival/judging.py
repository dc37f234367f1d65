"""How survival models are judged on the days after calibration, all by the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, check
from relkit.errors import NotEnoughEventsError
from relkit.metrics.brier import brier_score, log_score
from relkit.metrics.calibration import Calibration, calibration
from relkit.metrics.concordance import concordance
from relkit.models.survival.spells import CUSTOMER, DURATION, EVENT

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats
    from relkit.models.base import CustomerScorer

CONTRACT = Column(name="contract_id", dtype=pl.String, required=True, nullable=False, personal_data="pseudonym")
SO_FAR = Column(name="event", dtype=pl.Boolean, meaning="Whether the spell had ended at calibration.")


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What was forecast at calibration for spells then running, and what became of them.

    Attributes:
        remaining: shape (n,), days seen after calibration.
        ended: shape (n,), whether the spell ended in them.
        churn: shape (n,), forecast probability of ending within the holdout.
        days: length of the holdout: the longest of `remaining`.
    """

    remaining: Floats
    ended: Flags
    churn: Floats
    days: float

    @classmethod
    def of(cls, fitted: CustomerScorer, features: pl.DataFrame, outcomes: pl.DataFrame) -> Forecasts:
        """Return the forecasts of the spells that were running at calibration and appear in `outcomes`.

        Args:
            fitted: a survival model.
            features: as of calibration; duration_days is the age so far.
            outcomes: the same spells as known at the end of the holdout: customer_id, duration_days, event, and contract_id where
                `features` has it too and a customer may hold several contracts.

        Raises:
            TableError: a column is missing, or a key is repeated.
            NotEnoughEventsError: no spell lived a day of the holdout.
        """
        both = _joined(features, outcomes)
        remaining = both["remaining_days"].to_numpy()
        days = float(remaining.max()) if len(remaining) else 0.0
        if days <= 0:
            raise NotEnoughEventsError(
                "no spell that was running at calibration was seen in the holdout.",
                where="outcomes",
                remedy="Give the same customers, with duration_days as of the end of the holdout.",
            )
        horizon = int(np.ceil(days))
        one_each = both.with_columns(customer_id=pl.int_range(len(both)).cast(pl.String))
        churn = fitted.score(one_each, horizon_days=horizon)[f"churn_probability_{horizon}d"].to_numpy()
        return cls(remaining, both["has_ended"].to_numpy(), churn, days)

    def calibration(self) -> Calibration:
        """Return forecast against observed by decile of the forecast."""
        return calibration(self.remaining, self.ended, self.churn, self.days)


def judge_ends(fitted: CustomerScorer, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return the metrics of the churn probability over the holdout, given the age at calibration.

    They are brier_score, brier_skill (share of the score of the observed rate that is saved), log_score, concordance,
    calibration_error (mean gap by decile), expected_ends, observed_ends, rows and holdout_days.
    """
    seen = Forecasts.of(fitted, features, outcomes)
    truth = seen.remaining, seen.ended
    score = brier_score(*truth, seen.churn, seen.days)
    base = float(calibration(*truth, seen.churn, seen.days, groups=1).observed[0])
    naive = brier_score(*truth, np.full(len(seen.churn), base), seen.days)
    return {
        "brier_score": score,
        "brier_skill": 1 - score / naive if naive > 0 else 0.0,
        "log_score": log_score(*truth, seen.churn, seen.days),
        "concordance": _concordance(seen),
        "calibration_error": seen.calibration().mean_error,
        "expected_ends": float(seen.churn.sum()),
        "observed_ends": float(seen.ended.sum()),
        "rows": float(len(seen.churn)),
        "holdout_days": seen.days,
    }


def _joined(features: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the running spells' features with remaining_days and has_ended."""
    by_contract = "contract_id" in features.columns and "contract_id" in outcomes.columns
    keys = (CUSTOMER, CONTRACT) if by_contract else (CUSTOMER,)
    names = tuple(k.name for k in keys)
    before = check(features, Contract(name="features", key=names, columns=(*keys, DURATION, SO_FAR)))
    after = check(outcomes, Contract(name="outcomes", key=names, columns=(*keys, DURATION, EVENT)))
    running = ~before["event"].fill_null(value=False) if "event" in before.columns else pl.repeat(value=True, n=len(before), eager=True)
    rows = features.with_columns(before).filter(running)
    after = after.select(*names, pl.col("duration_days").alias("until"), pl.col("event").alias("has_ended"))
    both = rows.join(after, on=names, how="inner", maintain_order="left")
    return both.with_columns((pl.col("until") - pl.col("duration_days")).alias("remaining_days")).drop("until")


def _concordance(seen: Forecasts) -> float:
    """Return Harrell's C, or 0.5, all that is known of the order, when no end makes a pair."""
    try:
        return concordance(seen.remaining, seen.ended, seen.churn).index
    except NotEnoughEventsError:
        return 0.5
