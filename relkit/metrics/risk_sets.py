"""Risk sets: the counts from which every survival estimate is computed.

A spell is observed from its age `entry` (0 unless it was already running when observation began: left
truncation) to its age `duration`, where it ends (`event`) or is still running (censored). At age t
the spells with entry < t <= duration are at risk; an entry of 0 counts from the start, age 0 included.
At the same age events come before censorings, as in Kaplan and Meier (1958).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.errors import NotEnoughEventsError
from relkit.metrics.near_ties import one_age, reach

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]
    Indexes = NDArray[np.intp]
    Flags = NDArray[np.bool_]

TAIL_EVENTS = 20
TAIL_SHARE = 0.1
MOST_DAYS = 1_000_000
"""Ages in whole days below this are sorted by counting."""


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Counts at each age at which something happens, in ascending order.

    Attributes:
        days: distinct ages of entry (above 0), event or censoring.
        at_risk: spells at risk at that age; the sum of their weights if spells have weights, as in those that follow.
        ended: spells that end at that age.
        censored: spells last observed, still running, at that age.
    """

    days: Floats
    at_risk: Counts | Floats
    ended: Counts | Floats
    censored: Counts | Floats


def distinct(values: Floats) -> tuple[Floats, Indexes]:
    """Return the distinct values in ascending order and the position of each value among them; whole days need no sort.

    Examples:
        >>> levels, code = distinct(np.array([30.0, 7.0, 30.0]))
        >>> levels.tolist(), code.tolist()
        ([7.0, 30.0], [1, 0, 1])
    """
    highest = values.max(initial=0.0)
    whole = values.astype(np.intp) if 0 <= highest < MOST_DAYS and values.min(initial=0.0) >= 0 else None
    if whole is None or not np.array_equal(whole, values):
        found, order = ascending(values)
        first = np.append(True, found[1:] != found[:-1])
        code = np.empty(len(values), np.intp)
        code[order] = np.cumsum(first) - 1
        return found[first], code
    there = np.bincount(whole) > 0
    return np.flatnonzero(there).astype(np.float64), (np.cumsum(there) - 1)[whole]


def ascending(values: Floats) -> tuple[Floats, Indexes]:
    """Return the values in ascending order and the row of each, equal ones in any order: a faster np.argsort.

    Value and row are packed into one whole number, for which a plain sort is enough. The last bits of the value have no room
    there; if they matter the rows are nearly in order already, which a merge sort exploits.

    Examples:
        >>> levels, order = ascending(np.array([0.5, -2.0, 1e-300]))
        >>> levels.tolist(), order.tolist()
        ([-2.0, 1e-300, 0.5], [1, 2, 0])
    """
    places = len(values).bit_length()
    packed = np.add(values, 0.0, dtype=np.float64).view(np.int64)  # no negative zero, whose bits differ
    packed ^= (packed >> 63) & np.iinfo(np.int64).max  # the bits of negative floats ascend the other way
    packed &= -1 << places
    packed |= np.arange(len(values))
    packed.sort()
    packed &= (1 << places) - 1
    found = values[packed]
    if not (found[1:] >= found[:-1]).all():
        packed = packed[np.argsort(found, kind="stable")]
        found = values[packed]
    return found, packed


def risk_sets(duration: Floats, event: Flags, entry: Floats | None = None, weight: Floats | None = None) -> RiskSets:
    """Return the counts at each age; ages that differ by rounding are one (`relkit.metrics.near_ties`).

    Args:
        duration: shape (n,), days, age at the event or when last observed.
        event: shape (n,), whether it ended.
        entry: shape (n,), days, age when first observed; None means 0 for all.
        weight: shape (n,), above 0: a spell of weight 3 counts as three spells; None means 1 for all.

    Examples:
        >>> sets = risk_sets(np.array([1.0, 2.0, 2.0]), np.array([True, True, False]))
        >>> sets.days.tolist(), sets.at_risk.tolist(), sets.ended.tolist()
        ([1.0, 2.0], [3, 2], [1, 1])
        >>> risk_sets(np.array([1.0, 2.0]), np.array([True, True]), weight=np.array([1.0, 2.5])).at_risk.tolist()
        [3.5, 2.5]
    """
    duration, entry = one_age(duration, entry)
    counted = _counted(duration, event, entry)
    return counted if weight is None else _weighted(counted, duration, event, entry, weight)


def _counted(duration: Floats, event: Flags, entry: Floats | None) -> RiskSets:
    late = np.zeros(0) if entry is None else entry[entry > 0]
    days, index = distinct(np.concatenate([duration, late]))
    k = len(days)
    left = np.bincount(index[: len(duration)], minlength=k)
    ended = np.bincount(index[: len(duration)], weights=event, minlength=k).astype(np.int64)
    entered = np.bincount(index[len(duration) :], minlength=k)
    start = len(duration) - len(late)
    at_risk = start + _before(entered) - _before(left)
    return RiskSets(days=days, at_risk=at_risk, ended=ended, censored=left - ended)


