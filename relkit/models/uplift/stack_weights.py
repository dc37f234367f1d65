"""Weights of forecasts of effects: those that lower the doubly robust loss, drawn towards equal ones as far as it leaves them open.

Minimise over w >= 0 the sum of (g - mean g - sum_m w_m c_m)^2 / s^2, plus the sum of (w_m - p_m)^2 / t^2, where g are doubly robust
scores and c_m the forecasts less their means: ridge regression around p, i.e. the mode under a normal prior. The scores of a campaign
are so noisy that free weights would follow the noise; the prior is as wide as a weight may reasonably stray.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPREAD = 0.5
"""Standard deviation of the prior of each weight."""


def stack_weights(forecasts: Floats, scores: Floats, prior: Floats, *, spread: float = SPREAD) -> Floats:
    """Return the weights of forecasts, shape (m,).

    Args:
        forecasts: of rows that were not fitted to, less their means, shape (n, m).
        scores: doubly robust, shape (n,).
        prior: weights without data, shape (m,).
        spread: standard deviation of the prior of each.

    Examples:
        >>> truth = np.linspace(-1, 1, 1000)
        >>> stack_weights(np.column_stack([truth, 0 * truth]), truth, np.array([0.5, 0.5])).round(2).tolist()
        [1.0, 0.5]
    """
    from scipy.optimize import nnls

    rest = scores - scores.mean() - forecasts @ prior
    noise = max(float(np.mean(rest**2)), 1e-300)
    precision = forecasts.T @ forecasts / noise + np.eye(len(prior)) / spread**2
    root = np.linalg.cholesky(precision)
    found: Floats = nnls(root.T, root.T @ prior + np.linalg.solve(root, forecasts.T @ rest / noise))[0]
    return found


def crossed(forecasts: Floats, scores: Floats, prior: Floats, fold: NDArray[np.int64], *, spread: float = SPREAD) -> Floats:
    """Return the mixed forecasts of rows by the weights of the other folds, shape (n,); arguments as for `stack_weights`.

    Args:
        forecasts: shape (n, m).
        scores: shape (n,).
        prior: shape (m,).
        fold: of each row, shape (n,).
        spread: standard deviation of the prior of each weight.
    """
    found = np.empty(len(scores))
    for each in np.unique(fold):
        own = fold == each
        found[own] = forecasts[own] @ stack_weights(forecasts[~own], scores[~own], prior, spread=spread)
    return found
