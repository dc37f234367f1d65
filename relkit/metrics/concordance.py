"""Who goes first: the share of pairs that a risk puts in the right order.

Arrays in, counts of pairs out, exact with ties in age and in risk, in O(n log n). `risk` is anything that is larger for who
ends sooner. Harrell's C counts every pair of which it is known who ended first; it depends on who was lost to view. Uno's
weights the pairs so that it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.censoring import InView
from relkit.metrics.ranks import Ranks
from relkit.metrics.risk_sets import distinct

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats, Indexes


@dataclass(frozen=True)
class Concordance:
    """Pairs of which it is known who ended first: their number, or their weight where rows have one.

    Attributes:
        concordant: the one who ended first had the higher risk.
        discordant: had the lower one.
        tied: had the same.
    """

    concordant: float
    discordant: float
    tied: float

    @property
    def pairs(self) -> float:
        """All comparable pairs."""
        return self.concordant + self.discordant + self.tied

    @property
    def index(self) -> float:
        """C: share of pairs in the right order, a tie counting one half."""
        return (self.concordant + self.tied / 2) / self.pairs


def concordance(duration: Floats, event: Flags, risk: Floats, entry: Floats | None = None, weight: Floats | None = None) -> Concordance:
    """Return the exact pair counts of Harrell's C in O(n log n), ties included.

    A pair is comparable when one ends at an age at which the other is at risk and goes on (a censoring at the same age
    goes on; two ends at one age do not compare): Harrell, Lee and Mark (1996). A pair weighs the product of its two weights.

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        risk: shape (n,), larger for who is expected to end sooner.
        entry: shape (n,), days; None means 0 for all.
        weight: shape (n,), how many each row stands for; None means 1 for all.

    Raises:
        NotEnoughEventsError: no pair can be compared.

    Examples:
        >>> concordance(np.array([5.0, 3.0, 9.0]), np.array([True, True, False]), np.array([2.0, 1.0, 0.0])).index
        0.6666666666666666
    """
    pairs = _pairs(duration, event, risk, entry, weight)
    if weight is None:
        return _concordance(*(int(counted.sum()) for counted in pairs[1:]))
    return _concordance(*(float(counted @ weight[pairs.ends]) for counted in pairs[1:]))


def uno_concordance(
    duration: Floats,
    event: Flags,
    risk: Floats,
    *,
    tau: float | None = None,
    in_view: InView | None = None,
    weight: Floats | None = None,
) -> Concordance:
    """Return the weighted pairs of Uno's C (Uno, Cai, Pencina, D'Agostino and Wei 2011, eq. 6) in O(n log n).

    A pair weighs 1 / G(age of its end)^2, with G the probability of staying in view so long. The last ends weigh much
    where few are left in view: `tau` leaves out the pairs whose end comes at that age or later. Ages are counted from the
    moment of the forecast; for spells that come into view later it is not defined.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        risk: shape (n,), larger for who is expected to end sooner.
        tau: days; None means no bound.
        in_view: the curve of staying in view, of the training spells where that is wanted; None means of these.
        weight: shape (n,), how many each row stands for; None means 1 for all.

    Raises:
        NotEnoughEventsError: no pair can be compared, or nobody is in view at the age of an end.

    Examples:
        >>> ages, ended = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True])
        >>> uno_concordance(ages, ended, np.array([3.0, 1.0, 0.0, 1.0]))
        Concordance(concordant=3.0, discordant=2.25, tied=0.0)
    """
    curve = in_view or InView.of(duration, event, weight)
    pairs = _pairs(duration, event, risk, None, weight)
    inverse = curve.end_weights(duration, event, np.inf if tau is None else tau)[pairs.ends] ** 2
    if weight is not None:
        inverse *= weight[pairs.ends]
    return _concordance(*(float(counted @ inverse) for counted in pairs[1:]))


def _concordance(lower: float, same: float, total: float) -> Concordance:
    if not total > 0:
        raise NotEnoughEventsError(
            "no two spells can be compared: nobody outlives an end.", where="concordance", remedy="Take a longer period or more contracts."
        )
    return Concordance(concordant=lower, discordant=total - lower - same, tied=same)


class _Pairs(NamedTuple):
    """Of each spell that ended: those at risk then that go on.

    Attributes:
        ends: rows that ended, shape (e,).
        lower: how many have a lower risk, or what they weigh, shape (e,).
        same: the same risk.
        total: all of them.
    """

    ends: Indexes
    lower: Indexes | Floats
    same: Indexes | Floats
    total: Indexes | Floats


def _pairs(duration: Floats, event: Flags, risk: Floats, entry: Floats | None, weight: Floats | None) -> _Pairs:
    if weight is not None and not (weight >= 0).all():
        raise ParameterError("a weight is negative or not a number.", where="weight")
    by_risk = np.argsort(risk)
    ends = np.flatnonzero(event[by_risk])
    lower, upto = _tied_with(risk[by_risk], ends)
    ages, age = distinct(duration)
    ended_at = np.bincount(age, weights=event, minlength=len(ages)) > 0
    before: Indexes = np.cumsum(ended_at, dtype=np.intp) - ended_at
    # An end at the k-th age with ends is outlived by those who outlive more than k such ages.
    outlived: Indexes = (before[age] + (ended_at[age] & ~event))[by_risk]
    mass = None if weight is None else weight[by_risk]
    counts = _above(outlived, mass, outlived[ends], lower, upto)
    if entry is not None and (entry > 0).any():
        missed = np.where(entry > 0, np.searchsorted(ages[ended_at], entry, side="right"), 0)[by_risk]
        late = _above(missed, mass, outlived[ends], lower, upto)
        counts = (counts[0] - late[0], counts[1] - late[1], counts[2] - late[2])
    return _Pairs(by_risk[ends], *counts)


def _tied_with(ranked: Floats, rows: Indexes) -> tuple[Indexes, Indexes]:
    """Return for `rows` of ascending values how many rows have less, and how many no more."""
    starts = np.flatnonzero(np.diff(ranked, prepend=np.nan) != 0)
    group = np.searchsorted(starts, rows, side="right")
    return starts[group - 1], np.append(starts, len(ranked))[group]


_Counted = tuple["Indexes | Floats", "Indexes | Floats", "Indexes | Floats"]


def _above(values: Indexes, mass: Floats | None, bounds: Indexes, lower: Indexes, upto: Indexes) -> _Counted:
    """Return for each bound how many of `values` are above it among the first `lower`, from there to `upto`, and among all."""
    ranks = Ranks.build(values, mass)
    first = np.arange(len(values) + 1) if mass is None else np.concatenate([[0.0], np.cumsum(mass)])
    among_lower = first[lower] - ranks.below(lower, bounds + 1)
    same = np.zeros(len(bounds), first.dtype)
    tied = np.flatnonzero(upto - lower > 1)
    low, high, bound = lower[tied], upto[tied], bounds[tied] + 1
    same[tied] = first[high] - first[low] - ranks.below(high, bound) + ranks.below(low, bound)
    counted = np.bincount(values, weights=mass, minlength=int(bounds.max(initial=0)) + 2)
    at_least = np.cumsum(counted[::-1])[::-1]
    return among_lower, same, at_least[bounds + 1]
