"""Records of a fitted hazard by period, for plots and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.metrics.intervals import share_bounds
from relkit.models.survival.effects import effect_curves, effect_ratios

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats
    from relkit.models.covariates import Ratios
    from relkit.models.survival.discrete_competing_risks import FittedDiscreteCompetingRisks
    from relkit.models.survival.discrete_hazard import FittedDiscreteHazard
    from relkit.models.survival.effects import EffectCurve, Kind


@dataclass(frozen=True, eq=False)
class PeriodRates:
    """Probability of ending in a period of each level.

    Attributes:
        edges: shape (L + 1,), ages in days between levels; the last is the largest observed age.
        period_days: length of a period.
        seen: shape (L,), ends over trials of all spells.
        lower: shape (L,), Wilson's interval of `seen`.
        upper: shape (L,).
        fitted: shape (L,), of the model, for a customer at the mean of each covariate; or for all, if the model has no such customer.
        of_mean: whether `fitted` is that of the mean customer.
        level: of the interval.
    """

    edges: Floats
    period_days: float
    seen: Floats
    lower: Floats
    upper: Floats
    fitted: Floats
    of_mean: bool
    level: float


def rates_of(fitted: Any, ended: Floats, stayed: Floats, hazard: Floats, *, of_mean: bool = True) -> PeriodRates:
    """Return the rates of a model of periods.

    Args:
        fitted: a model with firsts, settings and last_days.
        ended: events by level, shape (L,).
        stayed: trials without such an end by level, shape (L,).
        hazard: of the model, shape (L,).
        of_mean: whether that is of the mean customer.
    """
    period, level = fitted.settings.period_days, fitted.settings.level
    trials = np.maximum(ended + stayed, 1e-12)
    seen = ended / trials
    end = max(fitted.last_days, (float(fitted.firsts[-1]) + 1) * period)
    edges = np.append(fitted.firsts * period, end)
    return PeriodRates(edges, period, seen, *share_bounds(seen, trials, level), hazard, of_mean, level)


def period_rates(fitted: FittedDiscreteHazard) -> PeriodRates:
    """Return the observed hazard by period, and that of a customer at the mean of each covariate."""
    rate = np.logaddexp(0.0, fitted.intercepts) if fitted.settings.link == "logit" else np.exp(fitted.intercepts)
    return rates_of(fitted, fitted.ended, fitted.stayed, -np.expm1(-rate))


def period_rates_by_cause(fitted: FittedDiscreteCompetingRisks) -> dict[str, PeriodRates]:
    """Return by cause the observed hazard by period, and that of a customer at the mean of each covariate."""
    parts = np.exp(np.minimum(fitted.intercepts, 30.0))
    hazard, ended = parts / (1 + parts.sum(axis=0)), fitted.ended
    others = fitted.stayed + ended.sum(axis=0)
    return {cause: rates_of(fitted, ended[k], others - ended[k], hazard[k]) for k, cause in enumerate(fitted.causes)}


def ratios_by_cause(fitted: FittedDiscreteCompetingRisks) -> dict[str, Ratios]:
    """Return by cause the odds ratios, against staying, of a step of each column."""
    K, d = fitted.coefficients.shape
    errors = np.sqrt(np.diag(fitted.covariance))[len(fitted.covariance) - K * d :].reshape(K, d)
    level = fitted.settings.level
    return {cause: effect_ratios(fitted.effects, fitted.coefficients[k], errors[k], level) for k, cause in enumerate(fitted.causes)}


def curves_by_cause(fitted: FittedDiscreteCompetingRisks) -> dict[str, tuple[EffectCurve, ...]]:
    """Return by cause the spline effects on the odds against staying."""
    K, d = fitted.coefficients.shape
    first, level = len(fitted.covariance) - K * d, fitted.settings.level
    covariance = fitted.covariance[first:, first:]
    own = [slice(k * d, (k + 1) * d) for k in range(K)]
    return {
        cause: effect_curves(fitted.effects, fitted.coefficients[k], covariance[own[k], own[k]], level, kind="odds")
        for k, cause in enumerate(fitted.causes)
    }


def coefficient_ratios(fitted: FittedDiscreteHazard) -> Ratios:
    """Return the odds ratios (logit) or hazard ratios (cloghlog) of a step of each column."""
    errors = np.sqrt(np.diag(fitted.covariance))[len(fitted.covariance) - len(fitted.coefficients) :]
    return effect_ratios(fitted.effects, fitted.coefficients, errors, fitted.settings.level)


def coefficient_curves(fitted: FittedDiscreteHazard) -> tuple[EffectCurve, ...]:
    """Return the spline effects on the odds (logit) or the hazard (cloghlog)."""
    first = len(fitted.covariance) - len(fitted.coefficients)
    kind: Kind = "odds" if fitted.settings.link == "logit" else "hazard"
    return effect_curves(fitted.effects, fitted.coefficients, fitted.covariance[first:, first:], fitted.settings.level, kind=kind)
