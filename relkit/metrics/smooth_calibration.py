"""Smooth calibration of forecast probabilities: ICI, E50 and E90 (Austin, Harrell and van Klaveren 2020).

The smoother: whether a spell ended within the horizon is regressed on a restricted cubic spline of log(-log(1 - forecast)),
with complementary log-log link and IPCW weights. A calibrated forecast is the straight line of slope 1 of this
regression. Austin et al. smooth by a hazard regression or a Cox regression over all ages. A Cox regression wants hazards in
proportion: of perfect forecasts whose hazards cross it reports an ICI of 0.05 however many the spells. This
smoother uses the state at the horizon and assumes nothing about what came before; the price is more noise.

lifelines' survival_probability_calibration (0.30) has no spline in the forecast, only one slope: on the rows on which a
Cox model was fitted it fits that model again, whose slope is 1, and what is left is the distance between two baselines.

With few spells no curve is certain: perfect forecasts too have an ICI above 0, which `ici_by_chance` estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import NotConvergedError
from relkit.metrics.censoring import in_view_weights

if TYPE_CHECKING:
    from relkit.metrics.censoring import InView
    from relkit.metrics.risk_sets import Flags, Floats

KNOTS = (0.1, 0.5, 0.9)
"""Quantiles of the forecast at which the spline may bend (Harrell 2015, table 2.3); more would follow noise."""
LEAST = 1e-9
"""Forecasts and observed shares are kept this far from 0 and 1."""
RIDGE = 1e-6
"""Share of a row's information that pulls each slope to 0; noticeable only if all with a high forecast, or none, ended."""
MAX_STEPS = 100


@dataclass(frozen=True, eq=False)
class SmoothCalibration:
    """Forecasts next to the smooth observed share.

    Attributes:
        horizon: days.
        predicted: shape (n,).
        observed: shape (n,), the smooth curve at each forecast.
        std_error: shape (n,), of the curve; 0 if it cannot be estimated, as when nobody ended.
    """

    horizon: float
    predicted: Floats
    observed: Floats
    std_error: Floats

    @property
    def ici(self) -> float:
        """Integrated calibration index: mean absolute gap between forecast and curve."""
        return float(np.mean(np.abs(self.predicted - self.observed)))

    @property
    def ici_by_chance(self) -> float:
        """Expected ICI of perfect forecasts of as many spells: the mean absolute normal error."""
        return float(np.sqrt(2 / np.pi) * self.std_error.mean())

    @property
    def e50(self) -> float:
        """Median absolute gap."""
        return float(np.median(np.abs(self.predicted - self.observed)))

    @property
    def e90(self) -> float:
        """90th percentile of the absolute gap."""
        return float(np.quantile(np.abs(self.predicted - self.observed), 0.9))


