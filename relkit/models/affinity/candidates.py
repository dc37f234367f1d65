"""Candidates for the forecast of takers, from the simplest on, and the choice among them by forecasts of rows they were not fitted to.

The candidates are the share of takers alone, logistic regressions with a falling penalty, and gradient boosting. Each forecasts every
fold from the others; if the rows are in an order of time, each part from those before it, as the model will have to. The mean log loss
decides, with the rule of one standard error (Breiman et al. 1984): the simplest candidate is taken whose loss is above the smallest by
no more than one standard error of the difference, row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from relkit.models.affinity.penalised_logistic import fit_logistic, log_odds
from relkit.models.boosted_trees import Trees
from relkit.models.few_threads import few_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Method = Literal["share", "logistic", "boosting"]
METHODS: tuple[Method, ...] = get_args(Method)

PENALTIES = (10_000.0, 1000.0, 100.0, 10.0)
FOLDS = 4
ORDERED_FROM = 50
"""Fewest different moments for rows to count as ordered in time."""
ROUGH = 1e-6
"""Tolerance of fits that only serve the choice."""
FEWEST_TAKERS = 10
"""Fewest takers to fit a part of the rows to."""
TREES, LEAVES, LEARNING_RATE, L2, FEWEST_IN_LEAF, BINS = 80, 8, 0.08, 5.0, 20, 63


@dataclass(frozen=True)
class Candidate:
    """A way to forecast takers.

    Attributes:
        method: the share of takers alone, a logistic regression, or boosted trees.
        penalty: of a logistic regression.
    """

    method: Method
    penalty: float = 0.0

    def __str__(self) -> str:
        """Return its name."""
        return f"{self.method}, penalty {self.penalty:g}" if self.method == "logistic" else self.method


CANDIDATES = (Candidate("share"), *(Candidate("logistic", penalty) for penalty in PENALTIES), Candidate("boosting"))
"""From the simplest on."""


def is_ordered(sequence: NDArray[np.int64]) -> bool:
    """Return whether rows are of enough different moments to count as ordered in time."""
    return len(np.unique(sequence)) >= ORDERED_FROM


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows01:
    """Rows of one product, to fit and to forecast.

    Attributes:
        curved: columns of a logistic regression, shape (n, d).
        flat: columns of trees, shape (n, e).
        took: shape (n,).
        weight: shape (n,).
        sequence: rank of each row's moment, shape (n,); equal for all if they have no order.
        seed: of folds and trees.
    """

    curved: Floats
    flat: Floats
    took: NDArray[np.bool_]
    weight: Floats
    sequence: NDArray[np.int64]
    seed: int

    def folds(self) -> Iterator[tuple[Rows, Rows]]:
        """Yield the rows to fit to and those to forecast; in an order of time, only later ones from earlier ones."""
        if not is_ordered(self.sequence):
            number = self._drawn()
            yield from ((np.flatnonzero(number != fold), np.flatnonzero(number == fold)) for fold in range(FOLDS))
            return
        order = np.argsort(self.sequence, kind="stable")
        parts = np.array_split(order, FOLDS + 1)
        for fold in range(1, FOLDS + 1):
            before = np.sort(np.concatenate(parts[:fold]))
            if FEWEST_TAKERS <= self.took[before].sum() < len(before):
                yield before, np.sort(parts[fold])

    def _drawn(self) -> NDArray[np.int64]:
        """Return the fold of each row, drawn apart for takers and others so that each has its share of takers."""
        rng, number = np.random.default_rng(self.seed), np.empty(len(self.took), np.int64)
        for mask in (self.took, ~self.took):
            rows = np.flatnonzero(mask)
            number[rng.permutation(rows)] = np.arange(len(rows)) % FOLDS
        return number


@dataclass(frozen=True, eq=False, kw_only=True)
class Choice:
    """The candidate taken, and the forecasts on which it was chosen.

    Attributes:
        candidate: the candidate.
        forecast: its log-odds of rows it was not fitted to, shape (n,); NaN for rows that no fold forecast.
        losses: mean log loss by candidate, over the same rows.
        latest: the rows of the last part in an order of time, which show the present level; none if there is no order.
    """

    candidate: Candidate
    forecast: Floats
    losses: dict[str, float]
    latest: Rows


def chosen(rows: Rows01, candidates: tuple[Candidate, ...]) -> Choice:
    """Return the simplest candidate within one standard error of the best.

    Args:
        rows: of one product.
        candidates: from the simplest on.
    """
    forecasts = _forecasts(rows, candidates)
    known = np.flatnonzero(np.isfinite(forecasts[0]))
    if not len(known):  # too few takers early on: nothing was forecast from what came before
        nothing = np.full(len(rows.took), float(_share_only(rows.took, rows.weight)))
        return Choice(candidate=candidates[0], forecast=nothing, losses={}, latest=np.zeros(0, np.intp))
    y, w = rows.took[known].astype(np.float64), rows.weight[known]
    loss = np.stack([np.logaddexp(0.0, z[known]) - y * z[known] for z in forecasts])
    mean = np.average(loss, axis=1, weights=w)
    best = int(np.argmin(mean))
    apart = loss - loss[best]
    error = np.sqrt((w**2 * (apart - (mean - mean[best])[:, None]) ** 2).sum(axis=1)) / w.sum()
    place = int(np.flatnonzero(mean - mean[best] <= error)[0])
    return Choice(
        candidate=candidates[place],
        forecast=forecasts[place],
        losses={str(each): float(value) for each, value in zip(candidates, mean, strict=True)},
        latest=list(rows.folds())[-1][1] if is_ordered(rows.sequence) else np.zeros(0, np.intp),
    )


def _forecasts(rows: Rows01, candidates: tuple[Candidate, ...]) -> list[Floats]:
    found = [np.full(len(rows.took), np.nan) for _ in candidates]
    for before, after in rows.folds():
        start: Floats | None = None
        for candidate, forecast in zip(candidates, found, strict=True):
            if candidate.method == "boosting" and rows.flat.shape[1]:
                with few_threads(len(rows.took)):
                    forecast[after] = _learner(rows, before).decision_function(rows.flat[after])
                continue
            fitted = fit_candidate(candidate, rows, before, start=start, tolerance=ROUGH)
            start = fitted.coefficients if candidate.method == "logistic" else start
            forecast[after] = fitted.log_odds(rows.curved[after], rows.flat[after])
    return found


@dataclass(frozen=True, eq=False)
class FittedCandidate:
    """A fitted candidate.

    Attributes:
        coefficients: intercept, then those of the columns of a logistic regression; the intercept alone of the share.
        trees: of a boosting.
    """

    coefficients: Floats
    trees: Trees | None = None

    def log_odds(self, curved: Floats, flat: Floats) -> Floats:
        """Return the log-odds of rows, shape (n,)."""
        if self.trees is not None:
            return self.trees.raw(flat)
        return log_odds(curved, self.coefficients) if len(self.coefficients) > 1 else np.full(len(curved), self.coefficients[0])


def fit_candidate(
    candidate: Candidate, rows: Rows01, which: Rows | None = None, *, start: Floats | None = None, tolerance: float = 1e-9
) -> FittedCandidate:
    """Return a candidate fitted to rows.

    Args:
        candidate: the candidate.
        rows: of one product.
        which: the rows fitted to; all by default.
        start: coefficients that a regression starts from.
        tolerance: of its last step.
    """
    at: Rows | slice = slice(None) if which is None else which
    took, weight = rows.took[at], rows.weight[at]
    if candidate.method == "logistic" and rows.curved.shape[1]:
        found = fit_logistic(rows.curved[at], took.astype(np.float64), weight, penalty=candidate.penalty, start=start, tolerance=tolerance)
        return FittedCandidate(coefficients=found)
    if candidate.method == "boosting" and rows.flat.shape[1]:
        with few_threads(len(rows.took)):
            trees = Trees.of(_learner(rows, at), rows.flat[at], weight)
        return FittedCandidate(coefficients=np.zeros(0), trees=trees)
    return FittedCandidate(coefficients=np.array([_share_only(took, weight)]))


def _share_only(took: NDArray[np.bool_], weight: Floats) -> float:
    takers, everybody = float(weight @ took), float(weight.sum())
    return float(np.log((takers + 0.5) / (everybody - takers + 0.5)))


def _learner(rows: Rows01, at: Rows | slice) -> Any:
    """Return scikit-learn's boosting, fitted to some rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    learner = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=FEWEST_IN_LEAF,
        l2_regularization=L2,
        early_stopping=False,
        max_bins=BINS,
        random_state=rows.seed,
    )
    weight = rows.weight[at]
    # Equal weights are left out: with weights scikit-learn sorts every column once for each of its bins.
    return learner.fit(rows.flat[at], rows.took[at], sample_weight=None if np.ptp(weight) == 0 else weight)
