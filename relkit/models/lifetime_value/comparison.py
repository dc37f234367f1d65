"""Comparison of models of repeat purchases on one holdout; the selection rule is in `relkit.models.comparison`."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import RelkitError
from relkit.metrics.forecasts import MEASURES, Forecast, measured
from relkit.metrics.purchases import calibration_by_frequency
from relkit.models.comparison import COURSE, GROUPS, ModelComparison, Trialled, Yardstick, compared, must_be_some
from relkit.models.lifetime_value.purchases import meet_outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

YARDSTICK = Yardstick(
    measures=MEASURES,
    error="mae",
    called="MAE",
    shown={
        "mae": "MAE",
        "total_ratio": "total / seen",
        "log_score": "log-score",
        "calibration_error": "calibration error",
        "top_decile_lift": "top decile lift",
        "normalised_gini": "Gini",
    },
)


def compare_models(
    fitted: Mapping[str, Any],
    features: Mapping[str, pl.DataFrame],
    outcomes: pl.DataFrame,
    *,
    past: pl.DataFrame | None = None,
    replicates: int = 200,
    seed: int = 0,
) -> ModelComparison:
    """Return the comparison of fitted models on what happened after their fit, and the one that the rule selects.

    They are judged on the customers that all of them can score.

    Args:
        fitted: models by name, all fitted as of the same day.
        features: what each reads, as of that day, by the same names.
        outcomes: customer_id, holdout_purchases, holdout_days, as `Model.judge` takes them.
        past: customer_id, day of all purchases, the holdout's included, for the course of purchases over time.
        replicates: resamples of the customers.
        seed: of the resamples.

    Raises:
        ParameterError: no model was given.
    """
    must_be_some(fitted)
    columns = ("holdout_purchases", "holdout_days")
    met = {name: meet_outcomes(features[name], outcomes, columns) for name in fitted}
    both = _in_common(met)
    first = next(iter(both.values()))
    actual, days = first["holdout_purchases"].cast(pl.Int64).to_numpy(), float(first["holdout_days"][0])
    frequency = first["repeat_purchases"].to_numpy()
    forecasts = {name: forecast_of(model, both[name], actual, days) for name, model in fitted.items()}
    trial = Trialled(
        fitted=fitted,
        parameters={name: len(model.coordinates) for name, model in fitted.items()},
        measured=measured(actual, list(forecasts.values()), frequency=frequency, replicates=replicates, seed=seed),
        customers=len(actual),
        days=days,
        groups=_groups(forecasts, frequency, actual),
        course=_course(fitted, past, days),
    )
    return compared(trial, YARDSTICK)


def _in_common(rows: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the rows of customers in all of the frames, in the same order: some lack the covariates of a model."""
    known = reduce(lambda ids, frame: ids.join(frame, on="customer_id", how="semi"), rows.values()).select("customer_id")
    return {name: frame.join(known, on="customer_id", how="semi").sort("customer_id") for name, frame in rows.items()}


def forecast_of(fitted: Any, features: pl.DataFrame, actual: NDArray[Any], days: float) -> Forecast:
    """Return a model's forecast of customers for the days ahead, with the probability it gave to what they did."""
    return Forecast(fitted.expected_purchases(features, days), fitted.purchases_probability(features, actual, days))


def _groups(forecasts: Mapping[str, Forecast], frequency: NDArray[Any], actual: NDArray[Any]) -> pl.DataFrame:
    """Return purchases by repeat purchases before the holdout."""
    found = {name: calibration_by_frequency(frequency, actual, forecast.expected) for name, forecast in forecasts.items()}
    return pl.concat(
        pl.DataFrame(
            {"model": name, "group": by.labels, "customers": by.customers, "expected": by.predicted, "seen": by.actual}, schema=GROUPS
        )
        for name, by in found.items()
    )


def _course(fitted: Mapping[str, Any], past: pl.DataFrame | None, days: float) -> pl.DataFrame:
    """Return purchases week by week since the start; a model without forecasts of new customers is left out, as are too few days."""
    from relkit.models.lifetime_value.diagnostics import purchase_tracking  # loads scipy, which the declaration of the family does without

    found = [pl.DataFrame(schema=COURSE)]
    for name, model in fitted.items() if past is not None else ():
        day = model.info.as_of
        try:
            by = purchase_tracking(model, past, until=day + timedelta(days=days))  # type: ignore[arg-type]  # not None here
        except RelkitError:
            continue
        columns = {"model": name, "day": by.ends, "expected": by.expected, "seen": by.actual, "calibration": day}
        found.append(pl.DataFrame(columns, schema=COURSE, strict=False))
    return pl.concat(found)
