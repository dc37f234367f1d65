"""How good a survival forecast is: who goes first, how far probabilities are off, and where.

Arrays in, numbers or small frozen records out. `risk` is anything that is larger for who ends sooner;
`churn` is a probability of ending within a horizon. Where some are lost to view before the horizon,
the others are weighted up by the inverse of the probability of still being in view (IPCW: Graf, Schmoor,
Sauerbrei and Schumacher 1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.risk_sets import RiskSets, product_limit, risk_sets, step_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Counts, Flags, Floats, Indexes


@dataclass(frozen=True)
class Concordance:
    """Pairs of which it is known who ended first.

    Attributes:
        concordant: the one who ended first had the higher risk.
        discordant: had the lower one.
        tied: had the same.
    """

    concordant: int
    discordant: int
    tied: int

    @property
    def pairs(self) -> int:
        """All comparable pairs."""
        return self.concordant + self.discordant + self.tied

    @property
    def index(self) -> float:
        """Harrell's C: share of pairs in the right order, a tie counting one half."""
        return (self.concordant + self.tied / 2) / self.pairs


def concordance(duration: Floats, event: Flags, risk: Floats, entry: Floats | None = None) -> Concordance:
    """Return the exact pair counts of Harrell's C in O(n log n), ties included.

    A pair is comparable when one ends at an age at which the other is at risk and goes on (a censoring at the same age
    goes on; two ends at one age do not compare): Harrell, Lee and Mark (1996).

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        risk: shape (n,), larger for who is expected to end sooner.
        entry: shape (n,), days; None means 0 for all.

    Raises:
        NotEnoughEventsError: no pair can be compared.

    Examples:
        >>> concordance(np.array([5.0, 3.0, 9.0]), np.array([True, True, False]), np.array([2.0, 1.0, 0.0])).index
        0.6666666666666666
    """
    ages, age = np.unique(duration, return_inverse=True)
    _, score = np.unique(risk, return_inverse=True)
    ends = np.flatnonzero(event)
    # From last to first, and at one age censorings before ends: who outlives the ends at age k stands ahead of them.
    stay, outlived = _descending(2 * age + ~event, top=2 * len(ages))
    ranks = Ranks.build(score[stay])
    counts = ranks.count(outlived[2 * age[ends] + 1], score[ends])
    if entry is not None and (late := np.flatnonzero(entry > 0)).size:
        wait, absent = _descending(np.searchsorted(ages, entry[late], side="right"), top=len(ages))
        counts -= Ranks.build(score[late][wait], top=ranks.top).count(absent[age[ends] + 1], score[ends])
    below, same, total = (int(c) for c in counts.sum(axis=1))
    if total == 0:
        raise NotEnoughEventsError(
            "no two spells can be compared: nobody outlives an end.", where="concordance", remedy="Take a longer period or more contracts."
        )
    return Concordance(concordant=below, discordant=total - below - same, tied=same)


def _descending(keys: Indexes, top: int = 0) -> tuple[Indexes, Indexes]:
    """Return the rows in descending order of their key, and for each key how many rows have that one or more."""
    counts = np.bincount(keys, minlength=top + 2)
    small = keys.astype(np.uint16) if len(counts) < np.iinfo(np.uint16).max else keys  # sorted by radix
    return np.argsort(small, kind="stable")[::-1], np.cumsum(counts[::-1])[::-1]


