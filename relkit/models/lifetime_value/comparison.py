"""Comparison of models of repeat purchases at past origins; the selection rule is in `relkit.models.comparison`."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import RelkitError
from relkit.metrics.forecasts import MEASURES, Forecast, Forecasts, measured
from relkit.metrics.purchases import calibration_by_frequency
from relkit.models.comparison import COURSE, GROUPS, ModelComparison, Origin, Trialled, Yardstick, compared, must_be_some
from relkit.models.lifetime_value.purchases import meet_outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

YARDSTICK = Yardstick(
    measures=MEASURES,
    error="crps",
    called="CRPS",
    shown={
        "log_score": "log-score",
        "crps": "CRPS",
        "mae_of_median": "MAE of median",
        "rmse": "RMSE",
        "total_ratio": "total / seen",
        "normalised_gini": "Gini",
    },
    digits={"log_score": 4},
    preferred="lifetime_value.pooled",
    ties="log_score",
    # Totals miss by a sixth from one origin to the next (`past_forecasts.PRIOR_SPREADS`): a third of that is no difference.
    total_matters=0.05,
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
    return compare_origins([Origin(fitted=fitted, features=features, outcomes=outcomes, past=past)], replicates=replicates, seed=seed)


def compare_origins(origins: Sequence[Origin], *, replicates: int = 200, seed: int = 0) -> ModelComparison:
    """Return the comparison of models at several past origins, and the one that the rule selects.

    At each origin they are judged on the customers that all of them can score; measures are averaged over the origins, and resamples draw
    customers with all their origins. CRPS and medians are those of 5,000 customers if there are more.

    Args:
        origins: the newest first; the same models at each, fitted to what was known then.
        replicates: resamples of the customers.
        seed: of the resamples.

    Raises:
        ParameterError: no model was given.
    """
    from relkit.models.lifetime_value.origins import origin_rows  # loads the spend model, which the declaration of the family does without

    must_be_some(origins[0].fitted)
    judged = _judged(origins)
    newest, fitted = judged[0], origins[0].fitted
    trial = Trialled(
        fitted=fitted,
        parameters={name: len(getattr(model, "coordinates", ())) for name, model in fitted.items()},
        measured=measured([each.forecasts for each in judged], replicates=replicates, seed=seed),
        customers=len(newest.forecasts.actual),
        days=newest.days,
        groups=_groups(newest.by_name(fitted), newest.frequency, newest.forecasts.actual),
        course=_course(fitted, origins[0].past, newest.days),
        bars=tuple(name for name, model in fitted.items() if getattr(getattr(model, "settings", None), "is_bar", False)),
        origins=origin_rows(origins, judged),
    )
    return compared(trial, YARDSTICK)


class Judged:
    """The forecasts of all models at one origin.

    Attributes:
        rows: what each model reads, of the customers in common, in the same order, with their outcomes.
        days: horizon.
        forecasts: of the models, in their order.
        frequency: repeat purchases by then, shape (n,).
    """

    def __init__(self, origin: Origin, rows: Mapping[str, pl.DataFrame], place: pl.DataFrame) -> None:
        first = next(iter(rows.values()))
        self.rows, self.days = rows, float(first["holdout_days"][0])
        self.frequency: NDArray[Any] = first["repeat_purchases"].to_numpy()
        at = first.select("customer_id").join(place, on="customer_id", how="left", maintain_order="left")
        whole = at["is_drawn"].to_numpy()
        self.forecasts = Forecasts(
            customer=at["place"].cast(pl.Int64).to_numpy(),
            actual=first["holdout_purchases"].cast(pl.Float64).to_numpy(),
            models=[_forecast(model, rows[name], self.days, whole) for name, model in origin.fitted.items()],
        )

    def by_name(self, fitted: Mapping[str, Any]) -> dict[str, Forecast]:
        """Return the forecasts by model."""
        return dict(zip(fitted, self.forecasts.models, strict=True))


def _forecast(model: Any, rows: pl.DataFrame, days: float, whole: NDArray[np.bool_]) -> Forecast:
    from relkit.models.lifetime_value.judging import forecast_of

    return forecast_of(model, rows, days, whole=whole)


def _judged(origins: Sequence[Origin]) -> list[Judged]:
    """Return the forecasts at each origin, the customers numbered over all of them."""
    from relkit.models.lifetime_value.judging import drawn_rows

    columns = ("holdout_purchases", "holdout_days")
    money = ("holdout_mean_value",) if all("holdout_mean_value" in origin.outcomes.columns for origin in origins) else ()
    met = [
        _in_common({name: meet_outcomes(origin.features[name], origin.outcomes, columns + money) for name in origin.fitted})
        for origin in origins
    ]
    ids = pl.concat([next(iter(rows.values())).select("customer_id") for rows in met]).unique().sort("customer_id")
    place = ids.with_row_index("place").with_columns(is_drawn=pl.Series(drawn_rows(len(ids)), dtype=pl.Boolean))
    return [Judged(origin, rows, place) for origin, rows in zip(origins, met, strict=True)]


def _in_common(rows: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the rows of customers in all of the frames, in the same order: some lack the covariates of a model."""
    known = reduce(lambda ids, frame: ids.join(frame, on="customer_id", how="semi"), rows.values()).select("customer_id")
    return {name: frame.join(known, on="customer_id", how="semi").sort("customer_id") for name, frame in rows.items()}


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
        if not hasattr(model, "expected_purchases_new"):
            continue
        try:
            by = purchase_tracking(model, past, until=day + timedelta(days=days))  # type: ignore[arg-type]  # not None here
        except RelkitError:
            continue
        columns = {"model": name, "day": by.ends, "expected": by.expected, "seen": by.actual, "calibration": day}
        found.append(pl.DataFrame(columns, schema=COURSE, strict=False))
    return pl.concat(found)
