"""Judging of models that distinguish causes: on ends of any cause, as all others, and on those by each cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from relkit.metrics.censoring import in_view_weights
from relkit.models.base import CustomerScorer
from relkit.models.survival.causes import UNKNOWN, name_of
from relkit.models.survival.judging import ENDED_BY, Forecasts, JudgedByEnds, judge_ends

if TYPE_CHECKING:
    import polars as pl

    from relkit.metrics.risk_sets import Floats


class TellsCauses(CustomerScorer, Protocol):
    """A fitted model of the probability of ending by each cause."""

    @property
    def causes(self) -> tuple[str, ...]:
        """Causes of the ends of spells."""

    def incidence_ahead(self, features: pl.DataFrame, days: list[float], *, cause: str) -> Floats:
        """Return the probability of ending by a cause within each number of days, shape (n, m)."""


class JudgedByCauses(JudgedByEnds):
    """Settings of a model that distinguishes causes, judged by ends of any cause, and by those of each."""

    @property
    def reason(self) -> str:
        """Column that says why a spell ended."""
        raise NotImplementedError

    def judge(self, fitted: CustomerScorer, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return the metrics of the days after calibration, of ends of any cause and by each (see `judge_causes`)."""
        return judge_causes(cast("TellsCauses", fitted), features, outcomes, self.reason)


def judge_causes(fitted: TellsCauses, features: pl.DataFrame, outcomes: pl.DataFrame, reason: str) -> dict[str, float]:
    """Return the metrics of `judge_ends` and, if the outcomes have the reason, those of each cause.

    - brier_score_{cause}, with weights for censoring (ends by other causes are known not to be by this one);
    - brier_skill_{cause}, the share of the score of the observed rate that is saved;
    - expected_ends_{cause}, observed_ends_{cause}.

    Args:
        fitted: the model.
        features: as of calibration.
        outcomes: the same spells as known at the end of the holdout.
        reason: the column of `outcomes` that says why a spell ended; causes unknown to the model count for none of its own.
    """
    found = judge_ends(fitted, features, outcomes)
    if reason not in outcomes.columns:
        return found
    seen = Forecasts.of(fitted, features, outcomes, reason=reason)
    weights = in_view_weights(seen.remaining, seen.ended, seen.days)
    why = seen.rows[ENDED_BY].fill_null(UNKNOWN)
    for cause in fitted.causes:
        mine = seen.ended & (why == cause).to_numpy()
        share = fitted.incidence_ahead(seen.rows, [float(np.ceil(seen.days))], cause=cause)[:, 0]
        score, rate = float(np.mean(weights * (mine - share) ** 2)), float(np.average(mine, weights=weights))
        naive, name = float(np.mean(weights * (mine - rate) ** 2)), name_of(cause)
        found[f"brier_score_{name}"] = score
        found[f"brier_skill_{name}"] = 1 - score / naive if naive > 0 else 0.0
        found[f"expected_ends_{name}"] = float(share.sum())
        found[f"observed_ends_{name}"] = float(mine.sum())
    return found
