"""Records of a fitted Cox regression for plots and reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.survival.effects import effect_curves, effect_ratios
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.metrics.risk_sets import Floats
    from relkit.models.covariates import Covariate, Ratios
    from relkit.models.survival.cox import FittedCox
    from relkit.models.survival.effects import EffectCurve
    from relkit.models.survival.fine_gray import FittedFineGray


def hazard_ratios(fitted: FittedCox | FittedFineGray) -> Ratios:
    """Return the hazard ratio of a step of each covariate, the strongest first in either direction."""
    known = fitted.known or tuple(_of_old(fitted))
    errors = np.sqrt(np.diag(fitted.covariance))
    return effect_ratios(known, fitted.coefficients, errors, fitted.settings.level, steps=fitted.scales)


def _of_old(fitted: FittedCox | FittedFineGray) -> Iterator[Covariate]:
    """Yield the covariates of an older saved model: a column is 0 and 1 if its variance is that of one."""
    flags = np.isclose(fitted.scales**2, fitted.means * (1 - fitted.means), rtol=1e-9, atol=0)
    for covariate, flag in zip(fitted.covariates, flags, strict=True):
        yield replace(covariate, is_flag=bool(flag))


def hazard_curves(fitted: FittedCox | FittedFineGray) -> tuple[EffectCurve, ...]:
    """Return the spline effects on the hazard."""
    return effect_curves(fitted.covariates, fitted.coefficients, fitted.covariance, fitted.settings.level, kind="hazard")


@dataclass(frozen=True, eq=False)
class BaselineRates:
    """Probability of ending within the next step of age, a month by default, for a customer at the mean of each covariate.

    Attributes:
        edges: shape (k + 1,), ages in days.
        probability: shape (k,), of ending between two edges when alive at the first.
        at_risk: shape (k,), spells at risk just after the first edge.
    """

    edges: Floats
    probability: Floats
    at_risk: Floats


def baseline_rates(fitted: FittedCox, *, step_days: float = DAYS_PER_MONTH) -> BaselineRates:
    """Return the baseline probability of ending by age, in steps that lie wholly within what was observed."""
    last = fitted.domain[1]
    edges = np.arange(0.0, last + 1e-9, step_days) if last >= step_days else np.array([0.0, last])
    hazard = np.diff(fitted.cumulative_baseline(edges))
    days, at_risk = fitted.baseline["days"].to_numpy(), fitted.baseline["at_risk"].to_numpy()
    position = np.searchsorted(days, edges[:-1], side="right")
    return BaselineRates(edges, -np.expm1(-hazard), at_risk[np.minimum(position, len(days) - 1)])
