"""Measures of several models' forecasts of when the same contracts end, with their uncertainty.

Continuous-time and discrete-time models are compared on the same steps of the days ahead: of each model only the probability of
outliving the end of each step is read, so it does not matter how it distributes events within one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from relkit.errors import NotConvergedError, NotEnoughEventsError, ParameterError
from relkit.metrics.calibration import quantile_groups
from relkit.metrics.censoring import InView, in_view_weights
from relkit.metrics.concordance import uno_concordance
from relkit.metrics.near_ties import one_age
from relkit.metrics.resamples import Measured, measured_on
from relkit.metrics.smooth_calibration import ici_of_groups, regressors, smooth_calibration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.metrics.risk_sets import Flags, Floats, Indexes

MEASURES: dict[str, str] = {
    "integrated_brier_score": "lower",
    "brier_score": "lower",
    "total_ratio": "one",
    "total_error": "lower",
    "log_score": "higher",
    "uno_c": "higher",
    "ici": "lower",
}
"""The measures, and which values are better.

- integrated_brier_score: the Brier score averaged over the days ahead; brier_score: at their end;
- total_ratio: expected over observed events; total_error: its distance from 1;
- log_score: mean logarithm of the forecast probability of what was observed: an event in its step, or none so far. A
  probability below half a contract over all that are judged counts as that: so many contracts cannot distinguish it from less,
  and a curve that falls only on days of events (Kaplan-Meier, Cox) gives other days none at all;
