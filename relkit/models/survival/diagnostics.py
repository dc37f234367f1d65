"""What a fitted Cox regression says, in small records for plots and reports."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.covariates import Ratios

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Floats
    from relkit.models.survival.cox import FittedCox

MONTH = 30.0


def hazard_ratios(fitted: FittedCox) -> Ratios:
    """Return how much likelier an end is, at any age, for a step of each covariate, the strongest first, whichever its direction."""
    flag = np.isclose(fitted.scales**2, fitted.means * (1 - fitted.means), rtol=1e-9, atol=0)
    step = np.where(flag, 1.0, fitted.scales)
    effect = fitted.coefficients * step
    reach = NormalDist().inv_cdf(0.5 + fitted.settings.level / 2) * np.sqrt(np.diag(fitted.covariance)) * step
    order = np.argsort(-np.abs(effect), kind="stable")
    ratio, lower, upper = (np.exp(log[order]) for log in (effect, effect - reach, effect + reach))
    terms = tuple(fitted.terms[i] for i in order)
    return Ratios(terms, step[order], flag[order], ratio, lower, upper, fitted.settings.level)


@dataclass(frozen=True, eq=False)
class BaselineRates:
    """Probability of ending within the next 30 days by age, for a customer at the mean of each covariate.

    Attributes:
        edges: shape (k + 1,), ages in days.
        probability: shape (k,), of ending between two edges when alive at the first.
        at_risk: shape (k,), spells at risk just after the first edge.
    """

    edges: Floats
    probability: Floats
    at_risk: Floats


def baseline_rates(fitted: FittedCox, *, step_days: float = MONTH) -> BaselineRates:
    """Return the baseline probability of ending by age, in steps that lie wholly within what was observed."""
    last = fitted.domain[1]
    edges = np.arange(0.0, last + 1e-9, step_days) if last >= step_days else np.array([0.0, last])
    hazard = np.diff(fitted.cumulative_baseline(edges))
    days, at_risk = fitted.baseline["days"].to_numpy(), fitted.baseline["at_risk"].to_numpy()
    position = np.searchsorted(days, edges[:-1], side="right")
    return BaselineRates(edges, -np.expm1(-hazard), at_risk[np.minimum(position, len(days) - 1)])
