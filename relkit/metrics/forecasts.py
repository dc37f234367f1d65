"""Measures of several models' forecasts of the same customers' purchases at past origins, with their uncertainty.

Each measure is taken at every origin and averaged over them, so that an origin with many customers counts no more than another.
A resample draws customers, each with all origins at which it was known: forecasts of one customer are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.metrics.count_scores import poisson_deviances
from relkit.metrics.ranking import normalised_gini
from relkit.metrics.resamples import LARGEST_RESAMPLE, Measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy import sparse

Floats = NDArray[np.float64]

MEASURES: dict[str, str] = {
    "log_score": "higher",
    "crps": "lower",
    "mae_of_median": "lower",
    "rmse": "lower",
    "poisson_deviance": "lower",
    "total_ratio": "one",
    "total_error": "lower",
    "normalised_gini": "higher",
}
"""The measures, and which values are better.

- log_score: mean logarithm of the forecast probability of what happened;
- crps: mean distance of the forecast distribution from what happened, in purchases (continuous ranked probability score);
- mae_of_median: mean absolute error of the median of that distribution;
- rmse, poisson_deviance: of the mean;
- total_ratio: total forecast over total observed, over all origins; total_error: mean distance of its logarithm from 0 at each origin;
- normalised_gini: ranking by the mean, 1 like the truth and 0 like chance.
"""

_BY_ROW = ("log_score", "squared", "deviance", "expected", "crps", "absolute")
_GROUPS = 200
# No model gives what happened a probability of zero, but the smallest ones underflow the logarithm.
LEAST_PROBABILITY = 1e-300


@dataclass(frozen=True, eq=False, kw_only=True)
class Forecast:
    """A forecast for each customer.

    Attributes:
        expected: means, shape (n,).
        probability: given to what happened, shape (n,).
        crps: shape (n,); NaN for customers whose whole distribution was not asked for.
        median: shape (n,); NaN for the same.
    """

    expected: Floats
    probability: Floats
    crps: Floats
    median: Floats

    def by_row(self, actual: Floats) -> Floats:
        """Return the columns that the measures average, in the order of `_BY_ROW`, shape (n, 6)."""
        logs = np.log(np.maximum(self.probability, LEAST_PROBABILITY))
        squared, absolute = (self.expected - actual) ** 2, np.abs(self.median - actual)
        deviance = poisson_deviances(actual, self.expected)
        return np.column_stack([logs, squared, deviance, self.expected, np.nan_to_num(self.crps), np.nan_to_num(absolute)])

    def measures(self, actual: Floats) -> dict[str, float]:
        """Return the measures of this forecast alone; totals and Gini have no value without purchases.

        Examples:
            >>> one = Forecast(expected=np.array([0.5, 1.0]), probability=np.ones(2), crps=np.zeros(2), median=np.zeros(2))
            >>> one.measures(np.array([0.0, 2.0]))["mae_of_median"]
            1.0
        """
        alone = Forecasts(customer=np.arange(len(actual)), actual=actual, models=[self])
        values = _exact([alone], [_Part.of(alone)])[0]
        return dict(zip(MEASURES, values.tolist(), strict=True))


@dataclass(frozen=True, eq=False, kw_only=True)
class Forecasts:
    """Forecasts of several models at one origin, all of the same customers.

    Attributes:
        customer: number of each customer among those of all origins, shape (n,).
        actual: what happened, shape (n,).
        models: a forecast for each model.
    """

    customer: NDArray[np.int64]
    actual: Floats
    models: Sequence[Forecast]


def measured(origins: Sequence[Forecasts], *, replicates: int = 200, seed: int = 0) -> Measured:
    """Return the measures of several models, and the same on resamples of the customers.

    Resamples of more than 10,000 customers are of 10,000 of them, and their spread is narrowed by the square root of the share (the m out
    of n bootstrap). In resamples the Gini treats forecasts as one of 200 groups of similar ones, centred on the exact value, and the
    total's error keeps the side on which the total lies, so that it may fall below 0.

    Args:
        origins: the forecasts, the models in the same order at each.
        replicates: number of resamples.
        seed: of the resamples.

    Raises:
        ParameterError: there is no customer, or forecasts are not of the same customers.

    Examples:
        >>> one = Forecast(expected=np.array([0.5, 1.0]), probability=np.array([0.6, 0.4]), crps=np.zeros(2), median=np.array([0.0, 1.0]))
        >>> found = measured([Forecasts(customer=np.arange(2), actual=np.array([0.0, 2.0]), models=[one])], replicates=5)
        >>> dict(zip(found.names, found.values[0].round(3).tolist()))["total_ratio"]
        0.75
    """
    for origin in origins:
        if not len(origin.actual) or any(forecast.expected.shape != origin.actual.shape for forecast in origin.models):
            raise ParameterError("forecasts and what happened must be of the same customers, one at least.", where="measured")
    n = 1 + max(int(origin.customer.max()) for origin in origins)
    size = min(n, LARGEST_RESAMPLE)
    drawn = _draws(n, size, replicates, seed)
    parts = [_Part.of(origin) for origin in origins]
    base = _averaged([part.whole() for part in parts])[0]
    spread = _averaged([part.measures(drawn[:, part.customer]) for part in parts], signs=[part.signs for part in parts])
    values = _exact(origins, parts)
    return Measured(names=tuple(MEASURES), values=values, draws=values + (spread - base) * np.sqrt(size / n))


def _exact(origins: Sequence[Forecasts], parts: Sequence[_Part]) -> Floats:
    """Return the measures, shape (k, p), the Gini from the forecasts themselves."""
    values: Floats = _averaged([part.whole() for part in parts])[0].copy()
    ginis = np.array([[_gini(origin.actual, forecast) for forecast in origin.models] for origin in origins])
    values[:, list(MEASURES).index("normalised_gini")] = _mean(ginis)
    return values


def _gini(actual: Floats, forecast: Forecast) -> float:
    found = normalised_gini(actual, forecast.expected)
    return np.nan if found is None else found


def _draws(n: int, size: int, replicates: int, seed: int) -> sparse.csc_array:
    """Return the number of times that each customer is in each resample, shape (replicates, n)."""
    from scipy import sparse  # the declaration of a family, which names measures, does without scipy

    rng = np.random.default_rng(seed)
    counts = [np.bincount(rng.integers(0, n, size), minlength=n) for _ in range(replicates)]
    return sparse.csc_array(np.array(counts, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class _Part:
    """The forecasts of one origin, prepared for resamples.

    Attributes:
        customer: shape (n,).
        actual: shape (n,).
        columns: shape (n, 2 + 6 k): what happened, whether the distribution was asked for, then those of each model.
        ranks: by model, then for the truth: groups in falling order, shape (groups, n), with the same times what happened.
        signs: side of 1 of each model's total, shape (k,).
    """

    customer: NDArray[np.int64]
    actual: Floats
    columns: Floats
    ranks: list[tuple[sparse.csr_array, sparse.csr_array]]
    signs: Floats

    @classmethod
    def of(cls, origin: Forecasts) -> _Part:
        actual = np.asarray(origin.actual, dtype=float)
        asked = np.isfinite(origin.models[0].crps).astype(float)
        columns = np.column_stack([actual, asked, *(forecast.by_row(actual) for forecast in origin.models)])
        ranks = [_ranked(forecast.expected, actual) for forecast in origin.models]
        signs = np.array([-1.0 if forecast.expected.sum() < actual.sum() else 1.0 for forecast in origin.models])
        return cls(origin.customer, actual, columns, [*ranks, _ranked(actual, actual)], signs)

    def whole(self) -> dict[str, Floats]:
        """Return the means and totals of all customers, shape (1, k)."""
        from scipy import sparse  # the declaration of a family, which names measures, does without scipy

        return self.measures(sparse.csr_array(np.ones((1, len(self.actual)))))

    def measures(self, weights: Any) -> dict[str, Floats]:
        """Return the means and totals of each resample, shape (replicates, k), for weights (replicates, n)."""
        sums = weights @ self.columns
        rows = np.asarray(weights.sum(axis=1)).ravel()[:, None]
        of_models = sums[:, 2:].reshape(len(sums), -1, len(_BY_ROW))
        found = {name: of_models[:, :, i] for i, name in enumerate(_BY_ROW)}
        asked = np.maximum(sums[:, 1:2], 1.0)
        means = {name: found[name] / (asked if name in ("crps", "absolute") else rows) for name in _BY_ROW if name != "expected"}
        best = _area(*self.ranks[-1], weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            ginis = np.column_stack([_area(*ranked, weights) / best for ranked in self.ranks[:-1]])
        return means | {"expected": found["expected"], "actual": np.broadcast_to(sums[:, :1], found["expected"].shape), "gini": ginis}


def _averaged(parts: Sequence[dict[str, Floats]], signs: Sequence[Floats] | None = None) -> Floats:
    """Return the measures averaged over origins, shape (replicates, k, p)."""
    mean = {name: _mean(np.array([part[name] for part in parts])) for name in parts[0]}
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = mean["expected"] / mean["actual"]
        logs = np.array([np.log(part["expected"] / part["actual"]) for part in parts])
    errors = _mean(np.abs(logs) if signs is None else logs * np.array(signs)[:, None])
    columns = (mean["log_score"], mean["crps"], mean["absolute"], np.sqrt(mean["squared"]), mean["deviance"], ratio, errors, mean["gini"])
    stacked: Floats = np.stack(columns, axis=-1)
    return np.where(np.isfinite(stacked), stacked, np.nan)


def _mean(values: Floats) -> Floats:
    """Return the mean over the first axis of what has a value; NaN where nothing has."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0)
    return found


