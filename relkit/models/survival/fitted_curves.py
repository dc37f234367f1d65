"""Records of a fitted parametric survival model over a whole population, for plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.models.survival.effects import effect_curves, effect_ratios
from relkit.models.survival.kaplan_meier import KaplanMeier

if TYPE_CHECKING:
    from relkit.models.covariates import Ratios
    from relkit.models.survival.curve import SurvivalCurve
    from relkit.models.survival.effects import EffectCurve

Floats = NDArray[np.float64]

_MOST_ROWS = 5_000
_AGES = 80


@dataclass(frozen=True, eq=False)
class FittedCurve:
    """Observed and fitted survival of a population.

    Attributes:
        observed: Kaplan-Meier's curve.
        days: shape (m,), ages.
        survival: shape (m,), the mean of the fitted curves.
    """

    observed: SurvivalCurve
    days: Floats
    survival: Floats


def fitted_curve(fitted: Any, features: pl.DataFrame) -> FittedCurve:
    """Return the mean of the fitted curves of spells alongside their Kaplan-Meier curve.

    A spell with late entry also counts for those like it that ended before: its weight is one over its survival until entry.

    Args:
        fitted: a model with `survival` of the family.
        features: the spells of the fit, with duration_days and event.
    """
    level, column = fitted.settings.level, fitted.settings.weight_column
    observed = KaplanMeier(level=level, weight_column=column).fit(features, as_of=fitted.info.as_of).curve()
    days = np.linspace(0.0, observed.domain[1], _AGES)
    few = features[:: max(1, len(features) // _MOST_ROWS)]
    few = few.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))
    curves = fitted.survival(few, days)["survival"].to_numpy().reshape(len(few), len(days))
    weights = few[column].cast(float).to_numpy() if column else np.ones(len(few))
    if "entry_days" in few.columns:
        entry = few["entry_days"].fill_null(0.0).cast(float).to_numpy()
        until = np.array([np.interp(at, days, curve) for at, curve in zip(entry, curves, strict=True)])
        weights = weights / np.maximum(until, 1e-3)
    return FittedCurve(observed, days, np.average(curves, axis=0, weights=weights))


def odds_of_leaving(fitted: Any) -> Ratios:
    """Return the odds ratio of ever leaving for a step of each covariate, of a mixture cure model."""
    errors = np.sqrt(np.diag(fitted.covariance))[: len(fitted.leaving) - 1]
    return effect_ratios(fitted.effects, fitted.leaving[:-1], errors, fitted.settings.level)


def leaving_curves(fitted: Any) -> tuple[EffectCurve, ...]:
    """Return the spline effects of a mixture cure model: on the odds of ever leaving, then on the time to leave of those who do."""
    q, level = len(fitted.leaving) - 1, fitted.settings.level
    odds = effect_curves(fitted.effects, fitted.leaving[:-1], fitted.covariance[:q, :q], level, kind="leaving")
    time = fitted.covariance[q + 1 :, q + 1 :]
    return odds + effect_curves(fitted.latency_effects, fitted.latency[:-1], time, level, kind="time")


def rate_ratios(fitted: Any) -> Ratios:
    """Return the hazard ratio of a step of each covariate, of a piecewise exponential model."""
    errors = np.sqrt(np.diag(fitted.covariance))[len(fitted.log_rates) :]
    return effect_ratios(fitted.effects, fitted.coefficients, errors, fitted.settings.level)


def rate_curves(fitted: Any) -> tuple[EffectCurve, ...]:
    """Return the spline effects on the risk, of a piecewise exponential model."""
    first = len(fitted.log_rates)
    return effect_curves(fitted.effects, fitted.coefficients, fitted.covariance[first:, first:], fitted.settings.level, kind="hazard")


def time_ratios(fitted: Any) -> Ratios:
    """Return the time ratio of a step of each covariate, of an accelerated failure time model."""
    errors = np.sqrt(np.diag(fitted.covariance))[: len(fitted.location) - 1]
    return effect_ratios(fitted.effects, fitted.location[:-1], errors, fitted.settings.level)


def time_curves(fitted: Any) -> tuple[EffectCurve, ...]:
    """Return the spline effects on lifetimes, of an accelerated failure time model."""
    return effect_curves(fitted.effects, fitted.location[:-1], fitted.covariance, fitted.settings.level, kind="time")
