"""Concordance: the share of pairs that a risk puts in the right order.

Arrays in, counts of pairs out, exact with ties in age and in risk, in O(n log n). `risk` is anything that is larger for those who
end sooner. Harrell's C counts every pair in which it is known which one ended first; it depends on the censoring. Uno's C
weights the pairs so that it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.censoring import InView, refuse_late_entry
from relkit.metrics.inversions import inversions
from relkit.metrics.near_ties import one_age
from relkit.metrics.risk_sets import ascending, distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Flags, Floats, Indexes


@dataclass(frozen=True)
class Concordance:
    """Pairs in which it is known which one ended first: their number, or their weight if rows have weights.

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

    A pair is comparable if one ends at an age at which the other is at risk and goes on (a censoring at the same age
    goes on; two events at one age do not compare): Harrell, Lee and Mark (1996). The weight of a pair is the product of its two weights.

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        risk: shape (n,), larger for those expected to end sooner.
        entry: shape (n,), days; None means 0 for all.
        weight: shape (n,), how many each row stands for; None means 1 for all.

    Raises:
        NotEnoughEventsError: no pair can be compared.

    Examples:
        >>> concordance(np.array([5.0, 3.0, 9.0]), np.array([True, True, False]), np.array([2.0, 1.0, 0.0])).index
        0.6666666666666666
    """
    case = event.astype(np.uint8) if weight is None else event * weight
    return _pairs(duration, event, risk, case, entry, weight)


def uno_concordance(
    duration: Floats,
    event: Flags,
    risk: Floats,
    *,
    tau: float | None = None,
    in_view: InView | None = None,
    entry: Floats | None = None,
    weight: Floats | None = None,
) -> Concordance:
    """Return the weighted pairs of Uno's C (Uno, Cai, Pencina, D'Agostino and Wei 2011, eq. 6) in O(n log n).

    A pair weighs 1 / G(age of its event)^2, with G the probability of staying uncensored so long. The last events weigh much
    if few are left uncensored: `tau` leaves out the pairs whose event comes at that age or later. Ages are counted from the
    moment of the forecast; for spells that enter later it is not defined.

    Args:
        duration: shape (n,), days from the moment of the forecast.
        event: shape (n,).
        risk: shape (n,), larger for those expected to end sooner.
        tau: days; None means no bound.
        in_view: the curve of staying uncensored, of the training spells if those are wanted; None means of these spells.
        entry: shape (n,), days; only None or 0 for all: late entries are refused.
        weight: shape (n,), how many each row stands for; None means 1 for all.

    Raises:
        NotEnoughEventsError: no pair can be compared, or nobody is under observation at the age of an event.
        ParameterError: a spell enters late.

    Examples:
        >>> ages, ended = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True])
        >>> uno_concordance(ages, ended, np.array([3.0, 1.0, 0.0, 1.0]))
        Concordance(concordant=3.0, discordant=2.25, tied=0.0)
    """
    refuse_late_entry(entry, "uno_concordance")
    curve = in_view or InView.of(duration, event, weight)
    case = curve.end_weights(duration, event, np.inf if tau is None else tau) ** 2
    return _pairs(duration, event, risk, case if weight is None else case * weight, None, weight)


def _pairs(duration: Floats, event: Flags, risk: Floats, case: NDArray[Any], entry: Floats | None, weight: Floats | None) -> Concordance:
    """Return the pairs of each event, weighted by `case`, with those at risk then that go on, weighted by `weight`."""
    if weight is not None and not (weight >= 0).all():
        raise ParameterError("a weight is negative or not a number.", where="weight")
    duration, entry = one_age(duration, entry)
    ages, age = distinct(duration)
    ended_at = np.bincount(age, weights=event, minlength=len(ages)) > 0
    before: Indexes = np.cumsum(ended_at, dtype=np.intp) - ended_at
    # An event at the k-th age with events is outlived by those who outlive more than k such ages.
    kind: Any = np.uint16 if len(ages) < 1 << 16 else np.uint32
    outlived: NDArray[Any] = (before + ended_at).astype(kind)[age]
    outlived -= event  # rows that are events
    found = _above(_Sides(outlived, risk, case, weight))
    if entry is not None and (late := np.flatnonzero(entry > 0)).size:
        # Late entries are not at risk at earlier events: those pairs are subtracted.
        missed = np.searchsorted(ages[ended_at], entry[late], side="right")
        found = found - _above(_Sides.apart(outlived, risk, case, event, missed, late, weight))
    lower, same, total = found.tolist() if weight is not None or case.dtype.kind == "f" else found.astype(np.int64).tolist()
    if not total > 0:
        raise NotEnoughEventsError(
            "no two spells are comparable: nobody outlives an event.", where="concordance", remedy="Take a longer period or more contracts."
        )
    return Concordance(concordant=lower, discordant=total - lower - same, tied=same)


class _Sides(NamedTuple):
    """Rows of which some are events and some are their counterparts.

    Attributes:
        value: shape (n,), whole numbers; the counterpart needs a larger one than the event.
        risk: shape (n,).
        case: shape (n,), weight of a row as an event.
        other: shape (n,), its weight as the counterpart; None means 1 for all.
    """

    value: NDArray[Any]
    risk: Floats
    case: NDArray[Any]
    other: Floats | None

    @classmethod
    def apart(
        cls, outlived: NDArray[Any], risk: Floats, case: NDArray[Any], event: Flags, missed: Indexes, late: Indexes, weight: Floats | None
    ) -> _Sides:
        """Return the events, by what they outlived, and the late entries, by what they missed, as separate rows."""
        ends = np.flatnonzero(event)
        late_weight = np.ones(len(late), np.intp) if weight is None else weight[late]
        return cls(
            np.concatenate([outlived[ends], missed]),
            np.concatenate([risk[ends], risk[late]]),
            np.concatenate([case[ends], np.zeros(len(late), case.dtype)]),
            np.concatenate([np.zeros(len(ends), late_weight.dtype), late_weight]),
        )


def _above(rows: _Sides) -> NDArray[Any]:
    """Return the weight of the pairs in which the other has a larger value: with a lower risk, with the same, and of all."""
    ranked, order = ascending(rows.risk)
    if np.isnan(ranked[-1:]).any():  # they come last
        raise ParameterError("a risk is not a number.", where="risk")
    level = ranked[1:] == ranked[:-1]
    same: Any = 0
    if level.any():
        # Within one risk by value, so that neither of two that are tied counts as the lower one.
        first = np.append(True, ~level)
        tied = np.flatnonzero(~first | np.append(level, False))
        group, some = np.cumsum(first[tied]), order[tied]
        order[tied] = some = some[np.argsort(group * (int(rows.value.max()) + 1) + rows.value[some])]
        same = _later(group, rows.value[some], rows.case[some], None if rows.other is None else rows.other[some])
    other = None if rows.other is None else rows.other[order]
    lower = inversions(rows.value[order], rows.case[order], other)
    counted = np.bincount(rows.value, weights=rows.other)
    above = counted.sum() - np.cumsum(counted)
    return np.array([lower, same, rows.case @ above[rows.value]])


def _later(group: Indexes, value: Indexes, case: NDArray[Any], other: Floats | None) -> Any:
    """Return the weight of the pairs of one group in which the other has a larger value; rows ascend by group, then value."""
    new_group = np.diff(group) != 0
    of_group, of_value = (_upto(changed) for changed in (new_group, new_group | (np.diff(value) != 0)))
    running = np.arange(len(group) + 1) if other is None else np.concatenate([[0], np.cumsum(other)])
    return case @ (running[of_group] - running[of_value])


def _upto(changed: Flags) -> Indexes:
    """Return the end of each row's run; `changed` says of each row but the first whether a run starts there."""
    edges = np.concatenate([np.flatnonzero(changed) + 1, [len(changed) + 1]])
    return np.repeat(edges, np.diff(edges, prepend=0))