def _ranked(score: Floats, actual: Floats) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return groups of similar scores, the highest first, as a matrix (groups, n), and the same times what happened."""
    from scipy import sparse  # the declaration of a family, which names measures, does without scipy

    values, which = np.unique(-score, return_inverse=True)
    group = which if len(values) <= _GROUPS else np.unique(_equal_parts(which), return_inverse=True)[1]
    place = (group, np.arange(len(score)))
    shape = (int(group.max()) + 1, len(score))
    return tuple(sparse.csr_array((data, place), shape=shape) for data in (np.ones(len(score)), actual))  # type: ignore[return-value]


def _equal_parts(rank: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the part of each row when rows in order of rank are cut into `_GROUPS`; equal ranks share the part of their first."""
    before = np.cumsum(np.bincount(rank)) - np.bincount(rank)
    return (before * _GROUPS // len(rank))[rank]


def _area(groups: sparse.csr_array, values: sparse.csr_array, weights: Any) -> Floats:
    """Return the Gini index of each resample, shape (replicates,): twice the area between the curve and the diagonal."""
    customers, value = (np.asarray((each @ weights.T).toarray()) for each in (groups, values))
    with np.errstate(invalid="ignore", divide="ignore"):
        width = customers / customers.sum(axis=0)
        height = np.cumsum(value, axis=0) / value.sum(axis=0)
    low = np.vstack([np.zeros(height.shape[1]), height[:-1]])
    return np.asarray((width * (height + low)).sum(axis=0) - 1)
