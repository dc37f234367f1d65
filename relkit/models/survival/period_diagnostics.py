"""What a fitted hazard by period says, in small records for plots and reports."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models.covariates import Ratios, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats
    from relkit.models.covariates import Covariate
    from relkit.models.survival.discrete_competing_risks import FittedDiscreteCompetingRisks
    from relkit.models.survival.discrete_hazard import FittedDiscreteHazard


@dataclass(frozen=True, eq=False)
class PeriodRates:
    """Probability of ending in a period of each level.

    Attributes:
        edges: shape (L + 1,), ages in days between levels; the last is the largest age seen.
        period_days: length of a period.
        seen: shape (L,), ends over trials of all spells.
        lower: shape (L,), Wilson's interval of `seen`.
        upper: shape (L,).
        fitted: shape (L,), of the model, for a customer at the mean of each covariate; or for all, where the model has no such customer.
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
        fitted: it has firsts, settings and last_days.
        ended: ends by level, shape (L,).
        stayed: trials without such an end by level, shape (L,).
        hazard: of the model, shape (L,).
        of_mean: whether that is of the mean customer.
    """
    period, level = fitted.settings.period_days, fitted.settings.level
    trials = np.maximum(ended + stayed, 1e-12)
    seen = ended / trials
    z = NormalDist().inv_cdf(0.5 + level / 2)
    middle = (seen + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(seen * (1 - seen) / trials + z**2 / (4 * trials**2))
    end = max(fitted.last_days, (float(fitted.firsts[-1]) + 1) * period)
    edges = np.append(fitted.firsts * period, end)
    lower, upper = np.minimum(np.maximum(middle - half, 0.0), seen), np.maximum(np.minimum(middle + half, 1.0), seen)
    return PeriodRates(edges, period, seen, lower, upper, hazard, of_mean, level)


def period_rates(fitted: FittedDiscreteHazard) -> PeriodRates:
    """Return the seen hazard by period, and that of a customer at the mean of each covariate."""
    rate = np.logaddexp(0.0, fitted.intercepts) if fitted.settings.link == "logit" else np.exp(fitted.intercepts)
    return rates_of(fitted, fitted.ended, fitted.stayed, -np.expm1(-rate))


def period_rates_by_cause(fitted: FittedDiscreteCompetingRisks) -> dict[str, PeriodRates]:
    """Return by cause the seen hazard by period, and that of a customer at the mean of each covariate."""
    parts = np.exp(np.minimum(fitted.intercepts, 30.0))
    hazard, ended = parts / (1 + parts.sum(axis=0)), fitted.ended
    others = fitted.stayed + ended.sum(axis=0)
    return {cause: rates_of(fitted, ended[k], others - ended[k], hazard[k]) for k, cause in enumerate(fitted.causes)}


def ratios_by_cause(fitted: FittedDiscreteCompetingRisks) -> dict[str, Ratios]:
    """Return by cause the odds ratios, against staying, of a step of each column."""
    K, d = fitted.coefficients.shape
    errors = np.sqrt(np.diag(fitted.covariance))[-K * d :].reshape(K, d)
    level = fitted.settings.level
    return {cause: effect_ratios(fitted.effects, fitted.coefficients[k], errors[k], level) for k, cause in enumerate(fitted.causes)}


def effect_ratios(effects: Sequence[Covariate], coefficients: Floats, errors: Floats, level: float) -> Ratios:
    """Return the ratio of odds or hazards for a step of each column, the strongest first, whichever its direction.

    Args:
        effects: the covariates.
        coefficients: shape (d,).
        errors: their standard errors, shape (d,).
        level: of the intervals.
    """
    flag: NDArray[np.bool_] = np.array([bool(c.levels) or c.is_flag for c in effects for _ in c.columns], dtype=bool)
    step = np.where(flag, 1.0, [c.spread for c in effects for _ in c.columns])
    effect, reach = coefficients * step, NormalDist().inv_cdf(0.5 + level / 2) * errors * step
    order = np.argsort(-np.abs(effect), kind="stable")
    ratio, lower, upper = (np.exp(log[order]) for log in (effect, effect - reach, effect + reach))
    names = column_names(effects)
    return Ratios(tuple(names[i] for i in order), step[order], flag[order], ratio, lower, upper, level)


def coefficient_ratios(fitted: FittedDiscreteHazard) -> Ratios:
    """Return the odds ratios (logit) or hazard ratios (cloghlog) of a step of each column."""
    errors = np.sqrt(np.diag(fitted.covariance))[-len(fitted.coefficients) :]
    return effect_ratios(fitted.effects, fitted.coefficients, errors, fitted.settings.level)
