"""Judging of propensities on outcomes that came later, or of customers who were not learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import NotEnoughEventsError, TableError
from relkit.metrics.binary_forecasts import (
    auc_interval,
    calibration_error,
    calibration_line,
    lift_interval,
    log_loss,
    losses,
    mean_interval,
)
from relkit.models.affinity.takers import CUSTOMER, contains

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]

TOP = 0.1
"""Share of the customers at which the lift is taken."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Forecast:
    """Forecasts of one product for those who did not hold it, and what they did.

    Attributes:
        product: its id.
        subject: the same as part of a name.
        probability: shape (n,).
        took: shape (n,).
        weight: how many customers of the population each stands for, shape (n,).
    """

    product: str
    subject: str
    probability: Floats
    took: NDArray[np.bool_]
    weight: Floats

    @property
    def base_rate(self) -> float:
        """Share that took it."""
        return float(np.average(self.took, weights=self.weight))


def forecasts(fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame, *, share: float = 1.0) -> tuple[Forecast, ...]:
    """Return the forecasts of each product with the outcomes.

    Args:
        fitted: a fitted propensity model.
        features: rows to score.
        outcomes: `taken` of the same customers, by customer_id; without one, of the same rows.
        share: to which those who did not take were thinned in both.

    Raises:
        TableError: neither customer_id nor the number of rows says which outcome belongs to which row.
        NotEnoughEventsError: no row has an outcome.
    """
    rows = _with_outcomes(features, outcomes)
    scored = fitted.score(rows)
    found = []
    for score, model in zip(fitted.scores, fitted.models, strict=True):
        values = scored[str(score)]
        is_open = values.is_not_null().to_numpy()
        took = contains(rows["taken"], model.product)[is_open]
        probability = values.drop_nulls().to_numpy()
        weight = np.where(took, 1.0, 1 / share)
        found.append(Forecast(product=model.product, subject=model.subject, probability=probability, took=took, weight=weight))
    return tuple(found)


def judge_takers(fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame, *, share: float = 1.0) -> dict[str, float]:
    """Return the metrics of the propensities, for each product (`_<product>` at the end of the name) and their means.

    - log_loss, its 95 % interval _lower and _upper, and log_loss_skill, the share of the loss of the observed share that is saved;
    - auc with its interval, and lift_at_10 with its interval: the share of takers among the best-scored tenth, over that of all;
    - calibration_error (mean gap by tenth), calibration_intercept and calibration_slope (0 and 1 if right);
    - expected_takers and observed_takers, over the population.

    A product that nobody took in the holdout, or everybody, has a log_loss only.

    Args:
        fitted: a fitted propensity model.
        features: rows to score.
        outcomes: `taken` of the same customers.
        share: to which those who did not take were thinned in both.
    """
    judged = forecasts(fitted, features, outcomes, share=share)
    measured = {each.subject: dict(_measured(each)) for each in judged if len(each.took)}
    if not measured:
        raise NotEnoughEventsError("nobody in the holdout was without these products.", where="outcomes")
    found = {f"{name}_{subject}": value for subject, metrics in measured.items() for name, value in metrics.items()}
    for name in ("log_loss", "log_loss_skill", "auc", "lift_at_10", "calibration_error"):
        values = [metrics[name] for metrics in measured.values() if name in metrics]
        found |= {name: float(np.mean(values))} if values else {}
    return found | {"products": float(len(measured)), "rows": float(len(features))}


def _measured(each: Forecast) -> Iterator[tuple[str, float]]:
    y, p, w = each.took, each.probability, each.weight
    loss = mean_interval(losses(y, p), w)
    yield from (("log_loss", loss.value), ("log_loss_lower", loss.lower), ("log_loss_upper", loss.upper))
    yield from (("expected_takers", float(w @ p)), ("observed_takers", float(w @ y)))
    if y.all() or not y.any():
        return
    chance = log_loss(y, np.full(len(y), each.base_rate), w)
    area, gain, (intercept, slope) = auc_interval(y, p), lift_interval(y, p, w, top=TOP), calibration_line(y, p, w)
    yield "log_loss_skill", 1 - loss.value / chance
    yield from (("auc", area.value), ("auc_lower", area.lower), ("auc_upper", area.upper))
    yield from (("lift_at_10", gain.value), ("lift_at_10_lower", gain.lower), ("lift_at_10_upper", gain.upper))
    yield from (("calibration_error", calibration_error(y, p, w)), ("calibration_intercept", intercept), ("calibration_slope", slope))


def _with_outcomes(features: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose outcome is known, with `taken`."""
    if "taken" not in outcomes.columns:
        raise TableError("column 'taken' is missing.", where="outcomes", remedy="Give the products that each customer took, as a list.")
    own = features.drop("taken", strict=False)
    if CUSTOMER.name in own.columns and CUSTOMER.name in outcomes.columns:
        later = outcomes.select(pl.col(CUSTOMER.name).cast(pl.String), "taken")
        rows = own.with_columns(pl.col(CUSTOMER.name).cast(pl.String)).join(later, on=CUSTOMER.name, how="inner", maintain_order="left")
    elif len(own) == len(outcomes):
        rows = own.with_columns(outcomes["taken"])
    else:
        rows_given = f"{len(outcomes):,} outcomes for {len(own):,} rows without customer_id"
        raise TableError(f"{rows_given}: which belongs to which?", where="outcomes", remedy="Give both with customer_id, or as many rows.")
    known = rows.filter(pl.col("taken").is_not_null())
    if known.is_empty():
        raise NotEnoughEventsError(
            "no row has an outcome yet.", where="outcomes", remedy="Give a holdout that is not shorter than horizon_days."
        )
    return known
