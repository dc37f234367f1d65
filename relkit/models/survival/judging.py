"""Judging of survival models on the days after calibration, all by the same metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, check
from relkit.errors import NotEnoughEventsError
from relkit.metrics.brier import brier_score, brier_scores, log_loss
from relkit.metrics.calibration import Calibration, calibration
from relkit.metrics.censoring import InView, in_view_weights
from relkit.metrics.concordance import concordance, uno_concordance
from relkit.metrics.near_ties import one_age
from relkit.metrics.smooth_calibration import smooth_calibration
from relkit.metrics.time_dependent_auc import time_dependent_auc
from relkit.models.base import HoldoutMetric, ModelFacts
from relkit.models.survival.spells import CUSTOMER, DURATION, EVENT
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.metrics.risk_sets import Flags, Floats
    from relkit.models.base import CustomerScorer

CONTRACT = Column(name="contract_id", dtype=pl.String, required=True, nullable=False, personal_data="pseudonym")
ENDED_BY = "has_ended_by"
REPLICATES = 200
LARGEST_RESAMPLE = 10_000
AGES = 10
"""Number of days at which the Brier score is taken for its integral."""
SO_FAR = Column(name="event", dtype=pl.Boolean, meaning="Whether the spell had ended at calibration.")


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Forecasts at calibration for spells then running, and their outcomes.

    Attributes:
        remaining: shape (n,), days observed after calibration.
        ended: shape (n,), whether the spell ended in them.
        churn: shape (n,), forecast probability of ending within the holdout.
        days: length of the holdout: the longest of `remaining`.
        rows: the rows that were scored, one per spell.
    """

    remaining: Floats
    ended: Flags
    churn: Floats
    days: float
    rows: pl.DataFrame

    @classmethod
    def of(cls, fitted: CustomerScorer, features: pl.DataFrame, outcomes: pl.DataFrame, *, reason: str = "") -> Forecasts:
        """Return the forecasts of the spells that were running at calibration and appear in `outcomes`.

        Args:
            fitted: a survival model.
            features: as of calibration; duration_days is the age so far.
            outcomes: the same spells as known at the end of the holdout: customer_id, duration_days, event, and contract_id if
                `features` has it too and a customer may hold several contracts.
            reason: column of `outcomes` that says why a spell ended, kept in the rows as `ENDED_BY`; empty for none.

        Raises:
            TableError: a column is missing, or a key is repeated.
            NotEnoughEventsError: no spell lived a day of the holdout.
        """
        both = _joined(features, outcomes, reason)
        # Those observed to the end of the holdout must be observed equally long.
        remaining = one_age(both["remaining_days"].to_numpy())[0]
        days = float(remaining.max()) if len(remaining) else 0.0
        if days <= 0:
            raise NotEnoughEventsError(
                "no spell that was running at calibration was observed in the holdout.",
                where="outcomes",
                remedy="Give the same customers, with duration_days as of the end of the holdout.",
            )
        horizon = int(np.ceil(days))
        one_each = both.with_columns(customer_id=pl.int_range(len(both)).cast(pl.String))
        churn = _churn(fitted, one_each, horizon)
        return cls(remaining, both["has_ended"].to_numpy(), churn, days, one_each)

    def calibration(self) -> Calibration:
        """Return forecast against observed by decile of the forecast."""
        return calibration(self.remaining, self.ended, self.churn, self.days)

    def brier_interval(self, *, level: float = LEVEL, replicates: int = REPLICATES, seed: int = 0) -> tuple[float, float]:
        """Return the bounds of the Brier score over resamples of the spells.

        Resamples of more than 10,000 spells are of 10,000, and their spread is narrowed by the square root of the share (the m out
        of n bootstrap). Weights for censoring stay as they are.
        """
        weights = in_view_weights(self.remaining, self.ended, self.days)
        losses = weights * (self.ended - self.churn) ** 2
        n, value, rng = len(losses), float(losses.mean()), np.random.default_rng(seed)
        size = min(n, LARGEST_RESAMPLE)
        draws = np.array([losses[rng.integers(0, n, size)].mean() for _ in range(replicates)])
        low, high = np.quantile(draws - value, [(1 - level) / 2, (1 + level) / 2]) * np.sqrt(size / n) + value
        return float(low), float(high)

    @property
    def ages(self) -> Floats:
        """Up to ten days of the holdout at which forecasts are evaluated, ascending; whole ones except for its last."""
        inner = np.unique(np.ceil(self.days * np.arange(1, AGES) / AGES))
        return np.append(inner[inner < self.days], self.days)

    def integrated_brier_score(self, fitted: Any) -> float:
        """Return the Brier score averaged over the holdout, from forecasts at `ages`; it is 0 on day 0."""
        ages, in_view = self.ages, InView.of(self.remaining, self.ended)
        scores = brier_scores(self.remaining, self.ended, fitted.survival_ahead(self.rows, ages), ages, in_view=in_view)
        return float(np.trapezoid([0.0, *scores], np.append(0.0, ages)) / self.days)


