"""Brier scores and log loss of churn probabilities, with inverse-probability-of-censoring weights (IPCW).

The mean is over all spells, as in Graf, Schmoor, Sauerbrei and Schumacher (1999): those censored before the horizon count with
weight 0, and the others stand for them (`relkit.metrics.censoring`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.censoring import InView, in_view_weights, refuse_late_entry
from relkit.metrics.near_ties import one_age

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats


def brier_score(
    duration: Floats,
    event: Flags,
    churn: Floats,
    horizon: float,
    *,
    in_view: InView | None = None,
    entry: Floats | None = None,
    weight: Floats | None = None,
) -> float:
    """Return the mean squared error of probabilities of churn within `horizon`, with IPCW weights.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        churn: shape (n,), probability of churn within `horizon`.
        horizon: days.
        in_view: the curve of staying uncensored, of the training spells if those are wanted; None means of these spells.
        entry: shape (n,), days; only None or 0 for all: late entries are refused.
        weight: shape (n,), how many each row stands for; None means 1 for all.

    Raises:
        NotEnoughEventsError: nobody is under observation at the horizon.

    Examples:
        >>> brier_score(np.array([1.0, 5.0]), np.array([True, False]), np.array([0.5, 0.5]), 4.0)
        0.25
    """
    refuse_late_entry(entry, "brier_score")
    duration, at = one_age(duration, np.array([horizon]))
    gone = event & (duration <= at)
    weights = in_view_weights(duration, event, horizon, in_view or InView.of(duration, event, weight))
    return float(np.average(weights * (gone - churn) ** 2, weights=weight))


def brier_scores(
    duration: Floats,
    event: Flags,
    survival: Floats,
    days: Floats,
    *,
    in_view: InView | None = None,
    entry: Floats | None = None,
    weight: Floats | None = None,
) -> Floats:
    """Return the Brier score at each of `days`, shape (m,), in O(n log n + n m).

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        survival: shape (n, m), probability of outliving each of `days`.
        days: shape (m,).
        in_view: as in `brier_score`.
        entry: as in `brier_score`.
        weight: as in `brier_score`.

    Examples:
        >>> ages, ended = np.array([1.0, 5.0]), np.array([True, False])
        >>> brier_scores(ages, ended, np.array([[0.5, 0.0], [1.0, 0.5]]), np.array([0.5, 4.0])).tolist()
        [0.125, 0.125]
    """
    curve = in_view or InView.of(duration, event, weight)
    columns = zip(survival.T, days, strict=True)
    return np.array([brier_score(duration, event, 1 - s, float(day), in_view=curve, entry=entry, weight=weight) for s, day in columns])


def integrated_brier_score(
    duration: Floats,
    event: Flags,
    survival: Floats,
    days: Floats,
    *,
    in_view: InView | None = None,
    entry: Floats | None = None,
    weight: Floats | None = None,
) -> float:
    """Return the Brier score averaged over ages (trapezoid rule).

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        survival: shape (n, m), probability of outliving each of `days`.
        days: shape (m,), ascending, at least two.
        in_view: as in `brier_score`.
        entry: as in `brier_score`.
        weight: as in `brier_score`.

    Examples:
        >>> ages, ended = np.array([1.0, 5.0]), np.array([True, False])
        >>> integrated_brier_score(ages, ended, np.array([[0.5, 0.0], [1.0, 0.5]]), np.array([0.5, 4.0]))
        0.125
    """
    if len(days) < 2 or (np.diff(days) <= 0).any():
        raise ParameterError("at least two ascending ages are needed.", where="days")
    scores = brier_scores(duration, event, survival, days, in_view=in_view, entry=entry, weight=weight)
    return float(np.trapezoid(scores, days) / (days[-1] - days[0]))


def log_loss(duration: Floats, event: Flags, churn: Floats, horizon: float) -> float:
    """Return the mean negative log-likelihood of churn within `horizon` or not, with IPCW weights (lower is better).

    Probabilities are kept 1e-9 away from 0 and 1, so that one "impossible" event does not make it infinite.

    Examples:
        >>> round(log_loss(np.array([1.0, 5.0]), np.array([True, False]), np.array([0.5, 0.5]), 4.0), 4)
        0.6931
    """
    duration, at = one_age(duration, np.array([horizon]))
    gone = event & (duration <= at)
    p = np.clip(churn, 1e-9, 1 - 1e-9)
    weights = in_view_weights(duration, event, horizon)
    return float(-np.mean(weights * np.log(np.where(gone, p, 1 - p))))
