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
from relkit.metrics.risk_sets import RiskSets, distinct, product_limit, risk_sets, step_at

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
    by_risk = np.argsort(risk)
    ends = np.flatnonzero(event[by_risk])
    lower, upto = _tied_with(risk[by_risk], ends)
    ages, age = distinct(duration)
    ended_at = np.bincount(age, weights=event, minlength=len(ages)) > 0
    before: Indexes = np.cumsum(ended_at, dtype=np.intp) - ended_at
    # An end at the k-th age with ends is outlived by those who outlive more than k such ages.
    outlived: Indexes = (before[age] + (ended_at[age] & ~event))[by_risk]
    counts = _above(outlived, outlived[ends], lower, upto)
    if entry is not None and (entry > 0).any():
        missed = np.where(entry > 0, np.searchsorted(ages[ended_at], entry, side="right"), 0)[by_risk]
        counts = counts - _above(missed, outlived[ends], lower, upto)
    below, same, total = (int(count) for count in counts)
    if total == 0:
        raise NotEnoughEventsError(
            "no two spells can be compared: nobody outlives an end.", where="concordance", remedy="Take a longer period or more contracts."
        )
    return Concordance(concordant=below, discordant=total - below - same, tied=same)


def _tied_with(ranked: Floats, rows: Indexes) -> tuple[Indexes, Indexes]:
    """Return for `rows` of ascending values how many rows have less, and how many no more."""
    starts = np.flatnonzero(np.diff(ranked, prepend=np.nan) != 0)
    group = np.searchsorted(starts, rows, side="right")
    return starts[group - 1], np.append(starts, len(ranked))[group]


def _above(values: Indexes, bounds: Indexes, lower: Indexes, upto: Indexes) -> Counts:
    """Return how many of `values` are above each bound among the first `lower`, from there to `upto`, and among all; summed over bounds."""
    ranks = Ranks.build(values)
    among_lower = int((lower - ranks.below(lower, bounds + 1)).sum())
    tied = np.flatnonzero(upto - lower > 1)
    low, high, bound = lower[tied], upto[tied], bounds[tied] + 1
    same = int((high - low - ranks.below(high, bound) + ranks.below(low, bound)).sum())
    at_least = np.cumsum(np.bincount(values, minlength=int(bounds.max(initial=0)) + 2)[::-1])[::-1]
    return np.array([among_lower, same, int(at_least[bounds + 1].sum())])


@dataclass(frozen=True, eq=False)
class Ranks:
    """A wavelet matrix (Claude and Navarro 2012): how many of the first p values are below a bound, in O(log of the largest value).

    Attributes:
        zeros: shape (levels, n + 1), running count of zero bits, from the highest bit down.
    """

    zeros: NDArray[np.int32]

    @classmethod
    def build(cls, values: Indexes) -> Ranks:
        """Return the matrix of non-negative integers `values`, shape (n,)."""
        top = int(values.max(initial=0)) + 1
        levels = top.bit_length()
        zeros = np.zeros((levels, len(values) + 1), np.int32)
        current = values.astype(np.uint16 if top < np.iinfo(np.uint16).max else np.uint32)
        for level in range(levels):
            zero = np.bitwise_and(current, 1 << (levels - 1 - level)) == 0
            np.cumsum(zero, out=zeros[level, 1:])
            current = np.concatenate([current[zero], current[~zero]])
        return cls(zeros)

    def below(self, first: Indexes, bounds: Indexes) -> Indexes:
        """Return for each query how many of the first `first` values are below `bounds`."""
        every = np.arange(1 << len(self.zeros))
        bounds = np.minimum(bounds, every[-1])  # the last one is above every value
        return self._down(first, bounds) - self._down(np.zeros_like(every), every)[bounds]

    def _down(self, place: Indexes, bounds: Indexes) -> Indexes:
        """Return the zeros before `place`, followed down the levels by the bits of the bound, wherever that bit is one."""
        passed = np.zeros_like(place)
        for level, zeros in enumerate(self.zeros):
            one = (bounds & (1 << (len(self.zeros) - 1 - level))) != 0
            before = zeros[place]
            passed += before * one
            place = np.where(one, zeros[-1] + place - before, before)
        return passed


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