def _churn(fitted: CustomerScorer, rows: pl.DataFrame, days: int) -> Floats:
    found: Floats = fitted.score(rows, horizon_days=days)[f"churn_probability_{days}d"].to_numpy()
    return found


class JudgedByEnds(ModelFacts):
    """Settings of a survival model that is judged on a holdout, by the ends of spells that were running."""

    family: ClassVar[str] = "survival"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="brier_score", direction="lower")

    def judge(self, fitted: CustomerScorer, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return the metrics of the days after calibration, of ends of any cause (see `judge_ends`)."""
        return judge_ends(fitted, features, outcomes)


def judge_ends(fitted: CustomerScorer, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return the metrics of the churn probability over the holdout, given the age at calibration.

    - brier_score, with its 95 % interval brier_score_lower and _upper; brier_skill (share of the score of the observed rate that
      is saved); integrated_brier_score, over the days of the holdout; log_loss;
    - concordance (Harrell's), uno_c, auc (of those who end in the holdout against those who outlive it);
    - calibration_error (mean gap by decile), ici (mean gap to a smooth curve) and the ici_by_chance of perfect forecasts,
      expected_ends, observed_ends;
    - rows and holdout_days.
    """
    seen = Forecasts.of(fitted, features, outcomes)
    truth = seen.remaining, seen.ended
    score = brier_score(*truth, seen.churn, seen.days)
    base = float(calibration(*truth, seen.churn, seen.days, groups=1).observed[0])
    naive = brier_score(*truth, np.full(len(seen.churn), base), seen.days)
    lower, upper = seen.brier_interval()
    smooth = smooth_calibration(*truth, seen.churn, seen.days)
    return {
        "brier_score": score,
        "brier_score_lower": lower,
        "brier_score_upper": upper,
        "brier_skill": 1 - score / naive if naive > 0 else 0.0,
        "integrated_brier_score": seen.integrated_brier_score(fitted),
        "log_loss": log_loss(*truth, seen.churn, seen.days),
        "concordance": _order(lambda: concordance(*truth, seen.churn).index),
        "uno_c": _order(lambda: uno_concordance(*truth, seen.churn).index),
        "auc": _order(lambda: time_dependent_auc(*truth, seen.churn, np.array([seen.days])).mean),
        "calibration_error": seen.calibration().mean_error,
        "ici": smooth.ici,
        "ici_by_chance": smooth.ici_by_chance,
        "expected_ends": float(seen.churn.sum()),
        "observed_ends": float(seen.ended.sum()),
        "rows": float(len(seen.churn)),
        "holdout_days": seen.days,
    }


def _joined(features: pl.DataFrame, outcomes: pl.DataFrame, reason: str) -> pl.DataFrame:
    """Return the running spells' features with remaining_days and has_ended."""
    by_contract = "contract_id" in features.columns and "contract_id" in outcomes.columns
    keys = (CUSTOMER, CONTRACT) if by_contract else (CUSTOMER,)
    names = tuple(k.name for k in keys)
    before = check(features, Contract(name="features", key=names, columns=(*keys, DURATION, SO_FAR)))
    after = check(outcomes, Contract(name="outcomes", key=names, columns=(*keys, DURATION, EVENT)))
    running = ~before["event"].fill_null(value=False) if "event" in before.columns else pl.repeat(value=True, n=len(before), eager=True)
    rows = features.with_columns(before).filter(running)
    why = [outcomes[reason].cast(pl.String).alias(ENDED_BY)] if reason else []
    after = after.select(*names, pl.col("duration_days").alias("until"), pl.col("event").alias("has_ended"), *why)
    both = rows.join(after, on=names, how="inner", maintain_order="left")
    return both.with_columns((pl.col("until") - pl.col("duration_days")).alias("remaining_days")).drop("until")


def _order(measure: Callable[[], float]) -> float:
    """Return a measure of the order, or 0.5, that of chance, if no end makes a pair."""
    try:
        return measure()
    except NotEnoughEventsError:
        return 0.5
