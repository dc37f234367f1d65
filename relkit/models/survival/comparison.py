"""Comparison of models of contracts on one holdout; the rule of selection is in `relkit.models.comparison`.

All forecast the same thing: for each contract running at calibration, the probability that it outlives each of ten steps of
the following days. So models in continuous time, models by month and step functions can be compared.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.metrics.calibration import quantile_groups
from relkit.metrics.end_forecasts import MEASURES, EndForecast, Seen, measured_ends
from relkit.models.comparison import COURSE, GROUPS, ModelComparison, Trialled, Yardstick, compared, must_be_some
from relkit.models.survival.judging import Forecasts

if TYPE_CHECKING:
    from collections.abc import Mapping

YARDSTICK = Yardstick(
    measures=MEASURES,
    error="integrated_brier_score",
    called="integrated Brier score",
    shown={
        "integrated_brier_score": "integrated Brier score",
        "brier_score": "Brier score on the last day",
        "total_ratio": "ends / seen",
        "log_score": "log-score",
        "uno_c": "C",
        "ici": "ICI",
    },
    digits={"integrated_brier_score": 4, "brier_score": 4},
)
_TENTHS, _LEAST_IN_GROUP = 10, 10


def compare_models(
    fitted: Mapping[str, Any],
    features: Mapping[str, pl.DataFrame],
    outcomes: pl.DataFrame,
    *,
    past: pl.DataFrame | None = None,  # noqa: ARG001 same signature in all families
    replicates: int = 200,
    seed: int = 0,
) -> ModelComparison:
    """Return the comparison of fitted models on what happened after the fit, and the one that the rule selects.

    They are judged on the contracts that every one of them can score.

    Args:
        fitted: models by name, all fitted as of the same day.
        features: what each scores, as of that day, by the same names.
        outcomes: as `Model.judge` takes them.
        past: not read; for contracts the outcomes suffice.
        replicates: resamples of the customers.
        seed: of the resamples.

    Raises:
        ParameterError: no model was given.
        NotEnoughEventsError: no contract was observed in the holdout.
    """
    must_be_some(fitted)
    rows, seen, forecasts = _in_common(features), None, {}
    for name, model in fitted.items():
        met = Forecasts.of(model, rows[name], outcomes)
        seen = seen or Seen.of(met.remaining, met.ended, met.ages)
        forecasts[name] = EndForecast.of(seen, model.survival_ahead(met.rows, seen.steps))
    assert seen is not None
    trial = Trialled(
        fitted=fitted,
        parameters={name: parameters_of(model) for name, model in fitted.items()},
        measured=measured_ends(seen, list(forecasts.values()), replicates=replicates, seed=seed),
        customers=len(seen.remaining),
        days=float(seen.steps[-1]),
        groups=_groups(seen, forecasts),
        course=_course(seen, forecasts, fitted),
    )
    return compared(trial, YARDSTICK)


def parameters_of(fitted: Any) -> int:
    """Return the number of parameters of a model, apart from a baseline that is free at every age.

    A partial likelihood has the coefficients alone, so that the baseline of Cox counts as little as the curve of
    Kaplan-Meier. Of trees every leaf counts.
    """
    if hasattr(fitted, "trees"):
        return len(fitted.trees.gain) - int((fitted.trees.gain > 0).sum())
    return len(getattr(fitted, "coordinates", getattr(fitted, "coefficients", ())))


def _in_common(features: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the rows of contracts that all of the frames have, in the same order."""
    first, *others = features.values()
    keys = [name for name in ("customer_id", "contract_id") if all(name in frame.columns for frame in (first, *others))]
    known = first.select(keys)
    for frame in others:
        known = known.join(frame.select(keys), on=keys, how="semi")
    return {name: frame.join(known, on=keys, how="semi").sort(keys) for name, frame in features.items()}


def _groups(seen: Seen, forecasts: Mapping[str, EndForecast]) -> pl.DataFrame:
    """Return the shares that ended by tenth of the mean forecast of all models, most at risk first; none has under ten contracts."""
    together = np.mean([forecast.churn for forecast in forecasts.values()], axis=0)
    tenths = max(1, min(_TENTHS, len(together) // _LEAST_IN_GROUP))
    group = np.unique(quantile_groups(-together, tenths), return_inverse=True)[1]
    size, weight = np.bincount(group), np.bincount(group, seen.weights[:, -1])
    gone = np.bincount(group, seen.weights[:, -1] * seen.gone[:, -1])
    share = np.divide(gone, weight, out=np.zeros(len(size)), where=weight > 0)
    columns = {"group": [str(i + 1) for i in range(len(size))], "customers": size, "seen": share}
    return pl.concat(
        pl.DataFrame({"model": name, **columns, "expected": np.bincount(group, forecast.churn) / size}, schema_overrides=GROUPS).select(
            *GROUPS
        )
        for name, forecast in forecasts.items()
    )


def _course(seen: Seen, forecasts: Mapping[str, EndForecast], fitted: Mapping[str, Any]) -> pl.DataFrame:
    """Return the ends at each step of the holdout."""
    ended = (seen.weights * seen.gone).sum(axis=0)
    found = []
    for name, forecast in forecasts.items():
        day = fitted[name].info.as_of
        columns = {"model": name, "day": [day + timedelta(days=step) for step in seen.steps.tolist()], "calibration": day}
        columns |= {"expected": np.diff(forecast.ended_by, prepend=0.0), "seen": np.diff(ended, prepend=0.0)}
        found.append(pl.DataFrame(columns, schema_overrides=COURSE).select(*COURSE))
    return pl.concat(found)
