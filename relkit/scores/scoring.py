"""Scoring with one model: fitted model and features in, score table out.

    score_model(fitted, features, kinds=role.scores, as_of=day, source=version)     the result of the model's `score`, with intervals

The margin ahead rests on several models: `relkit.scores.expected_margin`. A row without a value that the model requires is
not scored: `scorable` sets it aside, to be counted and reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.models.survival.causes import name_of
from relkit.scores.intervals import score_bounds
from relkit.scores.score_table import to_long
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.base import CustomerScorer
    from relkit.score_kinds import Score, ScoreKind
    from relkit.scores.score_table import ScoreTable, Source


def scorable(features: pl.DataFrame, needs: Contract) -> tuple[pl.DataFrame, int]:
    """Return the rows with all the values that a model requires, and the number set aside.

    A missing column is left to the model's own contract, which names it.

    Examples:
        >>> import polars as pl
        >>> from relkit.contracts import Column, Contract
        >>> needs = Contract(name="m", key=(), columns=(Column(name="monthly_amount", dtype=pl.Float64, required=True, nullable=False),))
        >>> kept, aside = scorable(pl.DataFrame({"customer_id": ["a", "b"], "monthly_amount": [10.0, None]}), needs)
        >>> kept["customer_id"].to_list(), aside
        (['a'], 1)
    """
    must = [column.name for column in needs.columns if not column.nullable and column.name in features.columns]
    kept = features.drop_nulls(must) if must else features
    return kept, len(features) - len(kept)


def score_model(
    fitted: CustomerScorer,
    features: pl.DataFrame,
    *,
    kinds: Iterable[ScoreKind],
    as_of: date,
    source: Source,
    horizon_days: int = HORIZON_DAYS,
    intervals: bool = True,
) -> ScoreTable:
    """Return the score table of one model.

    Args:
        fitted: a fitted model that scores customers.
        features: one row per customer, as of `as_of`, with the columns the model needs.
        kinds: kinds of the scores that models of its role give; other columns (a hazard ratio, say) are for analysts.
        as_of: day of the features.
        source: the version of the model.
        horizon_days: horizon of the scores that have one.
        intervals: also compute bounds, if the model has some: a model of k parameters then scores 2k + 1 times.

    Raises:
        TableError: a column is missing or invalid, or a score is.
    """
    wide = fitted.score(features, horizon_days=horizon_days)
    known = scores_given(fitted, kinds, horizon_days)
    bounds = score_bounds(fitted, features, wide, known, horizon_days=horizon_days) if intervals else None
    return to_long(wide, known, as_of=as_of, source=source, bounds=bounds)


def scores_given(fitted: object, kinds: Iterable[ScoreKind], horizon_days: int) -> dict[Score, ScoreKind]:
    """Return the scores that a fitted model may give at a horizon, including those of single reasons if it distinguishes them.

    Scores by subject (a product, say) are those that the model names, at its own horizon.

    Examples:
        >>> from relkit.score_kinds import ScoreKind
        >>> class Fitted:
        ...     causes = ("Price",)
        >>> churn = ScoreKind(stem="churn_probability", horizon="days", high=1.0, by_reason=True)
        >>> [str(score) for score in scores_given(Fitted(), [churn], 90)]
        ['churn_probability_90d', 'churn_probability_90d_price']
    """
    reasons = ["", *(name_of(cause) for cause in getattr(fitted, "causes", ()))]
    found: dict[Score, ScoreKind] = {}
    for kind in kinds:
        if kind.by_subject:
            found |= {score: kind for score in getattr(fitted, "scores", ()) if kind.includes(score)}
        else:
            found |= {kind.at(horizon_days, reason): kind for reason in (reasons if kind.by_reason else [""])}
    return found