- uno_c: share of pairs in the right order (Uno's C);
- ici: mean distance between forecast and a smooth curve of what happened. Its resamples, which add noise to what cannot fall
  below 0, are shifted so that their mean is the value.
"""

_GROUPS = 200


@dataclass(frozen=True, eq=False)
class Seen:
    """Observed outcomes of contracts in the days ahead.

    Attributes:
        remaining: shape (n,), days observed.
        ended: shape (n,), whether the contract ended then.
        steps: shape (m,), day at which each step ends, ascending; the last is the last day ahead.
        weights: shape (n, m), of what is known at the end of each step (`in_view_weights`).
        gone: shape (n, m), whether the contract had ended by then.
        outlived: shape (n,), steps that it is known to have outlived.
    """

    remaining: Floats
    ended: Flags
    steps: Floats
    weights: Floats
    gone: Flags
    outlived: Indexes

    @classmethod
    def of(cls, remaining: Floats, ended: Flags, steps: Floats) -> Self:
        """Return the outcomes on the given steps.

        Examples:
            >>> Seen.of(np.array([2.0, 5.0, 9.0]), np.array([True, True, False]), np.array([3.0, 9.0])).outlived
            array([0, 1, 2])
        """
        remaining, steps = one_age(remaining, steps)
        in_view = InView.of(remaining, ended)
        weights = np.stack([in_view_weights(remaining, ended, day, in_view) for day in steps.tolist()], axis=1)
        # An event on the last day of a step is in it; a contract censored on that day has outlived it.
        outlived = np.where(ended, np.searchsorted(steps, remaining, side="left"), np.searchsorted(steps, remaining, side="right"))
        return cls(remaining, ended, steps, weights, ended[:, None] & (remaining[:, None] <= steps), outlived)


@dataclass(frozen=True, eq=False)
class EndForecast:
    """A model's forecast of each contract, as far as it is measured.

    Attributes:
        churn: shape (n,), probability of churn in the days ahead.
        loss: shape (n,), whose mean is the integrated Brier score.
        log_probability: shape (n,), of what was observed.
        ended_by: shape (m,), events expected by the end of each step.
    """

    churn: Floats
    loss: Floats
    log_probability: Floats
    ended_by: Floats

    @classmethod
    def of(cls, seen: Seen, survival: Floats) -> Self:
        """Return the forecast from the probability of outliving each step, shape (n, m).

        Examples:
            >>> ahead = Seen.of(np.array([2.0, 5.0, 9.0]), np.array([True, True, False]), np.array([3.0, 9.0]))
            >>> forecast = EndForecast.of(ahead, np.array([[0.5, 0.25], [0.5, 0.25], [0.5, 0.25]]))
            >>> np.exp(forecast.log_probability).tolist()
            [0.5, 0.25, 0.25]
        """
        if survival.shape != seen.gone.shape:
            raise ParameterError("forecasts and what happened must be of the same contracts and days.", where="EndForecast")
        losses = seen.weights * (seen.gone - (1 - survival)) ** 2
        edges = np.append(0.0, seen.steps)
        share = np.append(np.diff(edges)[:-1] + np.diff(edges)[1:], edges[-1] - edges[-2]) / (2 * edges[-1])
        return cls(1 - survival[:, -1], losses @ share, _log_probability(seen, survival), (1 - survival).sum(axis=0))


def _log_probability(seen: Seen, survival: Floats) -> Floats:
    """Return the logarithm of the probability of what was observed; within a step with a censoring the hazard is constant."""
    row, last = np.arange(len(survival)), survival.shape[1] - 1
    both = np.column_stack([np.ones(len(survival)), survival])
    before, after = both[row, seen.outlived], both[row, np.minimum(seen.outlived, last) + 1]
    edges = np.append(0.0, seen.steps)
    at = np.minimum(seen.outlived, last)
    part = np.where(seen.outlived > last, 0.0, (seen.remaining - edges[at]) / (edges[at + 1] - edges[at]))
    least = 1 / (2 * len(survival))
    kept = np.log(np.maximum(before, least)) * (1 - part) + np.log(np.maximum(after, least)) * part
    found: Floats = np.where(seen.ended, np.log(np.maximum(before - after, least)), kept)
    return found


def measured_ends(seen: Seen, forecasts: Sequence[EndForecast], *, replicates: int = 200, seed: int = 0) -> Measured:
    """Return the measures of several forecasts of the same contracts, and the same on resamples (`relkit.metrics.resamples`).

    Resamples of the C and the ICI treat each forecast as one of 200 groups of similar forecasts and each event by its step, which
    takes a hundredth of the time; their spread is centred on the exact values.

    Args:
        seen: outcomes of the contracts.
        forecasts: of the same contracts in the same order.
        replicates: number of resamples.
        seed: of the resamples.

    Examples:
        >>> ahead = Seen.of(np.array([2.0, 5.0, 9.0]), np.array([True, True, False]), np.array([3.0, 9.0]))
        >>> forecast = EndForecast.of(ahead, np.array([[0.5, 0.25], [0.5, 0.25], [0.5, 0.25]]))
        >>> found = measured_ends(ahead, [forecast], replicates=5)
        >>> found.values[0, found.names.index("total_ratio")]
        np.float64(1.125)
    """
    grouped = [_Grouped.of(seen, forecast) for forecast in forecasts]
    exact = np.array([_values(seen, forecast) for forecast in forecasts])
    ends = seen.weights[:, -1] * seen.gone[:, -1]

    def measures(rows: Any) -> list[list[float]]:
        total = ends[rows].sum()
        return [group.measures(rows, total) for group in grouped]

    return measured_on(len(ends), tuple(MEASURES), measures, exact=exact, centred=("ici",), replicates=replicates, seed=seed)


def _values(seen: Seen, forecast: EndForecast) -> list[float]:
    """Return the measures, exactly."""
    truth, days = (seen.remaining, seen.ended), float(seen.steps[-1])
    ends = seen.weights[:, -1] * seen.gone[:, -1]
    try:
        order = uno_concordance(*truth, forecast.churn).index
    except NotEnoughEventsError:
        order = 0.5
    ratio = float(forecast.churn.sum() / ends.sum()) if ends.sum() > 0 else np.nan
    return [
        float(forecast.loss.mean()),
        float((seen.weights[:, -1] * (seen.gone[:, -1] - forecast.churn) ** 2).mean()),
        ratio,
        abs(ratio - 1),
        float(forecast.log_probability.mean()),
        order,
        smooth_calibration(*truth, forecast.churn, days).ici,
    ]


@dataclass(frozen=True, eq=False)
class _Grouped:
    """A forecast with contracts of similar churn grouped.

    Attributes:
        columns: shape (n, 4): loss, squared error at the end, log-probability, churn.
        group: shape (n,), ascending with churn.
        cell: shape (n,), steps outlived and group.
        case: shape (n,), weight of an event in the C; 0 if there was none.
        weight: shape (n,), at the last day.
        gone: shape (n,), the weight if the contract had ended, else 0.
        basis: shape (g, q), of the calibration curve, mean of each group.
        churn: shape (g,), mean of each group.
    """

    columns: Floats
    group: Indexes
    cell: Indexes
    case: Floats
    weight: Floats
    gone: Floats
    basis: Floats
    churn: Floats

    @classmethod
    def of(cls, seen: Seen, forecast: EndForecast) -> Self:
        _, group = np.unique(quantile_groups(forecast.churn, _GROUPS), return_inverse=True)
        size = np.bincount(group)
        mean = [np.bincount(group, column) / size for column in (*regressors(forecast.churn).T, forecast.churn)]
        weight, gone = seen.weights[:, -1], seen.gone[:, -1]
        error = weight * (gone - forecast.churn) ** 2
        columns = np.column_stack([forecast.loss, error, forecast.log_probability, forecast.churn])
        case = InView.of(seen.remaining, seen.ended).end_weights(seen.remaining, seen.ended) ** 2
        return cls(columns, group, seen.outlived * len(size) + group, case, weight, weight * gone, np.column_stack(mean[:-1]), mean[-1])

    def measures(self, rows: Any, ends: float) -> list[float]:
        loss, error, logs, churn = self.columns[rows].mean(axis=0)
        group = self.group[rows]
        ratio = float(churn * len(group) / ends) if ends > 0 else np.nan
        return [float(loss), float(error), ratio, abs(ratio - 1), float(logs), self._order(rows), self._ici(rows, group)]

    def _order(self, rows: Any) -> float:
        """Return the C of steps and groups: half of the pairs that share a group count as in order."""
        g = len(self.churn)
        cell, case = self.cell[rows], self.case[rows]
        steps = int(cell.max()) // g + 1
        ends = np.bincount(cell, case, minlength=steps * g).reshape(steps, g)
        all_ = np.bincount(cell, minlength=steps * g).reshape(steps, g)
        later = np.cumsum(all_[::-1], axis=0)[::-1] - all_
        lower = np.cumsum(later, axis=1) - later / 2
        pairs = float((ends * later.sum(axis=1, keepdims=True)).sum())
        return float((ends * lower).sum()) / pairs if pairs > 0 else 0.5

    def _ici(self, rows: Any, group: Indexes) -> float:
        g = len(self.churn)
        counted = np.bincount(group, minlength=g).astype(float)
        weight, gone = (np.bincount(group, column[rows], minlength=g).astype(float) for column in (self.weight, self.gone))
        try:
            return ici_of_groups(self.basis, self.churn, counted, weight, gone)
        except NotConvergedError:
            return np.nan
