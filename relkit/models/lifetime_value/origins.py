"""Forecasts of the models of orders at past origins as a table, in orders and in money, and those that a model keeps of it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.lifetime_value.origin_totals import OriginTotals, totals_of
from relkit.models.lifetime_value.past_forecasts import PastForecasts, overlaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.comparison import Origin
    from relkit.models.lifetime_value.comparison import Judged
    from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead

Floats = NDArray[np.float64]

SCORES = {
    "log_score": "log_score",
    "crps": "crps",
    "rmse": "rmse",
    "poisson_deviance": "poisson_deviance",
    "mae_of_median": "mae_of_median",
    "gini": "normalised_gini",
}
"""Columns of the table with scores, and their names among the measures."""
ORIGINS = {
    "model": pl.String,
    "origin": pl.Date,
    "days": pl.Float64,
    "customers": pl.Int64,
    **dict.fromkeys(("forecast", "came", "forecast_money", "came_money"), pl.Float64),
    **dict.fromkeys(SCORES, pl.Float64),
    "overlaps": pl.Boolean,
}
"""Columns of the table: one row per model and origin. Totals are those of the customers judged."""


def origin_rows(origins: Sequence[Origin], judged: Sequence[Judged]) -> pl.DataFrame:
    """Return the forecasts and scores of each model at each origin.

    Money is the orders expected of each customer times the order value expected as of the origin; it is empty if that was not known.

    Args:
        origins: the newest first.
        judged: the forecasts at each.
    """
    rows: list[tuple[Any, ...]] = []
    days = [next(iter(origin.fitted.values())).info.as_of for origin in origins]
    over_newer = overlaps([(day, each.days) for day, each in zip(days, judged, strict=True)])
    for origin, each, day, over in zip(origins, judged, days, over_newer, strict=True):
        first, actual = next(iter(each.rows.values())), each.forecasts.actual
        values = None if origin.order_value is None else origin.order_value.expected_order_value(first)
        for name, forecast in each.by_name(origin.fitted).items():
            found, total = forecast.measures(actual), totals_of(forecast.expected, first, day, values)
            totals = (total.forecast, total.came, total.forecast_money, total.came_money)
            rows.append((name, day, each.days, len(actual), *totals, *(found[measure] for measure in SCORES.values()), over))
    return pl.DataFrame(rows, schema=ORIGINS, orient="row").fill_nan(None)


def past_forecasts_of(name: str, origins: pl.DataFrame) -> PastForecasts | None:
    """Return the forecasts of one model at past origins; None if it has none.

    Args:
        name: of the model.
        origins: as `origin_rows` returns them.
    """
    columns = [each.name for each in fields(OriginTotals)]
    own = origins.filter(pl.col("model") == name).select("origin", pl.col(columns).exclude("origin").fill_null(np.nan))
    return None if own.is_empty() else PastForecasts.of(OriginTotals(**row) for row in own.iter_rows(named=True))


def with_origins(fitted: Any, origins: pl.DataFrame) -> Any:
    """Return a model of orders with its own forecasts at past origins; others as they are."""
    if not hasattr(fitted, "with_past_forecasts"):
        return fitted
    ahead: PurchasesAhead = fitted
    return ahead.with_past_forecasts(past_forecasts_of(fitted.name, origins))