def _weighted(counted: RiskSets, duration: Floats, event: Flags, entry: Floats | None, weight: Floats) -> RiskSets:
    """Return the sums of weights at the ages of `counted`."""
    k = len(counted.days)
    index = np.searchsorted(counted.days, duration)
    left = np.bincount(index, weights=weight, minlength=k)
    ended = np.bincount(index, weights=weight * event, minlength=k)
    late = np.zeros(len(duration), bool) if entry is None else entry > 0
    entered = np.zeros(k) if entry is None else np.bincount(np.searchsorted(counted.days, entry[late]), weights=weight[late], minlength=k)
    at_risk = float(weight[~late].sum()) + _before(entered) - _before(left)
    # Sums of fractions leave a rounding error if nobody, or nobody else, is at risk: the counts are exact.
    at_risk = np.where(counted.at_risk == 0, 0.0, np.where(counted.at_risk == counted.ended, ended, np.maximum(at_risk, ended)))
    return RiskSets(days=counted.days, at_risk=at_risk, ended=ended, censored=np.where(counted.censored > 0, left - ended, 0.0))


def _before(counts: Any) -> Any:
    """Return the number that came strictly before each age."""
    return np.cumsum(counts) - counts


def product_limit(sets: RiskSets) -> tuple[Floats, Floats]:
    """Return S and Greenwood's sum of d / (n (n - d)), each just after every age of `sets`.

    Kaplan and Meier (1958), eq. 2b; Greenwood (1926). The sum is infinite once nobody is left.

    Examples:
        >>> sets = risk_sets(np.array([1.0, 2.0, 2.0]), np.array([True, True, False]))
        >>> product_limit(sets)[0].round(4).tolist()
        [0.6667, 0.3333]
    """
    n, d = np.where(sets.at_risk > 0, sets.at_risk, 1).astype(np.float64), sets.ended.astype(np.float64)
    with np.errstate(divide="ignore"):
        terms = np.where(d > 0, d / (n * (n - d)), 0.0)
    survival = np.cumprod(1 - d / n, dtype=np.float64)
    return survival, np.cumsum(terms)


def step_at(days: Floats, values: Floats, ages: Floats, before: float, *, strictly: bool = False) -> Floats:
    """Return a right-continuous step function at `ages`; `before` is its value before the first step.

    With `strictly`, the value just before each age is returned (its limit from the left). An age that differs from that of a step by
    rounding is its age.

    Examples:
        >>> step_at(np.array([1.0, 2.0]), np.array([0.5, 0.2]), np.array([0.0, 1.0, 5.0]), 1.0).tolist()
        [1.0, 0.5, 0.2]
    """
    near = reach(days)
    position = np.searchsorted(days, ages - near, side="left") if strictly else np.searchsorted(days, ages + near, side="right")
    padded: Floats = np.concatenate([[before], values])
    return padded[position]


def tail_rate(duration: Floats, event: Flags, entry: Floats, weight: Floats | None = None, cases: Floats | None = None) -> float:
    """Return the hazard per day over the last observed stretch: its events over the days lived in it.

    The stretch contains the last tenth of the events, and at least 20 of them (all, if there are fewer). It is
    the rule by which curves are extrapolated past the last observed age: a constant hazard.

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        entry: shape (n,), days.
        weight: shape (n,), relative hazards; None means 1 for all.
        cases: shape (n,), above 0, how many spells each row stands for; None means 1 for all.

    Raises:
        NotEnoughEventsError: nobody lived a day in the stretch, so all events fall on age 0.

    Examples:
        >>> tail_rate(np.array([10.0, 30.0]), np.array([True, True]), np.zeros(2))
        0.05
    """
    count = np.ones(len(duration)) if cases is None else cases
    ends, behind = duration[event], count[event]
    start = _tail_start(ends, behind)
    counted = float(behind.sum() if start is None else behind[ends > start].sum())
    lived = count * np.maximum(duration - np.maximum(entry, start or 0.0), 0.0)
    exposure = float(lived.sum() if weight is None else (lived * weight).sum())
    if exposure <= 0:
        raise NotEnoughEventsError(
            "every spell ends on the day it starts.",
            where="duration_days",
            remedy="Check how durations are counted, in days from the start.",
        )
    return counted / exposure


def _tail_start(ends: Floats, cases: Floats) -> float | None:
    """Return the last age of events before the stretch of `tail_rate`; None if the stretch contains all events."""
    wanted = max(TAIL_EVENTS, int(np.ceil(TAIL_SHARE * cases.sum())))
    if wanted >= cases.sum():
        return None
    latest = np.argsort(ends)[::-1]
    first = ends[latest][np.searchsorted(np.cumsum(cases[latest]), wanted)]
    earlier = ends[ends < first]
    return float(earlier.max()) if len(earlier) else None


def ends_behind_tail(ended: float) -> float:
    """Return the number of events, of `ended` in all, behind `tail_rate`: the relative variance of that rate is one over it.

    Examples:
        >>> ends_behind_tail(1000.0), ends_behind_tail(60.0), ends_behind_tail(7.0)
        (100.0, 20.0, 7.0)
    """
    return float(min(ended, max(TAIL_EVENTS, np.ceil(TAIL_SHARE * ended))))