def smooth_calibration(
    duration: Floats, event: Flags, churn: Floats, horizon: float, *, in_view: InView | None = None
) -> SmoothCalibration:
    """Return forecast probabilities of churn within `horizon` next to the smooth share that did churn.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        churn: shape (n,), probability of churn within `horizon`.
        horizon: days.
        in_view: the curve of staying uncensored, of other spells if those are wanted; None means of these spells.

    Raises:
        NotEnoughEventsError: nobody is under observation at the horizon.

    Examples:
        >>> ages, ended = np.array([1.0, 9.0, 9.0, 9.0]), np.array([True, False, False, False])
        >>> smooth_calibration(ages, ended, np.full(4, 0.5), 5.0).observed.round(4).tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    weights = in_view_weights(duration, event, horizon, in_view)
    gone = event & (duration <= horizon)
    share = float(np.clip((weights @ gone) / weights.sum(), LEAST, 1 - LEAST))
    columns, y = regressors(churn), gone.astype(float)
    observed = _curve(columns, y, weights, share)
    return SmoothCalibration(horizon, churn, observed, _std_error(columns, y, weights, observed))


def regressors(churn: Floats) -> Floats:
    """Return the columns of the regression, shape (n, k): ones, then the spline of log(-log(1 - churn)).

    Examples:
        >>> regressors(np.array([0.2, 0.2])).tolist()
        [[1.0], [1.0]]
    """
    basis = spline(np.log(-np.log1p(-np.clip(churn, LEAST, 1 - LEAST))))
    return np.column_stack([np.ones(len(churn)), basis])


def ici_of_groups(columns: Floats, churn: Floats, counted: Floats, weights: Floats, gone: Floats) -> float:
    """Return the ICI of forecasts grouped with similar ones.

    Args:
        columns: shape (g, k), mean of `regressors` in each group.
        churn: shape (g,), mean forecast.
        counted: shape (g,), number of spells.
        weights: shape (g,), sum of their weights.
        gone: shape (g,), sum of the weights of those that ended.

    Raises:
        NotConvergedError: the curve was not found.

    Examples:
        >>> round(ici_of_groups(np.ones((2, 1)), np.array([0.5, 0.5]), np.ones(2), np.ones(2), np.array([0.0, 0.5])), 12)
        0.25
    """
    share = float(np.clip(gone.sum() / weights.sum(), LEAST, 1 - LEAST))
    observed = _curve(columns, gone / np.maximum(weights, LEAST), weights, share)
    return float(counted @ np.abs(churn - observed) / counted.sum())


def _curve(X: Floats, y: Floats, w: Floats, share: float) -> Floats:
    """Return the smooth share that ended at each row of the columns."""
    if X.shape[1] == 1 or share in (LEAST, 1 - LEAST):
        return np.full(len(X), share)
    return -np.expm1(-np.exp(np.clip(X @ _regressed(X, y, w, share), -30.0, 5.0)))


def _std_error(X: Floats, y: Floats, w: Floats, observed: Floats) -> Floats:
    """Return the standard error of the curve at each row, from a covariance that is valid with weights (Huber 1967)."""
    p = np.clip(observed, 1e-13, 1 - 1e-13)
    slope = -np.log1p(-p) * (1 - p)
    bread = np.linalg.inv((X * (w * slope**2 / (p * (1 - p)))[:, None]).T @ X + np.diag(_held(X, w)))
    scores = X * (w * slope * (y - p) / (p * (1 - p)))[:, None] @ bread
    variance: Floats = np.einsum("ij,jk,ik->i", X, scores.T @ scores, X)
    return slope * np.sqrt(np.maximum(variance, 0.0))


def _held(X: Floats, w: Floats) -> Floats:
    """Return the penalty of each coefficient."""
    return np.append(0.0, np.full(X.shape[1] - 1, RIDGE * w.sum()))


def spline(x: Floats) -> Floats:
    """Return the columns of a restricted cubic spline, standardised, shape (n, k); fewer if few values are distinct.

    Linear beyond the outer knots (Harrell 2015, eq. 2.25). Constant values have no column, and fewer than three
    knots leave the straight line only.

    Examples:
        >>> spline(np.array([1.0, 1.0])).shape, spline(np.array([0.0, 1.0])).shape, spline(np.arange(100.0)).shape
        ((2, 0), (2, 1), (100, 2))
    """
    t = np.unique(np.quantile(x, KNOTS))
    few = len(np.unique(x[: len(KNOTS) * 100])) < len(KNOTS) and len(np.unique(x)) < len(KNOTS)
    columns = [x]
    if len(t) >= 3 and not few:
        last, width = t[-1] - t[-2], (t[-1] - t[0]) ** 2
        cubes = [np.maximum(x - knot, 0.0) ** 3 for knot in t]
        columns += [(cubes[j] - cubes[-2] * (t[-1] - t[j]) / last + cubes[-1] * (t[-2] - t[j]) / last) / width for j in range(len(t) - 2)]
    spread = [(column - column.mean(), column.std()) for column in columns]
    kept = [centred / scale for centred, scale in spread if scale > 1e-12 * max(1.0, float(np.abs(x).max()))]
    return np.column_stack(kept) if kept else np.empty((len(x), 0))


def _regressed(X: Floats, y: Floats, w: Floats, share: float) -> Floats:
    """Return the coefficients of a weighted complementary log-log regression, by Fisher scoring with step halving."""
    beta = np.zeros(X.shape[1])
    beta[0] = np.log(-np.log1p(-share))
    held = _held(X, w)
    value = _value(X, y, w, beta, held)
    for _ in range(MAX_STEPS):
        hazard = np.exp(np.clip(X @ beta, -30.0, 5.0))
        p = np.clip(-np.expm1(-hazard), 1e-13, 1 - 1e-13)
        slope = hazard * (1 - p)
        gradient = X.T @ (w * slope * (y - p) / (p * (1 - p))) - held * beta
        information = (X * (w * slope**2 / (p * (1 - p)))[:, None]).T @ X + np.diag(held)
        step = np.linalg.solve(information, gradient)
        if gradient @ step < 1e-12 * w.sum():
            return beta
        while (better := _value(X, y, w, beta + step, held)) < value and np.abs(step).max() > 1e-12:
            step = step / 2
        beta, value = beta + step, better
    raise NotConvergedError(
        f"the calibration curve was not found in {MAX_STEPS} steps.", where="smooth_calibration", remedy="Use calibration by group."
    )


def _value(X: Floats, y: Floats, w: Floats, beta: Floats, held: Floats) -> float:
    hazard = np.exp(np.clip(X @ beta, -30.0, 5.0))
    ended = np.log(np.maximum(-np.expm1(-hazard), 1e-300))
    return float(w @ (y * ended - (1 - y) * hazard) - held @ beta**2 / 2)