@dataclass(frozen=True, eq=False)
class Ranks:
    """A wavelet matrix (Claude and Navarro 2012): counts of values below a bound among the first p, in O(log n).

    Attributes:
        zeros: shape (levels, n + 1), running count of zero bits, from the highest bit down.
        top: the largest value it can be asked for.
    """

    zeros: NDArray[np.int32]
    top: int

    @classmethod
    def build(cls, values: Indexes, top: int | None = None) -> Ranks:
        """Return the matrix of non-negative integers `values`, shape (n,)."""
        highest = int(values.max(initial=0)) if top is None else top
        levels = max(highest.bit_length(), 1)
        zeros = np.zeros((levels, len(values) + 1), np.int32)
        current = values.astype(np.int32)
        for level in range(levels):
            zero = (current >> (levels - 1 - level)) & 1 == 0
            np.cumsum(zero, out=zeros[level, 1:])
            current = np.concatenate([current[zero], current[~zero]])
        return cls(zeros=zeros, top=highest)

    def count(self, first: Indexes, values: Indexes) -> Counts:
        """Return for each query how many of the first `first` are below `values`, how many equal, and `first`."""
        left, right = np.zeros(len(first), np.int64), first.astype(np.int64)
        below = np.zeros(len(first), np.int64)
        for level, zeros in enumerate(self.zeros):
            one = (values >> (len(self.zeros) - 1 - level)) & 1 == 1
            to_left, to_right = zeros[left].astype(np.int64), zeros[right].astype(np.int64)
            below += np.where(one, to_right - to_left, 0)
            left = np.where(one, zeros[-1] + left - to_left, to_left)
            right = np.where(one, zeros[-1] + right - to_right, to_right)
        return np.stack([below, right - left, first.astype(np.int64)])


def in_view_weights(duration: Floats, event: Flags, horizon: float) -> Floats:
    """Return the weight of each spell in a mean over what is known at `horizon`; who left view before it weighs 0.

    Ends by the horizon weigh 1 / G(just before the end), the others 1 / G(horizon), with G the Kaplan-Meier
    estimate of staying in view (Graf et al. 1999, eq. 9).

    Examples:
        >>> in_view_weights(np.array([1.0, 2.0, 5.0, 5.0]), np.array([True, False, True, False]), 4.0).round(3).tolist()
        [1.0, 0.0, 1.5, 1.5]
    """
    sets = risk_sets(duration, event)
    staying = product_limit(RiskSets(sets.days, sets.at_risk - sets.ended, sets.censored, sets.ended))[0]
    known_end = event & (duration <= horizon)
    seen = known_end | (duration > horizon) | ((duration == horizon) & ~event)
    # Who is still in view at the horizon itself, censored then, is known to have outlived it.
    ages = np.where(known_end, duration, horizon)
    in_view = step_at(sets.days, staying, ages, 1.0, strictly=True)
    if not seen[duration == duration.max()].all():
        raise NotEnoughEventsError(
            f"nobody is in view {horizon:g} days on; the last was seen after {duration.max():g}.",
            where="horizon",
            remedy="Choose a shorter horizon.",
        )
    return np.where(seen, 1.0, 0.0) / np.where(seen, in_view, 1.0)


def brier_score(duration: Floats, event: Flags, churn: Floats, horizon: float) -> float:
    """Return the mean squared error of probabilities of ending within `horizon`, with IPCW weights.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        churn: shape (n,), probability of ending within `horizon`.
        horizon: days.

    Examples:
        >>> brier_score(np.array([1.0, 5.0]), np.array([True, False]), np.array([0.5, 0.5]), 4.0)
        0.25
    """
    gone = event & (duration <= horizon)
    weights = in_view_weights(duration, event, horizon)
    return float(np.mean(weights * (gone - churn) ** 2))


def log_score(duration: Floats, event: Flags, churn: Floats, horizon: float) -> float:
    """Return the mean negative log-likelihood of ending within `horizon` or not, with IPCW weights (lower is better).

    Probabilities are kept 1e-9 away from 0 and 1, so that one impossible end does not make it infinite.

    Examples:
        >>> round(log_score(np.array([1.0, 5.0]), np.array([True, False]), np.array([0.5, 0.5]), 4.0), 4)
        0.6931
    """
    gone = event & (duration <= horizon)
    p = np.clip(churn, 1e-9, 1 - 1e-9)
    weights = in_view_weights(duration, event, horizon)
    return float(-np.mean(weights * np.log(np.where(gone, p, 1 - p))))


