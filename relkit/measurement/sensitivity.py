"""Sensitivity of an adjusted comparison to a confounder that nobody recorded (Cinelli and Hazlett 2020).

The robustness value is the share of the remaining variation, of the outcome and of who was contacted, that a hidden confounder would have
to explain to bring the estimate, or its interval, to zero. The same shares of the recorded covariates show how much that is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.measurement.t_intervals import reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats


@dataclass(frozen=True)
class Robustness:
    """Strength of a hidden confounder that would explain an estimate away.

    Attributes:
        of_estimate: share of both remaining variations that brings the estimate to zero, from 0 to 1.
        of_interval: share that brings the nearer bound of the interval to zero; 0 if it contains zero already.
        strongest: the recorded covariate that explains most of both; empty without covariates.
        strongest_outcome: share of the remaining variation of the outcome that it explains.
        strongest_contact: share of the remaining variation of who was contacted that it explains.
    """

    of_estimate: float
    of_interval: float
    strongest: str = ""
    strongest_outcome: float = 0.0
    strongest_contact: float = 0.0


def robustness_value(t: float, df: float, *, level: float | None = None) -> float:
    """Return the robustness value of an estimate: Cinelli and Hazlett (2020, JRSS B 82, p. 39-67).

    Args:
        t: estimate over its standard error.
        df: degrees of freedom of the regression.
        level: of the interval that is to be brought to zero; None for the estimate.

    Examples:
        >>> round(robustness_value(4.18, 783), 3), round(robustness_value(4.18, 783, level=0.95), 3)
        (0.139, 0.076)
    """
    if df <= 1:
        return 0.0
    f = abs(t) / math.sqrt(df)
    if level is not None:
        f -= reach(level, df - 1) / math.sqrt(df - 1)
    if f <= 0:
        return 0.0
    return 0.5 * (math.sqrt(f**4 + 4 * f**2) - f**2)


def robustness(t: float, outcome: Floats, contacted: Flags, names: tuple[str, ...], rows: Floats, *, level: float = LEVEL) -> Robustness:
    """Return the robustness of a comparison, next to the strongest recorded covariate.

    Args:
        t: estimate over its standard error.
        outcome: shape (n,).
        contacted: shape (n,).
        names: of the covariates.
        rows: covariates, shape (n, k).
        level: of the interval.
    """
    df = len(outcome) - rows.shape[1] - 2
    values = robustness_value(t, df), robustness_value(t, df, level=level)
    if not names or df <= 1:
        return Robustness(*values)
    of_outcome = partial_shares(np.hstack([rows, contacted[:, None].astype(np.float64)]), outcome)[: len(names)]
    of_contact = partial_shares(rows, contacted.astype(np.float64))
    place = int(np.argmax(np.minimum(of_outcome, of_contact)))
    return Robustness(*values, names[place], float(of_outcome[place]), float(of_contact[place]))


def partial_shares(rows: Floats, outcome: Floats) -> Floats:
    """Return the share of the variation left by the other columns that each column explains, shape (k,): t^2 / (t^2 + df)."""
    x = np.hstack([np.ones((len(rows), 1)), rows])
    inverse = np.linalg.pinv(x.T @ x)
    beta, df = inverse @ x.T @ outcome, len(outcome) - x.shape[1]
    residual = outcome - x @ beta
    variance = max(float(residual @ residual) / df, 1e-300) * np.diag(inverse)
    t2 = np.where(variance > 0, beta**2 / np.where(variance > 0, variance, 1.0), 0.0)[1:]
    return np.asarray(t2 / (t2 + df))