def integrated_brier_score(duration: Floats, event: Flags, survival: Floats, days: Floats) -> float:
    """Return the Brier score averaged over ages (trapezoid rule).

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        survival: shape (n, m), probability of outliving each of `days`.
        days: shape (m,), ascending, at least two.
    """
    if len(days) < 2 or (np.diff(days) <= 0).any():
        raise ParameterError("at least two ascending ages are needed.", where="days")
    scores = np.array([brier_score(duration, event, 1 - survival[:, j], float(day)) for j, day in enumerate(days)])
    return float(np.trapezoid(scores, days) / (days[-1] - days[0]))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Predicted against observed probabilities of ending, by group of predicted risk.

    Attributes:
        horizon: days.
        predicted: shape (g,), mean prediction of the group, in ascending order.
        observed: shape (g,), Kaplan-Meier estimate of the share that ended.
        lower: shape (g,).
        upper: shape (g,).
        size: shape (g,), spells in the group.
        level: of the interval.
    """

    horizon: float
    predicted: Floats
    observed: Floats
    lower: Floats
    upper: Floats
    size: Counts
    level: float

    @property
    def mean_error(self) -> float:
        """Mean absolute gap between predicted and observed, weighted by size."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.size))


def calibration(duration: Floats, event: Flags, churn: Floats, horizon: float, *, groups: int = 10, level: float = 0.95) -> Calibration:
    """Return predicted and observed probabilities of ending within `horizon` by quantile of the prediction.

    Equal predictions stay in one group, so there may be fewer than `groups`.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        churn: shape (n,), probability of ending within `horizon`.
        horizon: days.
        groups: number of quantile groups.
        level: of the log-log interval of the observed share.

    Examples:
        >>> found = calibration(np.array([1.0, 5.0, 1.0, 5.0]), np.array([True, False, True, True]), np.full(4, 0.5), 4.0)
        >>> found.observed.tolist(), found.size.tolist()
        ([0.5], [4])
    """
    if groups < 1:
        raise ParameterError(f"groups is {groups}; it must be at least 1.", where="calibration")
    edges = np.unique(np.quantile(churn, np.arange(1, groups) / groups))
    cell = np.searchsorted(edges, churn, side="left")
    rows = [_group(duration[m], event[m], churn[m], horizon, level) for m in (cell == c for c in np.unique(cell))]
    predicted, observed, lower, upper, size = (np.array(column) for column in zip(*rows, strict=True))
    return Calibration(horizon, predicted, observed, lower, upper, size, level)


def _group(duration: Floats, event: Flags, churn: Floats, horizon: float, level: float) -> tuple[float, float, float, float, int]:
    sets = risk_sets(duration, event)
    survival, greenwood = product_limit(sets)
    s, v = (float(step_at(sets.days, values, np.array([horizon]), start)[0]) for values, start in ((survival, 1.0), (greenwood, 0.0)))
    low, high = log_log_band(np.array([s]), np.array([v]), level)
    return float(churn.mean()), 1 - s, 1 - float(high[0]), 1 - float(low[0]), len(churn)


def log_log_band(survival: Floats, greenwood: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the bounds of S on the scale log(-log S): S ** exp(-+ z sqrt(V) / log S) (Kalbfleisch and Prentice 2002, eq. 1.13).

    Where S is 1 both bounds are 1. Where it is 0 the scale has no bounds: the lower one is 0, and the upper one
    stays where it last was.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    inside = (survival > 0) & (survival < 1)
    log_s = np.log(np.where(inside, survival, 0.5))
    shift = np.exp(z * np.sqrt(np.where(inside, greenwood, 0.0)) / np.abs(log_s))
    lower = np.where(inside, np.exp(log_s * shift), survival)
    upper = np.where(inside, np.exp(log_s / shift), survival)
    last = np.maximum.accumulate(np.where(survival > 0, np.arange(len(survival)), -1))
    return lower, np.where(survival > 0, upper, np.where(last >= 0, upper[last], 1.0))
